/** Protocol buffers whose schema is known, written and read without generated code. Any thread; pure. Reading is inside the file or throws a RangeError. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** A message being written; fields by their number in the schema. */
export class Message {
  readonly #writer = new BinaryWriter();

  int(field: number, value: number): this {
    this.#writer.tag(field, WireType.Varint).int64(value);
    return this;
  }
  bool(field: number, value: boolean): this {
    return this.int(field, Number(value));
  }
  float(field: number, value: number): this {
    this.#writer.tag(field, WireType.Bit32).float(value);
    return this;
  }
  double(field: number, value: number): this {
    this.#writer.tag(field, WireType.Bit64).double(value);
    return this;
  }
  text(field: number, value: string): this {
    this.#writer.tag(field, WireType.LengthDelimited).string(value);
    return this;
  }
  bytes(field: number, value: Uint8Array): this {
    this.#writer.tag(field, WireType.LengthDelimited).bytes(value);
    return this;
  }
  /** Integers one after the other in one field. */
  ints(field: number, values: readonly number[]): this {
    if (values.length === 0) return this;
    this.#writer.tag(field, WireType.LengthDelimited).fork();
    for (const value of values) this.#writer.int64(value);
    this.#writer.join();
    return this;
  }
  /** 32-bit floats one after the other in one field. */
  floats(field: number, values: Float32Array): this {
    return this.bytes(field, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  message(field: number, fill: (message: Message) => void): this {
    const inner = new Message();
    fill(inner);
    return this.bytes(field, inner.finish());
  }
  /** An entry of a map from text to text. */
  entry(field: number, key: string, value: string): this {
    return this.message(field, (m) => m.text(1, key).text(2, value));
  }
  /** Call it once. @returns owned by the caller. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#writer.finish() as Uint8Array<ArrayBuffer>;
  }
}

/** A message. */
export function message(fill: (message: Message) => void): Uint8Array<ArrayBuffer> {
  const whole = new Message();
  fill(whole);
  return whole.finish();
}

/** A field as it stands: a number, or bytes (borrowed). */
export type Field = { id: number; wire: number; number: number; bytes: Uint8Array };

const cut = () => new RangeError('a message ends too early');

/** An integer of 7 bits a byte. @returns it, and where it ends. @throws RangeError when it has no end. */
function readVarint(bytes: Uint8Array, from: number): [value: number, end: number] {
  let value = 0n;
  for (let at = from; at < bytes.length && at < from + 10; at++) {
    const byte = bytes[at]!;
    value |= BigInt(byte & 127) << BigInt(7 * (at - from));
    if (byte < 128) return [Number(BigInt.asIntN(64, value)), at + 1];
  }
  throw cut();
}

/** Fields of a message, in the order they stand. @throws RangeError. */
export function* fields(bytes: Uint8Array): Generator<Field> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = (): number => {
    const [value, end] = readVarint(bytes, at);
    at = end;
    return value;
  };
  while (at < bytes.length) {
    const tag = varint();
    const field: Field = { id: Math.floor(tag / 8), wire: tag & 7, number: 0, bytes: bytes.subarray(0, 0) };
    if (field.wire === 0) field.number = varint();
    else if (field.wire === 5) {
      field.number = view.getFloat32(at, true);
      at += 4;
    } else if (field.wire === 1) {
      field.number = view.getFloat64(at, true);
      at += 8;
    } else if (field.wire === 2) {
      const length = varint();
      if (length < 0 || at + length > bytes.length) throw cut();
      field.bytes = bytes.subarray(at, at + length);
      at += length;
    } else throw cut();
    yield field;
  }
}

/** Repeated integers, packed or one by one. */
export function pushInts(field: Field, out: number[]): void {
  if (field.wire === 0) out.push(field.number);
  else {
    for (let at = 0; at < field.bytes.length;) {
      const [value, end] = readVarint(field.bytes, at);
      out.push(value);
      at = end;
    }
  }
}

/** A message by field. Missing numbers are 0, missing texts empty, as the format has it. */
export class Fields {
  readonly #all: Field[];

  /** @throws RangeError. */
  constructor(bytes: Uint8Array) {
    this.#all = [...fields(bytes)];
  }

  has(id: number): boolean {
    return this.#all.some((field) => field.id === id);
  }
  number(id: number): number {
    return this.#all.findLast((field) => field.id === id)?.number ?? 0;
  }
  bytes(id: number): Uint8Array {
    return this.#all.findLast((field) => field.id === id)?.bytes ?? new Uint8Array(0);
  }
  message(id: number): Fields {
    return new Fields(this.bytes(id));
  }
  messages(id: number): Fields[] {
    return this.#all.filter((field) => field.id === id).map(({ bytes }) => new Fields(bytes));
  }
  texts(id: number): string[] {
    return this.#all.filter((field) => field.id === id).map(({ bytes }) => new TextDecoder().decode(bytes));
  }
  text(id: number): string {
    return this.texts(id).at(-1) ?? '';
  }
  ints(id: number): number[] {
    const out: number[] = [];
    for (const field of this.#all) if (field.id === id) pushInts(field, out);
    return out;
  }
  /** 32-bit floats in one field. */
  floats(id: number): Float32Array {
    const copy = this.bytes(id).slice();
    if (copy.length % 4 !== 0) throw cut();
    return new Float32Array(copy.buffer);
  }
}
