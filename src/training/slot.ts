/** What a task brings to the room training. Any thread; {@link Prepare} runs in a worker. */
import type { ModelArtifact, Preprocessing } from '../domain/model.ts';
import type { MediaItem, RunData } from '../domain/project.ts';
import type { Report } from '../domain/report.ts';
import type { TaskKind, TrainingSettings } from '../domain/task.ts';
import type { FeatureRequest } from '../features/index.ts';
import type { Backbone, FeatureCache } from '../features/jobs.ts';
import type { Noun } from '../dataset/index.ts';
import type { AlgorithmChoice, ChooseTools } from './choice.ts';
import type { NetworkTrainable } from './network-trainable.ts';
import type { PlanRun } from './plan.ts';

/** A run as far as its features go: resolved settings, the data it was given, and the records of the project. */
export type Run = { settings: TrainingSettings; data: RunData; items: readonly MediaItem[] };

/** What a task does on the page before and while it trains. */
export type TrainingSlot = {
  kind: TaskKind;
  example: Noun;
  plan: PlanRun;
  /** Settings with everything chosen that was left to the app: what is chosen for these examples stays with the run, whatever comes later. */
  resolve: (run: Run) => TrainingSettings;
  /** The features a run needs. @param run with resolved settings. */
  features: (run: Run) => FeatureRequest;
  /** Tries algorithms on the project's own examples, for `automatic`; null where there is nothing to try. */
  choose: ((tools: ChooseTools, settings: TrainingSettings) => Promise<AlgorithmChoice>) | null;
};

/** What preparing a run is given. */
export type PrepareContext = Run & {
  /** The features must be in the database behind it. */
  cache: FeatureCache;
  /** Reads the network that fine-tuning starts from. */
  backbone: () => Promise<Backbone>;
  /** State of the checkpoint the run goes on from: its numbers stay. */
  state: Record<string, Float32Array | number> | null;
  signal: AbortSignal;
};

/** A run before its engine is chosen. */
export type PreparedRun = {
  /** Builds the network anew; after the engine was started. Caller disposes. */
  makeTrainable: () => NetworkTrainable;
  /** Names runs whose steps cost the same. */
  shape: string;
  automaticIterations: number;
  /** Examples of an iteration. */
  exampleCount: number;
  /** The data in words, for the log. */
  words: string;
  /** A validation score in words. */
  score: (accuracy: number) => string;
  preprocessing: Preprocessing;
  novelty: ModelArtifact['novelty'] | null;
  /** Too much for the plain CPU engine: hours or days. */
  isHeavy: boolean;
  /** How the validation examples are judged one by one, for cross-validation: the example of each window by its place in the run's list, and its class scores at the last validation; null where there is none. */
  held?: { clipOf: readonly number[]; scoresOf: (trainable: NetworkTrainable) => Float32Array } | null;
  /**
   * Examples of folds are held out for so many iterations, and judged with the best weights until then; absent or null where all are trained on from the start.
   */
  heldOut?: {
    iterations: number;
    /** @param weights borrowed. @param about the report's own. */
    report: (
      trainable: NetworkTrainable,
      weights: Float32Array,
      about: { sourceId: string; part: 'validation'; createdAtMs: number },
    ) => Promise<Report>;
  } | null;
  /** Kept in checkpoints, so that a run that goes on sees the same numbers. */
  normalisation: Record<string, Float32Array | number>;
};

/** From settings and data to what the loop needs. @throws StudioError `training/data-changed`, `training/joints-differ`, `features/clip-missing`. */
export type Prepare = (context: PrepareContext) => Promise<PreparedRun>;

/** What a task does in the training worker. */
export type TrainingRow = {
  plan: PlanRun;
  prepare: Prepare;
  /**
   * The plain form of settings that nobody changed: the same without what may not suit these examples. Where a run is cross-validated both are tried, and the better one is trained.
   * Null where there is none.
   */
  plainer?: (settings: TrainingSettings) => TrainingSettings | null;
};
