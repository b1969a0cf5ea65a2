/** Door of the features room for the app and later rooms. Main thread. */
import type { EmbeddingPreprocessing, LogMelPreprocessing } from '../dataset/index.ts';
import type { CallOptions, WorkerClient } from '../rpc/client.ts';
import type { ExtractProgress, ExtractResult, FeaturesContract } from './contract.ts';
import type { NetworkId } from './networks/manifest.ts';
import type { CopySettings } from './sound/embedding-spec.ts';

export { NetworkSession, type NetworkState } from './networks/network-session.svelte.ts';

/** Which features: of a pretrained network, or the log-mel spectrogram. */
export type FeatureSpec = { network: NetworkId | null; windowSec: number; overlapRatio: number };

/** The features a model was trained on. */
export function featuresOf(p: LogMelPreprocessing | EmbeddingPreprocessing): FeatureSpec {
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
