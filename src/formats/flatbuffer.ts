/** Flatbuffers whose schema is known, read and written without generated code. Any thread; pure. Every read is inside the file or throws a RangeError. */
import { Builder, type Offset } from 'flatbuffers';

/** A table of a flatbuffer. Fields by their number in the schema. */
export class Table {
  readonly #view: DataView;
  readonly #at: number;

  constructor(view: DataView, at: number) {
    this.#view = view;
    this.#at = at;
  }

  /** The root of a file. @throws RangeError when there is none. */
  static root(bytes: Uint8Array): Table {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new Table(view, view.getUint32(0, true));
  }

  #field(id: number): number | null {
    const vtable = this.#at - this.#view.getInt32(this.#at, true);
    const at = 4 + 2 * id;
    if (at >= this.#view.getUint16(vtable, true)) return null;
    const offset = this.#view.getUint16(vtable + at, true);
    return offset ? this.#at + offset : null;
  }

  int8(id: number, fallback = 0): number {
    const at = this.#field(id);
    return at === null ? fallback : this.#view.getInt8(at);
  }
  int32(id: number, fallback = 0): number {
    const at = this.#field(id);
    return at === null ? fallback : this.#view.getInt32(at, true);
  }
  uint32(id: number, fallback = 0): number {
    const at = this.#field(id);
    return at === null ? fallback : this.#view.getUint32(at, true);
  }
  float32(id: number, fallback = 0): number {
    const at = this.#field(id);
    return at === null ? fallback : this.#view.getFloat32(at, true);
  }
  table(id: number): Table | null {
    const at = this.#field(id);
    return at === null ? null : new Table(this.#view, at + this.#view.getUint32(at, true));
  }

  /** @throws RangeError when the list does not end inside the file. */
  #vector(id: number, width: number): { at: number; length: number } {
    const at = this.#field(id);
    if (at === null) return { at: 0, length: 0 };
    const start = at + this.#view.getUint32(at, true);
    const length = this.#view.getUint32(start, true);
    if (start + 4 + length * width > this.#view.byteLength) throw new RangeError('a list is longer than the file');
    return { at: start + 4, length };
  }
  tables(id: number): Table[] {
    const { at, length } = this.#vector(id, 4);
    return Array.from({ length }, (_, i) => new Table(this.#view, at + 4 * i + this.#view.getUint32(at + 4 * i, true)));
  }
  ints(id: number): number[] {
    const { at, length } = this.#vector(id, 4);
    return Array.from({ length }, (_, i) => this.#view.getInt32(at + 4 * i, true));
  }
  longs(id: number): number[] {
    const { at, length } = this.#vector(id, 8);
    return Array.from({ length }, (_, i) => Number(this.#view.getBigInt64(at + 8 * i, true)));
  }
  floats(id: number): number[] {
    const { at, length } = this.#vector(id, 4);
    return Array.from({ length }, (_, i) => this.#view.getFloat32(at + 4 * i, true));
  }
  /** Borrowed. */
  bytes(id: number): Uint8Array {
    const { at, length } = this.#vector(id, 1);
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + at, length);
  }
  text(id: number): string {
    return new TextDecoder().decode(this.bytes(id));
  }
}

/** Writes vectors and tables of a file. */
export class FlatWriter {
  readonly builder = new Builder(1 << 16);

  /** @param alignment of its first byte in the file. */
  bytes(content: Uint8Array, alignment = 1): Offset {
    const { builder } = this;
    builder.startVector(1, content.length, alignment);
    const space = (builder as unknown as { space: number }).space - content.length;
    (builder as unknown as { space: number }).space = space;
    (builder as unknown as { bb: { bytes(): Uint8Array } }).bb.bytes().set(content, space);
    return builder.endVector();
  }

  ints(values: readonly number[]): Offset {
    const { builder } = this;
    builder.startVector(4, values.length, 4);
    for (const value of [...values].reverse()) builder.addInt32(value);
    return builder.endVector();
  }

  floats(values: readonly number[]): Offset {
    const { builder } = this;
    builder.startVector(4, values.length, 4);
    for (const value of [...values].reverse()) builder.addFloat32(value);
    return builder.endVector();
  }

  longs(values: readonly number[]): Offset {
    const { builder } = this;
    builder.startVector(8, values.length, 8);
    for (const value of [...values].reverse()) builder.addInt64(BigInt(value));
    return builder.endVector();
  }

  text(content: string): Offset {
    return this.builder.createString(content);
  }

  tables(offsets: readonly Offset[]): Offset {
    const { builder } = this;
    builder.startVector(4, offsets.length, 4);
    for (const offset of [...offsets].reverse()) builder.addOffset(offset);
    return builder.endVector();
  }

  table(count: number, fill: (builder: Builder) => void): Offset {
    this.builder.startObject(count);
    fill(this.builder);
    return this.builder.endObject();
  }
}
