/** Door of the features room for the app and later rooms. Main thread. */
import type { SoundPreprocessing } from '../dataset/index.ts';
import type { MediaItem } from '../domain/project.ts';
import type { CallOptions, WorkerClient } from '../rpc/client.ts';
import type { ExtractProgress, ExtractResult, FeaturesContract } from './contract.ts';
import type { EmbeddingNetworkId } from './networks/manifest.ts';
import type { CopySettings } from './sound/embedding-spec.ts';
import type { ViewRequest } from './vision/extract-views.ts';

export type { FeaturesContract } from './contract.ts';
export { NetworkSession, type NetworkState } from './networks/network-session.svelte.ts';

/** Which features: of a pretrained network, or the log-mel spectrogram. */
export type FeatureSpec = { network: EmbeddingNetworkId | null; windowSec: number; overlapRatio: number };

/** The features a model was trained on. */
export function featuresOf(p: SoundPreprocessing): FeatureSpec {
  return { network: p.kind === 'log-mel' ? null : p.kind, windowSec: p.windowSec, overlapRatio: p.overlapRatio };
}

/** Computes what is missing of clips' features. @throws StudioError `network/…` and what the worker throws. */
export function extractFeatures(
  client: WorkerClient<FeaturesContract>,
  spec: FeatureSpec,
  hashes: string[],
  copies: (CopySettings & { hashes: string[] }) | null,
  options: CallOptions<ExtractProgress> = {},
): Promise<ExtractResult> {
  const { network, windowSec, overlapRatio } = spec;
  return network
    ? client.call('extractEmbeddings', { network, windowSec, overlapRatio, hashes, copies }, options)
    : client.call('extractLogMel', { hashes }, options);
}

/** Computes what is missing of the landmarks of clips of movement. @throws StudioError `network/…` and what the worker throws. */
export function extractLandmarks(
  client: WorkerClient<FeaturesContract>,
  items: readonly MediaItem[],
  frameRateHz: number,
  options: CallOptions<ExtractProgress> = {},
): Promise<ExtractResult> {
  const files = new Map(items.flatMap(({ hash, motion }) => (motion ? [[hash, { hash, kind: motion.kind }]] : [])));
  return client.call('extractMotion', { files: [...files.values()], frameRateHz }, options);
}

/**
 * Computes what is missing of the features of views of pictures, half of the pictures on each of two threads: a network runs on one core.
 * @param helper a second client of the same contract; its thread is ended afterwards. Null = one thread. @throws StudioError `network/…`.
 */
export async function extractViews(
  client: WorkerClient<FeaturesContract>,
  helper: WorkerClient<FeaturesContract> | null,
  request: ViewRequest,
  options: CallOptions<ExtractProgress> = {},
): Promise<ExtractResult> {
  const hashes = [...new Set(request.hashes)];
  const isShared = helper !== null && navigator.hardwareConcurrency > 1 && hashes.length >= FEWEST_SHARED;
  if (!isShared) return client.call('extractViews', request, options);
  const seen = [
    { done: 0, total: 0 },
    { done: 0, total: 0 },
  ];
  const { signal, onProgress } = options;
  try {
    const [a, b] = await Promise.all(
      [client, helper].map((one, k) =>
        one.call(
          'extractViews',
          { ...request, hashes: hashes.filter((_, i) => i % 2 === k) },
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
      audioSec: 0,
      seconds: Math.max(a!.seconds, b!.seconds),
      failed: [...a!.failed, ...b!.failed],
    };
  } finally {
    helper.close();
  }
}

/** Pictures from which a second thread is worth its start. */
const FEWEST_SHARED = 24;
