/** What the app chooses for classifiers of pictures, and which features a run or a model asks for. Any thread; pure. */
import type { PicturePreprocessing } from '../../domain/model.ts';
import type { Algorithm } from '../../domain/settings.ts';
import { modalityOf, problemOf, type TrainingSettings } from '../../domain/task.ts';
import {
  wholePicture,
  type FeatureRequest,
  type PictureEmbeddingRequest,
  type PictureNetworkId,
  type ViewRequest,
  type ViewVariation,
} from '../../features/index.ts';
import {
  COMMON_DEFAULTS,
  planClasses,
  type AlgorithmChoice,
  type ChooseTools,
  type Run,
} from '../../training/index.ts';

/** The network on board whose embedding is learnt on: of the two the better one (docs/results.md). */
export const PICTURE_NETWORK: PictureNetworkId = 'mobilenet-v2';
/** Side of the square that the full network sees. */
export const FULL_PIXELS = 64;

/** What the app chooses. */
export const DEFAULT_PICTURE_SETTINGS: TrainingSettings = {
  ...COMMON_DEFAULTS,
  algorithm: 'automatic',
  copies: 3,
  modality: { kind: 'picture', pixels: null, mirror: true, crop: true, colour: true, rotate: true },
  problem: { kind: 'classification', balanceClasses: true, head: 'linear' },
};

const OWN_DEFAULTS: Partial<Record<Algorithm, Pick<TrainingSettings, 'learningRate' | 'patience' | 'copies'>>> = {
  'transfer-learning': { learningRate: 0.002, patience: 15, copies: 3 },
  'full-network': { learningRate: 0.003, patience: 12, copies: 8 },
};

/** The same settings for another algorithm: what depends on the algorithm takes that one's defaults. */
export const withPictureAlgorithm = (settings: TrainingSettings, algorithm: Algorithm): TrainingSettings => ({
  ...settings,
  algorithm,
  ...OWN_DEFAULTS[algorithm],
  problem: { ...problemOf(settings, 'classification'), head: 'linear' },
});

/** `automatic`: the pretrained network when it is on this device. What the person changed stays. */
export async function choosePictureAlgorithm(
  { client, signal }: ChooseTools,
  settings: TrainingSettings,
): Promise<AlgorithmChoice> {
  const statuses = await client.call('networkStatus', null, signal ? { signal } : {});
  const isPresent = statuses.some(({ id, state }) => id === PICTURE_NETWORK && state !== 'absent');
  const own = withPictureAlgorithm(settings, isPresent ? 'transfer-learning' : 'full-network');
  const kept = Object.fromEntries(
    (['learningRate', 'patience', 'copies'] as const)
      .filter((key) => settings[key] !== DEFAULT_PICTURE_SETTINGS[key])
      .map((key) => [key, settings[key]]),
  );
  return {
    settings: { ...own, ...kept, problem: settings.problem },
    reason: isPresent
      ? 'Chose Transfer learning: a network that knows pictures is on this device'
      : 'Chose Full network: no pretrained network is on this device',
    scores: {},
  };
}

/** Labelled pictures, whole groups set aside. */
export const planPictures = planClasses({
  example: ['picture', 'pictures'],
  start: 20,
  crossValidates: ({ algorithm }) => algorithm === 'transfer-learning',
});

/** How the copies of training pictures are varied; null when they are not. */
export function variationOf(settings: TrainingSettings): ViewVariation | null {
  const { mirror, crop, colour, rotate } = modalityOf(settings, 'picture');
  return settings.copies > 0 && (mirror || crop || colour || rotate)
    ? { mirror, crop, colour, rotate, seed: settings.seed }
    : null;
}

/** Examples of an iteration at least, as far as there are varied copies to take: of few pictures an iteration would be a single step. */
const FEWEST_EXAMPLES = 300;

/** Without varied copies; null when they were chosen, or are not made. */
export const plainerPictures = (settings: TrainingSettings): TrainingSettings | null =>
  settings.algorithm === 'transfer-learning' && settings.copies === OWN_DEFAULTS['transfer-learning']?.copies
    ? { ...settings, copies: 0 }
    : null;

/** How often each training picture is shown in an iteration, each time as one of its copies. */
export const timesShown = (settings: TrainingSettings, pictureCount: number): number =>
  variationOf(settings)
    ? Math.max(1, Math.min(settings.copies + 1, Math.round(FEWEST_EXAMPLES / Math.max(1, pictureCount))))
    : 1;

/** Embeddings of whole pictures, or their pixels. */
export type PictureRequest = FeatureRequest &
  (({ kind: 'embedding' } & PictureEmbeddingRequest) | ({ kind: 'pixels' } & ViewRequest));

/** Of a run: pictures it trains on with their varied copies. */
export function pictureRequest({ settings, data, items }: Run): PictureRequest {
  const used = new Set(data.training);
  const given = new Set([...data.training, ...data.validation]);
  const variation = variationOf(settings);
  const shared = {
    isShared: true,
    hashes: items.filter((item) => given.has(item.id)).map((item) => item.hash),
    varied: items.filter((item) => used.has(item.id)).map((item) => item.hash),
    copies: variation ? settings.copies : 0,
    variation,
  };
  return settings.algorithm === 'full-network'
    ? { kind: 'pixels', input: wholePicture(modalityOf(settings, 'picture').pixels ?? FULL_PIXELS), ...shared }
    : { kind: 'embedding', network: PICTURE_NETWORK, ...shared };
}

/** Of a model. */
export function pictureRequestOfModel(p: PicturePreprocessing, hashes: readonly string[]): PictureRequest {
  const plain = { hashes, varied: [], copies: 0, variation: null };
  return p.kind === 'picture-pixels'
    ? { kind: 'pixels', input: wholePicture(p.pixels), ...plain }
    : { kind: 'embedding', network: p.network as PictureNetworkId, ...plain };
}
