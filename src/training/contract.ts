/** Jobs of the training worker. Type-only. */
import type { CurvePoint, EngineName, ModelSource, Snapshot } from '../domain/project.ts';
import type { EngineFact } from './engine/engines.ts';

/** What training reports on the way. */
export type TrainingProgress =
  | { kind: 'preparing'; text: string }
  | {
      kind: 'started';
      engine: EngineName;
      device: string;
      plannedIterations: number;
      windowCount: number;
      iteration: number;
    }
  | { kind: 'step'; iteration: number; ratio: number }
  | { kind: 'iteration'; point: CurvePoint; bestIteration: number }
  | { kind: 'checkpoint'; iteration: number }
  | { kind: 'snapshot'; snapshot: Snapshot };

/** See the file header. */
export type TrainingContract = {
  /** Trains a stored model source from its start, or from its checkpoint when it has one. Features must be cached.
   * `isFresh` ignores what an earlier attempt left behind.
   * `isFinishing` trains nothing: it makes the best model so far of a checkpoint the finished one. */
  train: {
    args: { sourceId: string; projectId: string; moreIterations: number; isFinishing: boolean; isFresh: boolean };
    progress: TrainingProgress;
    result: ModelSource;
  };
  /** Asks the run in flight to pause, to end keeping what was learnt, or to take a snapshot; it obeys after the step in flight. */
  control: { args: { sourceId: string; action: 'pause' | 'stop' | 'snapshot' }; progress: never; result: void };
  /** Starts and self-tests every engine (diagnostics). */
  testEngines: { args: null; progress: EngineFact[]; result: EngineFact[] };
};
