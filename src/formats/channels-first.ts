/**
 * The same graph with channels before height and width where a format's convolutions want them there: values of convolutions, pools and resizes are
 * [1, channels, height, width], their weights [out, in, height, width]; transposes stand where the two layouts meet. Any thread; pure.
 */
import { BINARY, sizeOf, UNARY, type Graph, type Node, type Operation, type Value, type Values } from './graph.ts';

/** Order of the sides of [1, height, width, channels] with channels first, and the way back. */
const TO_FIRST = [0, 3, 1, 2];
const TO_LAST = [0, 2, 3, 1];
/** Where a side lies when channels are first. */
const AXIS = [0, 2, 3, 1];

const turned = <T>(list: readonly T[]): T[] => TO_FIRST.map((axis) => list[axis]!);

/** Kernels with their sides in another order. @param order place in the old shape, by place in the new one. */
export function transposed(values: Values, shape: readonly number[], order: readonly number[]): Float32Array {
  const strides = shape.map((_, i) => sizeOf(shape.slice(i + 1)));
  const out = new Float32Array(values.length);
  const sides = order.map((axis) => shape[axis]!);
  const steps = order.map((axis) => strides[axis]!);
  const place = sides.map(() => 0);
  let from = 0;
  for (let at = 0; at < out.length; at++) {
    out[at] = values[from]!;
    for (let s = sides.length - 1; s >= 0; s--) {
      from += steps[s]!;
      if (++place[s]! < sides[s]!) break;
      from -= steps[s]! * sides[s]!;
      place[s] = 0;
    }
  }
  return out;
}

type Layout = 'last' | 'first';

/** @param graph of floats (`toFloat`). @param isInputFirst inputs that are maps are given with channels first too. @returns a graph whose `conv`, `depthwise`, `pool` and `resize` have channels first; the rest is as before. */
export function channelsFirst(graph: Graph, isInputFirst = false): Graph {
  const values: Value[] = [];
  const nodes: Node[] = [];
  const known: Record<Layout, Map<number, number>> = { last: new Map(), first: new Map() };
  const names = new Set<string>();
  const push = (value: Value): number => {
    let { name } = value;
    for (let n = 2; names.has(name); n++) name = `${value.name}_${n}`;
    names.add(name);
    return values.push({ ...value, name }) - 1;
  };
  const isMap = (index: number) => graph.values[index]!.shape.length === 4;
  const emit = (operation: Operation, inputs: readonly number[], shape: readonly number[], name: string): number => {
    const output = push({ name, shape, type: 'float32', values: null, quantisation: null });
    nodes.push({ operation, inputs, output });
    return output;
  };

  /** A value in the wanted layout. */
  const take = (index: number, layout: Layout): number => {
    const value = graph.values[index]!;
    const wanted = isMap(index) ? layout : 'last';
    const found = known[wanted].get(index);
    if (found !== undefined) return found;
    let made: number;
    if (value.values)
      made =
        wanted === 'last'
          ? push(value)
          : push({ ...value, shape: turned(value.shape), values: transposed(value.values, value.shape, TO_FIRST) });
    else {
      const from = known[wanted === 'first' ? 'last' : 'first'].get(index)!;
      const permutation = wanted === 'first' ? TO_FIRST : TO_LAST;
      const shape = wanted === 'first' ? turned(value.shape) : value.shape;
      made = emit({ op: 'transpose', permutation }, [from], shape, `${value.name}/${wanted}`);
    }
    known[wanted].set(index, made);
    return made;
  };
  /** An operand of a calculation on maps with channels first: a list by channel gets sides for height and width. */
  const operand = (index: number): number | null => {
    const value = graph.values[index]!;
    if (value.shape.length === 4) return take(index, 'first');
    if (sizeOf(value.shape) === 1) return take(index, 'last');
    if (value.shape.length !== 1 || !value.values) return null;
    return push({ ...value, shape: [value.shape[0]!, 1, 1] });
  };
  const isFirst = (index: number) => isMap(index) && known.first.has(index) && !known.last.has(index);

  const inputs = graph.inputs.map((index) => {
    const value = graph.values[index]!;
    const layout = isInputFirst && isMap(index) ? 'first' : 'last';
    const at = push(layout === 'first' ? { ...value, shape: turned(value.shape) } : value);
    known[layout].set(index, at);
    return at;
  });
  for (const { operation, inputs, output } of graph.nodes) {
    const { shape, name } = graph.values[output]!;
    const put = (layout: Layout, given: Operation, from: readonly number[]) => {
      const sides = layout === 'first' && shape.length === 4 ? turned(shape) : shape;
      known[layout].set(output, emit(given, from, sides, name));
    };
    const [x] = inputs as [number];
    const { op } = operation;
    if (op === 'conv' || op === 'depthwise') {
      const weights = graph.values[inputs[1]!]!;
      const order = op === 'conv' ? [0, 3, 1, 2] : [3, 0, 1, 2];
      const kernel = push({
        ...weights,
        shape: order.map((axis) => weights.shape[axis]!),
        values: transposed(weights.values!, weights.shape, order),
      });
      put('first', operation, [take(x, 'first'), kernel, take(inputs[2]!, 'last')]);
    } else if (op === 'pool' || op === 'resize') put('first', operation, [take(x, 'first')]);
    else if ((UNARY as readonly string[]).includes(op)) {
      const layout = isFirst(x) ? 'first' : 'last';
      put(layout, operation, [take(x, layout)]);
    } else if ((BINARY as readonly string[]).includes(op)) {
      const given = shape.length === 4 && inputs.some(isFirst) ? inputs.map(operand) : [];
      if (given.length && given.every((index) => index !== null)) put('first', operation, given);
      else
        put(
          'last',
          operation,
          inputs.map((index) => take(index, 'last')),
        );
    } else if (operation.op === 'concat' && inputs.some(isFirst))
      put(
        'first',
        { ...operation, axis: AXIS[operation.axis]! },
        inputs.map((index) => take(index, 'first')),
      );
    else if (operation.op === 'pad' && isFirst(x)) {
      const { before, after } = operation;
      put('first', { op: 'pad', before: turned(before), after: turned(after) }, [take(x, 'first')]);
    } else if (operation.op === 'slice' && isFirst(x)) {
      const { begin, size } = operation;
      put('first', { op: 'slice', begin: turned(begin), size: turned(size) }, [take(x, 'first')]);
    } else if (operation.op === 'reduce' && isFirst(x) && [...operation.axes].sort().join() === '1,2') {
      put(operation.keepDims ? 'first' : 'last', { ...operation, axes: [2, 3] }, [take(x, 'first')]);
    } else
      put(
        'last',
        operation,
        inputs.map((index) => take(index, 'last')),
      );
  }
  const outputs = graph.outputs.map((index) => {
    const at = take(index, 'last');
    const { name } = graph.values[index]!;
    // What is given out keeps its name.
    const other = values.findIndex((value) => value.name === name);
    if (other >= 0 && other !== at) values[other] = { ...values[other]!, name: `${name}/inner` };
    values[at] = { ...values[at]!, name };
    return at;
  });
  return { name: graph.name, values, nodes, inputs, outputs };
}
