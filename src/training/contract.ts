/** Jobs of the training worker. Type-only. */
import type { CurvePoint, ModelSource, Snapshot } from '../domain/project.ts';
import type { AugmentSettings, EngineName } from '../domain/settings.ts';
import type { TrainingSettings } from '../domain/task.ts';
import type { EngineFact } from '../model/jobs.ts';
import type { GpuFact } from './engine/engines.ts';
import type { QuickLook } from './fit.ts';

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
  | { kind: 'iteration'; point: CurvePoint; bestIteration: number; look: QuickLook | null }
  | { kind: 'checkpoint'; iteration: number }
  /** There was no room to store progress; training goes on, or at its end waits for room. */
  | { kind: 'unsaved'; isWaiting: boolean }
  | { kind: 'snapshot'; snapshot: Snapshot };

/** A picture and a sound of an example. */
export type VariedExample = { columns: Uint8Array; pcm: Float32Array };

/** See the file header. */
export type TrainingContract = {
  /** Trains a stored model source from its start, or from its checkpoint when it has one. Features must be cached.
   * `isFresh` ignores what an earlier attempt left behind.
   * `avoid`: engines that stopped answering in this run.
   * `isFinishing` trains nothing: it makes the best model so far of a checkpoint the finished one. */
  train: {
    args: {
      sourceId: string;
      projectId: string;
      moreIterations: number;
      isFinishing: boolean;
      isFresh: boolean;
      avoid: readonly EngineName[];
    };
    progress: TrainingProgress;
    result: ModelSource;
  };
  /** Asks the run in flight to pause, to end keeping what was learnt, or to take a snapshot; it obeys after the step in flight. */
  control: { args: { sourceId: string; action: 'pause' | 'stop' | 'snapshot' }; progress: never; result: void };
  /**
   * One training example before and after its variation, as training would draw it. @param only this variation alone; null = as set.
   * `draw` numbers the examples. Columns: shape [frames, 64], 0..255; pcm: mono at 16 kHz.
   */
  vary: {
    args: { projectId: string; settings: TrainingSettings; only: keyof AugmentSettings | null; draw: number };
    progress: never;
    result: { name: string; words: string[]; before: VariedExample; after: VariedExample };
  };
  /** Starts and self-tests every engine (diagnostics). */
  testEngines: { args: null; progress: EngineFact[]; result: EngineFact[] };
  /** The graphics processor heavy training can run on; looked for once. */
  findGpu: { args: null; progress: never; result: GpuFact };
};
