/** The head of an object detector on frozen feature maps. Worker thread. */
import * as layers from '@tensorflow/tfjs-layers';
import { hashText } from '../../kernel/random.ts';
import { SSD_CHANNELS } from '../../features/index.ts';
import type { TrainableNetwork } from '../sound/full-network.ts';

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

/**
 * The maps at strides 8, 16 and 32 are brought to one width and added at stride 8 (Lin et al. 2017, FPN), then three blocks look around each cell; one
 * convolution says classes, another the distances to the edges of the box (Tian et al. 2019, FCOS). About 200 000 weights.
 * Inputs [batch, side, side, 192], [batch, side / 2 + 1, …, 384], [batch, side / 4 + 1, …, 768], standardised; output [batch, side, side, classes + 4].
 * @returns caller disposes `train`; `infer` is the same model.
 */
export function buildDetectorHead(classCount: number, from: number): TrainableNetwork {
  const seed = (part: string) => hashText(`${from}/${part}`) % 2 ** 31;
  const inputs = SSD_CHANNELS.map((channels, i) =>
    layers.input({ shape: [null, null, channels], name: `map_${8 << i}` }),
  );
  const lateral = inputs.map((input, i) => {
    const narrow = layers.layers
      .conv2d({
        filters: CHANNELS,
        kernelSize: 1,
        // An activation of its own: only then does tfjs leave out the gradient of the frozen maps, a third of a step.
        activation: 'relu',
        kernelInitializer: layers.initializers.heNormal({ seed: seed(`lateral${i}`) }),
        name: `lateral_${8 << i}`,
      })
      .apply(input) as layers.SymbolicTensor;
    if (i === 0) return narrow;
    const wide = layers.layers
      .upSampling2d({ size: [1 << i, 1 << i], interpolation: 'bilinear', name: `up_${8 << i}` })
      .apply(narrow) as layers.SymbolicTensor;
    // Cell k of the finest map looks where (k + 1) / 2^i of the coarser one with its additional row does (CELL_CENTRE).
    const after = (1 << i) - 1;
    return layers.layers
      .cropping2D({
        cropping: [
          [1, after],
          [1, after],
        ],
        name: `aligned_${8 << i}`,
      })
      .apply(wide) as layers.SymbolicTensor;
  });
  let h = layers.layers.add({ name: 'joined' }).apply(lateral) as layers.SymbolicTensor;
  h = contextBlock(h, 'around', seed);
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
  const output = layers.layers.concatenate({ name: 'output' }).apply([classes, boxes]) as layers.SymbolicTensor;
  const model = layers.model({ inputs, outputs: output });
  return { infer: model, train: model, maskSize: 0 };
}
