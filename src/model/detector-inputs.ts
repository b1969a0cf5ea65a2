/** What a detector is given of a view of a picture, and what it answers. Worker thread. */
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ANSWERING } from '../domain/answering.ts';
import { gridSides, SSD_CHANNELS, STRIDE } from '../features/index.ts';

/** Boxes of one class that overlap more are one object. */
export const NMS_OVERLAP = ANSWERING.overlap;

/** Values with their shape, without the batch. */
export type NetworkInput = { values: Float32Array; shape: number[] };

/** Mean and deviation per channel of the three maps, one after the other. */
export type ChannelScale = { mean: Float32Array; deviation: Float32Array };

/** Cells a side of the input of a level, for `cells` of the finest one. */
export const mapSide = (cells: number, level: number): number => (cells >> level) + (level > 0 ? 1 : 0);

/** Channels of all maps. */
export const CHANNEL_COUNT = SSD_CHANNELS.reduce((sum, channels) => sum + channels, 0);

/**
 * The standardised maps of a view, or a part of them.
 * @param features as `VisionNetwork.extract` returns them. @param originX in cells of the finest map, a multiple of 4. Writes example `at` of three inputs of
 * `cells`, `cells` / 2 + 1 and `cells` / 4 + 1 a side: the coarser ones with one more row and column before (see `buildDetectorHead`), repeated at the edge.
 */
export function readMaps(
  features: Uint8Array,
  pixels: number,
  { mean, deviation }: ChannelScale,
  out: Float32Array[],
  at: number,
  originX = 0,
  originY = 0,
  cells = pixels / STRIDE,
  gains: Float32Array | null = null,
): void {
  let mapAt = 0;
  let channelAt = 0;
  gridSides(pixels).forEach((side, level) => {
    const channels = SSD_CHANNELS[level]!;
    const before = level > 0 ? 1 : 0;
    const part = mapSide(cells, level);
    const [x0, y0] = [(originX >> level) - before, (originY >> level) - before];
    const target = out[level]!;
    let to = at * part * part * channels;
    for (let y = 0; y < part; y++) {
      for (let x = 0; x < part; x++) {
        let from = mapAt + (Math.max(0, y0 + y) * side + Math.max(0, x0 + x)) * channels;
        for (let c = 0; c < channels; c++, from++, to++)
          target[to] =
            (features[from]! - mean[channelAt + c]!) *
            deviation[channelAt + c]! *
            (gains === null ? 1 : gains[channelAt + c]!);
      }
    }
    mapAt += side * side * channels;
    channelAt += channels;
  });
}

/** Inputs of `count` examples with `cells` cells of the finest map a side, all zero. */
export function emptyInputs(count: number, cells: number): NetworkInput[] {
  return SSD_CHANNELS.map((channels, level) => {
    const part = mapSide(cells, level);
    return { values: new Float32Array(count * part * part * channels), shape: [part, part, channels] };
  });
}

/** The standardised maps of a whole view, as the network takes them. */
export function wholeInputs(features: Uint8Array, pixels: number, channels: ChannelScale): NetworkInput[] {
  const inputs = emptyInputs(1, pixels / STRIDE);
  readMaps(
    features,
    pixels,
    channels,
    inputs.map(({ values }) => values),
    0,
  );
  return inputs;
}

/** The pixels of a view, as a network takes them. */
export function pixelInputs(rgb: Uint8Array, pixels: number, { mean, deviation }: ChannelScale): NetworkInput[] {
  const values = new Float32Array(rgb.length);
  for (let i = 0; i < rgb.length; i++) values[i] = (rgb[i]! - mean[i % 3]!) * deviation[i % 3]!;
  return [{ values, shape: [pixels, pixels, 3] }];
}

/** Output of a detector for one view, read back. @param network borrowed. */
export async function runDetector(
  network: LayersModel,
  inputs: readonly NetworkInput[],
): Promise<{ values: Float32Array; side: number }> {
  const output = tf.tidy(() => {
    const tensors = inputs.map(({ values, shape }) => tf.tensor(values, [1, ...shape]));
    return network.apply(tensors.length === 1 ? tensors[0]! : tensors) as tf.Tensor4D;
  });
  try {
    return { values: (await output.data()) as Float32Array, side: output.shape[1] };
  } finally {
    output.dispose();
  }
}
