/** Reading cached features during training and evaluation. Worker thread. */
import type { Store } from '../dataset/index.ts';
import { StudioError } from '../kernel/errors.ts';

/** Most bytes of features kept in memory: about 3 hours of sound; more where there is much memory, for maps of pictures. */
const MOST_BYTES =
  ((globalThis.navigator as { deviceMemory?: number } | undefined)?.deviceMemory ?? 0) >= 8 ? 700e6 : 280e6;

/**
 * Features by content hash and extractor, read from the database and kept in memory up to a limit (least recently used go first), so a
 * data set of any size can be trained on.
 */
export class FeatureCache {
  readonly #store: Store;
  readonly #kept = new Map<string, Float32Array | Uint8Array>();
  #bytes = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** @returns shape [frames, 64] of a spectrogram, [windows, …] of embeddings; borrowed. @throws StudioError `features/clip-missing`. */
  async get(hash: string, extractor: string): Promise<Float32Array> {
    return this.#load<Float32Array>(hash, extractor);
  }

  /** @returns quantised features of a view of a picture; borrowed. @throws StudioError `features/clip-missing`. */
  async getBytes(hash: string, extractor: string): Promise<Uint8Array> {
    return this.#load<Uint8Array>(hash, extractor);
  }

  async #load<Values extends Float32Array | Uint8Array>(hash: string, extractor: string): Promise<Values> {
    const key = `${hash} ${extractor}`;
    const known = this.#kept.get(key);
    if (known) {
      this.#kept.delete(key);
      this.#kept.set(key, known);
      return known as Values;
    }
    const features = await this.#store.loadFeatures<Values>(hash, extractor);
    if (!features) throw new StudioError('features/clip-missing', { details: { hash } });
    this.#kept.set(key, features.values);
    this.#bytes += features.values.byteLength;
    for (const [oldest, values] of this.#kept) {
      if (this.#bytes <= MOST_BYTES || oldest === key) break;
      this.#kept.delete(oldest);
      this.#bytes -= values.byteLength;
    }
    return features.values;
  }
}
