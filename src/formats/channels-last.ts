/** The way back from files whose maps have channels first (channels-first.ts) to a graph. Any thread; pure. */
import { transposed } from './channels-first.ts';
import {
  BINARY,
  FormatError,
  GraphBuilder,
  samePadding,
  sizeOf,
  UNARY,
  type Activation,
  type Graph,
  type Operation,
  type Values,
} from './graph.ts';

type Pair = readonly [number, number];
/** Rows and columns added: above, below, left, right. */
export type Pads = readonly [top: number, bottom: number, left: number, right: number];
/** What a step of such a file computes; all shapes and axes as they stand there. `linear`: rows by a matrix [out, in]. */
export type FirstOperation =
  | { op: 'conv' | 'depthwise'; strides: Pair; pads: Pads; activation: Activation }
  | { op: 'pool'; how: 'max' | 'mean'; size: Pair; strides: Pair; pads: Pads }
  | Exclude<Operation, { op: 'conv' | 'depthwise' } | { op: 'pool' }>;
type Constant = { values: Values; shape: readonly number[] };
/** Where a value stands in the graph; `isTurned`: there it has channels last, in the file first. */
type Place = { at: number; isTurned: boolean };

const TO_FIRST = [0, 3, 1, 2];
const TO_LAST = [0, 2, 3, 1];
/** Where a side of the file lies when channels are last. */
const AXIS = [0, 3, 1, 2];
const turned = <T>(list: readonly T[]): T[] => TO_LAST.map((axis) => list[axis]!);

/** Builds the graph of a file step by step, by the names there. */
export class ChannelsLast {
  readonly #builder = new GraphBuilder();
  readonly #places = new Map<string, Place>();
  readonly #constants = new Map<string, Constant>();

  /** @param isTurned it is a map with channels first in the file, and is to be given with channels last. */
  input(name: string, shape: readonly number[], isTurned = false): void {
    const at = this.#builder.input(name, isTurned ? turned(shape) : shape);
    this.#places.set(name, { at, isTurned });
  }

  constant(name: string, constant: Constant): void {
    this.#constants.set(name, constant);
  }

  /** @throws FormatError when it is computed. */
  constantOf(name: string): Constant {
    const found = this.#constants.get(name);
    if (!found) throw new FormatError(`${name} is computed`);
    return found;
  }

  isConstant(name: string): boolean {
    return this.#constants.has(name);
  }

  /** Sides of a computed value, as they stand in the file. */
  shapeOf(name: string): number[] {
    const { at, isTurned } = this.#place(name);
    const { shape } = this.#builder.value(at);
    return isTurned ? TO_FIRST.map((axis) => shape[axis]!) : [...shape];
  }

  #place(name: string): Place {
    const place = this.#places.get(name);
    if (!place) throw new FormatError(`${name} is used before it is computed`);
    return place;
  }

  /** A value with channels last, or as it stands in the file. */
  #take(name: string, isTurned: boolean): number {
    const constant = this.#constants.get(name);
    if (constant) {
      const { values, shape } = constant;
      if (!isTurned) return this.#builder.constant(values, shape, name);
      if (shape.length === 4) return this.#builder.constant(transposed(values, shape, TO_LAST), turned(shape), name);
      // A list by channel has sides for height and width in the file.
      if (shape.length === 3 && shape[1] === 1 && shape[2] === 1)
        return this.#builder.constant(values, [shape[0]!], name);
      if (sizeOf(shape) === 1) return this.#builder.constant(values, [1], name);
      throw new FormatError(`${name} has the shape ${shape.join('×')}`);
    }
    const place = this.#place(name);
    if (place.isTurned === isTurned) return place.at;
    const permutation = isTurned ? TO_LAST : TO_FIRST;
    const at = this.#builder.apply({ op: 'transpose', permutation }, [place.at]);
    return at;
  }

  #put(name: string, at: number, isTurned: boolean): void {
    this.#places.set(name, { at, isTurned });
  }

  /** Kernels [out, in, height, width] as the graph has them. */
  #kernel(name: string, op: 'conv' | 'depthwise'): number {
    const { values, shape } = this.constantOf(name);
    const order = op === 'conv' ? [0, 2, 3, 1] : [1, 2, 3, 0];
    const sides = order.map((axis) => shape[axis]!);
    return this.#builder.constant(transposed(values, shape, order), sides, name);
  }

  /** Maps with the rows and columns that a step adds; and whether it adds the rest by itself. */
  #padded(x: number, size: Pair, strides: Pair, [top, bottom, left, right]: Pads): [number, 'same' | 'valid'] {
    if (!(top || bottom || left || right)) return [x, 'valid'];
    const [, height, width] = this.#builder.value(x).shape as [number, number, number];
    const same = [...samePadding(height, size[0], strides[0]), ...samePadding(width, size[1], strides[1])];
    if (same.join() === [top, bottom, left, right].join()) return [x, 'same'];
    const before = [0, top, left, 0];
    return [this.#builder.apply({ op: 'pad', before, after: [0, bottom, right, 0] }, [x]), 'valid'];
  }

  apply(operation: FirstOperation, inputs: readonly string[], output: string): void {
    const builder = this.#builder;
    const [x] = inputs as [string];
    const { op } = operation;
    const isTurned = (name: string) => this.#places.get(name)?.isTurned === true;
    const put = (given: Operation, from: readonly number[], turnedNow: boolean) =>
      this.#put(output, builder.apply(given, from), turnedNow);
    if (operation.op === 'conv' || operation.op === 'depthwise') {
      const { shape } = this.constantOf(inputs[1]!);
      const { strides, activation, pads } = operation;
      const [map, padding] = this.#padded(this.#take(x, true), [shape[2]!, shape[3]!], strides, pads);
      const bias = this.#take(inputs[2]!, false);
      put(
        { op: operation.op, strides, padding, activation },
        [map, this.#kernel(inputs[1]!, operation.op), bias],
        true,
      );
    } else if (operation.op === 'pool') {
      const { how, size, strides, pads } = operation;
      const [map, padding] = this.#padded(this.#take(x, true), size, strides, pads);
      put({ op: 'pool', how, size, strides, padding }, [map], true);
    } else if (operation.op === 'resize') put(operation, [this.#take(x, true)], true);
    else if ((UNARY as readonly string[]).includes(op))
      put(operation as Operation, [this.#take(x, isTurned(x))], isTurned(x));
    else if ((BINARY as readonly string[]).includes(op)) {
      const isAny = inputs.some(isTurned);
      put(
        operation as Operation,
        inputs.map((name) => this.#take(name, isAny)),
        isAny,
      );
    } else if (operation.op === 'concat' && inputs.some(isTurned))
      put(
        { op: 'concat', axis: AXIS[operation.axis]! },
        inputs.map((name) => this.#take(name, true)),
        true,
      );
    else if (operation.op === 'pad' && isTurned(x))
      put({ op: 'pad', before: turned(operation.before), after: turned(operation.after) }, [this.#take(x, true)], true);
    else if (operation.op === 'slice' && isTurned(x))
      put({ op: 'slice', begin: turned(operation.begin), size: turned(operation.size) }, [this.#take(x, true)], true);
    else if (operation.op === 'reduce' && isTurned(x) && [...operation.axes].sort().join() === '2,3')
      put({ ...operation, axes: [1, 2] }, [this.#take(x, true)], operation.keepDims);
    else if (operation.op === 'transpose' && isTurned(x) && operation.permutation.join() === TO_LAST.join())
      // What the file turns is so already.
      this.#put(output, this.#take(x, true), false);
    else if (operation.op === 'transpose' && !isTurned(x) && operation.permutation.join() === TO_FIRST.join())
      this.#put(output, this.#take(x, false), true);
    else
      put(
        operation as Operation,
        inputs.map((name) => this.#take(name, false)),
        false,
      );
  }

  /** @param outputs names in the file. */
  graph(name: string, outputs: readonly string[]): Graph {
    const found = outputs.map((output) => [output, this.#take(output, false)] as const);
    return this.#builder.graph(name, Object.fromEntries(found));
  }
}
