/** Writing graphs as TensorFlow Lite files. Any thread; pure. */
import type { Offset } from 'flatbuffers';
import { FlatWriter } from './flatbuffer.ts';
import { FormatError, sizeOf, type Graph, type Node, type Value, type ValueType } from './graph.ts';
import { ACTIVATION, CHANNEL_AXIS, CODE, OPTIONS, PADDING, TYPE } from './tflite-schema.ts';

type Tensor = {
  name: string;
  shape: readonly number[];
  type: ValueType | 'complex64';
  bytes: Uint8Array | null;
  quantisation: Value['quantisation'];
  axis: number;
};
/** `options`: fields by number, each with its kind. */
type Field = readonly [id: number, kind: 'byte' | 'int' | 'float', value: number];
type Operator = {
  code: number;
  version: number;
  inputs: number[];
  output: number;
  options: number;
  fields: readonly Field[];
};

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

const isQuantised = ({ type }: Value) => type === 'int8' || type === 'uint8';

/** Tensors and operators of a file: those of the graph, and the constants that are inputs there and attributes here. */
class Plan {
  readonly tensors: Tensor[] = [];
  readonly operators: Operator[] = [];
  readonly #graph: Graph;

  constructor(graph: Graph) {
    this.#graph = graph;
    const axes = new Map<number, number>();
    for (const { operation, inputs } of graph.nodes)
      if (operation.op in CHANNEL_AXIS)
        for (const [i, input] of inputs.slice(1).entries())
          axes.set(input, i === 0 ? CHANNEL_AXIS[operation.op as keyof typeof CHANNEL_AXIS] : 0);
    graph.values.forEach(({ name, shape, type, values, quantisation }, i) =>
      this.tensors.push({
        name,
        shape,
        type,
        quantisation,
        axis: axes.get(i) ?? 0,
        bytes: values ? bytesOf(values) : null,
      }),
    );
    graph.nodes.forEach((node) => this.#add(node));
  }

  #ints(values: readonly number[], shape: readonly number[] = [values.length]): number {
    const bytes = bytesOf(Int32Array.from(values));
    return this.tensors.push({ name: 'numbers', shape, type: 'int32', bytes, quantisation: null, axis: 0 }) - 1;
  }

  #tensor(name: string, shape: readonly number[], type: Tensor['type'] = 'float32'): number {
    return this.tensors.push({ name, shape, type, bytes: null, quantisation: null, axis: 0 }) - 1;
  }

  #put(
    code: number,
    inputs: number[],
    output: number,
    options: number = OPTIONS.none,
    fields: readonly Field[] = [],
    version = 1,
  ): void {
    this.operators.push({ code, version, inputs, output, options, fields });
  }

  #add({ operation, inputs, output }: Node): void {
    const given = [...inputs];
    const [x] = given as [number];
    const value = this.#graph.values[x]!;
    const shape = this.#graph.values[output]!.shape;
    const isInt = isQuantised(value);
    const isHybrid = !isInt && inputs[1] !== undefined && isQuantised(this.#graph.values[inputs[1]]!);
    switch (operation.op) {
      case 'conv':
      case 'depthwise': {
        const isConv = operation.op === 'conv';
        const base: Field[] = [
          [0, 'byte', PADDING[operation.padding]],
          [1, 'int', operation.strides[1]],
          [2, 'int', operation.strides[0]],
        ];
        const activation = ACTIVATION[operation.activation];
        const rest: Field[] = isConv
          ? [
              [3, 'byte', activation],
              [4, 'int', 1],
              [5, 'int', 1],
            ]
          : [
              [3, 'int', 1],
              [4, 'byte', activation],
              [5, 'int', 1],
              [6, 'int', 1],
            ];
        const version = value.type === 'int8' ? 3 : isHybrid ? (isConv ? 5 : 6) : 1;
        this.#put(
          isConv ? CODE.conv : CODE.depthwise,
          given,
          output,
          isConv ? OPTIONS.conv : OPTIONS.depthwise,
          [...base, ...rest],
          version,
        );
        return;
      }
      case 'dense': {
        const fields: Field[] = [
          [0, 'byte', ACTIVATION[operation.activation]],
          [2, 'byte', shape.length === 2 ? 0 : 1],
        ];
        const version = value.type === 'int8' ? 4 : isHybrid ? 9 : shape.length === 2 ? 1 : 5;
        this.#put(CODE.dense, given, output, OPTIONS.dense, fields, version);
        return;
      }
      case 'add':
      case 'sub':
      case 'mul':
      case 'div':
        this.#put(CODE[operation.op], given, output, OPTIONS[operation.op], [[0, 'byte', ACTIVATION.none]]);
        return;
      case 'max':
      case 'min':
        this.#put(CODE[operation.op], given, output, OPTIONS.maxMin);
        return;
      case 'exp':
      case 'square':
        this.#put(CODE[operation.op], given, output, OPTIONS[operation.op]);
        return;
      case 'relu':
      case 'relu6':
      case 'sigmoid':
      case 'log':
      case 'sqrt':
      case 'round':
        this.#put(CODE[operation.op], given, output);
        return;
      case 'softmax':
        this.#put(CODE.softmax, given, output, OPTIONS.softmax, [[0, 'float', 1]]);
        return;
      case 'quantise':
      case 'dequantise':
        this.#put(CODE[operation.op], given, output, OPTIONS[operation.op], [], isInt ? 2 : 1);
        return;
      case 'gather':
        this.#put(CODE.gather, given, output, OPTIONS.gather, [[0, 'int', 0]]);
        return;
      case 'reduce': {
        const code = { mean: CODE.mean, max: CODE.reduceMax, sum: CODE.sum }[operation.how];
        this.#put(
          code,
          [x, this.#ints(operation.axes)],
          output,
          OPTIONS.reduce,
          [[0, 'byte', Number(operation.keepDims)]],
          isInt ? 2 : 1,
        );
        return;
      }
      case 'pool':
        this.#put(operation.how === 'max' ? CODE.maxPool : CODE.meanPool, given, output, OPTIONS.pool, [
          [0, 'byte', PADDING[operation.padding]],
          [1, 'int', operation.strides[1]],
          [2, 'int', operation.strides[0]],
          [3, 'int', operation.size[1]],
          [4, 'int', operation.size[0]],
        ]);
        return;
      case 'concat':
        this.#put(CODE.concat, given, output, OPTIONS.concat, [[0, 'int', operation.axis]]);
        return;
      case 'reshape':
        this.#put(CODE.reshape, [x, this.#ints(shape)], output, OPTIONS.reshape);
        return;
      case 'transpose':
        this.#put(CODE.transpose, [x, this.#ints(operation.permutation)], output, OPTIONS.transpose);
        return;
      case 'pad': {
        const pads = operation.before.flatMap((before, i) => [before, operation.after[i]!]);
        this.#put(CODE.pad, [x, this.#ints(pads, [pads.length / 2, 2])], output, OPTIONS.pad);
        return;
      }
      case 'slice':
        this.#put(CODE.slice, [x, this.#ints(operation.begin), this.#ints(operation.size)], output, OPTIONS.slice);
        return;
      case 'resize':
        this.#put(CODE.resize, [x, this.#ints(operation.size)], output, OPTIONS.resize, [
          [2, 'byte', 0],
          [3, 'byte', 0],
        ]);
        return;
      case 'magnitude': {
        const [rows, length] = value.shape as [number, number];
        if (value.shape.length !== 2 || length & (length - 1))
          throw new FormatError(`a transform of ${value.shape.join('×')}`);
        const three = this.#tensor('rows', [rows, 1, length]);
        const complex = this.#tensor('transform', [rows, 1, length / 2 + 1], 'complex64');
        const flat = this.#tensor('transform_rows', [rows, length / 2 + 1], 'complex64');
        this.#put(CODE.reshape, [x, this.#ints([rows, 1, length])], three, OPTIONS.reshape);
        this.#put(CODE.rfft2d, [three, this.#ints([1, length])], complex, OPTIONS.rfft2d);
        this.#put(CODE.reshape, [complex, this.#ints([rows, length / 2 + 1])], flat, OPTIONS.reshape);
        this.#put(CODE.complexAbs, [flat], output);
      }
    }
  }
}

/** What stands in a file beside the graph: named blocks such as the metadata of MediaPipe, and a sentence about it. */
export type TfliteExtras = { description?: string; metadata?: Readonly<Record<string, Uint8Array>> };

/**
 * Writes a file. Integers stay integers; weights of 8 bits between values of 32 are multiplied by the runtime's mixed kernels.
 * @returns owned by the caller. @throws FormatError for what the format does not hold.
 */
export function writeTflite(graph: Graph, extras: TfliteExtras = {}): Uint8Array<ArrayBuffer> {
  const { tensors, operators } = new Plan(graph);
  const writer = new FlatWriter();
  const { builder } = writer;

  const contents: Uint8Array[] = [];
  const bufferOf = tensors.map(({ bytes }) => (bytes && bytes.length > 0 ? contents.push(bytes) : 0));
  const metadata = Object.entries(extras.metadata ?? {}).map(([name, bytes]) => ({ name, at: contents.push(bytes) }));
  const empty = writer.table(1, () => {});
  const buffers = writer.tables([
    empty,
    ...contents.map((content) => {
      const data = writer.bytes(content, 16);
      return writer.table(1, (b) => b.addFieldOffset(0, data, 0));
    }),
  ]);

  const tensorTables = tensors.map(({ name, shape, type, quantisation, axis }, i) => {
    const title = builder.createString(name);
    const sides = writer.ints(shape);
    let q: Offset = 0;
    if (quantisation) {
      const scales = writer.floats(quantisation.scales);
      const zeros = writer.longs(quantisation.zeroPoints);
      q = writer.table(7, (b) => {
        b.addFieldOffset(2, scales, 0);
        b.addFieldOffset(3, zeros, 0);
        b.addFieldInt32(6, quantisation.scales.length > 1 ? axis : 0, 0);
      });
    }
    return writer.table(9, (b) => {
      b.addFieldOffset(0, sides, 0);
      b.addFieldInt8(1, TYPE[type], 0);
      b.addFieldInt32(2, bufferOf[i]!, 0);
      b.addFieldOffset(3, title, 0);
      if (q) b.addFieldOffset(4, q, 0);
    });
  });

  const codes = [...new Set(operators.map(({ code, version }) => `${code} ${version}`))];
  const operatorTables = operators.map(({ code, version, inputs, output, options, fields }) => {
    const from = writer.ints(inputs);
    const to = writer.ints([output]);
    const about =
      options === OPTIONS.none
        ? 0
        : writer.table(8, (b) => {
            for (const [id, kind, value] of fields) {
              if (kind === 'byte') b.addFieldInt8(id, value, 0);
              else if (kind === 'int') b.addFieldInt32(id, value, 0);
              else b.addFieldFloat32(id, value, 0);
            }
          });
    return writer.table(6, (b) => {
      b.addFieldInt32(0, codes.indexOf(`${code} ${version}`), 0);
      b.addFieldOffset(1, from, 0);
      b.addFieldOffset(2, to, 0);
      b.addFieldInt8(3, options, 0);
      if (about) b.addFieldOffset(4, about, 0);
    });
  });
  const [tensorList, operatorList] = [writer.tables(tensorTables), writer.tables(operatorTables)];
  const [inputs, outputs] = [writer.ints(graph.inputs), writer.ints(graph.outputs)];
  const graphName = builder.createString(graph.name);
  const subgraph = writer.table(5, (b) => {
    b.addFieldOffset(0, tensorList, 0);
    b.addFieldOffset(1, inputs, 0);
    b.addFieldOffset(2, outputs, 0);
    b.addFieldOffset(3, operatorList, 0);
    b.addFieldOffset(4, graphName, 0);
  });
  const subgraphs = writer.tables([subgraph]);
  const codeList = writer.tables(
    codes.map((entry) => {
      const [code, version] = entry.split(' ').map(Number) as [number, number];
      return writer.table(4, (b) => {
        b.addFieldInt8(0, Math.min(code, 127), 0);
        b.addFieldInt32(2, version, 1);
        b.addFieldInt32(3, code, 0);
      });
    }),
  );
  const entries = writer.tables(
    metadata.map(({ name, at }) => {
      const title = builder.createString(name);
      return writer.table(2, (b) => {
        b.addFieldOffset(0, title, 0);
        b.addFieldInt32(1, at, 0);
      });
    }),
  );
  const description = builder.createString(extras.description ?? '');
  const model = writer.table(8, (b) => {
    b.addFieldInt32(0, 3, 0);
    b.addFieldOffset(1, codeList, 0);
    b.addFieldOffset(2, subgraphs, 0);
    b.addFieldOffset(3, description, 0);
    b.addFieldOffset(4, buffers, 0);
    if (metadata.length) b.addFieldOffset(6, entries, 0);
  });
  builder.finish(model, 'TFL3');
  return builder.asUint8Array().slice();
}

/** Weights with fewer values stay as they are. */
const LEAST_WEIGHTS = 1024;
/** Constants so named are no weights, but numbers of a spectrogram: they stay as they are. */
export const EXACT = 'exact/';

/**
 * The same graph with the weights of convolutions and dense layers as 8-bit integers, one scale per output channel of a convolution and one for a dense layer, symmetric (dynamic range: what is between
 * layers stays 32 bits). The last dense layer stays as it is: it is small, and every class stands on it. @see https://www.tensorflow.org/lite/performance/post_training_quantization
 */
export function quantiseWeights(graph: Graph): Graph {
  const axes = new Map<number, number>();
  const last = graph.nodes.findLast(({ operation }) => operation.op === 'dense');
  for (const { operation, inputs } of graph.nodes.filter((node) => node !== last))
    if (operation.op in CHANNEL_AXIS && !isQuantised(graph.values[inputs[0]!]!))
      axes.set(inputs[1]!, CHANNEL_AXIS[operation.op as keyof typeof CHANNEL_AXIS]);
  const values = graph.values.map((value, i): Value => {
    const axis = axes.get(i);
    if (axis === undefined || !(value.values instanceof Float32Array) || value.values.length < LEAST_WEIGHTS)
      return value;
    if (value.name.startsWith(EXACT)) return value;
    // The kernels of dense layers take one scale for all.
    const isDense = value.shape.length === 2;
    const inner = isDense ? value.values.length : sizeOf(value.shape.slice(axis + 1));
    const channels = isDense ? 1 : value.shape[axis]!;
    const most = new Float32Array(channels);
    const channelOf = (at: number) => Math.floor(at / inner) % channels;
    value.values.forEach((weight, at) => (most[channelOf(at)] = Math.max(most[channelOf(at)]!, Math.abs(weight))));
    const scales = Array.from(most, (limit) => Math.fround((limit || 1) / 127));
    return {
      ...value,
      type: 'int8',
      values: Int8Array.from(value.values, (weight, at) => Math.round(weight / scales[channelOf(at)]!)),
      quantisation: { scales, zeroPoints: scales.map(() => 0) },
    };
  });
  return { ...graph, values };
}
