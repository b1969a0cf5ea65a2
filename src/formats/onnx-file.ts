/**
 * Reading ONNX files: nodes, attributes and constants as they stand. Any thread; pure. A protocol buffer with few message types, so a small reader
 * is enough.
 * @see onnx/onnx.proto for the field numbers
 */

import { StudioError } from '../kernel/errors.ts';
import { fields, pushInts } from './protobuf.ts';

/** A constant: 32-bit floats, or integers of 8 or 64 bits as numbers. */
export type OnnxTensor = { dims: number[]; values: Float32Array };
/** One operation. Attributes are numbers or lists of numbers; texts stand apart. */
export type OnnxNode = {
  op: string;
  inputs: string[];
  outputs: string[];
  attributes: Record<string, number | number[]>;
  texts: Record<string, string>;
};
/** What is given or computed: its name, and its sides where they are fixed. */
export type OnnxValue = { name: string; dims: number[] };
/** A graph. `metadata`: what is said beside it, by key. */
export type OnnxGraph = {
  nodes: OnnxNode[];
  constants: Map<string, OnnxTensor>;
  inputs: OnnxValue[];
  outputs: OnnxValue[];
  metadata: Map<string, string>;
};

const cut = () => new StudioError('features/network-damaged');

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

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
  if (copy.byteLength % (type === 7 ? 8 : type === 3 ? 1 : 4) !== 0) throw cut();
  const values =
    type === 7
      ? Float32Array.from(new BigInt64Array(copy), Number)
      : type === 1
        ? new Float32Array(copy)
        : type === 3
          ? Float32Array.from(new Int8Array(copy))
          : new Float32Array(0);
  return { name, tensor: { dims, values } };
}

function readNode(bytes: Uint8Array): OnnxNode {
  const node: OnnxNode = { op: '', inputs: [], outputs: [], attributes: {}, texts: {} };
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
        else if (part.id === 4) node.texts[name] = text(part.bytes);
        else if (part.id === 8) pushInts(part, list);
      }
      node.attributes[name] = value ?? list;
    }
  }
  return node;
}

function readValue(bytes: Uint8Array): OnnxValue {
  const value: OnnxValue = { name: '', dims: [] };
  for (const field of fields(bytes)) {
    if (field.id === 1) value.name = text(field.bytes);
    if (field.id !== 2) continue;
    for (const tensor of fields(field.bytes))
      for (const shape of fields(tensor.bytes))
        if (shape.id === 2)
          for (const dimension of fields(shape.bytes))
            for (const side of fields(dimension.bytes)) if (side.id === 1) value.dims.push(side.number);
  }
  return value;
}

/** Reads a model. @throws StudioError `features/network-damaged` when the bytes end early or hold no graph. */
export function readOnnx(file: ArrayBuffer): OnnxGraph {
  try {
    return read(file);
  } catch (error) {
    throw error instanceof RangeError ? cut() : error;
  }
}

function read(file: ArrayBuffer): OnnxGraph {
  const metadata = new Map<string, string>();
  let body: Uint8Array | null = null;
  for (const field of fields(new Uint8Array(file))) {
    if (field.id === 7) body = field.bytes;
    if (field.id !== 14) continue;
    const [key, value] = [...fields(field.bytes)].map((part) => text(part.bytes));
    if (key !== undefined) metadata.set(key, value ?? '');
  }
  if (!body) throw cut();
  const graph: OnnxGraph = { nodes: [], constants: new Map(), inputs: [], outputs: [], metadata };
  for (const part of fields(body)) {
    if (part.id === 1) graph.nodes.push(readNode(part.bytes));
    else if (part.id === 11) graph.inputs.push(readValue(part.bytes));
    else if (part.id === 12) graph.outputs.push(readValue(part.bytes));
    else if (part.id === 5) {
      const { name, tensor } = readTensor(part.bytes);
      graph.constants.set(name, tensor);
    }
  }
  return graph;
}
