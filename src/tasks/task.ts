/** What a row of the table of tasks says. Any thread; the words are those people read. */
import type { DatasetSlot, ClipFlag, Finding } from '../dataset/index.ts';
import type { Preprocessing } from '../domain/model.ts';
import type { ClassLabel, MediaItem, RunData } from '../domain/project.ts';
import type { Algorithm } from '../domain/settings.ts';
import type { TrainingSettings } from '../domain/task.ts';
import type { EvaluationSlot } from '../evaluation/index.ts';
import type { BundleSlot } from '../export/index.ts';
import type { FeatureRequest } from '../features/slot.ts';
import type { Pace, TrainingSlot } from '../training/index.ts';
import type { IconName } from '../ui/icons.ts';

/** An algorithm to choose. `pace`: what it costs, where it was measured (docs/results.md). */
export type AlgorithmOption = { id: Algorithm; title: string; text: string; needsGpu?: boolean; pace?: Pace };

/** Words that follow from the problem: what a score is, what is counted. */
export type ProblemWords = {
  /** A score as people read it. */
  formatScore: (score: number | null | undefined) => string;
  /** What a score counts: "of test clips right". */
  scoreAbout: (isTest: boolean) => string;
  /** The same in a heading. */
  scoreTitle: string;
  /** What the best iteration's validation score is of. */
  bestAbout: string;
  /** The learning curve. */
  curve: {
    title: string;
    training: string;
    trainingLegend: string;
    validation: string;
    columns: readonly [training: string, validation: string, loss: string];
    /** The loss has parts of its own; else the validation loss stands beside it. */
    hasParts: boolean;
  };
  /** Examples that nobody has labelled yet. */
  open: string;
  /** Deleting a class, and what goes with it. */
  deleteClass: string;
  /** Review of a finding about a class. */
  reviewClass: string;
};

/** Words that follow from the task. */
export type TaskWords = ProblemWords & {
  /** What a project of it is, on the home page and in its button. */
  project: string;
  summary: string;
  /** In lists, and among the kinds of a new project. */
  title: string;
  choice: string;
  icon: IconName;
  /** Name of a project nobody named. */
  newName: string;
  /** What a model of it is. */
  model: string;
  /** All examples. */
  all: string;
  add: string;
  /** Empty project. */
  start: { icon: IconName; title: string; text: string; hasClassFirst: boolean };
  /** How one class is taken for another. */
  taken: string;
  /** What belongs together in a split. */
  group: string;
  groupHint: string;
  divideHint: string;
  /** What is said of the examples as they are, over {@link Task.facts}. */
  factsTitle: string;
  /** Everything of a project, in the text about its archive. */
  archive: string;
  /** One of no class, and the class that would take it. */
  foreign: { one: string; rest: string };
  /** What a clip that is shorter than a window is filled with. */
  filling: string;
  /** A few examples and no more, in the empty list of projects. */
  goodStart: string;
};

/** How the examples of a task are opened: played where they stand, in a viewer, or in the editor of labels. */
export type Opening = 'player' | 'viewer' | 'editor';

/** One row. */
export type Task = DatasetSlot &
  TrainingSlot &
  EvaluationSlot & {
    words: TaskWords;
    /** Files that can be chosen: `accept` of an input. */
    accept: string;
    opening: Opening;
    flags: (item: MediaItem) => ClipFlag[];
    findings: (items: readonly MediaItem[], classes: readonly ClassLabel[]) => Finding[];
    /** One sentence about the examples as they are; '' without any. */
    facts: (items: readonly MediaItem[]) => string;
    /** What stands beside the name of an example: its length, its boxes. */
    caption: (item: MediaItem) => string;
    /** What there is of examples in all: "3 min", "12 boxes"; '' when it is their number. */
    total: (items: readonly MediaItem[]) => string;
    algorithms: readonly AlgorithmOption[];
    /** Settings of a new model. @param items decide what follows from them. */
    defaults: (items: readonly MediaItem[]) => TrainingSettings;
    withAlgorithm: (settings: TrainingSettings, algorithm: Algorithm) => TrainingSettings;
    /** What is trained on the features of a pretrained network can be chosen. */
    hasHead: (settings: TrainingSettings) => boolean;
    /** Training examples of an iteration, for the planned items. */
    exampleCount: (settings: TrainingSettings, items: readonly MediaItem[]) => number;
    automaticIterations: (exampleCount: number, settings: TrainingSettings, data?: Pick<RunData, 'folds'>) => number;
    /** What an iteration's examples are called when they are not the project's own: windows. */
    iterated: string | null;
    /** Kinds of {@link Preprocessing} its models have. */
    inputs: readonly Preprocessing['kind'][];
    /** A model's input in a few words. */
    tellInput: (p: Preprocessing) => string;
    /** Landmarks that can be saved of its examples: what is asked of features for them; null without any. */
    landmarks: ((items: readonly MediaItem[]) => FeatureRequest & { frameRateHz: number }) | null;
    bundle: BundleSlot;
    sample: { title: string; about: string; classes: readonly string[]; count: number };
  };
