/** Exported files of other formats as running models: TensorFlow Lite on LiteRT, ONNX and Core ML on TensorFlow.js. Worker thread. */
import { FormatError, readAttached, readCoreml, readOnnxGraph, readTflite, type Graph } from '../formats/index.ts';
import { LiteNetwork } from '../features/jobs.ts';
import { StudioError } from '../kernel/errors.ts';
import { startWasm } from './wasm-engine.ts';
import { GraphRunner } from './run-graph.ts';

/** What such a file says of itself, and the model in it. Owns its network. */
export interface ModelFile extends Disposable {
  /** `preprocessing.json` of the export, as text. */
  readonly description: string;
  /** @param input values as the graph takes them; borrowed. @returns outputs by name. */
  run(input: Float32Array | Uint8Array): Promise<Map<string, Float32Array>>;
}

/** Under this name an export says of itself what `preprocessing.json` says in a bundle. */
export const DESCRIPTION = 'preprocessing.json';

const refuse = (name: string, reason: string, cause?: unknown) =>
  new StudioError('export/model-damaged', { message: `${name} cannot be used: ${reason}.`, cause });

/** What another program's model is told. */
const FOREIGN = 'it is a model, but none this app has exported: it does not say how its input is made';

/**
 * The graph of an exported file, and what lies in it by name.
 * @param file an export of this app: its content tells which format. Borrowed.
 * @throws StudioError `export/model-damaged` with the reason: another program's model, damaged, cut off.
 */
export async function readModelFile(
  file: Uint8Array<ArrayBuffer>,
  name: string,
): Promise<{ graph: Graph; isTflite: boolean; said: (name: string) => string | undefined }> {
  const isTflite = new TextDecoder('latin1').decode(file.subarray(4, 8)) === 'TFL3';
  const isOnnx = /\.onnx$/i.test(name);
  try {
    let said: ReadonlyMap<string, string>;
    let graph: Graph;
    if (isTflite) [said, graph] = [await readAttached(file), readTflite(file)];
    else if (isOnnx) ({ graph, metadata: said } = readOnnxGraph(file));
    else if (/\.mlmodel$/i.test(name)) ({ graph, userDefined: said } = readCoreml(file));
    else throw refuse(name, 'its format is not known');
    if (!said.has(DESCRIPTION)) throw refuse(name, FOREIGN);
    return { graph, isTflite, said: (part) => said.get(part) };
  } catch (error) {
    if (error instanceof FormatError) throw refuse(name, error.message, error);
    throw error;
  }
}

/** The same as a running model. @param file borrowed. @throws as {@link readModelFile}. */
export async function openModelFile(file: Uint8Array<ArrayBuffer>, name: string): Promise<ModelFile> {
  const { graph, isTflite, said } = await readModelFile(file, name);
  const description = said(DESCRIPTION)!;
  if (isTflite) return openTflite(file, graph, description);
  await startWasm();
  const runner = new GraphRunner(graph);
  return {
    description,
    run: (input) => runner.run(input),
    [Symbol.dispose]: () => runner[Symbol.dispose](),
  };
}

async function openTflite(file: Uint8Array<ArrayBuffer>, graph: Graph, description: string): Promise<ModelFile> {
  const input = graph.values[graph.inputs[0]!]!;
  const network = await LiteNetwork.load(file);
  return {
    description,
    async run(values) {
      const given = input.type === 'uint8' ? Uint8Array.from(values) : Float32Array.from(values);
      const outputs = await network.runAll(given, [...input.shape]);
      return new Map(graph.outputs.map((at, i) => [graph.values[at]!.name, outputs[i]!]));
    },
    [Symbol.dispose]: () => network[Symbol.dispose](),
  };
}
