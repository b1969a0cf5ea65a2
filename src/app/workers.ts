/** Starts the threads. Main thread; the only place that calls `new Worker`. */
import type { ArchiveContract } from '../dataset/archive-contract.ts';
import type { FeaturesContract } from '../features/contract.ts';
import type { EvaluationContract } from '../evaluation/ui.ts';
import type { ExportContract } from '../export/ui.ts';
import type { DetectionPreview, MovementPreview, SoundPreview } from '../preview/ui.ts';
import { WorkerClient } from '../rpc/client.ts';
import type { Contract } from '../rpc/contract.ts';
import { PROTOCOL } from '../rpc/protocol.ts';
import type { TrainingContract } from '../training/ui.ts';

/** Idle threads hold gigabytes of WebAssembly memory; this long after its last call one ends. */
const IDLE_MS = 120_000;

function client<C extends Contract>(spawn: () => Worker): WorkerClient<C> {
  return new WorkerClient<C>(spawn, PROTOCOL, { idleMs: IDLE_MS });
}

/** Typed clients of all workers; each thread starts with its first call, and ends when it is idle. */
export function createClients() {
  const features = () =>
    client<FeaturesContract>(
      () => new Worker(new URL('../../workers/features.worker.ts', import.meta.url), { type: 'module' }),
    );
  const inference = client<EvaluationContract & ExportContract & SoundPreview & MovementPreview & DetectionPreview>(
    () => new Worker(new URL('../../workers/inference.worker.ts', import.meta.url), { type: 'module' }),
  );
  /** The thread of models in use, as the part of its jobs that one session needs. */
  const inferenceAs = <C extends Contract>() => inference as unknown as WorkerClient<C>;
  const threads = {
    features: features(),
    /** A second features thread for work that is shared; it is ended after each. */
    helper: features(),
    /** A third one for the camera, so that nothing else holds its frames up. */
    eyes: features(),
    training: client<TrainingContract>(
      () => new Worker(new URL('../../workers/training.worker.ts', import.meta.url), { type: 'module' }),
    ),
    archive: client<ArchiveContract>(
      () => new Worker(new URL('../../workers/archive.worker.ts', import.meta.url), { type: 'module' }),
    ),
  };
  return {
    ...threads,
    /** All of them: each tells when it is busy. */
    all: [...Object.values(threads), inference],
    inferenceAs,
    evaluation: inferenceAs<EvaluationContract>(),
    exports: inferenceAs<ExportContract>(),
    sounds: inferenceAs<SoundPreview>(),
    movements: inferenceAs<MovementPreview>(),
    objects: inferenceAs<DetectionPreview>(),
  };
}

/** See {@link createClients}. */
export type Clients = ReturnType<typeof createClients>;
