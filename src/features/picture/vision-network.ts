/** Frozen SSD-MobileNetV1 features on LiteRT.js: a square in, its feature maps out. Worker thread. */
import { StudioError } from '../../kernel/errors.ts';
import { LiteNetwork } from '../networks/litert.ts';
import { loadNetwork, type NetworkStore } from '../networks/network-files.ts';
import { TfliteGraph } from '../networks/tflite.ts';
import { featureBytes, gridSides, SSD_CHANNELS } from './spec.ts';

/** Sides of the maps in the file, which is made for 300 × 300 pixels. */
const SIDES = [300, 150, 75, 38, 19, 10];

/**
 * The file cut after its backbone and made for squares of `pixels` (a multiple of 32): the maps at strides 8, 16 and 32 become the outputs. They are found by
 * operator and shape, never by number (EXPERIMENTS §2).
 */
export function cutBackbone(file: ArrayBuffer, pixels: number): Uint8Array<ArrayBuffer> {
  const graph = new TfliteGraph(file);
  const operators = graph.operators();
  const maps = [38, 19, 10].map((side, i) => {
    const wanted = [1, side, side, SSD_CHANNELS[i]!].join();
    // The last layer of its size: later ones lead to the network's own boxes.
    const at = operators.findLastIndex(({ outputs }) => graph.tensor(outputs[0]!).shape.join() === wanted);
    if (at < 0) throw new StudioError('network/failed', { details: { reason: `no ${wanted} map` } });
    return { at, tensor: operators[at]!.outputs[0]! };
  });
  const count = Math.max(...maps.map(({ at }) => at)) + 1;
  const resized = new Set<number>();
  for (const { inputs, outputs } of operators.slice(0, count)) {
    for (const tensor of [inputs[0]!, ...outputs]) {
      if (resized.has(tensor)) continue;
      resized.add(tensor);
      const [batch, height, , channels] = graph.tensor(tensor).shape as [number, number, number, number];
      const level = SIDES.indexOf(height);
      if (level >= 0) graph.setShape(tensor, [batch, pixels >> level, pixels >> level, channels]);
    }
  }
  graph.keepOperators(count);
  graph.setOutputs(maps.map(({ tensor }) => tensor));
  return graph.bytes;
}

/** See the file header. */
export class VisionNetwork implements Disposable {
  readonly pixels: number;
  readonly #network: LiteNetwork;

  private constructor(network: LiteNetwork, pixels: number) {
    this.#network = network;
    this.pixels = pixels;
  }

  /** @throws StudioError `network/absent`, `network/wrong-file`, `network/failed`. */
  static async load(store: NetworkStore, pixels: number): Promise<VisionNetwork> {
    const [file] = await loadNetwork(store, 'ssd-mobilenet');
    return new VisionNetwork(await LiteNetwork.load(cutBackbone(file!, pixels)), pixels);
  }

  /** @param rgb shape [pixels, pixels, 3]; borrowed. @returns the three maps one after the other, each [side, side, channels], quantised. */
  async extract(rgb: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const maps = await this.#network.runBytes(rgb, [1, this.pixels, this.pixels, 3]);
    const whole = new Uint8Array(featureBytes({ kind: 'ssd-mobilenet', pixels: this.pixels }));
    let at = 0;
    gridSides(this.pixels).forEach((side, i) => {
      const size = side * side * SSD_CHANNELS[i]!;
      const map = maps.find(({ length }) => length === size);
      if (!map) throw new StudioError('network/failed', { details: { reason: `no map of ${size} values` } });
      whole.set(map, at);
      at += size;
    });
    return whole;
  }

  [Symbol.dispose](): void {
    this.#network[Symbol.dispose]();
  }
}
