/** The network that learns pictures from nothing. Worker thread. */
import * as layers from '@tensorflow/tfjs-layers';
import { hashText } from '../../kernel/random.ts';
import type { TrainableNetwork } from '../../training/jobs.ts';

/** Channels of the strided 3 × 3 convolutions. */
const CHANNELS = [16, 32, 64, 96, 128];

/**
 * Five blocks of strided convolution, batch normalisation and rectifier, global mean and maximum, one dense layer. About 215 000 weights. Input
 * [batch, pixels, pixels, 3], normalised; output [batch, classes], logits. Dropout takes its mask as an input, so that a resumed run repeats it.
 * @returns caller disposes `train` (the layers are shared).
 */
export function buildPictureNetwork(pixels: number, classCount: number, seed: number): TrainableNetwork {
  const initial = (name: string) => hashText(`${seed}/${name}`) % 2 ** 31;
  const input = layers.input({ shape: [pixels, pixels, 3], name: 'picture' });
  let h: layers.SymbolicTensor = input;
  CHANNELS.forEach((filters, i) => {
    const convolution = layers.layers.conv2d({
      filters,
      kernelSize: 3,
      strides: 2,
      padding: 'same',
      useBias: false,
      kernelInitializer: layers.initializers.heNormal({ seed: initial(`conv${i}`) }),
      name: `conv_${i + 1}`,
    });
    const norm = layers.layers.batchNormalization({ momentum: 0.9, epsilon: 1e-3, name: `norm_${i + 1}` });
    h = layers.layers.reLU({ name: `relu_${i + 1}` }).apply(norm.apply(convolution.apply(h))) as layers.SymbolicTensor;
  });
  const mean = layers.layers.globalAveragePooling2d({ name: 'mean' }).apply(h) as layers.SymbolicTensor;
  const most = layers.layers.globalMaxPooling2d({ name: 'most' }).apply(h) as layers.SymbolicTensor;
  const pooled = layers.layers.concatenate({ name: 'pooled' }).apply([mean, most]) as layers.SymbolicTensor;
  const maskSize = 2 * CHANNELS.at(-1)!;
  const mask = layers.input({ shape: [maskSize], name: 'dropout_mask' });
  const dropped = layers.layers.multiply({ name: 'dropped' }).apply([pooled, mask]) as layers.SymbolicTensor;
  const dense = layers.layers.dense({
    units: classCount,
    kernelInitializer: layers.initializers.glorotUniform({ seed: initial('dense') }),
    name: 'logits',
  });
  const train = layers.model({ inputs: [input, mask], outputs: dense.apply(dropped) as layers.SymbolicTensor });
  const infer = layers.model({ inputs: input, outputs: dense.apply(pooled) as layers.SymbolicTensor });
  return { infer, train, maskSize };
}
