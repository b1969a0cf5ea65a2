/** Object detectors ready to run. Worker thread. Used by evaluation, live preview, proposals and pictures alike. */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { ModelArtifact, Store, VisionPreprocessing } from '../dataset/index.ts';
import type { Detection } from '../domain/boxes.ts';
import { StudioError } from '../kernel/errors.ts';
import { decodeView, mergeViews, plainView, tileRegions, viewExtractor, ViewPainter } from '../features/index.ts';
import { VisionNetwork, type FeatureCache } from '../features/jobs.ts';
import { loadArtifact, NMS_OVERLAP, pixelInputs, runDetector, startEngine, wholeInputs } from '../training/jobs.ts';

/** Whether a model finds boxes. */
export const isDetector = (artifact: ModelArtifact): boolean =>
  artifact.preprocessing.kind === 'ssd-mobilenet' || artifact.preprocessing.kind === 'pixels';

/** A trained detector. Owns its network, and the pretrained one it stands on. */
export class Detector implements Disposable {
  readonly artifact: ModelArtifact;
  readonly #spec: VisionPreprocessing;
  readonly #model: LayersModel;
  readonly #network: VisionNetwork | null;
  readonly #painter: ViewPainter;
  readonly #channels: { mean: Float32Array; deviation: Float32Array };

  private constructor(artifact: ModelArtifact, model: LayersModel, network: VisionNetwork | null) {
    this.artifact = artifact;
    this.#spec = artifact.preprocessing as VisionPreprocessing;
    this.#model = model;
    this.#network = network;
    this.#painter = new ViewPainter(this.#spec.pixels);
    this.#channels = {
      mean: Float32Array.from(this.#spec.channelMean),
      deviation: Float32Array.from(this.#spec.channelFactor),
    };
  }

  /**
   * @param needsPixels false when only cached pictures will be looked at: no pretrained network is loaded then.
   * @throws StudioError `export/model-damaged`, `network/…`.
   */
  static async load(artifact: ModelArtifact, store: Store, needsPixels = true): Promise<Detector> {
    if (!isDetector(artifact)) throw new StudioError('export/model-damaged');
    await startEngine('wasm');
    const { kind, pixels } = artifact.preprocessing as VisionPreprocessing;
    const network = kind === 'ssd-mobilenet' && needsPixels ? await VisionNetwork.load(store, pixels) : null;
    return new Detector(artifact, await loadArtifact(artifact), network);
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

  /** @param picture borrowed. @returns best first, in ratios of the picture. */
  detect(picture: ImageBitmap | OffscreenCanvas, leastScore = 0.05, overlap = NMS_OVERLAP): Promise<Detection[]> {
    const { pixels, tiles } = this.#spec;
    return this.#find(
      async (tile) => {
        const rgb = this.#painter.paint(picture, plainView(tileRegions(tiles)[tile]!));
        return this.#network
          ? wholeInputs(await this.#network.extract(rgb), pixels, this.#channels)
          : pixelInputs(rgb, pixels, this.#channels);
      },
      leastScore,
      overlap,
    );
  }

  /** The same for a picture whose features are cached. @throws StudioError `features/clip-missing`. */
  detectCached(cache: FeatureCache, hash: string, leastScore = 0.01): Promise<Detection[]> {
    const { kind, pixels } = this.#spec;
    const inputsOf = kind === 'pixels' ? pixelInputs : wholeInputs;
    return this.#find(
      async (tile) =>
        inputsOf(await cache.getBytes(hash, viewExtractor(this.#spec, tile, 0, null)), pixels, this.#channels),
      leastScore,
      NMS_OVERLAP,
    );
  }

  [Symbol.dispose](): void {
    this.#model.dispose();
    this.#network?.[Symbol.dispose]();
  }
}
