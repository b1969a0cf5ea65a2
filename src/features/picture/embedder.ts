/** The networks that turn a whole picture into an embedding: the maps of SSD-MobileNet, or the last one of MobileNetV2, pooled by mean. Worker thread. */
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { required } from '../../kernel/assert.ts';
import { loadBackbone, type Backbone } from '../networks/mobilenet.ts';
import type { NetworkStore } from '../networks/network-files.ts';
import {
  EMBEDDED_PIXELS,
  EMBEDDING_SIZE,
  MOBILENET_BLOCKS,
  MOBILENET_HALVING,
  type PictureNetworkId,
} from './embedding.ts';
import { gridSides, SSD_CHANNELS } from './spec.ts';
import { VisionNetwork } from './vision-network.ts';

/** A picture as values. */
export interface PictureEmbedder extends Disposable {
  /** @param rgb shape [224, 224, 3]; borrowed. @returns owned by the caller. */
  embed(rgb: Uint8Array): Promise<Float32Array<ArrayBuffer>>;
}

/** Mean of each channel over the cells of the three maps, 0..255. */
class PooledMaps implements PictureEmbedder {
  readonly #network: VisionNetwork;

  constructor(network: VisionNetwork) {
    this.#network = network;
  }

  async embed(rgb: Uint8Array): Promise<Float32Array<ArrayBuffer>> {
    const maps = await this.#network.extract(rgb);
    const out = new Float32Array(EMBEDDING_SIZE['ssd-mobilenet']);
    let from = 0;
    let to = 0;
    gridSides(EMBEDDED_PIXELS).forEach((side, level) => {
      const channels = SSD_CHANNELS[level]!;
      const cells = side * side;
      for (let cell = 0; cell < cells; cell++)
        for (let c = 0; c < channels; c++) out[to + c] = out[to + c]! + maps[from + cell * channels + c]! / cells;
      from += cells * channels;
      to += channels;
    });
    return out;
  }

  [Symbol.dispose](): void {
    this.#network[Symbol.dispose]();
  }
}

/** MobileNetV2 on tfjs, batch normalisation folded in. Owns its tensors. */
class MobileNetEmbedder implements PictureEmbedder {
  readonly #layers = new Map<string, { kernel: tf.Tensor4D; bias: tf.Tensor1D }>();

  constructor(backbone: Backbone) {
    for (const [name, { kernel, shape, bias }] of backbone)
      this.#layers.set(name, {
        kernel: tf.tensor4d(kernel, shape as [number, number, number, number]),
        bias: tf.tensor1d(bias),
      });
  }

  #convolve(x: tf.Tensor4D, name: string, stride: 1 | 2 = 1): tf.Tensor4D {
    const { kernel, bias } = required(this.#layers.get(name), name);
    const map = name.endsWith('_depthwise')
      ? tf.depthwiseConv2d(x, kernel, stride, 'same')
      : tf.conv2d(x, kernel, stride, 'same');
    const sum = tf.add(map, bias);
    return (name.endsWith('_project') ? sum : tf.relu6(sum)) as tf.Tensor4D;
  }

  async embed(rgb: Uint8Array): Promise<Float32Array<ArrayBuffer>> {
    const pooled = tf.tidy(() => {
      const picture = tf.tensor4d(Float32Array.from(rgb), [1, EMBEDDED_PIXELS, EMBEDDED_PIXELS, 3]);
      let x = this.#convolve(tf.sub(tf.div(picture, 127.5), 1), 'Conv1', 2);
      x = this.#convolve(this.#convolve(x, 'expanded_conv_depthwise'), 'expanded_conv_project');
      for (let block = 1; block <= MOBILENET_BLOCKS; block++) {
        const name = `block_${block}`;
        const stride = MOBILENET_HALVING.has(block) ? 2 : 1;
        const wide = this.#convolve(x, `${name}_expand`);
        const next = this.#convolve(this.#convolve(wide, `${name}_depthwise`, stride), `${name}_project`);
        x = stride === 1 && next.shape[3] === x.shape[3] ? tf.add(x, next) : next;
      }
      return tf.mean(this.#convolve(x, 'Conv_1'), [1, 2]);
    });
    try {
      return new Float32Array(await pooled.data());
    } finally {
      pooled.dispose();
    }
  }

  [Symbol.dispose](): void {
    for (const { kernel, bias } of this.#layers.values()) tf.dispose([kernel, bias]);
  }
}

/** @throws StudioError `network/absent`, `network/wrong-file`, `network/failed`. */
export async function createPictureEmbedder(store: NetworkStore, network: PictureNetworkId): Promise<PictureEmbedder> {
  if (network === 'ssd-mobilenet') return new PooledMaps(await VisionNetwork.load(store, EMBEDDED_PIXELS));
  const backbone = await loadBackbone(store);
  if (!tf.getBackend()) await tf.setBackend('wasm');
  await tf.ready();
  return new MobileNetEmbedder(backbone);
}
