/** Reading ONNX files of the operators that are written (write-onnx.ts) into graphs. Any thread; pure. */
import { StudioError } from '../kernel/errors.ts';
import { ChannelsLast, type Pads } from './channels-last.ts';
import { transposed } from './channels-first.ts';
import { FormatError, sizeOf, type Graph } from './graph.ts';
import { readOnnx as readFile, type OnnxNode } from './onnx-file.ts';

const PLAIN = {
  Add: 'add',
  Sub: 'sub',
  Mul: 'mul',
  Div: 'div',
  Max: 'max',
  Min: 'min',
  Relu: 'relu',
  Sigmoid: 'sigmoid',
  Exp: 'exp',
  Log: 'log',
  Sqrt: 'sqrt',
  Round: 'round',
  Softmax: 'softmax',
} as const;

/** @param file borrowed. @returns the graph, and what is said beside it. @throws FormatError when it is damaged, or computes what this app does not know. */
export function readOnnxGraph(file: Uint8Array): { graph: Graph; metadata: ReadonlyMap<string, string> } {
  try {
    return read(file);
  } catch (error) {
    if (error instanceof StudioError || error instanceof RangeError)
      throw new FormatError('the file is damaged or cut off', { cause: error });
    throw error;
  }
}

function read(file: Uint8Array): { graph: Graph; metadata: ReadonlyMap<string, string> } {
  const source = readFile(file.slice().buffer);
  const builder = new ChannelsLast();
  for (const [name, { dims, values }] of source.constants) {
    if (values.length !== sizeOf(dims)) throw new FormatError(`${name} has ${values.length} values`);
    if (values.some((value) => !Number.isFinite(value)))
      throw new FormatError(`${name} holds values that are no numbers`);
    builder.constant(name, { values, shape: dims });
  }
  for (const { name, dims } of source.inputs) if (!source.constants.has(name)) builder.input(name, dims);
  for (const node of source.nodes) add(builder, node);
  const graph = builder.graph(
    'main',
    source.outputs.map(({ name }) => name),
  );
  return { graph, metadata: source.metadata };
}

function add(builder: ChannelsLast, { op, inputs, outputs, attributes, texts }: OnnxNode): void {
  const [x] = inputs as [string];
  const output = outputs[0]!;
  const list = (value: number | number[] | undefined, fallback: number[] = []): number[] =>
    Array.isArray(value) && value.length ? value : fallback;
  const ints = (name: string | undefined) => [...builder.constantOf(name ?? '').values];
  const pair = (value: number | number[] | undefined): [number, number] => {
    const [down = 1, across = 1] = list(value);
    return [down, across];
  };
  const padsOf = (): Pads => {
    const [top = 0, left = 0, bottom = 0, right = 0] = list(attributes.pads as number[]);
    return [top, bottom, left, right];
  };
  const plain = PLAIN[op as keyof typeof PLAIN];
  if (plain) return builder.apply({ op: plain }, inputs, output);
  switch (op) {
    case 'Cast':
      return builder.constant(output, builder.constantOf(x));
    case 'Conv': {
      const { shape } = builder.constantOf(inputs[1]!);
      const group = Number(attributes.group ?? 1);
      if (group !== 1 && (group !== shape[0] || shape[1] !== 1)) throw new FormatError('a convolution in groups');
      const bias = inputs[2] ?? `${output}/bias`;
      if (!inputs[2]) builder.constant(bias, { values: new Float32Array(shape[0]!), shape: [shape[0]!] });
      // One channel in and out is the same either way.
      const kind = group === 1 ? 'conv' : 'depthwise';
      const operation = { op: kind, strides: pair(attributes.strides), pads: padsOf(), activation: 'none' } as const;
      return builder.apply(operation, [x, inputs[1]!, bias], output);
    }
    case 'Gemm':
      if (attributes.transB !== 1) throw new FormatError('a matrix the other way round');
      return builder.apply({ op: 'dense', activation: 'none' }, inputs, output);
    case 'MatMul': {
      const { values, shape } = builder.constantOf(inputs[1]!);
      builder.constant(`${output}/kernel`, {
        values: transposed(values, shape, [1, 0]),
        shape: [shape[1]!, shape[0]!],
      });
      builder.constant(`${output}/bias`, { values: new Float32Array(shape[1]!), shape: [shape[1]!] });
      return builder.apply({ op: 'dense', activation: 'none' }, [x, `${output}/kernel`, `${output}/bias`], output);
    }
    case 'Clip':
      if (ints(inputs[1])[0] !== 0 || ints(inputs[2])[0] !== 6) throw new FormatError('other limits');
      return builder.apply({ op: 'relu6' }, [x], output);
    case 'Gather':
      builder.constant(inputs[1]!, {
        values: Int32Array.from(builder.constantOf(inputs[1]!).values),
        shape: builder.constantOf(inputs[1]!).shape,
      });
      return builder.apply({ op: 'gather' }, inputs, output);
    case 'ReduceMean':
    case 'ReduceMax':
    case 'ReduceSum': {
      const how = ({ ReduceMean: 'mean', ReduceMax: 'max', ReduceSum: 'sum' } as const)[op];
      const axes = op === 'ReduceSum' ? ints(inputs[1]) : list(attributes.axes as number[]);
      return builder.apply({ op: 'reduce', how, axes, keepDims: attributes.keepdims !== 0 }, [x], output);
    }
    case 'MaxPool':
    case 'AveragePool': {
      const size = pair(attributes.kernel_shape);
      const how = op === 'MaxPool' ? 'max' : 'mean';
      return builder.apply({ op: 'pool', how, size, strides: pair(attributes.strides), pads: padsOf() }, [x], output);
    }
    case 'Concat':
      return builder.apply({ op: 'concat', axis: Number(attributes.axis) }, inputs, output);
    case 'Reshape':
      return builder.apply({ op: 'reshape', shape: ints(inputs[1]) }, [x], output);
    case 'Transpose': {
      const permutation = list(attributes.perm as number[]);
      if (!builder.isConstant(x)) return builder.apply({ op: 'transpose', permutation }, [x], output);
      const { values, shape } = builder.constantOf(x);
      const sides = permutation.map((axis) => shape[axis]!);
      return builder.constant(output, { values: transposed(values, shape, permutation), shape: sides });
    }
    case 'Pad': {
      const pads = ints(inputs[1]);
      const half = pads.length / 2;
      return builder.apply({ op: 'pad', before: pads.slice(0, half), after: pads.slice(half) }, [x], output);
    }
    case 'Slice': {
      const [begin, end] = [ints(inputs[1]), ints(inputs[2])];
      return builder.apply({ op: 'slice', begin, size: end.map((to, i) => to - begin[i]!) }, [x], output);
    }
    case 'Resize': {
      if (texts.coordinate_transformation_mode !== 'asymmetric' || texts.mode !== 'linear')
        throw new FormatError('another way to resize');
      const [, , height, width] = ints(inputs[3]) as [number, number, number, number];
      return builder.apply({ op: 'resize', size: [height, width] }, [x], output);
    }
    default:
      throw new FormatError(`an operator ${op}`);
  }
}
