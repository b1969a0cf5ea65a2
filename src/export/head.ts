/**
 * The trained part of a model inside the graph of a file, so that the file opens here again: kernels are read from the graph itself, only what is small lies beside
 * them. Any thread; pure.
 */
import * as v from 'valibot';
import type { ModelArtifact } from '../domain/model.ts';
import { FormatError, sizeOf, toFloat, type Graph, type Value } from '../formats/index.ts';

/** Layers of a model, as a bundle has them. */
export type Layers = Pick<ModelArtifact, 'topology' | 'weightSpecs' | 'weights'>;

/** Name under which a file carries it. */
export const HEAD = 'head.json';

/** `kernels`: in the order of the graph, with what normalisation multiplied each output channel by. `vectors`: all other weights, little-endian floats in base 64. */
const Head = v.object({
  topology: v.string(),
  weightSpecs: v.array(
    v.object({
      name: v.string(),
      shape: v.array(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2 ** 24))),
      dtype: v.literal('float32'),
    }),
  ),
  kernels: v.array(v.object({ name: v.string(), factors: v.nullable(v.array(v.number())) })),
  vectors: v.string(),
});
/** See {@link HEAD}. */
export type Head = v.InferOutput<typeof Head>;

const CONVOLUTIONS = new Set(['conv', 'depthwise', 'dense']);
type Kernel = { value: Value; isDepthwise: boolean };

/** Weights of convolutions and dense layers, in the order they are used; without the little matrices that turn boxes (tasks/detection/graph.ts). */
const kernelsOf = (graph: Graph): Kernel[] =>
  graph.nodes
    .filter(({ operation }) => CONVOLUTIONS.has(operation.op))
    .map(({ operation, inputs }) => ({ value: graph.values[inputs[1]!]!, isDepthwise: operation.op === 'depthwise' }))
    .filter(({ value }) => value.shape.join() !== '4,4');

const isKernel = ({ name, shape }: Layers['weightSpecs'][number]) => shape.length > 1 && name.endsWith('kernel');
/** Layer and kernel, whatever number a graph put behind its name. */
const plainName = (name: string) => name.replace(/kernel(_\d+)?$/, 'kernel').replace('depthwise_kernel', 'kernel');

/** Value `i` of a kernel of TensorFlow.js as a graph has it, and the output channel it belongs to. */
function placeOf(i: number, length: number, channels: number, isDepthwise: boolean): [at: number, channel: number] {
  if (isDepthwise) return [i, i % channels];
  const channel = i % channels;
  return [channel * (length / channels) + Math.floor(i / channels), channel];
}

function parts({ weightSpecs, weights }: Layers): Map<string, { values: Float32Array; shape: number[] }> {
  let at = 0;
  return new Map(
    weightSpecs.map(({ name, shape }) => {
      const values = new Float32Array(weights, at, sizeOf(shape));
      at += values.byteLength;
      return [name, { values, shape }];
    }),
  );
}

/** @param graph of the model, in 32-bit floats where it was trained. @returns null when a file of the graph cannot be opened again. */
export function headOf(layers: Layers, graph: Graph): Head | null {
  const { topology, weightSpecs } = layers;
  const own = new Map(weightSpecs.filter(isKernel).map(({ name }) => [plainName(name), name]));
  const weights = parts(layers);
  const last = kernelsOf(graph).slice(-own.size);
  const kernels: Head['kernels'] = [];
  for (const { value, isDepthwise } of own.size > 0 ? last : []) {
    const name = own.get(plainName(value.name));
    const given = value.values;
    const { values, shape } = (name ? weights.get(name) : null) ?? { values: null, shape: [] };
    if (!name || !values || given?.length !== values.length) return null;
    own.delete(plainName(value.name));
    const channels = isDepthwise ? shape[2]! : shape.at(-1)!;
    // The factor of a channel where its weight is largest, and rounding least.
    const most = new Float32Array(channels);
    const factors = new Float32Array(channels).fill(1);
    values.forEach((weight, i) => {
      const [at, channel] = placeOf(i, values.length, channels, isDepthwise);
      if (Math.abs(weight) <= most[channel]!) return;
      most[channel] = Math.abs(weight);
      factors[channel] = given[at]! / weight;
    });
    kernels.push({ name, factors: factors.every((factor) => factor === 1) ? null : [...factors] });
  }
  if (own.size > 0) return null;
  const vectors = weightSpecs.filter((spec) => !isKernel(spec)).flatMap(({ name }) => [...weights.get(name)!.values]);
  const bytes = new Uint8Array(Float32Array.from(vectors).buffer);
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return { topology, weightSpecs, kernels, vectors: btoa(text) };
}

/** The layers again. @param text of {@link HEAD}. @param graph of the file, of any kind. @throws FormatError when they do not fit each other. */
export function layersFrom(text: string, graph: Graph): Layers {
  const head = v.parse(Head, JSON.parse(text));
  const misfit = new FormatError('its layers do not fit what it says of them');
  const last = kernelsOf(toFloat(graph)).slice(-head.kernels.length);
  const found = new Map(head.kernels.map(({ name, factors }, i) => [name, { factors, kernel: last[i] }]));
  const vectors = new Float32Array(Uint8Array.from(atob(head.vectors), (char) => char.charCodeAt(0)).buffer);
  const size = head.weightSpecs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const given = last.reduce((sum, { value }) => sum + sizeOf(value.shape), vectors.length);
  if (size !== given || found.size !== head.kernels.length) throw misfit;
  const weights = new Float32Array(size);
  let to = 0;
  let from = 0;
  for (const spec of head.weightSpecs) {
    const length = sizeOf(spec.shape);
    if (!isKernel(spec)) weights.set(vectors.subarray(from, (from += length)), to);
    else {
      const { factors, kernel } = found.get(spec.name) ?? {};
      const values = kernel?.value.values;
      if (values?.length !== length) throw misfit;
      // A convolution of one channel reads the same as either kind.
      const isDepthwise = spec.name.endsWith('depthwise_kernel');
      const channels = isDepthwise ? spec.shape[2]! : spec.shape.at(-1)!;
      for (let i = 0; i < length; i++) {
        const [at, channel] = placeOf(i, length, channels, isDepthwise);
        const factor = factors?.[channel] ?? 1;
        weights[to + i] = factor === 0 ? 0 : values[at]! / factor;
      }
    }
    to += length;
  }
  if (!weights.every(Number.isFinite)) throw new FormatError('its weights hold values that are no numbers');
  return { topology: head.topology, weightSpecs: head.weightSpecs, weights: weights.buffer };
}
