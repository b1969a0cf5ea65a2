/** Networks that find objects. Worker thread. */
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { hashText } from '../../kernel/random.ts';
import { SSD_CHANNELS } from '../../features/index.ts';
import type { Backbone } from '../../features/jobs.ts';
import { required } from '../../kernel/assert.ts';
import type { TrainableNetwork } from '../network.ts';

/** Channels of the joined map. */
const CHANNELS = 96;
/** Score every place starts with: nearly all of a picture is background (Lin et al. 2017, §4.1). */
const PRIOR_SCORE = 0.02;

/** `h` with a depthwise and a pointwise convolution added to it: every cell learns of its neighbours. */
function contextBlock(h: layers.SymbolicTensor, name: string, seed: (part: string) => number, size = 3) {
  const spread = layers.layers
    .depthwiseConv2d({
      kernelSize: size,
      padding: 'same',
      depthwiseInitializer: layers.initializers.heNormal({ seed: seed(`${name}/depth`) }),
      name: `${name}_depth`,
    })
    .apply(h) as layers.SymbolicTensor;
  const mixed = layers.layers
    .conv2d({
      filters: CHANNELS,
      kernelSize: 1,
      kernelInitializer: layers.initializers.heNormal({ seed: seed(`${name}/point`) }),
      name: `${name}_point`,
    })
    .apply(spread) as layers.SymbolicTensor;
  const rectified = layers.layers.reLU({ name: `${name}_relu` }).apply(mixed) as layers.SymbolicTensor;
  return layers.layers.add({ name: `${name}_sum` }).apply([h, rectified]) as layers.SymbolicTensor;
}

const seeded = (from: number) => (part: string) => hashText(`${from}/${part}`) % 2 ** 31;

/** What follows the joined map: blocks that look around each cell, then classes and distances (Tian et al. 2019, FCOS). */
function predict(joined: layers.SymbolicTensor, classCount: number, seed: (part: string) => number) {
  const h = contextBlock(joined, 'around', seed);
  const forClasses = contextBlock(h, 'classes', seed);
  const forBoxes = contextBlock(h, 'boxes', seed);
  const small = (part: string) => layers.initializers.randomNormal({ stddev: 0.01, seed: seed(part) });
  const classes = layers.layers
    .conv2d({
      filters: classCount,
      kernelSize: 1,
      kernelInitializer: small('class'),
      biasInitializer: layers.initializers.constant({ value: Math.log(PRIOR_SCORE / (1 - PRIOR_SCORE)) }),
      name: 'class_logits',
    })
    .apply(forClasses) as layers.SymbolicTensor;
  const boxes = layers.layers
    .conv2d({ filters: 4, kernelSize: 1, kernelInitializer: small('box'), name: 'box_distances' })
    .apply(forBoxes) as layers.SymbolicTensor;
  return layers.layers.concatenate({ name: 'output' }).apply([classes, boxes]) as layers.SymbolicTensor;
}

/** A map brought to the width of the head. */
const narrow = (map: layers.SymbolicTensor, level: number, seed: (part: string) => number) =>
  layers.layers
    .conv2d({
      filters: CHANNELS,
      kernelSize: 1,
      // An activation of its own: only then does tfjs leave out the gradient of frozen maps, a third of a step.
      activation: 'relu',
      kernelInitializer: layers.initializers.heNormal({ seed: seed(`lateral${level}`) }),
      name: `lateral_${8 << level}`,
    })
    .apply(map) as layers.SymbolicTensor;

/**
 * A coarser map with one more row and column before, brought to stride 8: cell k of the finest map looks where (k + 1) / 2^level of that map does
 * (CELL_CENTRE).
 */
function widen(map: layers.SymbolicTensor, level: number): layers.SymbolicTensor {
  const wide = layers.layers
    .upSampling2d({ size: [1 << level, 1 << level], interpolation: 'bilinear', name: `up_${8 << level}` })
    .apply(map);
  const after = (1 << level) - 1;
  return layers.layers
    .cropping2D({
      cropping: [
        [1, after],
        [1, after],
      ],
      name: `aligned_${8 << level}`,
    })
    .apply(wide) as layers.SymbolicTensor;
}

/**
 * The head on frozen maps: those at strides 8, 16 and 32 are brought to one width and added at stride 8 (Lin et al. 2017, FPN). About 200 000 weights.
 * Inputs [batch, side, side, 192], [batch, side / 2 + 1, …, 384], [batch, side / 4 + 1, …, 768], standardised; output [batch, side, side, classes + 4].
 * @returns caller disposes `train`; `infer` is the same model.
 */
export function buildDetectorHead(classCount: number, from: number): TrainableNetwork {
  const seed = seeded(from);
  const inputs = SSD_CHANNELS.map((channels, i) =>
    layers.input({ shape: [null, null, channels], name: `map_${8 << i}` }),
  );
  const lateral = inputs.map((input, i) => {
    const map = narrow(input, i, seed);
    return i === 0 ? map : widen(map, i);
  });
  const joined = layers.layers.add({ name: 'joined' }).apply(lateral) as layers.SymbolicTensor;
  const model = layers.model({ inputs, outputs: predict(joined, classCount, seed) });
  return { infer: model, train: model, maskSize: 0 };
}

/** A map with an empty row and column before it. */
const padded = (map: layers.SymbolicTensor, level: number) =>
  layers.layers
    .zeroPadding2d({
      padding: [
        [1, 0],
        [1, 0],
      ],
      name: `padded_${8 << level}`,
    })
    .apply(map) as layers.SymbolicTensor;

/** The head on the maps of a network that sees pixels. */
function headOnPixels(maps: layers.SymbolicTensor[], classCount: number, seed: (part: string) => number) {
  const joined = layers.layers
    .add({ name: 'joined' })
    .apply(maps.map((map, i) => (i === 0 ? narrow(map, i, seed) : widen(padded(narrow(map, i, seed), i), i))));
  return predict(joined as layers.SymbolicTensor, classCount, seed);
}

/** Channels of the full network at strides 2, 4, 8, 16 and 32. */
const FULL_CHANNELS = [16, 32, 64, 96, 128];

/**
 * A detector that learns from nothing: five strided convolutions with batch normalisation, the last three with a second one, and the same head. About 500 000
 * weights. Input [batch, pixels, pixels, 3], output [batch, pixels / 8, pixels / 8, classes + 4].
 * @returns caller disposes `train`; `infer` is the same model.
 */
export function buildFullDetector(classCount: number, from: number): TrainableNetwork {
  const seed = seeded(from);
  const convolve = (h: layers.SymbolicTensor, filters: number, strides: number, name: string) => {
    const conv = layers.layers
      .conv2d({
        filters,
        kernelSize: 3,
        strides,
        padding: 'same',
        useBias: false,
        kernelInitializer: layers.initializers.heNormal({ seed: seed(name) }),
        name,
      })
      .apply(h);
    const norm = layers.layers.batchNormalization({ momentum: 0.9, epsilon: 1e-3, name: `${name}_norm` }).apply(conv);
    return layers.layers.reLU({ name: `${name}_relu` }).apply(norm) as layers.SymbolicTensor;
  };
  const input = layers.input({ shape: [null, null, 3], name: 'picture' });
  let h: layers.SymbolicTensor = input;
  const maps: layers.SymbolicTensor[] = [];
  FULL_CHANNELS.forEach((filters, i) => {
    h = convolve(h, filters, 2, `conv_${i + 1}`);
    if (i < 2) return;
    h = layers.layers
      .add({ name: `conv_${i + 1}_sum` })
      .apply([h, convolve(h, filters, 1, `conv_${i + 1}b`)]) as layers.SymbolicTensor;
    maps.push(h);
  });
  const model = layers.model({ inputs: input, outputs: headOnPixels(maps, classCount, seed) });
  return { infer: model, train: model, maskSize: 0 };
}

/** Blocks of MobileNetV2 that halve the map. */
const HALVING = new Set([1, 3, 6, 13]);
const BLOCKS = 16;
/** Where the maps at strides 8, 16 and 32 are taken: before they are halved, and at the end (Sandler et al. 2018, §6.2, SSDLite). */
const TAPS = ['block_6_expand', 'block_13_expand', 'block_16_project'];

/**
 * MobileNetV2 with the head of the other detectors, trained further as a whole or from a block on. Batch normalisation is folded in, so small batches do no
 * harm. About 315 000 weights. Input [batch, pixels, pixels, 3], −1 to 1; output [batch, pixels / 8, pixels / 8, classes + 4].
 * @param unfreezeFrom first block that learns: 0 = all of them, 17 = the head alone. @returns caller disposes `train`; `infer` is the same model.
 */
export function buildFineTunedDetector(
  classCount: number,
  backbone: Backbone,
  unfreezeFrom: number,
  from: number,
): TrainableNetwork {
  const seed = seeded(from);
  const slow = new Set<string>();
  const maps: layers.SymbolicTensor[] = [];
  const convolve = (h: layers.SymbolicTensor, name: string, block: number, strides = 1) => {
    const { shape } = required(backbone.get(name), name);
    const isDepthwise = name.endsWith('_depthwise');
    const shared = {
      kernelSize: shape.slice(0, 2) as [number, number],
      strides,
      padding: 'same' as const,
      activation: name.endsWith('_project') ? ('linear' as const) : ('relu6' as const),
      trainable: block >= unfreezeFrom,
      name,
    };
    slow.add(name);
    const layer = isDepthwise
      ? layers.layers.depthwiseConv2d(shared)
      : layers.layers.conv2d({ ...shared, filters: shape[3]! });
    const map = layer.apply(h) as layers.SymbolicTensor;
    if (TAPS.includes(name)) maps.push(map);
    return map;
  };
  const input = layers.input({ shape: [null, null, 3], name: 'picture' });
  let h = convolve(input, 'Conv1', 0, 2);
  h = convolve(convolve(h, 'expanded_conv_depthwise', 0), 'expanded_conv_project', 0);
  for (let block = 1; block <= BLOCKS; block++) {
    const name = `block_${block}`;
    const strides = HALVING.has(block) ? 2 : 1;
    const wide = convolve(h, `${name}_expand`, block);
    const next = convolve(convolve(wide, `${name}_depthwise`, block, strides), `${name}_project`, block);
    const isSameShape = strides === 1 && next.shape[3] === h.shape[3];
    h = isSameShape ? (layers.layers.add({ name: `${name}_add` }).apply([h, next]) as layers.SymbolicTensor) : next;
  }
  const model = layers.model({ inputs: input, outputs: headOnPixels(maps, classCount, seed) });
  tf.tidy(() => {
    for (const name of slow) {
      const { kernel, shape, bias } = backbone.get(name)!;
      model.getLayer(name).setWeights([tf.tensor(kernel, shape), tf.tensor1d(bias)]);
    }
  });
  return { infer: model, train: model, maskSize: 0, slow };
}
