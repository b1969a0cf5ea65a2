/** Settings of a sound run: what the app would choose, and reading them from a file. Any thread. */
import * as v from 'valibot';
import type {
  Algorithm,
  MediaItem,
  MotionSettings,
  TaskKind,
  TrainingSettings,
  VisionSettings,
} from '../domain/project.ts';
import type { EmbeddingNetworkId } from '../features/index.ts';
import { StudioError } from '../kernel/errors.ts';
import { automaticWindowSec, DEFAULT_MOTION } from './motion/motion-settings.ts';
import { DEFAULT_VISION, VISION_DEFAULTS } from './vision/vision-settings.ts';

const between = (low: number, high: number) => v.pipe(v.number(), v.minValue(low), v.maxValue(high));

/** Bounds of every value; also the documentation of the headless runner's config. */
const SettingsSchema = v.strictObject({
  algorithm: v.picklist([
    'automatic',
    'transfer-learning',
    'spoken-words',
    'fine-tune',
    'full-network',
    'graph-network',
    'temporal-network',
  ]),
  windowSec: between(0.5, 15),
  overlapRatio: between(0, 0.9),
  iterations: v.nullable(v.pipe(between(1, 2000), v.integer())),
  batchSize: v.pipe(between(4, 256), v.integer()),
  learningRate: between(1e-5, 0.1),
  seed: v.pipe(between(0, 2 ** 31 - 1), v.integer()),
  validation: v.picklist(['automatic', 'own', 'none']),
  validationShare: between(0.05, 0.5),
  keepTogether: v.picklist(['recording', 'session', 'pattern']),
  groupPattern: v.string(),
  balanceClasses: v.boolean(),
  patience: v.pipe(between(0, 1000), v.integer()),
  augment: v.strictObject({
    specAugment: v.boolean(),
    timeShift: v.boolean(),
    gain: v.boolean(),
    mixup: v.boolean(),
    backgroundClassId: v.nullable(v.string()),
  }),
  head: v.picklist(['linear', 'hidden']),
  copies: v.pipe(between(0, 8), v.integer()),
  motion: v.optional(
    v.strictObject({
      frameRateHz: v.nullable(between(2, 60)),
      joints: v.picklist(['body', 'upper-body', 'all']),
      mirror: v.boolean(),
      noise: v.boolean(),
      turn: v.boolean(),
      speed: v.boolean(),
    }),
  ),
  vision: v.optional(
    v.strictObject({
      pixels: v.nullable(v.picklist([320, 480, 640])),
      tiles: v.nullable(v.picklist([1, 2, 3])),
      mirror: v.boolean(),
      crop: v.boolean(),
      colour: v.boolean(),
      rotate: v.boolean(),
      mosaic: v.boolean(),
      unfreezeFrom: v.optional(v.pipe(between(0, 17), v.integer())),
    }),
  ),
  engine: v.nullable(v.picklist(['webgpu', 'webgl', 'wasm', 'cpu'])),
});

/** What the app chooses. */
export const DEFAULT_SOUND_SETTINGS: TrainingSettings = {
  algorithm: 'automatic',
  windowSec: 0.975,
  overlapRatio: 0.5,
  iterations: null,
  batchSize: 32,
  learningRate: 0.003,
  seed: 7,
  validation: 'automatic',
  validationShare: 0.15,
  keepTogether: 'recording',
  groupPattern: '',
  balanceClasses: true,
  patience: 25,
  augment: { specAugment: true, timeShift: true, gain: true, mixup: true, backgroundClassId: null },
  head: 'linear',
  copies: 2,
  engine: null,
};

/** The same for actions; the action duration follows from the clips (`automaticWindowSec`). */
export const DEFAULT_ACTION_SETTINGS: TrainingSettings = {
  ...DEFAULT_SOUND_SETTINGS,
  algorithm: 'graph-network',
  windowSec: 2,
  batchSize: 32,
  learningRate: 0.003,
  patience: 30,
  augment: { specAugment: false, timeShift: false, gain: false, mixup: false, backgroundClassId: null },
  copies: 0,
  motion: DEFAULT_MOTION,
};

/** The same for object detectors. */
export const DEFAULT_DETECTION_SETTINGS: TrainingSettings = {
  ...DEFAULT_SOUND_SETTINGS,
  algorithm: 'transfer-learning',
  batchSize: 16,
  learningRate: 0.002,
  patience: 0,
  augment: { specAugment: false, timeShift: false, gain: false, mixup: false, backgroundClassId: null },
  copies: 5,
  vision: DEFAULT_VISION,
};

/** What the app chooses for a new model of a task. @param items decide the action duration. */
export function defaultSettings(kind: TaskKind, items: readonly MediaItem[]): TrainingSettings {
  if (kind === 'detection') return DEFAULT_DETECTION_SETTINGS;
  return kind === 'action'
    ? { ...DEFAULT_ACTION_SETTINGS, windowSec: automaticWindowSec(items) }
    : DEFAULT_SOUND_SETTINGS;
}

/** What differs from {@link DEFAULT_SOUND_SETTINGS} for one algorithm. Mixing examples made heads on YAMNet worse (docs/results.md). */
const OWN_DEFAULTS: Record<Algorithm, Partial<Omit<TrainingSettings, 'augment'>> & { mixup?: boolean }> = {
  automatic: {},
  'fine-tune': {},
  'full-network': {},
  'graph-network': {},
  'temporal-network': {},
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
export function withAlgorithm(settings: TrainingSettings, algorithm: Algorithm): TrainingSettings {
  if (settings.vision) return { ...settings, ...VISION_DEFAULTS[algorithm], algorithm };
  const { windowSec, batchSize, learningRate, patience, head, copies, augment } = DEFAULT_SOUND_SETTINGS;
  const { mixup = augment.mixup, ...own } = OWN_DEFAULTS[algorithm];
  return {
    ...settings,
    windowSec,
    batchSize,
    learningRate,
    patience,
    head,
    copies,
    ...own,
    augment: { ...settings.augment, mixup },
    algorithm,
  };
}

/** Settings of `automatic` once its algorithm is known: what the person changed stays, the rest takes the algorithm's defaults. */
export function resolveAutomatic(settings: TrainingSettings, algorithm: Algorithm): TrainingSettings {
  const own = withAlgorithm(settings, algorithm);
  const kept = Object.fromEntries(
    (['batchSize', 'learningRate', 'patience', 'head', 'copies'] as const)
      .filter((key) => settings[key] !== DEFAULT_SOUND_SETTINGS[key])
      .map((key) => [key, settings[key]]),
  );
  return { ...own, ...kept };
}

/**
 * Defaults overridden by a partial config.
 * @throws StudioError `studio/bad-arguments` naming the key and what it may be.
 */
export function readSettings(
  config: unknown,
  kind: TaskKind = 'sound',
  items: readonly MediaItem[] = [],
): TrainingSettings {
  const given = (config ?? {}) as Partial<TrainingSettings> & {
    motion?: Partial<MotionSettings>;
    vision?: Partial<VisionSettings>;
  };
  const base = defaultSettings(kind, items);
  const algorithm = given.algorithm as Algorithm;
  const { mixup, ...own } = (kind === 'sound' ? OWN_DEFAULTS[algorithm] : null) ?? {};
  const merged = {
    ...base,
    ...own,
    ...(kind === 'detection' ? VISION_DEFAULTS[algorithm] : {}),
    ...given,
    ...(base.motion ? { motion: { ...base.motion, ...given.motion } } : {}),
    ...(base.vision ? { vision: { ...base.vision, ...given.vision } } : {}),
    augment: { ...base.augment, ...(mixup === undefined ? {} : { mixup }), ...given.augment },
  };
  const parsed = v.safeParse(SettingsSchema, merged);
  if (!parsed.success) {
    const issue = parsed.issues[0];
    const path = issue.path?.map((step) => String(step.key)).join('.') ?? '';
    throw new StudioError('studio/bad-arguments', { message: `The setting ${path} is not usable: ${issue.message}.` });
  }
  return parsed.output;
}
