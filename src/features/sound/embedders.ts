/** Pretrained networks as extractors: a window of samples in, an embedding out. Worker thread. */
import { StudioError } from '../../kernel/errors.ts';
import { LiteNetwork } from '../networks/litert.ts';
import type { EmbeddingNetworkId } from '../networks/manifest.ts';
import { loadNetwork, type NetworkStore } from '../networks/network-files.ts';
import { GraphBuilder, readPytorch, writeTflite } from '../../formats/index.ts';
import { readOnnx } from '../../formats/onnx-file.ts';
import { embeddingWindow } from './embedding-spec.ts';
import { addMn04 } from './mn04-graph.ts';
import { SpeechNetwork } from './speech.ts';
import { exposeYamnetEmbedding, yamnetLabels } from './yamnet.ts';

/** See the file header. Owns its network. */
export interface Embedder extends Disposable {
  readonly windowSamples: number;
  readonly shape: readonly number[];
  /** @param window mono at the network's rate, `windowSamples` long. Borrowed. @returns owned by the caller. */
  embed(window: Float32Array): Promise<Float32Array>;
}

/** YAMNet's file, and what is written of mn04's. */
class LiteEmbedder implements Embedder {
  readonly windowSamples: number;
  readonly shape: readonly number[];
  readonly #network: LiteNetwork;

  constructor(network: LiteNetwork, { windowSamples, shape }: { windowSamples: number; shape: readonly number[] }) {
    this.windowSamples = windowSamples;
    this.shape = shape;
    this.#network = network;
  }
  embed(window: Float32Array): Promise<Float32Array> {
    return this.#network.run(window, [this.windowSamples]);
  }
  [Symbol.dispose](): void {
    this.#network[Symbol.dispose]();
  }
}

class SpeechEmbedder implements Embedder {
  readonly windowSamples: number;
  readonly shape: readonly number[];
  readonly #network: SpeechNetwork;

  constructor(network: SpeechNetwork, windowSec: number) {
    const { windowSamples, shape } = embeddingWindow('speech-embedding', windowSec);
    this.windowSamples = windowSamples;
    this.shape = shape;
    this.#network = network;
  }
  embed(window: Float32Array): Promise<Float32Array> {
    return this.#network.embed(window);
  }
  [Symbol.dispose](): void {
    this.#network[Symbol.dispose]();
  }
}

/** The published file of mn04 as a network for windows of one length. @throws StudioError `network/failed`. */
async function compileMn04(file: ArrayBuffer, windowSamples: number): Promise<Uint8Array> {
  try {
    const builder = new GraphBuilder();
    const samples = builder.input('samples', [windowSamples]);
    const embedding = addMn04(builder, samples, await readPytorch(file));
    return writeTflite(builder.graph('mn04', { embedding }));
  } catch (cause) {
    throw new StudioError('network/failed', { details: { reason: String(cause) }, cause });
  }
}

/** Loads an embedder. @param windowSec YAMNet's is fixed. @throws StudioError `network/…`. */
export async function createEmbedder(
  store: NetworkStore,
  id: EmbeddingNetworkId,
  windowSec: number,
): Promise<Embedder> {
  const files = await loadNetwork(store, id);
  const window = embeddingWindow(id, windowSec);
  if (id === 'yamnet') return new LiteEmbedder(await LiteNetwork.load(exposeYamnetEmbedding(files[0]!)), window);
  if (id === 'mn04')
    return new LiteEmbedder(await LiteNetwork.load(await compileMn04(files[0]!, window.windowSamples)), window);
  return new SpeechEmbedder(await SpeechNetwork.load(readOnnx(files[0]!), readOnnx(files[1]!)), windowSec);
}

/** YAMNet as it was published: 521 AudioSet classes. */
export class KnownSounds implements Disposable {
  readonly labels: string[];
  readonly windowSamples = embeddingWindow('yamnet', 0).windowSamples;
  readonly #network: LiteNetwork;

  private constructor(network: LiteNetwork, labels: string[]) {
    this.#network = network;
    this.labels = labels;
  }

  /** @throws StudioError `network/…`. */
  static async load(store: NetworkStore): Promise<KnownSounds> {
    const [file] = await loadNetwork(store, 'yamnet');
    return new KnownSounds(await LiteNetwork.load(new Uint8Array(file!)), yamnetLabels(file!));
  }

  /** @param window mono at 16 kHz, 15600 samples. Borrowed. @returns 521 independent scores 0..1. */
  scores(window: Float32Array): Promise<Float32Array> {
    return this.#network.run(window, [this.windowSamples]);
  }

  [Symbol.dispose](): void {
    this.#network[Symbol.dispose]();
  }
}
