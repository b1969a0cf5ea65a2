/** A network as the loop trains it. Worker thread. */
import type * as layers from '@tensorflow/tfjs-layers';

/** Share of the pooled features hidden in each training example. */
const DROPOUT_RATIO = 0.3;

/**
 * The same weights seen twice: `train` also takes a dropout mask, `infer` is what is saved. `slow` layers learn at {@link SLOW_RATE} of the learning rate.
 */
export type TrainableNetwork = {
  infer: layers.LayersModel;
  train: layers.LayersModel;
  maskSize: number;
  slow?: ReadonlySet<string>;
};

/** Share of the learning rate for layers that come from a pretrained network. */
export const SLOW_RATE = 0.1;

/** Writes a dropout mask of one batch: 0 or 1 / (1 − ratio). */
export function writeDropoutMask(mask: Float32Array, random: { next(): number }): void {
  for (let i = 0; i < mask.length; i++) mask[i] = random.next() < DROPOUT_RATIO ? 0 : 1 / (1 - DROPOUT_RATIO);
}
