/** Bringing a graph to fewer kinds of steps, for formats and engines that know no more. Any thread; pure. */
import { GraphBuilder, sizeOf, type Activation, type Graph, type Node, type Value, type Values } from './graph.ts';

const isQuantised = ({ type, quantisation }: Value) => (type === 'int8' || type === 'uint8') && quantisation !== null;

/** Real and imaginary parts of the Fourier transform of real values as matrices, shape [length / 2 + 1, length] each. */
export function fourierMatrices(length: number): [cosines: Float32Array, sines: Float32Array] {
  const bins = length / 2 + 1;
  const [cosines, sines] = [new Float32Array(bins * length), new Float32Array(bins * length)];
  for (let bin = 0; bin < bins; bin++)
    for (let i = 0; i < length; i++) {
      // The angle's turn is taken off in whole numbers, where nothing is rounded.
      const angle = (2 * Math.PI * ((bin * i) % length)) / length;
      cosines[bin * length + i] = Math.cos(angle);
      sines[bin * length + i] = -Math.sin(angle);
    }
  return [cosines, sines];
}

/**
 * The same graph on 32-bit floats alone. Quantised values become whole numbers, less their zero point: sums of products of them are exact in 32 bits, so what
 * every runtime computes is what the integer kernels compute (rounding to even, as XNNPACK). Fourier transforms become matrices.
 * @param isFolded factors are multiplied into weights: sums are then not exact to the last digit, but stay in the range of 16-bit floats, which some devices
 * compute with.
 */
export function toFloat(graph: Graph, isFolded = false): Graph {
  const builder = new GraphBuilder();
  const places = new Map<number, number>();
  graph.inputs.forEach((input) => {
    const { name, shape, type, quantisation } = graph.values[input]!;
    const at = builder.input(name, shape);
    // An input of bytes is given as numbers 0 to 255.
    const zero = quantisation?.zeroPoints[0] ?? 0;
    places.set(
      input,
      isQuantised({ type, quantisation } as Value) && zero
        ? builder.apply({ op: 'sub' }, [at, builder.scalar(zero)])
        : at,
    );
  });
  const constants = new Map<number, number>();
  const place = (index: number): number => {
    const known = places.get(index) ?? constants.get(index);
    if (known !== undefined) return known;
    const { values, shape, name, quantisation } = graph.values[index]!;
    const at = builder.constant(centred(values!, quantisation, shape), shape, name);
    constants.set(index, at);
    return at;
  };
  for (const node of graph.nodes) places.set(node.output, lower(builder, graph, node, place, isFolded));
  return builder.graph(
    graph.name,
    Object.fromEntries(
      graph.outputs.map((output) => {
        const { name } = graph.values[output]!;
        return [name, places.get(output)!];
      }),
    ),
  );
}

/** Whole numbers less their zero point; indices and floats as they are. */
function centred(values: Values, quantisation: Value['quantisation'], shape: readonly number[]): Values {
  if (values instanceof Float32Array) return values;
  if (values instanceof Int32Array && !quantisation) return values;
  const zeros = quantisation?.zeroPoints ?? [0];
  const channels = zeros.length;
  if (channels === 1 || zeros.every((zero) => zero === zeros[0]))
    return Float32Array.from(values, (v) => v - zeros[0]!);
  const inner = values.length / channels;
  return Float32Array.from(values, (v, i) => v - zeros[shape[0] === channels ? Math.floor(i / inner) : i % channels]!);
}

const scaleOf = ({ quantisation }: Value, i = 0): number => quantisation!.scales[i] ?? quantisation!.scales[0]!;

function lower(
  builder: GraphBuilder,
  graph: Graph,
  node: Node,
  place: (index: number) => number,
  isFolded: boolean,
): number {
  const { operation, inputs, output } = node;
  const target = graph.values[output]!;
  const source = graph.values[inputs[0]!]!;
  const { name } = target;
  /**
   * Accumulated whole numbers, times a factor per channel, back to whole numbers of the output's type. Divided by its inverse: optimisers multiply factors
   * into weights, and then sums of whole numbers are no longer exact.
   */
  const requantise = (sums: number, factors: readonly number[] | null, activation: Activation = 'none'): number => {
    const scale = scaleOf(target);
    const zero = target.quantisation!.zeroPoints[0]!;
    const [least, most] = target.type === 'int8' ? [-128, 127] : [0, 255];
    const low = Math.max(least, activation === 'none' ? least : zero) - zero;
    const high = Math.min(most, activation === 'relu6' ? zero + Math.round(6 / scale) : most) - zero;
    const scaled = factors
      ? builder.apply({ op: 'div' }, [sums, builder.constant(Float32Array.from(factors, (f) => 1 / f))])
      : sums;
    const rounded = builder.apply({ op: 'round' }, [scaled]);
    const above = builder.apply({ op: 'max' }, [rounded, builder.scalar(low)]);
    return builder.apply({ op: 'min' }, [above, builder.scalar(high)], { name });
  };
  switch (operation.op) {
    case 'conv':
    case 'depthwise':
    case 'dense': {
      const weights = graph.values[inputs[1]!]!;
      if (!isQuantised(source)) {
        if (!isQuantised(weights)) break;
        // 8-bit weights between 32-bit values: multiplied out here.
        const real = builder.constant(multiplied(weights, operation.op === 'depthwise'), weights.shape, weights.name);
        return builder.apply(operation, [place(inputs[0]!), real, place(inputs[2]!)], { name });
      }
      const channels = target.shape.at(-1)!;
      const factors = Array.from({ length: channels }, (_, c) =>
        Math.fround(Math.fround(scaleOf(source) * scaleOf(weights, c)) / Math.fround(scaleOf(target))),
      );
      if (isFolded) {
        const isDepthwise = operation.op === 'depthwise';
        const folded = inputs.slice(1).map((input) => {
          const { values, shape, name: title } = builder.value(place(input));
          const inner = isDepthwise ? 1 : values!.length / channels;
          const scaled = Float32Array.from(values!, (v, i) => v * factors[Math.floor(i / inner) % channels]!);
          return builder.constant(scaled, shape, `${title}/scaled`);
        });
        const sums = builder.apply({ ...operation, activation: 'none' }, [place(inputs[0]!), ...folded]);
        return requantise(sums, null, operation.activation);
      }
      const sums = builder.apply({ ...operation, activation: 'none' }, inputs.map(place));
      return requantise(sums, factors, operation.activation);
    }
    case 'quantise':
      return requantise(place(inputs[0]!), [1 / scaleOf(target)]);
    case 'dequantise':
      return builder.apply({ op: 'mul' }, [place(inputs[0]!), builder.scalar(scaleOf(source))], { name });
    case 'reduce':
      if (!isQuantised(source) || operation.how === 'max') break;
      return requantise(builder.apply(operation, inputs.map(place)), [scaleOf(source) / scaleOf(target)]);
    case 'sigmoid': {
      if (!isQuantised(source)) break;
      const real = builder.apply({ op: 'mul' }, [place(inputs[0]!), builder.scalar(scaleOf(source))]);
      return requantise(builder.apply({ op: 'sigmoid' }, [real]), [1 / scaleOf(target)]);
    }
    case 'magnitude': {
      const length = source.shape.at(-1)!;
      const bins = length / 2 + 1;
      const none = builder.constant(new Float32Array(bins), [bins], 'exact/none');
      const squares = fourierMatrices(length).map((matrix, i) => {
        const weights = builder.constant(matrix, [bins, length], `exact/${['cosines', 'sines'][i]}_${length}`);
        return builder.apply({ op: 'square' }, [builder.dense(place(inputs[0]!), weights, none)]);
      });
      return builder.apply({ op: 'sqrt' }, [builder.apply({ op: 'add' }, squares)], { name });
    }
  }
  return builder.apply(operation, inputs.map(place), { name });
}

/** Quantised weights as the real numbers they stand for. */
function multiplied({ values, shape, quantisation }: Value, isDepthwise: boolean): Float32Array {
  const { scales, zeroPoints } = quantisation!;
  const inner = sizeOf(shape.slice(1));
  const channelOf = (i: number) => (scales.length === 1 ? 0 : isDepthwise ? i % scales.length : Math.floor(i / inner));
  return Float32Array.from(values!, (v, i) => (v - zeroPoints[channelOf(i)]!) * scales[channelOf(i)]!);
}
