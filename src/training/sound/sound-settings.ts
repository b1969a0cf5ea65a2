/** What the app chooses for models of sounds. Any thread; pure. */
import type { Algorithm, CommonSettings, WindowSettings } from '../../domain/settings.ts';
import { modalityOf, problemOf, type TrainingSettings } from '../../domain/task.ts';
import type { EmbeddingNetworkId } from '../../features/index.ts';
import { COMMON_BUDGET, WHOLE_SOUNDS_BUDGET, type IterationBudget } from '../classification/iterations.ts';
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
  'whole-sounds': {
    windowSec: 5,
    batchSize: 64,
    learningRate: 0.002,
    patience: 10,
    head: 'linear',
    copies: 0,
    mixup: false,
  },
  'spoken-words': { windowSec: 1.2, batchSize: 64, learningRate: 0.002, patience: 12, head: 'hidden', copies: 3 },
};

const NETWORK_OF: Partial<Record<Algorithm, EmbeddingNetworkId>> = {
  'transfer-learning': 'yamnet',
  'whole-sounds': 'mn04',
  'spoken-words': 'speech-embedding',
};

/** The network an algorithm stands on; null = none. */
export const networkOfAlgorithm = (algorithm: Algorithm): EmbeddingNetworkId | null => NETWORK_OF[algorithm] ?? null;

/** How long a model of sounds trains when nobody chose. */
export const soundBudget = ({ algorithm }: TrainingSettings): IterationBudget =>
  algorithm === 'whole-sounds' ? WHOLE_SOUNDS_BUDGET : COMMON_BUDGET;

/** Windows of whole sounds are no longer than half of the clips are, and at least this long. */
const SHORTEST_WHOLE_SEC = 1;

/** Settings whose windows fit the clips of a run. @param lengthsSec of its clips. */
export function fitWindow(settings: TrainingSettings, lengthsSec: readonly number[]): TrainingSettings {
  if (settings.algorithm !== 'whole-sounds' || lengthsSec.length === 0) return settings;
  const modality = modalityOf(settings, 'sound');
  const median = lengthsSec.toSorted((a, b) => a - b)[Math.floor(lengthsSec.length / 2)]!;
  const windowSec = Math.min(modality.windowSec, Math.max(SHORTEST_WHOLE_SEC, Math.floor(median * 40) / 40));
  return { ...settings, modality: { ...modality, windowSec } };
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
    networkOfAlgorithm(settings.algorithm) !== null && usual !== undefined && usual > 0 && settings.copies === usual;
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
