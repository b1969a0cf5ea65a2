/** Examples of a detector on a pretrained network: parts of cached feature maps. Worker thread. */
import {
  featureBytes,
  gridSides,
  plainView,
  SSD_CHANNELS,
  STRIDE,
  tileRegions,
  viewExtractor,
  viewOf,
  type View,
  type ViewVariation,
  type VisionInput,
} from '../../features/index.ts';
import type { FeatureCache } from '../../features/jobs.ts';
import type { Rect } from '../../domain/boxes.ts';
import { createRandom, type Random } from '../../kernel/random.ts';
import { throwIfAborted } from '../../kernel/errors.ts';
import {
  CHANNEL_COUNT,
  emptyInputs,
  readMaps,
  wholeInputs,
  type ChannelScale,
  type NetworkInput,
} from '../../model/jobs.ts';
import {
  boxesOfView,
  CROP_CELLS,
  drawOrigin,
  writeTargets,
  type AnnotatedPicture,
  type DetectorBatch,
  type DetectorExamples,
  type RunPictures,
} from './detector-examples.ts';
import { CROPS_PER_VIEW } from './detection-settings.ts';

/** Views the channels are measured on. */
const SCALE_VIEWS = 60;
/** Share of tiles without a box that are trained on. */
const EMPTY_TILES = 0.3;

/** What a box of each class counts: the inverse square root of how often it occurs, 1 for a box of mean weight, at most 4. */
export function boxWeights(pictures: readonly AnnotatedPicture[], classCount: number): number[] {
  const counts = new Array<number>(classCount).fill(0);
  for (const { boxes } of pictures) for (const { classIndex } of boxes) counts[classIndex]!++;
  const raw = counts.map((count) => 1 / Math.sqrt(Math.max(1, count)));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const mean = raw.reduce((sum, weight, c) => sum + weight * counts[c]!, 0) / Math.max(1, total);
  return raw.map((weight) => Math.min(4, weight / Math.max(1e-6, mean)));
}

/** Half of the median side of the boxes, in cells of the view. */
export function typicalScale(pictures: readonly AnnotatedPicture[], input: VisionInput): number {
  const side = (input.pixels / STRIDE) * (input.tiles > 1 ? 1 / tileRegions(input.tiles)[0]!.width : 1);
  const sizes = pictures
    .flatMap(({ boxes }) => boxes.map((box) => Math.sqrt(box.width * box.height) * side))
    .sort((a, b) => a - b);
  return Math.max(0.5, (sizes[Math.floor(sizes.length / 2)] ?? 4) / 2);
}

/** Share of the channels hidden in each part: the head must not lean on single ones (Tompson et al. 2015, spatial dropout). */
const HIDDEN_CHANNELS = 0.1;

/** What the values of each channel are multiplied by. */
function drawGains(random: Random): Float32Array {
  return new Float32Array(CHANNEL_COUNT).map(() => (random.next() < HIDDEN_CHANNELS ? 0 : 1 / (1 - HIDDEN_CHANNELS)));
}

type LoadedView = { random: Random; picture: AnnotatedPicture; view: View; features: Uint8Array };

/** See {@link DetectorExamples}. */
export class CachedExamples implements DetectorExamples {
  readonly classCount: number;
  readonly scale: number;
  readonly input: VisionInput;
  readonly batchSize: number;
  readonly stepCount: number;
  readonly validation: readonly AnnotatedPicture[];
  readonly held: readonly AnnotatedPicture[];
  readonly channels: ChannelScale;
  readonly #cache: FeatureCache;
  readonly #variation: ViewVariation | null;
  readonly #copies: number;
  readonly #seed: number;
  readonly #weights: number[];
  readonly heldFor: number;
  readonly #views: readonly { picture: AnnotatedPicture; tile: number }[];
  /** With those held out. */
  readonly #allViews: readonly { picture: AnnotatedPicture; tile: number }[];
  readonly #viewsPerStep: number;
  #orders = new Map<number, Int32Array>();
  #ahead: { key: string; views: Promise<LoadedView[]> } | null = null;

  constructor(
    { training, validation, held, heldFor }: RunPictures,
    options: {
      classCount: number;
      input: VisionInput;
      cache: FeatureCache;
      variation: ViewVariation | null;
      copies: number;
      batchSize: number;
      seed: number;
      scale: number;
      channels: ChannelScale;
    },
  ) {
    this.classCount = options.classCount;
    this.input = options.input;
    this.validation = validation;
    this.held = held;
    this.channels = options.channels;
    this.#cache = options.cache;
    this.#variation = options.variation;
    this.#copies = options.variation ? options.copies : 0;
    this.#seed = options.seed;
    this.#weights = boxWeights(training, options.classCount);
    this.scale = options.scale;
    const random = createRandom(options.seed, 'tiles');
    const tiles = options.input.tiles ** 2;
    const viewsOf = (pictures: readonly AnnotatedPicture[]) =>
      pictures.flatMap((picture) =>
        Array.from({ length: tiles }, (_, tile) => ({ picture, tile })).filter(({ tile }) => {
          const shown = boxesOfView(picture, plainView(tileRegions(options.input.tiles)[tile]!));
          return tiles === 1 || shown.length > 0 || random.next() < EMPTY_TILES;
        }),
      );
    this.#views = viewsOf(training);
    this.#allViews = [...this.#views, ...viewsOf(held)];
    this.#viewsPerStep = Math.max(1, Math.min(this.#views.length, Math.round(options.batchSize / CROPS_PER_VIEW)));
    this.batchSize = this.#viewsPerStep * CROPS_PER_VIEW;
    this.stepCount = Math.ceil(this.#views.length / this.#viewsPerStep);
    this.heldFor = heldFor(this.stepCount * this.batchSize);
  }

  /** Views of an iteration. */
  get viewCount(): number {
    return this.#views.length;
  }

  /** An iteration has as many steps with those that were held out as without: it draws from more. */
  #viewsOf(iteration: number) {
    return iteration > this.heldFor ? this.#allViews : this.#views;
  }

  #indices(iteration: number): Int32Array {
    let order = this.#orders.get(iteration);
    if (!order) {
      order = createRandom(this.#seed, 'shuffle', iteration).shuffle(
        Int32Array.from({ length: this.#viewsOf(iteration).length }, (_, i) => i),
      );
      // This iteration's and the next one's.
      for (const old of this.#orders.keys()) if (Math.abs(old - iteration) > 1) this.#orders.delete(old);
      this.#orders.set(iteration, order);
    }
    return order;
  }

  async assemble(iteration: number, step: number): Promise<DetectorBatch> {
    const { batchSize: count, classCount, input } = this;
    const cells = CROP_CELLS;
    const inputs = emptyInputs(count, cells);
    const batch: DetectorBatch = {
      inputs,
      classes: new Float32Array(count * cells * cells * classCount),
      distances: new Float32Array(count * cells * cells * 4),
      positive: new Float32Array(count * cells * cells),
      counted: new Float32Array(count * cells * cells),
    };
    const side = input.pixels / STRIDE;
    const loading = this.#ahead?.key === `${iteration} ${step}` ? this.#ahead.views : this.#load(iteration, step);
    // The next step's are read while this one is computed.
    const next = step + 1 < this.stepCount ? ([iteration, step + 1] as const) : ([iteration + 1, 0] as const);
    this.#ahead = { key: next.join(' '), views: this.#load(...next) };
    for (const [v, { random, view, picture, features }] of (await loading).entries()) {
      const boxes = boxesOfView(picture, view);
      for (let c = 0; c < CROPS_PER_VIEW; c++) {
        const at = v * CROPS_PER_VIEW + c;
        const [x, y] = drawOrigin(boxes, this.#weights, side, cells, random);
        const maps = inputs.map(({ values }) => values);
        readMaps(features, input.pixels, this.channels, maps, at, x, y, cells, drawGains(random));
        writeTargets(batch, at, boxes, side, this.#weights, x, y, cells);
      }
    }
    return batch;
  }

  /** The views of a step with their features. */
  #load(iteration: number, step: number): Promise<LoadedView[]> {
    const indices = this.#indices(iteration);
    const views = Array.from({ length: this.#viewsPerStep }, async (_, v): Promise<LoadedView> => {
      const { picture, tile } = this.#viewsOf(iteration)[indices[(step * this.#viewsPerStep + v) % indices.length]!]!;
      const random = createRandom(this.#seed, 'crops', iteration, step, v);
      const copy = Math.floor(random.next() * (this.#copies + 1));
      const extractor = viewExtractor(this.input, tile, copy, this.#variation);
      return {
        random,
        picture,
        view: viewOf(picture.hash, this.input, tile, copy, this.#variation),
        features: await this.#cache.getBytes(picture.hash, extractor),
      };
    });
    const all = Promise.all(views);
    // A failure is met where the views are used.
    all.catch(() => {});
    return all;
  }

  async inputsOf({ hash }: AnnotatedPicture): Promise<{ inputs: NetworkInput[]; region: Rect }[]> {
    const views: { inputs: NetworkInput[]; region: Rect }[] = [];
    for (const [tile, region] of tileRegions(this.input.tiles).entries()) {
      const features = await this.#cache.getBytes(hash, viewExtractor(this.input, tile, 0, null));
      views.push({ inputs: wholeInputs(features, this.input.pixels, this.channels), region });
    }
    return views;
  }
}

/** Mean and one over the deviation of every channel, over some of the training views. */
export async function measureChannels(
  pictures: readonly AnnotatedPicture[],
  input: VisionInput,
  cache: FeatureCache,
  signal: AbortSignal,
): Promise<ChannelScale> {
  const mean = new Float64Array(CHANNEL_COUNT);
  const squares = new Float64Array(CHANNEL_COUNT);
  const counts = new Float64Array(CHANNEL_COUNT);
  const stride = Math.max(1, Math.ceil(pictures.length / SCALE_VIEWS));
  for (let i = 0; i < pictures.length; i += stride) {
    throwIfAborted(signal);
    const tile = Math.round(i / stride) % input.tiles ** 2;
    const features = await cache.getBytes(pictures[i]!.hash, viewExtractor(input, tile, 0, null));
    if (features.length !== featureBytes(input)) continue;
    let at = 0;
    let channelAt = 0;
    gridSides(input.pixels).forEach((side, level) => {
      const channels = SSD_CHANNELS[level]!;
      for (let cell = 0; cell < side * side; cell++)
        for (let c = 0; c < channels; c++) {
          const value = features[at++]!;
          mean[channelAt + c]! += value;
          squares[channelAt + c]! += value * value;
          counts[channelAt + c]! += 1;
        }
      channelAt += channels;
    });
  }
  const means = Float32Array.from(mean, (sum, c) => sum / Math.max(1, counts[c]!));
  return {
    mean: means,
    deviation: Float32Array.from(squares, (sum, c) => {
      const variance = sum / Math.max(1, counts[c]!) - means[c]! ** 2;
      // A channel that hardly ever moves here must not shout when it does.
      return 1 / Math.max(4, Math.sqrt(Math.max(0, variance)));
    }),
  };
}
