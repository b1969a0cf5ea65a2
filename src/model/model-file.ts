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

/**
 * @param file an export of this app: its content tells which format. Borrowed.
 * @throws StudioError `export/model-damaged` with the reason: another program's model, damaged, cut off.
 */
export async function openModelFile(file: Uint8Array<ArrayBuffer>, name: string): Promise<ModelFile> {
  const foreign = 'it is a model, but none this app has exported: it does not say how its input is made';
  const head = new TextDecoder('latin1').decode(file.subarray(4, 8));
  try {
    if (head === 'TFL3') {
      const description = (await readAttached(file)).get(DESCRIPTION);
      if (!description) throw refuse(name, foreign);
      return await openTflite(file, description);
    }
    const isOnnx = /\.onnx$/i.test(name);
    if (!isOnnx && !/\.mlmodel$/i.test(name)) throw refuse(name, 'its format is not known');
    const { graph, said } = isOnnx ? readOnnxFile(file) : readCoremlFile(file);
    if (!said) throw refuse(name, foreign);
    await startWasm();
    const runner = new GraphRunner(graph);
    return {
      description: said,
      run: (input) => runner.run(input),
      [Symbol.dispose]: () => runner[Symbol.dispose](),
    };
  } catch (error) {
    if (error instanceof FormatError) throw refuse(name, error.message, error);
    throw error;
  }
}

function readOnnxFile(file: Uint8Array): { graph: Graph; said: string | undefined } {
  const { graph, metadata } = readOnnxGraph(file);
  return { graph, said: metadata.get(DESCRIPTION) };
}

function readCoremlFile(file: Uint8Array): { graph: Graph; said: string | undefined } {
  const { graph, userDefined } = readCoreml(file);
  return { graph, said: userDefined.get(DESCRIPTION) };
}

async function openTflite(file: Uint8Array<ArrayBuffer>, description: string): Promise<ModelFile> {
  const graph = readTflite(file);
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
