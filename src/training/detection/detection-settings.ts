/** What the app chooses for an object detector, from its boxes. Any thread; pure. */
import { boxesOf } from '../../domain/label.ts';
import type { MediaItem } from '../../domain/project.ts';
import type { Algorithm, CommonSettings } from '../../domain/settings.ts';
import { mediaOf, modalityOf, problemOf, type TrainingSettings } from '../../domain/task.ts';
import {
  featureBytes,
  PICTURE_SIZES,
  tileRegions,
  type ViewVariation,
  type VisionInput,
} from '../../features/index.ts';
import { createRandom } from '../../kernel/random.ts';
import { COMMON_DEFAULTS } from '../settings.ts';

/** First block of MobileNetV2 that changes when nobody chose: what comes before the finest map stays as it is. */
export const UNFREEZE_FROM = 7;

/** What the app chooses. */
export const DEFAULT_DETECTION_SETTINGS: TrainingSettings = {
  ...COMMON_DEFAULTS,
  algorithm: 'transfer-learning',
  batchSize: 16,
  learningRate: 0.002,
  patience: 0,
  copies: 5,
  modality: { kind: 'picture', pixels: null, mirror: true, crop: true, colour: true, rotate: true },
  problem: { kind: 'detection', tiles: null, mosaic: true, unfreezeFrom: UNFREEZE_FROM },
};

/** What differs between the algorithms of detectors. */
const OWN_DEFAULTS: Partial<Record<Algorithm, Pick<CommonSettings, 'learningRate' | 'copies'>>> = {
  'transfer-learning': { learningRate: 0.002, copies: 5 },
  'fine-tune': { learningRate: 0.002, copies: 0 },
  'full-network': { learningRate: 0.003, copies: 0 },
};

/** The same settings for another algorithm: what depends on the algorithm takes that one's defaults. */
export const withDetectorAlgorithm = (settings: TrainingSettings, algorithm: Algorithm): TrainingSettings => ({
  ...settings,
  ...OWN_DEFAULTS[algorithm],
  algorithm,
});

/** Side in pixels of the network's input that a typical box of every class should have: four cells of the finest map. */
const WANTED_SIDE = 32;
/** Bytes of features that varied copies may take on this device. */
const COPY_BYTES = 1.6e9;
/** Pictures the curve is measured on. */
const MOST_VALIDATION = 32;

/** Boxes of items by class, as the square root of their share of the picture; ascending. */
function sidesByClass(items: readonly MediaItem[]): number[][] {
  const sides = new Map<string, number[]>();
  for (const item of items)
    for (const box of boxesOf(item))
      sides.set(box.classId, [...(sides.get(box.classId) ?? []), Math.sqrt(box.width * box.height)]);
  return [...sides.values()].map((list) => list.sort((a, b) => a - b));
}

/**
 * The smallest input in which the typical box of the smallest class has enough pixels. Tiles only when the largest square is not enough, and the pictures
 * themselves have more.
 */
export function recommendInput(items: readonly MediaItem[]): VisionInput {
  const kind = 'ssd-mobilenet';
  const typical = sidesByClass(items)
    .filter((sides) => sides.length >= 5)
    .map((sides) => sides[Math.floor(sides.length / 2)]!);
  const smallest = typical.length > 0 ? Math.min(...typical) : 1;
  const sizes = items
    .map((item) => mediaOf(item, 'picture'))
    .map(({ width, height }) => Math.sqrt(width * height))
    .sort((a, b) => a - b);
  const ownPixels = sizes[Math.floor(sizes.length / 2)] ?? 640;
  const fitting = PICTURE_SIZES.find((pixels) => smallest * pixels >= WANTED_SIDE);
  // More pixels than the picture has show nothing new.
  const useful = PICTURE_SIZES.find((pixels) => pixels >= ownPixels) ?? 640;
  if (fitting) return { kind, pixels: Math.min(fitting, useful), tiles: 1 };
  for (const tiles of [1, 2, 3] as const) {
    const seen = 640 / tileRegions(tiles)[0]!.width;
    const isEnough = smallest * seen >= WANTED_SIDE * 0.7;
    if (isEnough || seen >= ownPixels || tiles === 3) return { kind, pixels: useful, tiles };
  }
  return { kind, pixels: useful, tiles: 1 };
}

/** The input a run uses: what was chosen, else what suits its boxes. */
export function resolveInput(settings: TrainingSettings, items: readonly MediaItem[]): VisionInput {
  const { pixels } = modalityOf(settings, 'picture');
  const { tiles } = problemOf(settings, 'detection');
  if (settings.algorithm === 'full-network') return { kind: 'pixels', pixels: pixels ?? 320, tiles: 1 };
  const wanted = pixels && tiles ? null : recommendInput(items);
  if (settings.algorithm === 'fine-tune') return { kind: 'pixels', pixels: pixels ?? wanted!.pixels, tiles: 1 };
  return { kind: 'ssd-mobilenet', pixels: pixels ?? wanted!.pixels, tiles: tiles ?? wanted!.tiles };
}

/** How copies are varied, and how many there are: fewer of large sets, so that they fit on the device. */
export function resolveCopies(
  settings: TrainingSettings,
  input: VisionInput,
  trainingCount: number,
): { copies: number; variation: ViewVariation | null } {
  const { mirror, crop, colour, rotate } = modalityOf(settings, 'picture');
  // A network on pixels varies them as it goes.
  if (input.kind === 'pixels' || settings.copies === 0 || !(mirror || crop || colour || rotate))
    return { copies: 0, variation: null };
  const bytes = featureBytes(input) * input.tiles ** 2 * Math.max(1, trainingCount);
  const copies = Math.max(1, Math.min(settings.copies, Math.floor(COPY_BYTES / bytes)));
  return { copies, variation: { mirror, crop, colour, rotate, seed: settings.seed } };
}

/** The validation pictures the curve is measured on, the same every iteration. */
export function pickValidation(judged: readonly string[], seed: number): string[] {
  const ids = [...judged];
  if (ids.length <= MOST_VALIDATION) return ids;
  const order = createRandom(seed, 'validation').shuffle(Int32Array.from(ids, (_, i) => i));
  return [...order.slice(0, MOST_VALIDATION)].sort((a, b) => a - b).map((i) => ids[i]!);
}

/** Parts of pictures a detector is trained on when nobody chose. */
const CROP_BUDGET = 34_000;
/** The same for networks on pixels, in pictures. */
const FULL_BUDGET = 9_000;
const FINE_TUNE_BUDGET = 6_000;

/** Iterations of a run of two stages for one of its first: what is held out there is trained on in the second. */
const BOTH_STAGES = 1.4;

/** Iterations for which pictures are held out. @param iterations of both stages. */
export const firstStage = (iterations: number): number => Math.max(1, Math.round(iterations / BOTH_STAGES));

/** Whether what the app sets aside for validation is trained on once it has been judged: where nothing ends a run early. */
export const isHoldingOut = ({ validation, patience }: TrainingSettings): boolean =>
  validation === 'automatic' && patience === 0;

/** Iterations when nobody chose. @param examplesPerIteration crops, or pictures of a network on pixels. @param hasStages what is held out is trained on in the end. */
export function automaticDetectorIterations(
  examplesPerIteration: number,
  algorithm: Algorithm,
  hasStages: boolean,
): number {
  const [budget, fewest, most] =
    algorithm === 'full-network'
      ? [FULL_BUDGET, 20, 300]
      : algorithm === 'fine-tune'
        ? [FINE_TUNE_BUDGET, 15, 200]
        : [CROP_BUDGET, 12, 160];
  const first = Math.max(fewest, Math.min(most, budget / Math.max(1, examplesPerIteration)));
  return Math.round(first * (hasStages ? BOTH_STAGES : 1));
}

/** Parts drawn from a view while it is at hand. */
export const CROPS_PER_VIEW = 4;

/** Examples an iteration draws from a picture: parts of its feature maps, or the picture itself. */
export function examplesPerPicture(settings: TrainingSettings, items: readonly MediaItem[]): number {
  const { kind, tiles } = resolveInput(settings, items);
  return kind === 'pixels' ? 1 : CROPS_PER_VIEW * tiles ** 2;
}
