/** What the app chooses for models of sounds. Any thread; pure. */
import type { Algorithm, CommonSettings, WindowSettings } from '../../domain/settings.ts';
import { modalityOf, problemOf, type TrainingSettings } from '../../domain/task.ts';
import type { EmbeddingNetworkId } from '../../features/index.ts';
import { COMMON_DEFAULTS } from '../settings.ts';

/** What the app chooses. */
export const DEFAULT_SOUND_SETTINGS: TrainingSettings = {
  ...COMMON_DEFAULTS,
  algorithm: 'automatic',
  copies: 2,
  modality: {
    kind: 'sound',
    windowSec: 0.975,
    overlapRatio: 0.5,
    augment: { specAugment: true, timeShift: true, gain: true, mixup: true, backgroundClassId: null },
  },
  problem: { kind: 'classification', balanceClasses: true, head: 'linear' },
};

type Own = Partial<Pick<CommonSettings, 'batchSize' | 'learningRate' | 'patience' | 'copies'>> &
  Partial<Pick<WindowSettings, 'windowSec'>> & { head?: 'linear' | 'hidden'; mixup?: boolean };

/** What differs from {@link DEFAULT_SOUND_SETTINGS} for one algorithm. Mixing examples made heads on YAMNet worse (docs/results.md). */
const OWN_DEFAULTS: Partial<Record<Algorithm, Own>> = {
  'transfer-learning': {
    windowSec: 0.975,
    batchSize: 64,
    learningRate: 0.002,
    patience: 10,
    head: 'linear',
    copies: 2,
    mixup: false,
  },
  'spoken-words': { windowSec: 1.2, batchSize: 64, learningRate: 0.002, patience: 12, head: 'hidden', copies: 3 },
};

/** The network an algorithm stands on; null = none. */
export function networkOfAlgorithm(algorithm: Algorithm): EmbeddingNetworkId | null {
  return algorithm === 'transfer-learning' ? 'yamnet' : algorithm === 'spoken-words' ? 'speech-embedding' : null;
}

/** The same settings for another algorithm: what depends on the algorithm takes that one's defaults. */
export function withSoundAlgorithm(settings: TrainingSettings, algorithm: Algorithm): TrainingSettings {
  const { batchSize, learningRate, patience, copies } = DEFAULT_SOUND_SETTINGS;
  const modality = modalityOf(settings, 'sound');
  const standard = modalityOf(DEFAULT_SOUND_SETTINGS, 'sound');
  const own = OWN_DEFAULTS[algorithm] ?? {};
  return {
    ...settings,
    algorithm,
    batchSize: own.batchSize ?? batchSize,
    learningRate: own.learningRate ?? learningRate,
    patience: own.patience ?? patience,
    copies: own.copies ?? copies,
    modality: {
      ...modality,
      windowSec: own.windowSec ?? standard.windowSec,
      augment: { ...modality.augment, mixup: own.mixup ?? standard.augment.mixup },
    },
    problem: { ...problemOf(settings, 'classification'), head: own.head ?? 'linear' },
  };
}

/** Without varied copies: on some sets they cost more than they teach. Null when they were chosen, or are not made. */
export function plainerSound(settings: TrainingSettings): TrainingSettings | null {
  const usual = OWN_DEFAULTS[settings.algorithm]?.copies;
  const isUntouched =
    networkOfAlgorithm(settings.algorithm) !== null && usual !== undefined && settings.copies === usual;
  return isUntouched && modalityOf(settings, 'sound').augment.backgroundClassId === null
    ? { ...settings, copies: 0 }
    : null;
}

/** Settings of `automatic` once its algorithm is known: what the person changed stays, the rest takes the algorithm's defaults. */
export function resolveAutomatic(settings: TrainingSettings, algorithm: Algorithm): TrainingSettings {
  const own = withSoundAlgorithm(settings, algorithm);
  const kept = Object.fromEntries(
    (['batchSize', 'learningRate', 'patience', 'copies'] as const)
      .filter((key) => settings[key] !== DEFAULT_SOUND_SETTINGS[key])
      .map((key) => [key, settings[key]]),
  );
  const problem = problemOf(settings, 'classification');
  return { ...own, ...kept, ...(problem.head === 'linear' ? {} : { problem }) };
}
