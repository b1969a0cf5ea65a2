/** Golden pairs: an input, what the model makes of it on the way, and its answer, so that a port can be checked. Worker thread. */
import { sizeOf, type Graph } from '../formats/index.ts';
import { createRandom } from '../kernel/random.ts';
import { GraphRunner } from '../model/jobs.ts';

/** Values that are written out of each stage. */
const SHOWN = 32;
/** Stages by the names the graphs of tasks give them (tasks/<task>/graph.ts); those there are. */
const STAGES = ['mel', 'log_mel', 'embedding', 'input', 'input_2', 'input_3'];

/** One stage: its sides, its first values in the order of its sides, and mean and standard deviation of all. */
type Stage = { name: string; shape: number[]; first: number[]; mean: number; deviation: number };
/** `golden.json`. `base64` holds little-endian values of `type`. */
export type Golden = {
  input: { name: string; shape: number[]; type: string; base64: string };
  stages: Stage[];
  outputs: Stage[];
};

/** An input that looks like what a device records: the same for the same graph. */
export function goldenInput(graph: Graph): Float32Array | Uint8Array {
  const { shape } = graph.values[graph.inputs[0]!]!;
  const random = createRandom(1, 'golden');
  const size = sizeOf(shape);
  if (shape.length === 1)
    return Float32Array.from({ length: size }, (_, i) => 0.3 * Math.sin(i * 0.05) + 0.2 * (random.next() - 0.5));
  if (shape.length === 4 && shape[3] === 3)
    return Uint8Array.from({ length: size }, (_, i) =>
      Math.round(127 + 100 * Math.sin(i / 61) * Math.sin(i / 7919) + 50 * (random.next() - 0.5)),
    );
  return Float32Array.from({ length: size }, () => 2 * random.next() - 1);
}

function stageOf(name: string, shape: readonly number[], values: Float32Array): Stage {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { name, shape: [...shape], first: [...values.subarray(0, SHOWN)], mean, deviation: Math.sqrt(variance) };
}

function base64Of(values: Float32Array | Uint8Array): string {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

/** Runs the graph once on the engine that is current. @param graph borrowed. */
export async function makeGolden(graph: Graph): Promise<Golden> {
  const { name, shape } = graph.values[graph.inputs[0]!]!;
  const input = goldenInput(graph);
  using runner = new GraphRunner(graph);
  const found = await runner.run(input, STAGES);
  const shapeOf = (wanted: string) => graph.values.find((value) => value.name === wanted)!.shape;
  const outputs = graph.outputs.map((at) => graph.values[at]!.name);
  const stage = (wanted: string) => stageOf(wanted, shapeOf(wanted), found.get(wanted)!);
  return {
    input: {
      name,
      shape: [...shape],
      type: input instanceof Uint8Array ? 'uint8' : 'float32',
      base64: base64Of(input),
    },
    stages: STAGES.filter((wanted) => found.has(wanted)).map(stage),
    outputs: outputs.map(stage),
  };
}
