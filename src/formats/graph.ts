/**
 * A trained network as data: the one form from which every file format is written and into which those that are read are brought. Any thread; pure.
 * Operators are those of TensorFlow Lite (channels last, one output each); a batch is one example.
 * @see tensorflow/compiler/mlir/lite/ir/tfl_ops.td for what each computes
 */

/** Content of a constant. */
export type Values = Float32Array | Int8Array | Uint8Array | Int32Array;
/** What a value is made of. Integers are quantised, except indices. */
export type ValueType = 'float32' | 'int8' | 'uint8' | 'int32';
/** real = (integer − zeroPoint) × scale; one of each, or one per output channel of a constant, whose zero points are 0. */
export type Quantisation = { scales: readonly number[]; zeroPoints: readonly number[] };
/** A tensor: computed, given (an input), or constant (`values`). */
export type Value = {
  name: string;
  shape: readonly number[];
  type: ValueType;
  values: Values | null;
  quantisation: Quantisation | null;
};

/** What follows an operator at once. */
export type Activation = 'none' | 'relu' | 'relu6';
/** `same`: TensorFlow's, more after than before. */
export type Padding = 'same' | 'valid';
type Pair = readonly [height: number, width: number];

/** Operators of one input that work value by value. */
export const UNARY = ['relu', 'relu6', 'sigmoid', 'exp', 'log', 'sqrt', 'square', 'round'] as const;
/** Those of two. */
export const BINARY = ['add', 'sub', 'mul', 'div', 'max', 'min'] as const;

/**
 * What a node computes. `conv`: input, weights [out, height, width, in], bias. `depthwise`: input, weights [1, height, width, channels], bias. `dense`: input
 * […, in], weights [out, in], bias. `magnitude`: rows of n real values to the n / 2 + 1 absolute values of their Fourier transform. `gather`: rows of the
 * first axis by constant indices. `resize`: bilinear, position i of the output at i × in / out. `softmax`: over the last axis.
 */
export type Operation =
  | { op: 'conv' | 'depthwise'; strides: Pair; padding: Padding; activation: Activation }
  | { op: 'dense'; activation: Activation }
  | { op: (typeof UNARY)[number] | (typeof BINARY)[number] }
  | { op: 'softmax' | 'magnitude' | 'quantise' | 'dequantise' | 'gather' }
  | { op: 'reduce'; how: 'mean' | 'max' | 'sum'; axes: readonly number[]; keepDims: boolean }
  | { op: 'pool'; how: 'max' | 'mean'; size: Pair; strides: Pair; padding: Padding }
  | { op: 'concat'; axis: number }
  | { op: 'reshape'; shape: readonly number[] }
  | { op: 'transpose'; permutation: readonly number[] }
  | { op: 'pad'; before: readonly number[]; after: readonly number[] }
  | { op: 'slice'; begin: readonly number[]; size: readonly number[] }
  | { op: 'resize'; size: Pair };

/** One step; numbers are places in {@link Graph.values}. */
export type Node = { operation: Operation; inputs: readonly number[]; output: number };
/** See the file header. Nodes stand in the order they run. */
export type Graph = {
  name: string;
  values: readonly Value[];
  nodes: readonly Node[];
  inputs: readonly number[];
  outputs: readonly number[];
};

/** A file that cannot be read, or a network that a format cannot hold: the reason, in words. */
export class FormatError extends Error {}

/** Product of sides. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1);

/** Rows and columns added by `same`, before and after. */
export function samePadding(side: number, kernel: number, stride: number): [before: number, after: number] {
  const missing = Math.max(0, (Math.ceil(side / stride) - 1) * stride + kernel - side);
  return [missing >> 1, missing - (missing >> 1)];
}

/** Shape of two values that are combined one by one. @throws FormatError when they do not fit. */
function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [x, y] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1];
    if (x !== y && x !== 1 && y !== 1) throw new FormatError(`shapes ${a.join('×')} and ${b.join('×')} do not fit`);
    return Math.max(x, y);
  });
}

function slide([height, width]: Pair, kernel: Pair, strides: Pair, padding: Padding): [number, number] {
  const side = (length: number, i: 0 | 1) =>
    padding === 'same' ? Math.ceil(length / strides[i]) : Math.floor((length - kernel[i]) / strides[i]) + 1;
  return [side(height, 0), side(width, 1)];
}

/** Shape an operation gives. @param shapes of its inputs. @throws FormatError when they do not fit. */
export function shapeOf(operation: Operation, shapes: readonly (readonly number[])[]): number[] {
  const x = shapes[0]!;
  const fourSides = (): [number, number, number, number] => {
    if (x.length !== 4) throw new FormatError(`${operation.op} of ${x.length} sides`);
    return x as unknown as [number, number, number, number];
  };
  switch (operation.op) {
    case 'conv':
    case 'depthwise': {
      const [batch, height, width, channels] = fourSides();
      const [out, kernelHeight, kernelWidth, inside] = shapes[1]! as [number, number, number, number];
      if (operation.op === 'conv' ? inside !== channels : inside !== channels || out !== 1)
        throw new FormatError(`${operation.op} of ${channels} channels by ${inside}`);
      const { strides, padding } = operation;
      const sides = slide([height, width], [kernelHeight, kernelWidth], strides, padding);
      return [batch, ...sides, operation.op === 'conv' ? out : channels];
    }
    case 'dense': {
      const [out, inside] = shapes[1]! as [number, number];
      if (x.at(-1) !== inside) throw new FormatError(`dense of ${x.at(-1)} values by ${inside}`);
      return [...x.slice(0, -1), out];
    }
    case 'add':
    case 'sub':
    case 'mul':
    case 'div':
    case 'max':
    case 'min':
      return broadcast(x, shapes[1]!);
    case 'magnitude':
      return [...x.slice(0, -1), x.at(-1)! / 2 + 1];
    case 'gather':
      return [...shapes[1]!, ...x.slice(1)];
    case 'reduce': {
      const { axes, keepDims } = operation;
      return x.flatMap((side, i) => (axes.includes(i) ? (keepDims ? [1] : []) : [side]));
    }
    case 'pool': {
      const [batch, height, width, channels] = fourSides();
      const { size, strides, padding } = operation;
      return [batch, ...slide([height, width], size, strides, padding), channels];
    }
    case 'concat':
      return x.map((side, i) => (i === operation.axis ? shapes.reduce((sum, shape) => sum + shape[i]!, 0) : side));
    case 'reshape':
      if (sizeOf(operation.shape) !== sizeOf(x))
        throw new FormatError(`${x.join('×')} values as ${operation.shape.join('×')}`);
      return [...operation.shape];
    case 'transpose':
      return operation.permutation.map((axis) => x[axis]!);
    case 'pad':
      return x.map((side, i) => side + operation.before[i]! + operation.after[i]!);
    case 'slice':
      if (x.some((side, i) => operation.begin[i]! + operation.size[i]! > side))
        throw new FormatError(`a part beyond ${x.join('×')}`);
      return [...operation.size];
    case 'resize': {
      const [batch, , , channels] = fourSides();
      return [batch, ...operation.size, channels];
    }
    default:
      return [...x];
  }
}

type Made = { name?: string; quantisation?: Quantisation | null; type?: ValueType };

/** Builds a graph step by step. Methods give the number of the new value. */
export class GraphBuilder {
  readonly #values: Value[] = [];
  readonly #nodes: Node[] = [];
  readonly #inputs: number[] = [];
  readonly #names = new Set<string>();

  #push(value: Omit<Value, 'name'>, wanted: string): number {
    let name = wanted;
    for (let n = 2; this.#names.has(name); n++) name = `${wanted}_${n}`;
    this.#names.add(name);
    return this.#values.push({ ...value, name }) - 1;
  }

  value(index: number): Value {
    return this.#values[index]!;
  }

  input(
    name: string,
    shape: readonly number[],
    type: ValueType = 'float32',
    quantisation: Quantisation | null = null,
  ): number {
    const at = this.#push({ shape, type, values: null, quantisation }, name);
    this.#inputs.push(at);
    return at;
  }

  /** @param values kept, not copied. */
  constant(
    values: Values,
    shape: readonly number[] = [values.length],
    name = 'constant',
    quantisation: Quantisation | null = null,
  ): number {
    if (sizeOf(shape) !== values.length) throw new FormatError(`${values.length} values for ${shape.join('×')}`);
    const type =
      values instanceof Float32Array
        ? 'float32'
        : values instanceof Int8Array
          ? 'int8'
          : values instanceof Uint8Array
            ? 'uint8'
            : 'int32';
    return this.#push({ shape, type, values, quantisation }, name);
  }

  scalar(value: number): number {
    return this.constant(Float32Array.of(value));
  }

  /** @throws FormatError when the inputs do not fit. */
  apply(operation: Operation, inputs: readonly number[], made: Made = {}): number {
    const shape = shapeOf(
      operation,
      inputs.map((input) => this.value(input).shape),
    );
    const first = this.value(inputs[0]!);
    const isKept = ['reshape', 'pool', 'slice', 'concat', 'transpose', 'gather', 'relu', 'relu6'].includes(
      operation.op,
    );
    const type = made.type ?? (isKept ? first.type : 'float32');
    const quantisation = made.quantisation ?? (isKept ? first.quantisation : null);
    const output = this.#push({ shape, type, values: null, quantisation }, made.name ?? operation.op);
    this.#nodes.push({ operation, inputs, output });
    return output;
  }

  dense(x: number, weights: number, bias: number, activation: Activation = 'none', name?: string): number {
    return this.apply({ op: 'dense', activation }, [x, weights, bias], name ? { name } : {});
  }

  reshape(x: number, shape: readonly number[]): number {
    return this.value(x).shape.join() === shape.join() ? x : this.apply({ op: 'reshape', shape }, [x]);
  }

  /** @param outputs by the name they are to have. */
  graph(name: string, outputs: Readonly<Record<string, number>>): Graph {
    for (const [wanted, at] of Object.entries(outputs)) {
      if (this.value(at).name !== wanted && this.#names.has(wanted)) throw new Error(`two values named ${wanted}`);
      this.#names.add(wanted);
      this.#values[at] = { ...this.value(at), name: wanted };
    }
    return withoutUnused({
      name,
      values: this.#values,
      nodes: this.#nodes,
      inputs: this.#inputs,
      outputs: Object.values(outputs),
    });
  }
}

/** The same graph without values and nodes that no output needs. */
export function withoutUnused(graph: Graph): Graph {
  const needed = new Set<number>([...graph.outputs, ...graph.inputs]);
  for (const node of [...graph.nodes].reverse())
    if (needed.has(node.output)) node.inputs.forEach((input) => needed.add(input));
  const kept = graph.nodes.filter(({ output }) => needed.has(output));
  const places = new Map<number, number>();
  const values = graph.values.filter((_, i) => needed.has(i) && places.set(i, places.size));
  const at = (i: number) => places.get(i)!;
  return {
    name: graph.name,
    values,
    nodes: kept.map((node) => ({ ...node, inputs: node.inputs.map(at), output: at(node.output) })),
    inputs: graph.inputs.map(at),
    outputs: graph.outputs.map(at),
  };
}

/**
 * Puts a graph into another that is being built.
 * @param given a value of the builder for each of its inputs; shapes are inferred again, so a network without fixed sides takes another size.
 * @param upTo values of `graph` that are wanted; what does not lead to them is left out. @returns the builder's value for each of its values that was put in.
 */
export function insert(
  builder: GraphBuilder,
  graph: Graph,
  given: readonly number[],
  upTo: readonly number[] = graph.outputs,
): Map<number, number> {
  const part = new Set<number>(upTo);
  for (const node of [...graph.nodes].reverse())
    if (part.has(node.output)) node.inputs.forEach((input) => part.add(input));
  const places = new Map<number, number>(graph.inputs.map((input, i) => [input, given[i]!]));
  graph.values.forEach(({ values, shape, name, quantisation }, i) => {
    if (values && part.has(i)) places.set(i, builder.constant(values, shape, name, quantisation));
  });
  for (const { operation, inputs, output } of graph.nodes) {
    if (!part.has(output)) continue;
    const { name, quantisation, type } = graph.values[output]!;
    const from = inputs.map((input) => places.get(input)!);
    places.set(output, builder.apply(operation, from, { name, quantisation, type }));
  }
  return places;
}
