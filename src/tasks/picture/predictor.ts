/** A trained classifier of pictures, ready to run. Worker thread. Used by evaluation, the live camera and files alike. */
import type { ModelArtifact, PicturePreprocessing } from '../../domain/model.ts';
import type { MediaItem } from '../../domain/project.ts';
import {
  pictureExtractor,
  plainView,
  viewExtractor,
  ViewPainter,
  wholePicture,
  type PictureNetworkId,
} from '../../features/index.ts';
import {
  createPictureEmbedder,
  type FeatureCache,
  type NetworkStore,
  type PictureEmbedder,
} from '../../features/jobs.ts';
import { StudioError } from '../../kernel/errors.ts';
import { noveltyOf } from '../../model/index.ts';
import { WindowClassifier, type ClipScorer } from '../../model/jobs.ts';

const WHOLE = { x: 0, y: 0, width: 1, height: 1 };

/** See the file header. Owns its network, and the pretrained one it stands on. */
export class PicturePredictor implements ClipScorer {
  readonly #classifier: WindowClassifier;
  readonly #spec: PicturePreprocessing;
  readonly #store: NetworkStore;
  readonly #painter: ViewPainter;
  #embedder: Promise<PictureEmbedder> | null = null;

  private constructor(classifier: WindowClassifier, spec: PicturePreprocessing, store: NetworkStore) {
    this.#classifier = classifier;
    this.#spec = spec;
    this.#store = store;
    this.#painter = new ViewPainter(spec.pixels);
  }

  /** The pretrained network is loaded with the first picture that is not cached. @throws StudioError `export/model-damaged`. */
  static async load(artifact: ModelArtifact, store: NetworkStore): Promise<PicturePredictor> {
    const { preprocessing } = artifact;
    if (preprocessing.kind !== 'picture-embedding' && preprocessing.kind !== 'picture-pixels')
      throw new StudioError('export/model-damaged');
    return new PicturePredictor(await WindowClassifier.load(artifact), preprocessing, store);
  }

  get artifact(): ModelArtifact {
    return this.#classifier.artifact;
  }
  get classNames(): string[] {
    return this.#classifier.classNames;
  }

  /** @param picture borrowed. @returns scores, softmax; `novelty` above 1 is unlike what it was trained on, null when it cannot tell. @throws StudioError `network/…`. */
  async predict(picture: ImageBitmap | OffscreenCanvas): Promise<{ scores: Float32Array; novelty: number | null }> {
    const rgb = this.#painter.paint(picture, plainView(WHOLE));
    const { kind, network } = this.#spec;
    let feature: Float32Array = Float32Array.from(rgb);
    if (kind === 'picture-embedding') {
      this.#embedder ??= createPictureEmbedder(this.#store, network as PictureNetworkId);
      this.#embedder.catch(() => (this.#embedder = null));
      feature = await (await this.#embedder).embed(rgb);
    }
    const { novelty: known } = this.artifact;
    const novelty = known ? noveltyOf(feature, known) : null;
    return { scores: await this.#classifier.classify(feature), novelty };
  }

  async predictClip(cache: FeatureCache, { hash }: MediaItem): Promise<Float32Array> {
    const { kind, network, pixels } = this.#spec;
    return this.#classifier.classify(
      kind === 'picture-pixels'
        ? Float32Array.from(await cache.getBytes(hash, viewExtractor(wholePicture(pixels), 0, 0, null)))
        : (await cache.get(hash, pictureExtractor(network as PictureNetworkId, 0, null))).slice(),
    );
  }

  [Symbol.dispose](): void {
    this.#classifier[Symbol.dispose]();
    void this.#embedder?.then((embedder) => embedder[Symbol.dispose]()).catch(() => {});
  }
}
