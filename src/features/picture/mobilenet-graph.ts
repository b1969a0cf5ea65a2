/** MobileNetV2 (embedder.ts) as steps of a graph. Any thread; pure. */
import type { Activation, GraphBuilder } from '../../formats/index.ts';
import { required } from '../../kernel/assert.ts';
import type { Backbone } from '../networks/mobilenet.ts';
import { MOBILENET_BLOCKS, MOBILENET_HALVING } from './embedding.ts';

/** @param picture value of shape [1, side, side, 3], 0 to 255. @returns value of shape [1, 1280]. */
export function addMobileNet(builder: GraphBuilder, picture: number, backbone: Backbone): number {
  const convolve = (x: number, name: string, stride: 1 | 2 = 1): number => {
    const { kernel, shape, bias } = required(backbone.get(name), name);
    const activation: Activation = name.endsWith('_project') ? 'none' : 'relu6';
    const rest = { strides: [stride, stride], padding: 'same', activation } as const;
    const [height, width, inside, out] = shape as [number, number, number, number];
    const offset = builder.constant(bias, [bias.length], `${name}/bias`);
    if (name.endsWith('_depthwise')) {
      const weights = builder.constant(kernel, [1, height, width, inside], `${name}/kernel`);
      return builder.apply({ op: 'depthwise', ...rest }, [x, weights, offset], { name });
    }
    const turned = new Float32Array(kernel.length);
    const inner = kernel.length / out;
    for (let i = 0; i < inner; i++) for (let o = 0; o < out; o++) turned[o * inner + i] = kernel[i * out + o]!;
    const weights = builder.constant(turned, [out, height, width, inside], `${name}/kernel`);
    return builder.apply({ op: 'conv', ...rest }, [x, weights, offset], { name });
  };
  const scaled = builder.apply({ op: 'mul' }, [picture, builder.scalar(1 / 127.5)]);
  let x = convolve(builder.apply({ op: 'sub' }, [scaled, builder.scalar(1)]), 'Conv1', 2);
  x = convolve(convolve(x, 'expanded_conv_depthwise'), 'expanded_conv_project');
  for (let block = 1; block <= MOBILENET_BLOCKS; block++) {
    const name = `block_${block}`;
    const stride = MOBILENET_HALVING.has(block) ? 2 : 1;
    const wide = convolve(x, `${name}_expand`);
    const next = convolve(convolve(wide, `${name}_depthwise`, stride), `${name}_project`);
    const isSame = stride === 1 && builder.value(next).shape[3] === builder.value(x).shape[3];
    x = isSame ? builder.apply({ op: 'add' }, [x, next]) : next;
  }
  const last = convolve(x, 'Conv_1');
  return builder.apply({ op: 'reduce', how: 'mean', axes: [1, 2], keepDims: false }, [last], { name: 'embedding' });
}
