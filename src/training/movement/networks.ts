/** The networks that learn movements from nothing. Worker thread. Layers of TensorFlow.js only, so that a saved model needs no code of ours. */
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { hashText } from '../../kernel/random.ts';
import type { TrainableNetwork } from '../network.ts';

/** Shape of a network's input and output; `adjacency`: shape [nodes, nodes]. */
export type MotionShape = {
  frames: number;
  nodes: number;
  channels: number;
  classCount: number;
  adjacency: Float32Array;
};

type Symbolic = layers.SymbolicTensor;
/** Parts a window is divided into where the poses themselves are looked at. */
const QUARTERS = 4;

/** Both ends of a classifier: pooled features and poses by quarter, dropout by mask, logits. */
function finish(
  input: Symbolic,
  features: Symbolic,
  featureSize: number,
  shape: MotionShape,
  seed: number,
): TrainableNetwork {
  const poses = posesByQuarter(input, shape);
  const pooled = layers.layers.concatenate({ name: 'pooled' }).apply([features, poses.output]) as Symbolic;
  const maskSize = featureSize + poses.size;
  const mask = layers.input({ shape: [maskSize], name: 'dropout_mask' });
  const hidden = layers.layers.multiply({ name: 'dropped' }).apply([pooled, mask]) as Symbolic;
  const dense = layers.layers.dense({
    units: shape.classCount,
    kernelInitializer: layers.initializers.glorotUniform({ seed: seedOf(seed, 'dense') }),
    name: 'logits',
  });
  return {
    train: layers.model({ inputs: [input, mask], outputs: dense.apply(hidden) as Symbolic }),
    infer: layers.model({ inputs: input, outputs: dense.apply(pooled) as Symbolic }),
    maskSize,
  };
}

const seedOf = (seed: number, name: string) => hashText(`${seed}/${name}`) % 2 ** 31;

/**
 * The poses themselves: mean over each quarter of the window, a path past all that is learnt, which a few people's examples are enough for.
 */
function posesByQuarter(input: Symbolic, { frames, nodes, channels }: MotionShape): { output: Symbolic; size: number } {
  const parts = Math.min(QUARTERS, frames);
  const matrix = new Float32Array(frames * parts);
  const counts = new Array<number>(parts).fill(0);
  for (let f = 0; f < frames; f++) counts[Math.floor((f * parts) / frames)]!++;
  for (let f = 0; f < frames; f++) {
    const part = Math.floor((f * parts) / frames);
    matrix[f * parts + part] = 1 / counts[part]!;
  }
  const last = layers.layers.permute({ dims: [2, 3, 1], name: 'time_last' }).apply(input) as Symbolic;
  const means = layers.layers
    .dense({
      units: parts,
      useBias: false,
      trainable: false,
      weights: [tf.tensor2d(matrix, [frames, parts])],
      name: 'quarters',
    })
    .apply(last) as Symbolic;
  const flat = layers.layers.flatten({ name: 'poses' }).apply(means) as Symbolic;
  // Many correlated values: normalised, they neither drown nor are drowned by what is learnt.
  const output = layers.layers
    .batchNormalization({ momentum: 0.9, epsilon: 1e-2, name: 'poses_norm' })
    .apply(flat) as Symbolic;
  return { output, size: nodes * channels * parts };
}

/** Mixes the nodes with a matrix that starts as `matrix` and is learnt on. */
function mixNodes(x: Symbolic, matrix: Float32Array, nodes: number, name: string): Symbolic {
  const turned = layers.layers.permute({ dims: [1, 3, 2], name: `${name}_in` }).apply(x) as Symbolic;
  // A dense layer multiplies from the right: its kernel is the transposed matrix.
  const kernel = new Float32Array(nodes * nodes);
  for (let i = 0; i < nodes; i++) for (let j = 0; j < nodes; j++) kernel[j * nodes + i] = matrix[i * nodes + j]!;
  const mixed = layers.layers
    .dense({ units: nodes, useBias: false, weights: [tf.tensor2d(kernel, [nodes, nodes])], name })
    .apply(turned) as Symbolic;
  return layers.layers.permute({ dims: [1, 3, 2], name: `${name}_out` }).apply(mixed) as Symbolic;
}

/** Blocks of the graph network: channels, and stride in time. */
const GRAPH_BLOCKS = [
  { filters: 32, stride: 1 },
  { filters: 48, stride: 2 },
  { filters: 64, stride: 2 },
];

/**
 * Spatio-temporal graph network (Yan et al. 2018, ST-GCN; learnt neighbourhoods as in Shi et al. 2019, 2s-AGCN): blocks that mix each node with its
 * neighbours and with nodes of its own choice, then convolve over time, with a residual; mean and maximum over time and nodes. Input [batch, frames,
 * nodes, channels]; output [batch, classes], logits. @returns caller disposes.
 */
export function buildGraphNetwork(shape: MotionShape, seed: number): TrainableNetwork {
  const { frames, nodes, channels, adjacency } = shape;
  const input = layers.input({ shape: [frames, nodes, channels], name: 'landmarks' });
  let x: Symbolic = layers.layers
    .batchNormalization({ momentum: 0.9, epsilon: 1e-3, name: 'input_norm' })
    .apply(input) as Symbolic;
  const far = new Float32Array(nodes * nodes);
  for (let i = 0; i < nodes * nodes; i++) far[i] = 1 / nodes;
  GRAPH_BLOCKS.forEach(({ filters, stride }, i) => {
    const name = (part: string) => `block_${i + 1}_${part}`;
    const conv = (kernelSize: [number, number], strides: [number, number], part: string, from: Symbolic) =>
      layers.layers
        .conv2d({
          filters,
          kernelSize,
          strides,
          padding: 'same',
          useBias: false,
          kernelInitializer: layers.initializers.heNormal({ seed: seedOf(seed, name(part)) }),
          name: name(part),
        })
        .apply(from) as Symbolic;
    const norm = (from: Symbolic, part: string) =>
      layers.layers.batchNormalization({ momentum: 0.9, epsilon: 1e-3, name: name(part) }).apply(from) as Symbolic;
    const relu = (from: Symbolic, part: string) => layers.layers.reLU({ name: name(part) }).apply(from) as Symbolic;
    const near = mixNodes(x, adjacency, nodes, name('near'));
    const wide = mixNodes(x, far, nodes, name('far'));
    const all = layers.layers.concatenate({ name: name('joined') }).apply([x, near, wide]) as Symbolic;
    const spatial = relu(norm(conv([1, 1], [1, 1], 'space', all), 'space_norm'), 'space_relu');
    const temporal = norm(conv([i === 0 ? 5 : 3, 1], [stride, 1], 'time', spatial), 'time_norm');
    const shortcut = norm(conv([1, 1], [stride, 1], 'short', x), 'short_norm');
    x = relu(layers.layers.add({ name: name('sum') }).apply([temporal, shortcut]) as Symbolic, 'relu');
  });
  const mean = layers.layers.globalAveragePooling2d({ name: 'mean' }).apply(x) as Symbolic;
  const most = layers.layers.globalMaxPooling2d({ name: 'most' }).apply(x) as Symbolic;
  const features = layers.layers.concatenate({ name: 'features' }).apply([mean, most]) as Symbolic;
  return finish(input, features, 2 * GRAPH_BLOCKS.at(-1)!.filters, shape, seed);
}

const TEMPORAL_FILTERS = [64, 96];

/**
 * Temporal network: all landmarks of a frame at once, two convolutions over time, mean and maximum. About a fifth of the graph network's work. Shapes
 * as {@link buildGraphNetwork}.
 */
export function buildTemporalNetwork(shape: MotionShape, seed: number): TrainableNetwork {
  const { frames, nodes, channels } = shape;
  const input = layers.input({ shape: [frames, nodes, channels], name: 'landmarks' });
  let x = layers.layers
    .reshape({ targetShape: [frames, 1, nodes * channels], name: 'frames' })
    .apply(input) as Symbolic;
  x = layers.layers.batchNormalization({ momentum: 0.9, epsilon: 1e-3, name: 'input_norm' }).apply(x) as Symbolic;
  TEMPORAL_FILTERS.forEach((filters, i) => {
    x = layers.layers
      .conv2d({
        filters,
        kernelSize: [3, 1],
        strides: [i === 0 ? 1 : 2, 1],
        padding: 'same',
        useBias: false,
        kernelInitializer: layers.initializers.heNormal({ seed: seedOf(seed, `time_${i}`) }),
        name: `time_${i + 1}`,
      })
      .apply(x) as Symbolic;
    x = layers.layers
      .batchNormalization({ momentum: 0.9, epsilon: 1e-3, name: `time_${i + 1}_norm` })
      .apply(x) as Symbolic;
    x = layers.layers.reLU({ name: `time_${i + 1}_relu` }).apply(x) as Symbolic;
  });
  const mean = layers.layers.globalAveragePooling2d({ name: 'mean' }).apply(x) as Symbolic;
  const most = layers.layers.globalMaxPooling2d({ name: 'most' }).apply(x) as Symbolic;
  const features = layers.layers.concatenate({ name: 'features' }).apply([mean, most]) as Symbolic;
  return finish(input, features, 2 * TEMPORAL_FILTERS.at(-1)!, shape, seed);
}
