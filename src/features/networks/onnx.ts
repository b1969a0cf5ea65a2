/**
 * Reading ONNX files: nodes, attributes and constants. Any thread; pure. A protocol buffer with few message types, so a small reader
 * is enough; what runs the graph is ours (sound/speech.ts).
 * @see onnx/onnx.proto for the field numbers
 */

import { StudioError } from '../../kernel/errors.ts';

/** A constant: 32-bit floats or 64-bit integers as numbers. */
export type OnnxTensor = { dims: number[]; values: Float32Array };
/** One operation. Attributes are numbers or lists of numbers. */
export type OnnxNode = {
  op: string;
  inputs: string[];
  outputs: string[];
  attributes: Record<string, number | number[]>;
};
/** A graph. */
export type OnnxGraph = { nodes: OnnxNode[]; constants: Map<string, OnnxTensor> };

type Field = { id: number; wire: number; number: number; bytes: Uint8Array };

const cut = () => new StudioError('features/network-damaged');

/** An integer of 7 bits a byte. @returns it, and where it ends. @throws StudioError `features/network-damaged` when it has no end. */
function readVarint(bytes: Uint8Array, from: number): [value: number, end: number] {
  let value = 0n;
  for (let at = from; at < bytes.length && at < from + 10; at++) {
    const byte = bytes[at]!;
    value |= BigInt(byte & 127) << BigInt(7 * (at - from));
    if (byte < 128) return [Number(BigInt.asIntN(64, value)), at + 1];
  }
  throw cut();
}

function* fields(bytes: Uint8Array): Generator<Field> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = (): number => {
    const [value, end] = readVarint(bytes, at);
    at = end;
    return value;
  };
  while (at < bytes.length) {
    const tag = varint();
    const field: Field = { id: tag >> 3, wire: tag & 7, number: 0, bytes: bytes.subarray(0, 0) };
    if (field.wire === 0) field.number = varint();
    else if (field.wire === 5) {
      if (at + 4 > bytes.length) throw cut();
      field.number = view.getFloat32(at, true);
      at += 4;
    } else if (field.wire === 1) at += 8;
    else if (field.wire === 2) {
      const length = varint();
      if (length < 0 || at + length > bytes.length) throw cut();
      field.bytes = bytes.subarray(at, at + length);
      at += length;
    } else throw cut();
    yield field;
  }
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Repeated integers, packed or one by one. */
function pushInts(field: Field, out: number[]): void {
  if (field.wire === 0) out.push(field.number);
  else {
    for (let at = 0; at < field.bytes.length;) {
      const [value, end] = readVarint(field.bytes, at);
      out.push(value);
      at = end;
    }
  }
}

function readTensor(bytes: Uint8Array): { name: string; tensor: OnnxTensor } {
  const dims: number[] = [];
  let name = '';
  let type = 1;
  let raw = bytes.subarray(0, 0);
  for (const field of fields(bytes)) {
    if (field.id === 1) pushInts(field, dims);
    else if (field.id === 2) type = field.number;
    else if (field.id === 8) name = text(field.bytes);
    else if (field.id === 9) raw = field.bytes;
  }
  const copy = raw.slice().buffer;
  if (copy.byteLength % (type === 7 ? 8 : 4) !== 0) throw cut();
  const values =
    type === 7
      ? Float32Array.from(new BigInt64Array(copy), Number)
      : type === 1
        ? new Float32Array(copy)
        : new Float32Array(0);
  return { name, tensor: { dims, values } };
}

function readNode(bytes: Uint8Array): OnnxNode {
  const node: OnnxNode = { op: '', inputs: [], outputs: [], attributes: {} };
  for (const field of fields(bytes)) {
    if (field.id === 1) node.inputs.push(text(field.bytes));
    else if (field.id === 2) node.outputs.push(text(field.bytes));
    else if (field.id === 4) node.op = text(field.bytes);
    else if (field.id === 5) {
      let name = '';
      let value: number | null = null;
      const list: number[] = [];
      for (const part of fields(field.bytes)) {
        if (part.id === 1) name = text(part.bytes);
        else if (part.id === 2 || part.id === 3) value = part.number;
        else if (part.id === 8) pushInts(part, list);
      }
      node.attributes[name] = value ?? list;
    }
  }
  return node;
}

/** Reads a model. @throws StudioError `features/network-damaged` when the bytes end early or hold no graph. */
export function readOnnx(file: ArrayBuffer): OnnxGraph {
  for (const field of fields(new Uint8Array(file))) {
    if (field.id !== 7) continue;
    const nodes: OnnxNode[] = [];
    const constants = new Map<string, OnnxTensor>();
    for (const part of fields(field.bytes)) {
      if (part.id === 1) nodes.push(readNode(part.bytes));
      else if (part.id === 5) {
        const { name, tensor } = readTensor(part.bytes);
        constants.set(name, tensor);
      }
    }
    return { nodes, constants };
  }
  throw cut();
}
