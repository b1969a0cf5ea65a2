/** A trained network of TensorFlow.js layers as steps of a graph. Any thread; pure. The layers are those this app trains with (training/, tasks/picture/network.ts). */
import type { ModelArtifact } from '../domain/model.ts';
import { FormatError, sizeOf, type Activation, type GraphBuilder } from '../formats/index.ts';

type Layer = {
  name: string;
  class_name: string;
  config: Record<string, unknown>;
  inbound_nodes: [name: string, node: number, tensor: number, more: object][][];
};
type Functional = { layers: Layer[]; input_layers: [string][]; output_layers: [string][] };
/** A graph of layers, or layers in a row; either may stand inside the other, as Teachable Machine has it. */
type Topology = { class_name?: string; config: unknown };
/** Layers in their order, none inside another. */
type Flat = { layers: Layer[]; inputs: string[]; output: string };
type Convolution = {
  layer: string;
  kind: 'conv' | 'depthwise' | 'dense';
  inputs: [number, number, number];
  attributes: object;
};

const pair = (value: unknown, fallback = 1): [number, number] =>
  Array.isArray(value)
    ? [Number(value[0]), Number(value[1] ?? 1)]
    : [Number(value ?? fallback), Number(value ?? fallback)];

/** Weights of the model by name. Borrowed. @throws FormatError for values that are no numbers. */
function weightsOf({ weights, weightSpecs }: ModelArtifact): Map<string, { values: Float32Array; shape: number[] }> {
  const found = new Map<string, { values: Float32Array; shape: number[] }>();
  let at = 0;
  for (const { name, shape } of weightSpecs) {
    const values = new Float32Array(weights, at, sizeOf(shape));
    if (values.some((value) => !Number.isFinite(value)))
      throw new FormatError(`the weights ${name} hold values that are no numbers`);
    found.set(name, { values, shape });
    at += 4 * sizeOf(shape);
  }
  return found;
}

/** @param before layer whose output the model is given; null at the top. @throws FormatError for layers this app does not know. */
function flatten({ class_name: kind, config }: Topology, before: string | null = null): Flat {
  if (kind === 'Sequential') {
    const row = (Array.isArray(config) ? config : (config as { layers: unknown }).layers) as (Layer & Topology)[];
    const layers: Layer[] = [];
    let last = before;
    if (last === null) layers.push({ name: (last = 'given'), class_name: 'InputLayer', config: {}, inbound_nodes: [] });
    for (const one of row) {
      const inside: Flat = isModel(one)
        ? flatten(one, last)
        : {
            layers: [{ ...one, name: String(one.config.name), inbound_nodes: [[[last, 0, 0, {}]]] }],
            inputs: [],
            output: String(one.config.name),
          };
      layers.push(...inside.layers);
      last = inside.output;
    }
    return { layers, inputs: ['given'], output: last };
  }
  const { layers, input_layers, output_layers } = config as Functional;
  const nested = layers.find(isModel);
  if (nested) throw new FormatError(`a model ${nested.name} inside a graph of layers`);
  const inputs = input_layers.map(([name]) => name);
  const renamed = (name: string) => (before !== null && inputs.includes(name) ? before : name);
  return {
    layers: layers
      .filter(({ name }) => before === null || !inputs.includes(name))
      .map((layer) => ({
        ...layer,
        inbound_nodes: layer.inbound_nodes.map((node) =>
          node.map(([name, ...rest]): Layer['inbound_nodes'][number][number] => [renamed(name), ...rest]),
        ),
      })),
    inputs,
    output: output_layers[0]![0],
  };
}
const isModel = ({ class_name: kind }: { class_name?: string }) =>
  kind === 'Sequential' || kind === 'Model' || kind === 'Functional';

/** Keras keeps kernels [height, width, in, out] and [in, out]; the graph has outputs first. */
function outputsFirst(values: Float32Array, outputs: number): Float32Array {
  const inner = values.length / outputs;
  const turned = new Float32Array(values.length);
  for (let i = 0; i < inner; i++) for (let o = 0; o < outputs; o++) turned[o * inner + i] = values[i * outputs + o]!;
  return turned;
}

/**
 * Adds the model's layers to a graph. Batch normalisation is folded into the convolution or dense layer before it where nothing else reads that.
 * @param inputs values for the model's inputs, each of one example. @returns the value of its output. @throws FormatError for a layer that is not known.
 */
export function addLayers(builder: GraphBuilder, artifact: ModelArtifact, inputs: readonly number[]): number {
  const whole = flatten(JSON.parse(artifact.topology) as Topology);
  const weights = weightsOf(artifact);
  const readers = new Map<string, number>();
  for (const layer of whole.layers)
    for (const [name] of layer.inbound_nodes.flat()) readers.set(name, (readers.get(name) ?? 0) + 1);
  const outputs = new Map<string, number>();
  /** What can still be changed: linear so far, and read once. */
  const open = new Map<string, Convolution>();
  const weight = (layer: Layer, part: string) => {
    const found = weights.get(`${layer.name}/${part}`);
    if (!found) throw new FormatError(`the layer ${layer.name} has no ${part}`);
    return found;
  };

  const finish = (name: string, convolution: Convolution, activation: Activation): number => {
    const { kind, inputs: given, attributes } = convolution;
    const operation =
      kind === 'dense'
        ? ({ op: 'dense', activation } as const)
        : ({
            op: kind,
            activation,
            ...(attributes as { strides: [number, number]; padding: 'same' | 'valid' }),
          } as const);
    return builder.apply(operation, given, { name });
  };

  const add = (layer: Layer): number => {
    const from = (layer.inbound_nodes[0] ?? []).map(([name]) => name);
    const given = from.map((name) => outputs.get(name)!);
    const [x] = given as [number];
    const shape = builder.value(x).shape;
    const { config: c, name } = layer;
    /** The value, with an activation that the format has inside the layer, or after it. */
    const convolve = (convolution: Convolution): number => {
      const activation = String(c.activation ?? 'linear');
      const inside = ({ linear: 'none', relu: 'relu', relu6: 'relu6' } as const)[activation];
      if (!inside) throw new FormatError(`the activation ${activation}`);
      if (inside === 'none' && readers.get(name) === 1) open.set(name, convolution);
      return finish(name, convolution, inside);
    };
    const biasOf = (count: number) =>
      c.use_bias === false
        ? builder.constant(new Float32Array(count), [count], `${name}/bias`)
        : builder.constant(weight(layer, 'bias').values, [count], `${name}/bias`);
    switch (layer.class_name) {
      case 'Conv2D':
      case 'Conv1D': {
        const { values, shape: sides } = weight(layer, 'kernel');
        const filters = sides.at(-1)!;
        const isFlat = layer.class_name === 'Conv1D';
        const [height, width, channels] = isFlat ? [1, sides[0]!, sides[1]!] : (sides as [number, number, number]);
        if (pair(c.dilation_rate).some((side) => side !== 1)) throw new FormatError('a dilated convolution');
        const kernel = builder.constant(
          outputsFirst(values, filters),
          [filters, height, width, channels],
          `${name}/kernel`,
        );
        const strides = isFlat ? ([1, pair(c.strides)[0]] as const) : pair(c.strides);
        const attributes = { strides, padding: c.padding as 'same' | 'valid' };
        if (!isFlat) return convolve({ layer: name, kind: 'conv', inputs: [x, kernel, biasOf(filters)], attributes });
        const wide = builder.reshape(x, [1, 1, ...shape.slice(1)]);
        const made = convolve({ layer: name, kind: 'conv', inputs: [wide, kernel, biasOf(filters)], attributes });
        open.delete(name);
        return builder.reshape(made, [1, ...builder.value(made).shape.slice(2)]);
      }
      case 'DepthwiseConv2D': {
        const { values, shape: sides } = weight(layer, 'depthwise_kernel');
        if (sides[3] !== 1) throw new FormatError('a depthwise convolution with several outputs a channel');
        const kernel = builder.constant(values, [1, sides[0]!, sides[1]!, sides[2]!], `${name}/kernel`);
        const attributes = { strides: pair(c.strides), padding: c.padding as 'same' | 'valid' };
        return convolve({ layer: name, kind: 'depthwise', inputs: [x, kernel, biasOf(sides[2]!)], attributes });
      }
      case 'Dense': {
        const { values, shape: sides } = weight(layer, 'kernel');
        const units = sides[1]!;
        const kernel = builder.constant(outputsFirst(values, units), [units, sides[0]!], `${name}/kernel`);
        return convolve({ layer: name, kind: 'dense', inputs: [x, kernel, biasOf(units)], attributes: {} });
      }
      case 'BatchNormalization': {
        const [mean, variance] = [weight(layer, 'moving_mean').values, weight(layer, 'moving_variance').values];
        const gamma = c.scale === false ? null : weight(layer, 'gamma').values;
        const beta = c.center === false ? null : weight(layer, 'beta').values;
        const scale = variance.map((v, i) => (gamma?.[i] ?? 1) / Math.sqrt(v + Number(c.epsilon)));
        const shift = mean.map((m, i) => (beta?.[i] ?? 0) - m * scale[i]!);
        const before = open.get(from[0]!);
        if (before) {
          const [source, kernel, bias] = before.inputs;
          const { values, shape: sides } = builder.value(kernel);
          const inner = before.kind === 'depthwise' ? 1 : values!.length / scale.length;
          const channelOf = (i: number) => Math.floor(i / inner) % scale.length;
          const folded: Convolution = {
            ...before,
            inputs: [
              source,
              builder.constant(
                Float32Array.from(values!, (v, i) => v * scale[channelOf(i)]!),
                sides,
                `${before.layer}/kernel`,
              ),
              builder.constant(
                Float32Array.from(builder.value(bias).values!, (v, i) => v * scale[i]! + shift[i]!),
                [scale.length],
                `${name}/bias`,
              ),
            ],
          };
          if (readers.get(name) === 1) open.set(name, folded);
          return finish(name, folded, 'none');
        }
        const scaled = builder.apply({ op: 'mul' }, [x, builder.constant(scale, [scale.length], `${name}/scale`)]);
        return builder.apply({ op: 'add' }, [scaled, builder.constant(shift, [shift.length], `${name}/shift`)], {
          name,
        });
      }
      case 'ReLU': {
        const activation = c.max_value === null || c.max_value === undefined ? 'relu' : 'relu6';
        if (activation === 'relu6' && c.max_value !== 6)
          throw new FormatError(`a rectifier up to ${String(c.max_value)}`);
        const before = open.get(from[0]!);
        return before ? finish(name, before, activation) : builder.apply({ op: activation }, [x], { name });
      }
      case 'Flatten':
        return builder.reshape(x, [1, sizeOf(shape)]);
      case 'Reshape':
        return builder.reshape(x, [1, ...(c.target_shape as number[])]);
      case 'Permute':
        return builder.apply({ op: 'transpose', permutation: [0, ...(c.dims as number[])] }, [x], { name });
      case 'GlobalAveragePooling1D':
      case 'GlobalAveragePooling2D':
      case 'GlobalMaxPooling1D':
      case 'GlobalMaxPooling2D': {
        const how = layer.class_name.startsWith('GlobalMax') ? 'max' : 'mean';
        const axes = shape.length === 3 ? [1] : [1, 2];
        return builder.apply({ op: 'reduce', how, axes, keepDims: false }, [x], { name });
      }
      case 'Concatenate': {
        const axis = Number(c.axis);
        return builder.apply({ op: 'concat', axis: axis < 0 ? axis + shape.length : axis }, given, { name });
      }
      case 'Add':
        return given.slice(1).reduce((sum, one) => builder.apply({ op: 'add' }, [sum, one], { name }), x);
      case 'Multiply':
        return given.slice(1).reduce((product, one) => builder.apply({ op: 'mul' }, [product, one], { name }), x);
      case 'UpSampling2D': {
        if (c.interpolation !== 'bilinear') throw new FormatError('a map widened by repetition');
        const [down, across] = pair(c.size);
        return builder.apply({ op: 'resize', size: [shape[1]! * down, shape[2]! * across] }, [x], { name });
      }
      case 'Cropping2D': {
        const [[top, bottom], [left, right]] = c.cropping as [[number, number], [number, number]];
        const size = [1, shape[1]! - top - bottom, shape[2]! - left - right, shape[3]!];
        return builder.apply({ op: 'slice', begin: [0, top, left, 0], size }, [x], { name });
      }
      case 'ZeroPadding2D': {
        const [[top, bottom], [left, right]] = c.padding as [[number, number], [number, number]];
        return builder.apply({ op: 'pad', before: [0, top, left, 0], after: [0, bottom, right, 0] }, [x], { name });
      }
      default:
        throw new FormatError(`a layer ${layer.class_name}`);
    }
  };

  for (const layer of whole.layers) {
    const place = whole.inputs.indexOf(layer.name);
    if (place >= 0) outputs.set(layer.name, inputs[place]!);
    else outputs.set(layer.name, add(layer));
  }
  return outputs.get(whole.output)!;
}

/** Repeats the first row and column of a map before it. */
export function repeatBefore(builder: GraphBuilder, map: number): number {
  const again = (x: number, axis: 1 | 2): number => {
    const size = builder.value(x).shape.map((side, i) => (i === axis ? 1 : side));
    const first = builder.apply({ op: 'slice', begin: [0, 0, 0, 0], size }, [x]);
    return builder.apply({ op: 'concat', axis }, [first, x]);
  };
  return again(again(map, 1), 2);
}

/** (x − mean) / deviation, one number each or one per value of the last side. */
export function standardise(
  builder: GraphBuilder,
  x: number,
  mean: ArrayLike<number>,
  factor: ArrayLike<number>,
): number {
  const scaled = builder.apply({ op: 'mul' }, [
    x,
    builder.constant(Float32Array.from(factor), [factor.length], 'factor'),
  ]);
  const shift = Float32Array.from(mean, (value, i) => -value * factor[i]!);
  return builder.apply({ op: 'add' }, [scaled, builder.constant(shift, [shift.length], 'shift')], { name: 'input' });
}

/** Probabilities of logits, after calibration. @param temperature 1 without one. */
export function toScores(builder: GraphBuilder, logits: number, temperature: number): number {
  const calibrated =
    temperature === 1 ? logits : builder.apply({ op: 'mul' }, [logits, builder.scalar(1 / temperature)]);
  return builder.apply({ op: 'softmax' }, [calibrated]);
}
