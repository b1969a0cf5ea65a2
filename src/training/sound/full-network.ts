/** The network that learns sounds from nothing: a compact convolutional network on log-mel windows. Worker thread. */
import * as layers from '@tensorflow/tfjs-layers';
import { hashText } from '../../kernel/random.ts';
import type { TrainableNetwork } from '../network.ts';

/** Channels of the four strided 3 x 3 convolutions. */
const CHANNELS = [24, 40, 64, 96];
/** Shape of the network's input and output. */
export type NetworkShape = { frames: number; bands: number; classCount: number };

/**
 * Four blocks of strided 3 x 3 convolution, batch normalisation and rectifier, global average and maximum over time and frequency, and one
 * dense layer. About 85 000 weights. Input [batch, frames, 64, 1], normalised log-mel; output [batch, classes], logits.
 * Dropout takes its mask as an input, so that it is seeded per step and a resumed run repeats it.
 * @returns caller disposes `train` (the layers are shared).
 */
export function buildSoundNetwork(shape: NetworkShape, seed: number): TrainableNetwork {
  const input = layers.input({ shape: [shape.frames, shape.bands, 1], name: 'log_mel' });
  let h: layers.SymbolicTensor = input;
  CHANNELS.forEach((filters, i) => {
    const conv = layers.layers.conv2d({
      filters,
      kernelSize: 3,
      strides: 2,
      padding: 'same',
      useBias: false,
      kernelInitializer: layers.initializers.heNormal({ seed: hashText(`${seed}/conv${i}`) % 2 ** 31 }),
      name: `conv_${i + 1}`,
    });
    h = conv.apply(h) as layers.SymbolicTensor;
    h = layers.layers
      .batchNormalization({ momentum: 0.9, epsilon: 1e-3, name: `norm_${i + 1}` })
      .apply(h) as layers.SymbolicTensor;
    h = layers.layers.reLU({ name: `relu_${i + 1}` }).apply(h) as layers.SymbolicTensor;
  });
  const mean = layers.layers.globalAveragePooling2d({ name: 'mean' }).apply(h) as layers.SymbolicTensor;
  const most = layers.layers.globalMaxPooling2d({ name: 'most' }).apply(h) as layers.SymbolicTensor;
  const pooled = layers.layers.concatenate({ name: 'pooled' }).apply([mean, most]) as layers.SymbolicTensor;
  const maskSize = 2 * CHANNELS.at(-1)!;
  const mask = layers.input({ shape: [maskSize], name: 'dropout_mask' });
  const hidden = layers.layers.multiply({ name: 'dropped' }).apply([pooled, mask]) as layers.SymbolicTensor;
  const dense = layers.layers.dense({
    units: shape.classCount,
    kernelInitializer: layers.initializers.glorotUniform({ seed: hashText(`${seed}/dense`) % 2 ** 31 }),
    name: 'logits',
  });
  const train = layers.model({ inputs: [input, mask], outputs: dense.apply(hidden) as layers.SymbolicTensor });
  const infer = layers.model({ inputs: input, outputs: dense.apply(pooled) as layers.SymbolicTensor });
  return { infer, train, maskSize };
}
