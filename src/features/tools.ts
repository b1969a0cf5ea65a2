/** What the jobs of one features thread share: the database, and one pretrained network of each kind, since loading takes as long as a hundred windows. Worker thread. */
import type { Store } from '../dataset/index.ts';
import { BlazePose } from './movement/pose-network.ts';
import { VisionNetwork } from './picture/vision-network.ts';
import type { EmbeddingCut } from './sound/embedding-spec.ts';
import { createEmbedder, type Embedder } from './sound/embedders.ts';

/** A network that is kept while its key stays the same. Loading that failed is tried again at the next call. */
export class Kept<T extends Disposable> {
  #key = '';
  #value: Promise<T> | null = null;

  /** The network of `key`; another one is let go first. */
  async get(key: string, load: () => Promise<T>): Promise<T> {
    if (this.#key !== key || !this.#value) {
      await this.forget();
      this.#key = key;
      const value = load();
      this.#value = value;
      value.catch(() => {
        if (this.#value === value) this.#value = null;
      });
    }
    return this.#value!;
  }

  async forget(): Promise<void> {
    const old = this.#value;
    this.#value = null;
    (await old?.catch(() => null))?.[Symbol.dispose]();
  }
}

/** See the file header. */
export class FeatureTools {
  /** Opens the database of this thread, once. */
  readonly store: () => Promise<Store>;
  readonly #embedder = new Kept<Embedder>();
  readonly #vision = new Kept<VisionNetwork>();
  #pose: Promise<BlazePose> | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(store: () => Promise<Store>) {
    this.store = store;
  }

  /** One after the other: extractions share the networks. */
  inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(run);
    this.#last = turn.catch(() => {});
    return turn;
  }

  async embedder(cut: EmbeddingCut, windowSec: number): Promise<Embedder> {
    const store = await this.store();
    return this.#embedder.get(`${cut.network}/${cut.windowSamples}`, () =>
      createEmbedder(store, cut.network, windowSec),
    );
  }

  /** What the network is worth after a failure is not known: the next call compiles it anew. */
  forgetEmbedder(): Promise<void> {
    return this.#embedder.forget();
  }

  async pose(): Promise<BlazePose> {
    this.#pose ??= this.store().then((db) => BlazePose.load(db));
    this.#pose.catch(() => (this.#pose = null));
    return this.#pose;
  }

  async vision(pixels: number): Promise<VisionNetwork> {
    const store = await this.store();
    return this.#vision.get(String(pixels), () => VisionNetwork.load(store, pixels));
  }
}
