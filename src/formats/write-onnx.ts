/**
 * Writing graphs as ONNX files, operator set 17. Any thread; pure.
 * @see onnx/onnx.proto for the field numbers, onnx/docs/Operators.md for the operators
 */
import { channelsFirst } from './channels-first.ts';
import { samePadding, type Activation, type Graph, type Node, type Value } from './graph.ts';
import { toFloat } from './lower.ts';
import { message } from './protobuf.ts';

const OPERATOR_SET = 17;
const IR_VERSION = 8;
const TYPE = { float32: 1, int8: 3, int64: 7 } as const;
/** Whole numbers of 8 bits are kept as such from this many on: four times smaller. */
const LEAST_INTEGERS = 1024;

type Attribute = number | readonly number[] | string;
/** Types of attributes. */
const KIND = { int: 2, text: 3, ints: 7 } as const;

/** What stands in a file beside the graph. */
export type OnnxExtras = {
  producer: string;
  version: string;
  about: string;
  metadata: Readonly<Record<string, string>>;
};

function tensor(name: string, shape: readonly number[], type: number, bytes: Uint8Array): Uint8Array {
  return message((m) => m.ints(1, shape).int(2, type).text(8, name).bytes(9, bytes));
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

class Writer {
  readonly nodes: Uint8Array[] = [];
  readonly initializers: Uint8Array[] = [];
  readonly #graph: Graph;
  readonly #constants = new Map<number | string, string>();
  #made = 0;

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  #node(op: string, inputs: readonly string[], output: string, attributes: Readonly<Record<string, Attribute>> = {}) {
    this.nodes.push(
      message((node) => {
        for (const input of inputs) node.text(1, input);
        node.text(2, output).text(3, output).text(4, op);
        for (const [name, value] of Object.entries(attributes))
          node.message(5, (attribute) => {
            attribute.text(1, name);
            if (typeof value === 'number') attribute.int(3, value).int(20, KIND.int);
            else if (typeof value === 'string') attribute.bytes(4, new TextEncoder().encode(value)).int(20, KIND.text);
            else attribute.ints(8, value).int(20, KIND.ints);
          });
      }),
    );
  }

  #ints(values: readonly number[]): string {
    const key = values.join();
    const known = this.#constants.get(key);
    if (known) return known;
    const name = `numbers_${++this.#made}`;
    const bytes = bytesOf(BigInt64Array.from(values, BigInt));
    this.initializers.push(tensor(name, [values.length], TYPE.int64, bytes));
    this.#constants.set(key, name);
    return name;
  }

  #scalar(value: number): string {
    const key = `scalar ${value}`;
    const known = this.#constants.get(key);
    if (known) return known;
    const name = `number_${++this.#made}`;
    this.initializers.push(tensor(name, [], TYPE.float32, bytesOf(Float32Array.of(value))));
    this.#constants.set(key, name);
    return name;
  }

  #constant(index: number, { name, values, shape }: Value): string {
    if (this.#constants.has(index)) return name;
    this.#constants.set(index, name);
    if (values instanceof Int32Array) {
      const bytes = bytesOf(BigInt64Array.from(values, BigInt));
      this.initializers.push(tensor(name, shape, TYPE.int64, bytes));
    } else if (
      values!.length >= LEAST_INTEGERS &&
      (values as Float32Array).every((v) => Number.isInteger(v) && v >= -128 && v <= 127)
    ) {
      this.initializers.push(tensor(`${name}/int8`, shape, TYPE.int8, bytesOf(Int8Array.from(values!))));
      this.#node('Cast', [`${name}/int8`], name, { to: TYPE.float32 });
    } else this.initializers.push(tensor(name, shape, TYPE.float32, bytesOf(values as Float32Array)));
    return name;
  }

  #name(index: number): string {
    const value = this.#graph.values[index]!;
    return value.values ? this.#constant(index, value) : value.name;
  }

  add({ operation, inputs, output }: Node): void {
    const given = inputs.map((index) => this.#name(index));
    const { name, shape } = this.#graph.values[output]!;
    const source = this.#graph.values[inputs[0]!]!.shape;
    const plain = (op: string, attributes = {}) => this.#node(op, given, name, attributes);
    /** Gives a step the name before its activation. */
    const then = (activation: Activation, step: (to: string) => void) => {
      if (activation === 'none') return step(name);
      step(`${name}/linear`);
      if (activation === 'relu') this.#node('Relu', [`${name}/linear`], name);
      else this.#node('Clip', [`${name}/linear`, this.#scalar(0), this.#scalar(6)], name);
    };
    const pads = (kernel: readonly number[], strides: readonly [number, number], padding: string) => {
      const [top, bottom] = padding === 'same' ? samePadding(source[2]!, kernel[0]!, strides[0]) : [0, 0];
      const [left, right] = padding === 'same' ? samePadding(source[3]!, kernel[1]!, strides[1]) : [0, 0];
      return [top, left, bottom, right];
    };
    switch (operation.op) {
      case 'conv':
      case 'depthwise': {
        const [out, , height, width] = this.#graph.values[inputs[1]!]!.shape as [number, number, number, number];
        const { strides, padding } = operation;
        then(operation.activation, (to) =>
          this.#node('Conv', given, to, {
            kernel_shape: [height, width],
            strides,
            pads: pads([height, width], strides, padding),
            group: operation.op === 'conv' ? 1 : out,
          }),
        );
        return;
      }
      case 'dense':
        then(operation.activation, (to) => {
          if (source.length === 2) return this.#node('Gemm', given, to, { transB: 1 });
          const turned = `${name}/weights`;
          this.#node('Transpose', [given[1]!], turned, { perm: [1, 0] });
          this.#node('MatMul', [given[0]!, turned], `${name}/product`);
          this.#node('Add', [`${name}/product`, given[2]!], to);
        });
        return;
      case 'add':
        return plain('Add');
      case 'sub':
        return plain('Sub');
      case 'mul':
        return plain('Mul');
      case 'div':
        return plain('Div');
      case 'max':
        return plain('Max');
      case 'min':
        return plain('Min');
      case 'relu':
        return plain('Relu');
      case 'relu6':
        return this.#node('Clip', [given[0]!, this.#scalar(0), this.#scalar(6)], name);
      case 'sigmoid':
        return plain('Sigmoid');
      case 'exp':
        return plain('Exp');
      case 'log':
        return plain('Log');
      case 'sqrt':
        return plain('Sqrt');
      case 'square':
        return this.#node('Mul', [given[0]!, given[0]!], name);
      case 'round':
        return plain('Round');
      case 'softmax':
        return plain('Softmax', { axis: -1 });
      case 'gather':
        return plain('Gather', { axis: 0 });
      case 'reduce': {
        const keepdims = Number(operation.keepDims);
        if (operation.how === 'sum')
          return this.#node('ReduceSum', [given[0]!, this.#ints(operation.axes)], name, { keepdims });
        return plain(operation.how === 'mean' ? 'ReduceMean' : 'ReduceMax', { axes: operation.axes, keepdims });
      }
      case 'pool': {
        const { size, strides, padding } = operation;
        const attributes = { kernel_shape: size, strides, pads: pads(size, strides, padding) };
        return plain(operation.how === 'max' ? 'MaxPool' : 'AveragePool', attributes);
      }
      case 'concat':
        return plain('Concat', { axis: operation.axis });
      case 'reshape':
        return this.#node('Reshape', [given[0]!, this.#ints(shape)], name);
      case 'transpose':
        return plain('Transpose', { perm: operation.permutation });
      case 'pad':
        return this.#node('Pad', [given[0]!, this.#ints([...operation.before, ...operation.after])], name);
      case 'slice': {
        const ends = operation.begin.map((begin, i) => begin + operation.size[i]!);
        const axes = operation.begin.map((_, i) => i);
        return this.#node('Slice', [given[0]!, this.#ints(operation.begin), this.#ints(ends), this.#ints(axes)], name);
      }
      case 'resize':
        return this.#node('Resize', [given[0]!, '', '', this.#ints(shape)], name, {
          mode: 'linear',
          coordinate_transformation_mode: 'asymmetric',
        });
      case 'magnitude':
      case 'quantise':
      case 'dequantise':
        throw new Error(`${operation.op} is lowered before`);
    }
  }
}

function valueInfo({ name, shape }: Value): Uint8Array {
  return message((info) =>
    info.text(1, name).message(2, (type) =>
      type.message(1, (tensorType) =>
        tensorType.int(1, TYPE.float32).message(2, (sides) => {
          for (const side of shape) sides.message(1, (dimension) => dimension.int(1, side));
        }),
      ),
    ),
  );
}

/** Writes a file: 32-bit floats in and out. @returns owned by the caller. */
export function writeOnnx(given: Graph, extras: OnnxExtras): Uint8Array<ArrayBuffer> {
  const graph = channelsFirst(toFloat(given));
  const writer = new Writer(graph);
  for (const node of graph.nodes) writer.add(node);
  return message((model) => {
    model.int(1, IR_VERSION).text(2, extras.producer).text(3, extras.version).text(6, extras.about);
    model.message(7, (body) => {
      for (const node of writer.nodes) body.bytes(1, node);
      body.text(2, graph.name);
      for (const constant of writer.initializers) body.bytes(5, constant);
      for (const input of graph.inputs) body.bytes(11, valueInfo(graph.values[input]!));
      for (const output of graph.outputs) body.bytes(12, valueInfo(graph.values[output]!));
    });
    model.message(8, (set) => set.int(2, OPERATOR_SET));
    for (const [key, value] of Object.entries(extras.metadata)) model.entry(14, key, value);
  });
}
