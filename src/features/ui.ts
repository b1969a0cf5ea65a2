/** Door of the features room for the app and later rooms. Main thread. */
import type { SoundPreprocessing } from '../dataset/index.ts';
import type { MediaItem } from '../domain/project.ts';
import type { CallOptions, WorkerClient } from '../rpc/client.ts';
import type { ExtractProgress, ExtractResult, FeaturesContract } from './contract.ts';
import type { EmbeddingNetworkId } from './networks/manifest.ts';
import type { CopySettings } from './sound/embedding-spec.ts';

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
