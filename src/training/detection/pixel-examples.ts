/** Examples of a detector that sees pixels: whole pictures, varied as they are drawn, four of them put together. Worker thread. */
import type { DetectionSettings, PictureSettings } from '../../domain/settings.ts';
import type { Rect } from '../../domain/boxes.ts';
import { STRIDE, tileRegions, viewExtractor, type VisionInput } from '../../features/index.ts';
import type { FeatureCache } from '../../features/jobs.ts';
import { createRandom, type Random } from '../../kernel/random.ts';
import { pixelInputs, type ChannelScale, type NetworkInput } from '../../model/jobs.ts';
import { boxWeights } from './cached-examples.ts';
import {
  writeTargets,
  type AnnotatedPicture,
  type DetectorBatch,
  type DetectorExamples,
  type RunPictures,
} from './detector-examples.ts';

const scaleOf = (deviation: number): ChannelScale => ({
  mean: new Float32Array(3).fill(127.5),
  deviation: new Float32Array(3).fill(1 / deviation),
});
/** Pixels as the full network takes them: ordinary pictures have a deviation of about 1. */
export const PIXEL_SCALE = scaleOf(64);
/** Pixels as MobileNetV2 was trained on them: −1 to 1. */
export const MOBILENET_SCALE = scaleOf(127.5);

/** A part of a picture in a part of an example. `source` in ratios of the picture, may reach beyond it; `target` in pixels of the example. */
type Placement = { source: Rect; mirror: boolean; target: { x: number; y: number; width: number; height: number } };

/** Share of examples that are four pictures. */
const MOSAIC_RATIO = 0.5;
/** Part of a box that must be seen. */
const LEAST_SEEN = 0.4;

/** See {@link DetectorExamples}. Boxes follow every variation. */
export class PixelExamples implements DetectorExamples {
  readonly classCount: number;
  readonly scale: number;
  readonly input: VisionInput;
  readonly batchSize: number;
  readonly stepCount: number;
  readonly validation: readonly AnnotatedPicture[];
  readonly held: readonly AnnotatedPicture[];
  readonly heldFor: number;
  readonly #training: readonly AnnotatedPicture[];
  /** With those held out. */
  readonly #all: readonly AnnotatedPicture[];
  readonly #cache: FeatureCache;
  readonly #vision: PictureSettings & DetectionSettings;
  readonly #seed: number;
  readonly #channels: ChannelScale;
  readonly #weights: number[];

  constructor(
    { training, validation, held, heldFor }: RunPictures,
    options: {
      classCount: number;
      input: VisionInput;
      cache: FeatureCache;
      vision: PictureSettings & DetectionSettings;
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
    this.#training = training;
    this.#all = [...training, ...held];
    this.#cache = options.cache;
    this.#vision = options.vision;
    this.#seed = options.seed;
    this.#channels = options.channels;
    this.#weights = boxWeights(training, options.classCount);
    this.scale = options.scale;
    this.batchSize = Math.min(training.length, Math.max(2, Math.round(options.batchSize / 2)));
    this.stepCount = Math.ceil(training.length / this.batchSize);
    this.heldFor = heldFor(this.stepCount * this.batchSize);
  }

  #load(hash: string): Promise<Uint8Array> {
    return this.#cache.getBytes(hash, viewExtractor(this.input, 0, 0, null));
  }

  #placement(random: Random, target: Placement['target']): Placement {
    const spread = () => 2 * random.next() - 1;
    const zoom = this.#vision.crop ? Math.exp(spread() * 0.4) : 1;
    const stretch = this.#vision.crop ? Math.exp(spread() * 0.12) : 1;
    const width = zoom * stretch;
    const height = zoom / stretch;
    return {
      source: { x: (1 - width) * random.next(), y: (1 - height) * random.next(), width, height },
      mirror: this.#vision.mirror && random.next() < 0.5,
      target,
    };
  }

  async assemble(iteration: number, step: number): Promise<DetectorBatch> {
    const { batchSize: count, classCount } = this;
    const { pixels } = this.input;
    const cells = pixels / STRIDE;
    const values = new Float32Array(count * pixels * pixels * 3);
    const batch: DetectorBatch = {
      inputs: [{ values, shape: [pixels, pixels, 3] }],
      classes: new Float32Array(count * cells * cells * classCount),
      distances: new Float32Array(count * cells * cells * 4),
      positive: new Float32Array(count * cells * cells),
      counted: new Float32Array(count * cells * cells),
    };
    const pictures = iteration > this.heldFor ? this.#all : this.#training;
    const order = createRandom(this.#seed, 'shuffle', iteration).shuffle(
      Int32Array.from({ length: pictures.length }, (_, i) => i),
    );
    for (let n = 0; n < count; n++) {
      const random = createRandom(this.#seed, 'picture', iteration, step, n);
      const first = pictures[order[(step * count + n) % order.length]!]!;
      const any = () => pictures[Math.floor(random.next() * pictures.length)]!;
      const boxes: (Rect & { classIndex: number })[] = [];
      const colour = this.#vision.colour
        ? { gain: 1 + (random.next() - 0.5) * 0.5, shift: (random.next() - 0.5) * 0.6 }
        : { gain: 1, shift: 0 };
      if (this.#vision.mosaic && random.next() < MOSAIC_RATIO) {
        const [x, y] = [0.3 + 0.4 * random.next(), 0.3 + 0.4 * random.next()].map((share) =>
          Math.round(share * pixels),
        ) as [number, number];
        const corners = [
          { x: 0, y: 0, width: x, height: y },
          { x, y: 0, width: pixels - x, height: y },
          { x: 0, y, width: x, height: pixels - y },
          { x, y, width: pixels - x, height: pixels - y },
        ];
        for (const [k, target] of corners.entries())
          await this.#place(k === 0 ? first : any(), this.#placement(random, target), values, n, boxes, colour);
      } else {
        const target = { x: 0, y: 0, width: pixels, height: pixels };
        await this.#place(first, this.#placement(random, target), values, n, boxes, colour);
      }
      writeTargets(batch, n, boxes, cells, this.#weights, 0, 0, cells);
    }
    return batch;
  }

  /** Draws a picture into its part of example `n`, and adds its boxes. */
  async #place(
    picture: AnnotatedPicture,
    { source, mirror, target }: Placement,
    values: Float32Array,
    n: number,
    boxes: (Rect & { classIndex: number })[],
    colour: { gain: number; shift: number },
  ): Promise<void> {
    const { pixels } = this.input;
    const { mean, deviation } = this.#channels;
    const rgb = await this.#load(picture.hash);
    for (let y = 0; y < target.height; y++) {
      const v = Math.floor((source.y + ((y + 0.5) / target.height) * source.height) * pixels);
      let to = 3 * (n * pixels * pixels + (target.y + y) * pixels + target.x);
      for (let x = 0; x < target.width; x++, to += 3) {
        const ratio = mirror ? 1 - (x + 0.5) / target.width : (x + 0.5) / target.width;
        const u = Math.floor((source.x + ratio * source.width) * pixels);
        const isInside = u >= 0 && v >= 0 && u < pixels && v < pixels;
        const from = 3 * (v * pixels + u);
        for (let c = 0; c < 3; c++)
          values[to + c] = ((isInside ? rgb[from + c]! : 114) - mean[c]!) * deviation[c]! * colour.gain + colour.shift;
      }
    }
    for (const box of picture.boxes) {
      const start = (box.x - source.x) / source.width;
      const width = box.width / source.width;
      const x = mirror ? 1 - start - width : start;
      const y = (box.y - source.y) / source.height;
      const height = box.height / source.height;
      const [left, top] = [Math.max(0, x), Math.max(0, y)];
      const [seenWidth, seenHeight] = [Math.min(1, x + width) - left, Math.min(1, y + height) - top];
      if (seenWidth <= 0 || seenHeight <= 0 || seenWidth * seenHeight < LEAST_SEEN * width * height) continue;
      boxes.push({
        x: (target.x + left * target.width) / pixels,
        y: (target.y + top * target.height) / pixels,
        width: (seenWidth * target.width) / pixels,
        height: (seenHeight * target.height) / pixels,
        classIndex: box.classIndex,
      });
    }
  }

  async inputsOf({ hash }: AnnotatedPicture): Promise<{ inputs: NetworkInput[]; region: Rect }[]> {
    const rgb = await this.#load(hash);
    return [{ inputs: pixelInputs(rgb, this.input.pixels, this.#channels), region: tileRegions(1)[0]! }];
  }
}
