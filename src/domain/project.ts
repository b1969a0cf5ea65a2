/** The nouns every room speaks of: projects, classes, clips, model sources. Any thread; plain records that survive structured clone. */

import type { Answering } from './answering.ts';
import type { Calibration } from './calibration.ts';
import type { SmallPicture } from './media.ts';
import type { EngineName } from './settings.ts';
import { stretchHash } from './stretch.ts';
import type { Label, Media, TaskKind, TrainingSettings } from './task.ts';

/** The three data sources of a project. */
export type Part = 'training' | 'validation' | 'testing';

/** The parts in the order they are shown. */
export const PARTS: readonly Part[] = ['training', 'validation', 'testing'];

/** Where an example belongs: a part, or the background sounds that are only mixed into training examples. */
export type ItemPart = Part | 'background';

/** A class: `color` 1..10 is its place in the palette and is never re-assigned. */
export type ClassLabel = { id: string; name: string; color: number };

/** One example: a clip of sound or movement, or a picture. */
export type MediaItem = {
  id: string;
  projectId: string;
  /** Name shown to people; the file name without its folders. */
  name: string;
  /** Path inside the folder or zip it came from, or the name. */
  path: string;
  /** Content identity of the stored blob (kernel/content-hash). */
  hash: string;
  bytes: number;
  /** What the example is, by the modality of its project. */
  media: Media;
  /** What a person says of it, by the problem of its project. */
  label: Label;
  part: ItemPart;
  /** Examples of one source recording share it; a split never separates them. */
  recording: string;
  /** Examples added in one go share it: one import, one hands-free recording. */
  session: string;
  addedAtMs: number;
};

/** Any file after inspection. `notice` tells what was kept of a cut file; `blob` is what is to be stored; `name` and `label` when the file says them. */
export type InspectedMedia<M extends Media = Media> = {
  hash: string;
  blob: Blob;
  media: M;
  picture: SmallPicture;
  notice: string | null;
  name: string | null;
  label: string | null;
  /** What it is of, when a file holds examples of several recordings. */
  recording?: string;
};

/** Length of an example in seconds; 0 for what has none. */
export const durationOf = ({ media }: { media: Media }): number => ('durationSec' in media ? media.durationSec : 0);

/** Identity of an example's content: of its file, and of the stretch of it. */
export const contentKey = ({ hash, media }: { hash: string; media: Media }): string =>
  'fileSec' in media && (media.startSec > 0 || media.endSec < media.fileSec) ? stretchHash(hash, media) : hash;

/** A project. Its items, model sources and history are records of their own. */
export type Project = {
  id: string;
  name: string;
  kind: TaskKind;
  classes: ClassLabel[];
  createdAtMs: number;
  openedAtMs: number;
  /** Next colour to give to a class, 1..10, cycling. */
  nextColor: number;
  /** Made by "Open sample". */
  isSample: boolean;
};

/** Where a model source stands. `paused` has a checkpoint; `interrupted` is found at start-up: the tab was closed while training. */
export type SourceStatus = 'untrained' | 'training' | 'paused' | 'done' | 'failed';

/** One point of the learning curve; ratios 0..1, null where not measured. */
export type CurvePoint = {
  iteration: number;
  trainingLoss: number;
  trainingAccuracy: number;
  validationLoss: number | null;
  validationAccuracy: number | null;
  /** Loss of object detectors by its parts: what is where, and how well boxes fit. */
  parts?: { classes: number; boxes: number };
};

/** The data a run was given, by item id; written at its start and never changed. */
export type RunData = {
  training: string[];
  validation: string[];
  /**
   * Cross-validation: the fold of each example of `training`, in its order; -1 = it is trained on only. Object detectors have one fold: it is held out until its score is known,
   * and then trained on. Absent when validation examples were set aside, or none are.
   */
  folds?: number[];
  /** Background sounds mixed in; absent in runs made before there were any. */
  background?: string[];
  hashes: string[];
  classIds: string[];
  classNames: string[];
};

/** Folds of a run: 0 = none, 1 = held out at first and trained on in the end, more = cross-validated. */
export const foldCountOf = ({ folds = [] }: Pick<RunData, 'folds'>): number =>
  new Set(folds.filter((fold) => fold >= 0)).size;

/** Examples that are trained on from the beginning. */
export const trainedAtFirst = (data: Pick<RunData, 'training' | 'folds'>): string[] =>
  foldCountOf(data) === 1 ? data.training.filter((_, i) => data.folds![i]! < 0) : data.training;

/** How many examples judge a run: those of its folds, or those set aside. */
export const judgedCountOf = ({ validation, folds }: Pick<RunData, 'validation' | 'folds'>): number =>
  folds ? folds.filter((fold) => fold >= 0).length : validation.length;

/** A usable model kept during training. */
export type Snapshot = { iteration: number; takenAtMs: number; validationAccuracy: number | null };

/** A model source: one set of settings and the run they made. Settings are frozen once it was trained. */
export type ModelSource = {
  id: string;
  projectId: string;
  name: string;
  createdAtMs: number;
  status: SourceStatus;
  settings: TrainingSettings;
  /** What the settings resolved to: planned iterations after "automatic". */
  plannedIterations: number;
  iteration: number;
  bestIteration: number | null;
  curve: CurvePoint[];
  log: { atMs: number; text: string }[];
  snapshots: Snapshot[];
  engine: EngineName | null;
  device: string | null;
  featureSec: number;
  trainingSec: number;
  /** Of the training seconds, those spent on storing checkpoints. */
  checkpointSec?: number;
  trainedAtMs: number | null;
  data: RunData | null;
  /** Clip accuracy by part, 0..1, after evaluation. */
  scores: Partial<Record<Part, number>>;
  /** From the validation clips; absent before there was a score. */
  calibration?: Calibration | null;
  /** Chosen in Preview; absent before anybody chose. */
  answering?: Partial<Answering>;
  failure: string | null;
  /** The file it came from, when it was trained elsewhere: it can be tried, judged and exported, not trained on. */
  openedFrom?: string;
};
