/** Which features of sounds a run, or a model, asks for. Any thread; pure. */
import type { EmbeddingPreprocessing, LogMelPreprocessing } from '../../domain/model.ts';
import { modalityOf, type TrainingSettings } from '../../domain/task.ts';
import type { CopySettings, EmbeddingNetworkId, FeatureRequest } from '../../features/index.ts';
import type { Run } from '../slot.ts';
import { copySettings } from './copies.ts';
import { networkOfAlgorithm } from './sound-settings.ts';

/** Log-mel spectrograms (`network` null), or embeddings of a network with varied copies of some clips. */
export type SoundRequest = FeatureRequest & {
  network: EmbeddingNetworkId | null;
  windowSec: number;
  overlapRatio: number;
  copies: (CopySettings & { hashes: string[] }) | null;
};

/** Of clips as they are, for settings. */
export function plainSoundRequest(settings: TrainingSettings, hashes: readonly string[]): SoundRequest {
  const { windowSec, overlapRatio } = modalityOf(settings, 'sound');
  return { hashes, network: networkOfAlgorithm(settings.algorithm), windowSec, overlapRatio, copies: null };
}

/** Of a run. */
export function soundRequest({ settings, data, items }: Run): SoundRequest {
  const given = new Set([...data.training, ...data.validation, ...(data.background ?? [])]);
  const isPretrained = networkOfAlgorithm(settings.algorithm) !== null;
  const used = items.filter((item) => given.has(item.id) && !(isPretrained && item.part === 'background'));
  return {
    ...plainSoundRequest(
      settings,
      used.map((item) => item.hash),
    ),
    copies: isPretrained ? copySettings(settings, data, items) : null,
  };
}

/** Of a model. */
export const soundRequestOfModel = (
  p: LogMelPreprocessing | EmbeddingPreprocessing,
  hashes: readonly string[],
): SoundRequest => ({
  hashes,
  network: p.kind === 'log-mel' ? null : p.kind,
  windowSec: p.windowSec,
  overlapRatio: p.overlapRatio,
  copies: null,
});
