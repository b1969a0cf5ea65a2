/**
 * Reading and editing TensorFlow Lite files in place. Any thread; pure. A .tflite is a flatbuffer: tables of offsets, so a few integers
 * can be changed without building it anew.
 * @see tensorflow/compiler/mlir/lite/schema/schema.fbs for the field numbers
 */

/** Builtin operators that are looked for, by their number in the schema. */
export const OPERATORS = { dequantize: 6, mean: 40, reshape: 22, fullyConnected: 9, conv2d: 3, logistic: 14 } as const;
/** Tensor types by their number in the schema. */
export const TENSOR_TYPES = { float32: 0, int32: 2, uint8: 3, int8: 9 } as const;

/** A tensor of the graph; `quantisation` is scale and zero point per tensor or channel. */
export type GraphTensor = {
  index: number;
  shape: number[];
  type: number;
  buffer: number;
  quantisation: { scales: number[]; zeroPoints: number[] };
};
/** An operator of the graph. */
export type GraphOperator = { code: number; inputs: number[]; outputs: number[] };

/** The first subgraph of a .tflite file. Edits go into `bytes`, which the instance owns. */
export class TfliteGraph {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  readonly #graph: number;

  /** @param file copied. @throws Error when it is no TensorFlow Lite file. */
  constructor(file: ArrayBuffer) {
    this.bytes = new Uint8Array(file.slice(0));
    this.#view = new DataView(this.bytes.buffer);
    if (file.byteLength < 8 || new TextDecoder('latin1').decode(this.bytes.subarray(4, 8)) !== 'TFL3')
      throw new Error('no TensorFlow Lite file');
    this.#graph = this.#element(this.#field(this.#root, 2)!, 0);
  }

  get #root(): number {
    return this.#view.getUint32(0, true);
  }
  /** Place of a table's field; null when it is absent (its default). */
  #field(table: number, id: number): number | null {
    const vtable = table - this.#view.getInt32(table, true);
    const at = 4 + 2 * id;
    if (at >= this.#view.getUint16(vtable, true)) return null;
    const offset = this.#view.getUint16(vtable + at, true);
    return offset ? table + offset : null;
  }
  #vector(field: number | null): { at: number; length: number } {
    if (field === null) return { at: 0, length: 0 };
    const at = field + this.#view.getUint32(field, true);
    return { at: at + 4, length: this.#view.getUint32(at, true) };
  }
  /** Table number `i` of a vector of tables. */
  #element(field: number, i: number): number {
    const { at } = this.#vector(field);
    return at + 4 * i + this.#view.getUint32(at + 4 * i, true);
  }
  #ints(field: number | null): number[] {
    const { at, length } = this.#vector(field);
    return Array.from({ length }, (_, i) => this.#view.getInt32(at + 4 * i, true));
  }
  #tensorTable(index: number): number {
    return this.#element(this.#field(this.#graph, 0)!, index);
  }

  get outputs(): number[] {
    return this.#ints(this.#field(this.#graph, 2));
  }

  tensor(index: number): GraphTensor {
    const table = this.#tensorTable(index);
    const type = this.#field(table, 1);
    const buffer = this.#field(table, 2);
    const quantisation = this.#field(table, 4);
    const q = quantisation === null ? null : quantisation + this.#view.getUint32(quantisation, true);
    const scales = this.#vector(q === null ? null : this.#field(q, 2));
    const zeros = this.#vector(q === null ? null : this.#field(q, 3));
    return {
      index,
      shape: this.#ints(this.#field(table, 0)),
      type: type === null ? 0 : this.#view.getInt8(type),
      buffer: buffer === null ? 0 : this.#view.getUint32(buffer, true),
      quantisation: {
        scales: Array.from({ length: scales.length }, (_, i) => this.#view.getFloat32(scales.at + 4 * i, true)),
        zeroPoints: Array.from({ length: zeros.length }, (_, i) =>
          Number(this.#view.getBigInt64(zeros.at + 8 * i, true)),
        ),
      },
    };
  }

  /** Constant content of a tensor; empty when it is computed. Borrowed. */
  content(tensor: GraphTensor): Uint8Array {
    const { at, length } = this.#vector(this.#field(this.#element(this.#field(this.#root, 4)!, tensor.buffer), 0));
    return this.bytes.subarray(at, at + length);
  }

  /** All operators in the order they run. */
  operators(): GraphOperator[] {
    const codes = this.#field(this.#root, 1)!;
    const codeOf = (index: number): number => {
      const table = this.#element(codes, index);
      const old = this.#field(table, 0);
      const code = this.#field(table, 3);
      return Math.max(old === null ? 0 : this.#view.getInt8(old), code === null ? 0 : this.#view.getInt32(code, true));
    };
    const field = this.#field(this.#graph, 3)!;
    return Array.from({ length: this.#vector(field).length }, (_, i) => {
      const table = this.#element(field, i);
      const index = this.#field(table, 0);
      return {
        code: codeOf(index === null ? 0 : this.#view.getUint32(index, true)),
        inputs: this.#ints(this.#field(table, 1)),
        outputs: this.#ints(this.#field(table, 2)),
      };
    });
  }

  /** Points input `at` of operator `operator` to another tensor. */
  setInput(operator: number, at: number, tensor: number): void {
    const inputs = this.#vector(this.#field(this.#element(this.#field(this.#graph, 3)!, operator), 1));
    this.#view.setInt32(inputs.at + 4 * at, tensor, true);
  }

  /** Forgets all operators after the first `count`. */
  keepOperators(count: number): void {
    const { at } = this.#vector(this.#field(this.#graph, 3)!);
    this.#view.setUint32(at - 4, count, true);
  }

  /** Makes other tensors the outputs; not more than there are. */
  setOutputs(tensors: readonly number[]): void {
    const outputs = this.#vector(this.#field(this.#graph, 2)!);
    if (tensors.length > outputs.length) throw new Error('too many outputs');
    this.#view.setUint32(outputs.at - 4, tensors.length, true);
    tensors.forEach((tensor, i) => this.#view.setInt32(outputs.at + 4 * i, tensor, true));
  }

  /** Changes a tensor's shape; the rank stays. */
  setShape(tensor: number, shape: readonly number[]): void {
    for (const id of [0, 7]) {
      const sides = this.#vector(this.#field(this.#tensorTable(tensor), id));
      if (sides.length === shape.length) shape.forEach((side, i) => this.#view.setInt32(sides.at + 4 * i, side, true));
    }
  }
}

/** Lines of a text file stored behind a network, as metadata of TensorFlow Lite are (a zip at the end of the file); null when there is none of that name. */
export function readLabels(file: ArrayBuffer, wanted: string): string[] | null {
  const bytes = new Uint8Array(file);
  const view = new DataView(file);
  // Central directory of the zip.
  for (let at = bytes.length - 22; at >= 0 && at > bytes.length - 65_558; at--) {
    if (view.getUint32(at, true) !== 0x06054b50) continue;
    let entry = view.getUint32(at + 16, true);
    for (let n = view.getUint16(at + 10, true); n > 0 && view.getUint32(entry, true) === 0x02014b50; n--) {
      const size = view.getUint32(entry + 20, true);
      const nameLength = view.getUint16(entry + 28, true);
      const name = new TextDecoder().decode(bytes.subarray(entry + 46, entry + 46 + nameLength));
      const local = view.getUint32(entry + 42, true);
      if (name === wanted && view.getUint16(entry + 10, true) === 0) {
        const from = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
        return new TextDecoder().decode(bytes.subarray(from, from + size)).split(/\r?\n/);
      }
      entry += 46 + nameLength + view.getUint16(entry + 30, true) + view.getUint16(entry + 32, true);
    }
  }
  return null;
}
