/** Object detectors ready to run. Worker thread. Used by evaluation, live preview, proposals and pictures alike. */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { nameOnce, type Detection } from '../domain/boxes.ts';
import type { DetectorPreprocessing, ModelArtifact } from '../domain/model.ts';
import { StudioError } from '../kernel/errors.ts';
import {
  decodeView,
  mergeViews,
  plainView,
  tileRegions,
  viewExtractor,
  ViewPainter,
  type FrameViews,
  type VisionInput,
} from '../features/index.ts';
import { VisionNetwork, type FeatureCache, type NetworkStore } from '../features/jobs.ts';
import { loadArtifact } from './artifact.ts';
import { NMS_OVERLAP, pixelInputs, runDetector, wholeInputs } from './detector-inputs.ts';
import { startWasm } from './wasm-engine.ts';

/** A trained detector. Owns its network, and the pretrained one it stands on. */
export class Detector implements Disposable {
  readonly artifact: ModelArtifact;
  readonly #spec: DetectorPreprocessing;
  readonly #model: LayersModel;
  readonly #store: NetworkStore;
  #network: Promise<VisionNetwork> | null = null;
  readonly #painter: ViewPainter;
  readonly #channels: { mean: Float32Array; deviation: Float32Array };

  private constructor(artifact: ModelArtifact, model: LayersModel, store: NetworkStore) {
    this.artifact = artifact;
    this.#spec = artifact.preprocessing as DetectorPreprocessing;
    this.#model = model;
    this.#store = store;
    this.#painter = new ViewPainter(this.#spec.pixels);
    this.#channels = {
      mean: Float32Array.from(this.#spec.channelMean),
      deviation: Float32Array.from(this.#spec.channelFactor),
    };
  }

  /** @throws StudioError `export/model-damaged`. */
  static async load(artifact: ModelArtifact, store: NetworkStore): Promise<Detector> {
    if (!('tiles' in artifact.preprocessing)) throw new StudioError('export/model-damaged');
    await startWasm();
    return new Detector(artifact, await loadArtifact(artifact), store);
  }

  /** What it looks at. */
  get input(): VisionInput {
    const { kind, pixels, tiles } = this.#spec;
    return { kind, pixels, tiles };
  }

  get classNames(): string[] {
    return this.artifact.classes.map((label) => label.name);
  }

  async #find(
    inputsOf: (tile: number) => Promise<Parameters<typeof runDetector>[1]>,
    leastScore: number,
    overlap: number,
  ): Promise<Detection[]> {
    const views = [];
    for (const [tile, region] of tileRegions(this.#spec.tiles).entries()) {
      const output = await runDetector(this.#model, await inputsOf(tile));
      const classCount = this.artifact.classes.length;
      views.push({ candidates: decodeView({ ...output, classCount, scale: this.#spec.scale }, leastScore), region });
    }
    return mergeViews(views, overlap);
  }

  #inputsOf(features: Uint8Array, pixels = this.#spec.pixels): Parameters<typeof runDetector>[1] {
    const read = this.#spec.kind === 'pixels' ? pixelInputs : wholeInputs;
    return read(features, pixels, this.#channels);
  }

  /**
   * Loads the pretrained network at the first picture.
   * @param picture borrowed. @returns best first, in ratios of the picture. @throws StudioError `network/…`.
   */
  async detect(picture: ImageBitmap | OffscreenCanvas, leastScore = 0.05, overlap = NMS_OVERLAP): Promise<Detection[]> {
    const { kind, pixels, tiles } = this.#spec;
    if (kind !== 'pixels') {
      this.#network ??= VisionNetwork.load(this.#store, pixels);
      this.#network.catch(() => (this.#network = null));
    }
    const network = await this.#network;
    const found = await this.#find(
      async (tile) => {
        const rgb = this.#painter.paint(picture, plainView(tileRegions(tiles)[tile]!));
        return this.#inputsOf(network ? await network.extract(rgb) : rgb);
      },
      leastScore,
      overlap,
    );
    return nameOnce(found);
  }

  /** The same for a picture whose features are at hand. @param views of its tiles at `pixels`, borrowed. */
  async detectViews(
    { pixels, views }: Pick<FrameViews, 'pixels' | 'views'>,
    leastScore: number,
    overlap: number,
  ): Promise<Detection[]> {
    return nameOnce(await this.#find(async (tile) => this.#inputsOf(views[tile]!, pixels), leastScore, overlap));
  }

  /** The same for a picture whose features are cached, with every class of a place: what average precision is measured on. @throws StudioError `features/clip-missing`. */
  detectCached(cache: FeatureCache, hash: string, leastScore = 0.01): Promise<Detection[]> {
    return this.#find(
      async (tile) => this.#inputsOf(await cache.getBytes(hash, viewExtractor(this.#spec, tile, 0, null))),
      leastScore,
      NMS_OVERLAP,
    );
  }

  [Symbol.dispose](): void {
    this.#model.dispose();
    void this.#network?.then((network) => network[Symbol.dispose]()).catch(() => {});
  }
}
