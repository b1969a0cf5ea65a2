/** Small networks on top of a pretrained network's features. Worker thread. */
import * as layers from '@tensorflow/tfjs-layers';
import { hashText } from '../../kernel/random.ts';
import type { TrainableNetwork } from '../network.ts';

/** Units of the hidden layer, and channels of the temporal one. */
const HIDDEN_UNITS = 96;

/**
 * A head: `linear` is one dense layer; `hidden` has a layer before it, which on a sequence of embeddings (rank 2) is two convolutions over
 * time, pooled by mean and maximum. Input [batch, …shape], normalised; output [batch, classes], logits.
 * @returns caller disposes `train`; dropout happens on the input, so there is no mask.
 */
export function buildHead(
  shape: readonly number[],
  classCount: number,
  kind: 'linear' | 'hidden',
  seed: number,
): TrainableNetwork {
  const input = layers.input({ shape: [...shape], name: 'embedding' });
  const initial = (name: string) => layers.initializers.heNormal({ seed: hashText(`${seed}/${name}`) % 2 ** 31 });
  let h: layers.SymbolicTensor = input;
  if (kind === 'hidden' && shape.length === 2) {
    for (const name of ['time_1', 'time_2'])
      h = layers.layers
        .conv1d({
          filters: HIDDEN_UNITS,
          kernelSize: 3,
          padding: 'same',
          activation: 'relu',
          kernelInitializer: initial(name),
          name,
        })
        .apply(h) as layers.SymbolicTensor;
    const mean = layers.layers.globalAveragePooling1d({ name: 'mean' }).apply(h) as layers.SymbolicTensor;
    const most = layers.layers.globalMaxPooling1d({ name: 'most' }).apply(h) as layers.SymbolicTensor;
    h = layers.layers.concatenate({ name: 'pooled' }).apply([mean, most]) as layers.SymbolicTensor;
  } else {
    if (shape.length > 1) h = layers.layers.flatten({ name: 'flat' }).apply(h) as layers.SymbolicTensor;
    if (kind === 'hidden')
      h = layers.layers
        .dense({ units: HIDDEN_UNITS, activation: 'relu', kernelInitializer: initial('hidden'), name: 'hidden' })
        .apply(h) as layers.SymbolicTensor;
  }
  const logits = layers.layers
    .dense({
      units: classCount,
      kernelInitializer: layers.initializers.glorotUniform({ seed: hashText(`${seed}/dense`) % 2 ** 31 }),
      name: 'logits',
    })
    .apply(h) as layers.SymbolicTensor;
  const model = layers.model({ inputs: input, outputs: logits });
  return { infer: model, train: model, maskSize: 0 };
}
