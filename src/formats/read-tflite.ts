/** Reading TensorFlow Lite files into graphs. Any thread; pure. */
import { FormatError, GraphBuilder, sizeOf, type Activation, type Graph, type Values } from './graph.ts';
import { Table } from './flatbuffer.ts';
import { ACTIVATION, CODE, PADDING, TYPE } from './tflite-schema.ts';

const activationOf = (table: Table | null, id: number): Activation => {
  const number = table?.int8(id) ?? 0;
  const found = (Object.keys(ACTIVATION) as Activation[]).find((key) => ACTIVATION[key] === number);
  if (!found) throw new FormatError(`an activation ${number}`);
  return found;
};

function valuesOf(bytes: Uint8Array, type: number): Values | null {
  // Aligned anew: a buffer may begin anywhere.
  const copy = bytes.slice();
  if (type === TYPE.float32) return new Float32Array(copy.buffer, 0, copy.length >> 2);
  if (type === TYPE.int32) return new Int32Array(copy.buffer, 0, copy.length >> 2);
  if (type === TYPE.int8) return new Int8Array(copy.buffer);
  return type === TYPE.uint8 ? copy : null;
}

/** Most values of one tensor that are believed. */
const MOST_VALUES = 2 ** 28;

/**
 * The first subgraph of a file. Steps that change nothing are left out; a Fourier transform and its absolute value become one step.
 * @param file borrowed. @param isBackbone the file may end in steps that are not known: what comes before the first of them is read, and its last value is
 * the output. @throws FormatError when it is damaged, or computes what this app does not know.
 */
export function readTflite(file: Uint8Array, isBackbone = false): Graph {
  try {
    return read(file, isBackbone);
  } catch (error) {
    if (error instanceof RangeError) throw new FormatError('the file is damaged or cut off', { cause: error });
    throw error;
  }
}

function read(file: Uint8Array, isBackbone: boolean): Graph {
  if (file.length < 8 || new TextDecoder('latin1').decode(file.subarray(4, 8)) !== 'TFL3')
    throw new FormatError('it is no TensorFlow Lite file');
  const root = Table.root(file);
  const codes = root.tables(1).map((code) => Math.max(code.int8(0), code.int32(3)));
  const buffers = root.tables(4);
  const subgraph = root.tables(2)[0];
  if (!subgraph) throw new FormatError('it holds no graph');
  const tensors = subgraph.tables(0).map((table) => {
    const q = table.table(4);
    const scales = q?.floats(2) ?? [];
    const zeroPoints = q?.longs(3) ?? [];
    const shape = table.ints(0);
    if (shape.some((side) => side < 0) || sizeOf(shape) > MOST_VALUES)
      throw new FormatError(`a tensor of ${shape.join('×')}`);
    return {
      name: table.text(3),
      shape,
      type: table.int8(1),
      bytes: buffers[table.uint32(2)]?.bytes(0) ?? new Uint8Array(0),
      quantisation: scales.length > 0 ? { scales, zeroPoints: scales.map((_, i) => zeroPoints[i] ?? 0) } : null,
    };
  });
  const tensorOf = (index: number) => {
    const tensor = tensors[index];
    if (!tensor) throw new RangeError(`no tensor ${index}`);
    return tensor;
  };
  const builder = new GraphBuilder();
  const places = new Map<number, number>();
  const inputs = subgraph.ints(1);
  const typeOf = (number: number) => {
    const type = (['float32', 'int32', 'uint8', 'int8'] as const).find((name) => TYPE[name] === number);
    if (!type) throw new FormatError(`values of type ${number}`);
    return type;
  };
  for (const index of inputs) {
    const { name, shape, type, quantisation } = tensorOf(index);
    places.set(index, builder.input(name, shape, typeOf(type), quantisation));
  }
  const place = (index: number): number => {
    const known = places.get(index);
    if (known !== undefined) return known;
    const { name, shape, type, bytes, quantisation } = tensorOf(index);
    const values = valuesOf(bytes, type);
    if (!values || values.length === 0) throw new FormatError(`${name || index} is used before it is computed`);
    if (values.length !== sizeOf(shape)) throw new FormatError(`${name} has ${values.length} values`);
    if (values instanceof Float32Array && values.some((value) => !Number.isFinite(value)))
      throw new FormatError(`${name} holds values that are no numbers`);
    const at = builder.constant(values, shape, name, quantisation);
    places.set(index, at);
    return at;
  };
  const ints = (index: number) => {
    const { bytes, type } = tensorOf(index);
    const values = type === TYPE.int32 ? valuesOf(bytes, type) : null;
    if (!values) throw new FormatError('a list of numbers is computed');
    return [...values];
  };
  /** Transforms whose absolute value is still to come, by their tensor: rows, as they are given. */
  const transforms = new Map<number, number>();

  const known = new Set<number | undefined>(Object.values(CODE));
  let last = inputs[0]!;
  for (const operator of subgraph.tables(3)) {
    const code = codes[operator.uint32(0)];
    if (isBackbone && !known.has(code)) break;
    const from = operator.ints(1);
    const to = operator.ints(2);
    last = to[0]!;
    const options = operator.table(4);
    const output = tensorOf(to[0]!);
    const made = { name: output.name, quantisation: output.quantisation };
    const put = (...[operation, given = from]: [Parameters<GraphBuilder['apply']>[0], number[]?]) => {
      const type = output.type === TYPE.complex64 ? 'float32' : typeOf(output.type);
      places.set(to[0]!, builder.apply(operation, given.map(place), { ...made, type }));
    };
    const input = tensorOf(from[0]!);
    const padding = options?.int8(0) === PADDING.valid ? 'valid' : 'same';
    const oneBias = (channels: number) =>
      from[2] !== undefined && from[2] >= 0
        ? place(from[2])
        : builder.constant(new Float32Array(channels), [channels], 'bias');
    switch (code) {
      case CODE.conv:
      case CODE.depthwise: {
        const isConv = code === CODE.conv;
        const [down, across] = isConv ? [options?.int32(4, 1), options?.int32(5, 1)] : [1, 1];
        if (down !== 1 || across !== 1) throw new FormatError('a dilated convolution');
        const weights = tensorOf(from[1]!);
        const operation = {
          op: isConv ? 'conv' : 'depthwise',
          strides: [options?.int32(2, 1) ?? 1, options?.int32(1, 1) ?? 1],
          padding,
          activation: activationOf(options, isConv ? 3 : 4),
        } as const;
        const bias = oneBias(weights.shape[isConv ? 0 : 3]!);
        places.set(
          to[0]!,
          builder.apply(operation, [place(from[0]!), place(from[1]!), bias], { ...made, type: typeOf(output.type) }),
        );
        break;
      }
      case CODE.dense: {
        const weights = tensorOf(from[1]!);
        const inside = weights.shape[1]!;
        const x = place(from[0]!);
        const rows = options?.int8(2) ? x : builder.reshape(x, [sizeOf(input.shape) / inside, inside]);
        const operation = { op: 'dense', activation: activationOf(options, 0) } as const;
        const given = [rows, place(from[1]!), oneBias(weights.shape[0]!)];
        places.set(to[0]!, builder.apply(operation, given, { ...made, type: typeOf(output.type) }));
        break;
      }
      case CODE.add:
      case CODE.sub:
      case CODE.mul:
      case CODE.div: {
        const op = ({ [CODE.add]: 'add', [CODE.sub]: 'sub', [CODE.mul]: 'mul', [CODE.div]: 'div' } as const)[code];
        put({ op });
        const activation = activationOf(options, 0);
        if (activation !== 'none')
          places.set(to[0]!, builder.apply({ op: activation }, [place(to[0]!)], { name: made.name }));
        break;
      }
      case CODE.max:
      case CODE.min:
        put({ op: code === CODE.max ? 'max' : 'min' });
        break;
      case CODE.relu:
      case CODE.relu6:
      case CODE.sigmoid:
      case CODE.exp:
      case CODE.log:
      case CODE.sqrt:
      case CODE.square:
      case CODE.round: {
        const op = (['relu', 'relu6', 'sigmoid', 'exp', 'log', 'sqrt', 'square', 'round'] as const).find(
          (name) => CODE[name] === code,
        )!;
        put({ op }, [from[0]!]);
        break;
      }
      case CODE.softmax:
        if ((options?.float32(0) ?? 0) !== 1) throw new FormatError('a softmax with a factor');
        put({ op: 'softmax' });
        break;
      case CODE.quantise:
        put({ op: 'quantise' });
        break;
      case CODE.dequantise:
        put({ op: 'dequantise' });
        break;
      case CODE.gather:
        if (options?.int32(0)) throw new FormatError('a gather along another side');
        put({ op: 'gather' });
        break;
      case CODE.mean:
      case CODE.sum:
      case CODE.reduceMax: {
        const how = ({ [CODE.mean]: 'mean', [CODE.sum]: 'sum', [CODE.reduceMax]: 'max' } as const)[code];
        const axes = ints(from[1]!).map((axis) => (axis + input.shape.length) % input.shape.length);
        put({ op: 'reduce', how, axes, keepDims: Boolean(options?.int8(0)) }, [from[0]!]);
        break;
      }
      case CODE.maxPool:
      case CODE.meanPool: {
        const size = [options?.int32(4, 1) ?? 1, options?.int32(3, 1) ?? 1] as const;
        const strides = [options?.int32(2, 1) ?? 1, options?.int32(1, 1) ?? 1] as const;
        put({ op: 'pool', how: code === CODE.maxPool ? 'max' : 'mean', size, strides, padding });
        break;
      }
      case CODE.concat: {
        const axis = options?.int32(0) ?? 0;
        put({ op: 'concat', axis: axis < 0 ? axis + output.shape.length : axis });
        break;
      }
      case CODE.reshape:
      case CODE.squeeze: {
        const transform = transforms.get(from[0]!);
        if (transform !== undefined) transforms.set(to[0]!, transform);
        else put({ op: 'reshape', shape: output.shape }, [from[0]!]);
        break;
      }
      case CODE.transpose:
        put({ op: 'transpose', permutation: ints(from[1]!) }, [from[0]!]);
        break;
      case CODE.pad: {
        const pads = ints(from[1]!);
        put(
          {
            op: 'pad',
            before: pads.filter((_, i) => i % 2 === 0),
            after: pads.filter((_, i) => i % 2 === 1),
          },
          [from[0]!],
        );
        break;
      }
      case CODE.slice:
        put({ op: 'slice', begin: ints(from[1]!), size: output.shape }, [from[0]!]);
        break;
      case CODE.resize:
        if (options?.int8(2) || options?.int8(3)) throw new FormatError('another way to resize');
        put({ op: 'resize', size: [output.shape[1]!, output.shape[2]!] }, [from[0]!]);
        break;
      case CODE.stridedSlice:
      case CODE.split: {
        // Only where nothing is left out.
        const source = code === CODE.split ? from[1]! : from[0]!;
        if (tensorOf(source).shape.join() !== output.shape.join()) throw new FormatError(`an operator ${code}`);
        places.set(to[0]!, place(source));
        break;
      }
      case CODE.rfft2d: {
        const length = input.shape.at(-1)!;
        if (ints(from[1]!).join() !== `1,${length}`) throw new FormatError('a transform of another length');
        transforms.set(to[0]!, builder.reshape(place(from[0]!), [sizeOf(input.shape) / length, length]));
        break;
      }
      case CODE.complexAbs: {
        const rows = transforms.get(from[0]!);
        if (rows === undefined) throw new FormatError('complex values');
        const absolute = builder.apply({ op: 'magnitude' }, [rows], { name: output.name });
        places.set(to[0]!, builder.reshape(absolute, output.shape));
        break;
      }
      default:
        throw new FormatError(`an operator ${code}`);
    }
  }
  const outputs = isBackbone ? [last] : subgraph.ints(2);
  return builder.graph(
    subgraph.text(4) || 'main',
    Object.fromEntries(outputs.map((index) => [tensorOf(index).name || `output_${index}`, place(index)])),
  );
}
