/** Starts the threads. Main thread; the only place that calls `new Worker`. */
import type { ArchiveContract } from '../dataset/archive-contract.ts';
import type { FeaturesContract } from '../features/contract.ts';
import type { InferenceContract } from '../preview/ui.ts';
import { WorkerClient } from '../rpc/client.ts';
import { PROTOCOL } from '../rpc/protocol.ts';
import type { TrainingContract } from '../training/ui.ts';

/** Typed clients of all workers; each thread starts with its first call. */
export function createClients() {
  const features = () =>
    new WorkerClient<FeaturesContract>(
      () => new Worker(new URL('../../workers/features.worker.ts', import.meta.url), { type: 'module' }),
      PROTOCOL,
    );
  return {
    features: features(),
    /** A second features thread for work that is shared; it is ended after each. */
    helper: features(),
    /** A third one for the camera, so that nothing else holds its frames up. */
    eyes: features(),
    training: new WorkerClient<TrainingContract>(
      () => new Worker(new URL('../../workers/training.worker.ts', import.meta.url), { type: 'module' }),
      PROTOCOL,
    ),
    inference: new WorkerClient<InferenceContract>(
      () => new Worker(new URL('../../workers/inference.worker.ts', import.meta.url), { type: 'module' }),
      PROTOCOL,
    ),
    archive: new WorkerClient<ArchiveContract>(
      () => new Worker(new URL('../../workers/archive.worker.ts', import.meta.url), { type: 'module' }),
      PROTOCOL,
    ),
  };
}

/** See {@link createClients}. */
export type Clients = ReturnType<typeof createClients>;
