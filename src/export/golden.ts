/** Golden pairs: an input, what the model makes of it on the way, and its answer, so that a port can be checked. Worker thread. */
import { sizeOf, type Graph } from '../formats/index.ts';
import { GraphRunner } from '../model/jobs.ts';

/** Values that are written out of each stage. */
const SHOWN = 32;
/** Stages by the names the graphs of tasks give them (tasks/<task>/graph.ts); those there are. */
const STAGES = ['mel', 'log_mel', 'embedding', 'input', 'input_2', 'input_3'];

/** One stage: its sides, its first values in the order of its sides, and mean and standard deviation of all. */
type Stage = { name: string; shape: number[]; first: number[]; mean: number; deviation: number };
/** `golden.json`, beside a model or inside its file. `formula` gives value `i` of the input; `tolerance`: how far a right port's outputs may be off. */
export type Golden = {
  input: { name: string; shape: number[]; type: 'float32' | 'uint8'; formula: string; first: number[] };
  stages: Stage[];
  outputs: Stage[];
  tolerance: number;
};

/** Name of the file, and of what other formats carry it as. */
export const GOLDEN = 'golden.json';

/** How far rounding takes outputs: of plain numbers, of a network made of 8-bit integers (a step that falls the other way), of weights of 8 bits. */
const TOLERANCE = { plain: 1e-3, integers: 2e-2, eightBits: 5e-2 } as const;

/** An input that fills the range of what a device records, by a line of arithmetic that any language has: the same for the same graph. */
export function goldenInput(graph: Graph): Float32Array | Uint8Array {
  const { shape } = graph.values[graph.inputs[0]!]!;
  const length = sizeOf(shape);
  const isPicture = shape.length === 4 && shape[3] === 3;
  return isPicture
    ? Uint8Array.from({ length }, (_, i) => (i * 7919) % 251)
    : Float32Array.from({ length }, (_, i) => ((i * 7919) % 251) / 125 - 1);
}
const formulaOf = (input: Float32Array | Uint8Array) =>
  input instanceof Uint8Array ? '(i * 7919) % 251' : '((i * 7919) % 251) / 125 - 1';

function stageOf(name: string, shape: readonly number[], values: Float32Array): Stage {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { name, shape: [...shape], first: [...values.subarray(0, SHOWN)], mean, deviation: Math.sqrt(variance) };
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
  const isOfIntegers = graph.values.some(({ quantisation }) => quantisation);
  return {
    input: {
      name,
      shape: [...shape],
      type: input instanceof Uint8Array ? 'uint8' : 'float32',
      formula: formulaOf(input),
      first: [...input.subarray(0, SHOWN)],
    },
    stages: STAGES.filter((wanted) => found.has(wanted)).map(stage),
    outputs: outputs.map(stage),
    tolerance: isOfIntegers ? TOLERANCE.integers : TOLERANCE.plain,
  };
}

/** The same pair for a file with weights of 8 bits, which is another model. */
export const withEightBits = (golden: Golden): Golden => ({ ...golden, tolerance: TOLERANCE.eightBits });
