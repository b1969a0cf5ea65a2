/** Door of the features room for the app and later rooms. Main thread. */
import type { TaskKind } from '../domain/task.ts';
import type { CallOptions, WorkerClient } from '../rpc/client.ts';
import type { FeaturesContract } from './contract.ts';
import type { ExtractProgress, ExtractResult, FeatureRequest } from './slot.ts';

export type { FeaturesContract } from './contract.ts';
export { NetworkSession, type NetworkState } from './networks/network-session.svelte.ts';
export type { ExtractProgress, ExtractResult, FeatureRequest, SampleExample } from './slot.ts';

/** The threads that compute features; `helper` is a second one, ended after each use, null = one thread. */
export type FeatureClients = {
  features: WorkerClient<FeaturesContract>;
  helper: WorkerClient<FeaturesContract> | null;
};

/** Files from which a second thread is worth its start. */
const FEWEST_SHARED = 24;

/**
 * Computes what is missing of features. Where a request may be shared, half of the files go to each of two threads: a network runs on one core.
 * @throws StudioError `network/…` and what the worker throws.
 */
export async function extract(
  { features, helper }: FeatureClients,
  task: TaskKind,
  request: FeatureRequest,
  options: CallOptions<ExtractProgress> = {},
): Promise<ExtractResult> {
  const hashes = [...new Set(request.hashes)];
  const isShared =
    request.isShared && helper !== null && navigator.hardwareConcurrency > 1 && hashes.length >= FEWEST_SHARED;
  if (!isShared) return features.call('extract', { task, request }, options);
  const seen = [
    { done: 0, total: 0 },
    { done: 0, total: 0 },
  ];
  const { signal, onProgress } = options;
  try {
    const [a, b] = await Promise.all(
      [features, helper].map((one, k) =>
        one.call(
          'extract',
          { task, request: { ...request, hashes: hashes.filter((_, i) => i % 2 === k) } },
          {
            ...(signal ? { signal } : {}),
            onProgress: ({ done, total }) => {
              seen[k] = { done, total };
              onProgress?.({
                done: seen[0]!.done + seen[1]!.done,
                total: seen[0]!.total + seen[1]!.total,
                audioSec: 0,
              });
            },
          },
        ),
      ),
    );
    return {
      extracted: a!.extracted + b!.extracted,
      cached: a!.cached + b!.cached,
      audioSec: a!.audioSec + b!.audioSec,
      seconds: Math.max(a!.seconds, b!.seconds),
      failed: [...a!.failed, ...b!.failed],
    };
  } finally {
    helper.close();
  }
}
