/** Classifiers ready to run, and those of sounds. Worker thread. Used by evaluation, live preview and file analysis alike. */
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { ModelArtifact, Preprocessing, SoundPreprocessing } from '../domain/model.ts';
import type { MediaItem } from '../domain/project.ts';
import { StudioError } from '../kernel/errors.ts';
import {
  copyWindow,
  embeddingExtractor,
  LOG_MEL_EXTRACTOR,
  LOG_MEL_SPEC,
  sampleCut,
  windowCut,
  windowStarts,
  type PcmWindow,
  type WindowCut,
} from '../features/index.ts';
import {
  createEmbedder,
  logMelWindow,
  type Embedder,
  type FeatureCache,
  type KnownSounds,
  type NetworkStore,
} from '../features/jobs.ts';
import { SOUND_RATE_HZ } from '../media/index.ts';
import { loadArtifact } from './artifact.ts';
import { startWasm } from './wasm-engine.ts';
import { noveltyOf } from './novelty.ts';
import { normalise } from './numbers.ts';

/** Root mean square of samples in dB, 0 = full scale. */
function levelDb(samples: Float32Array): number {
  let power = 0;
  for (const sample of samples) power += sample * sample;
  return 10 * Math.log10(power / Math.max(1, samples.length) + 1e-12);
}

/** Windows run at once; the last batch is padded, so that memory is allocated for one size only. */
const BATCH = 16;

/** `scores`: shape [windows, classes]. `novelty` per window: above 1 is unlike the training data; null when the model cannot tell. */
export type WindowPredictions = { scores: Float32Array; novelty: Float32Array | null };

/** What listening and file analysis need of a model. Samples are mono at its rate. */
export interface Predictor extends Disposable {
  readonly classNames: string[];
  /** Samples a second. */
  readonly rateHz: number;
  /** How sound is cut for it. */
  readonly cut: WindowCut;
  /** @param windows of that cut; borrowed. A window that is nothing the model knows has scores of 0. */
  predictWindows(windows: readonly PcmWindow[]): Promise<WindowPredictions>;
}

/** A trained model that scores the clips of a project. */
export interface ClipScorer extends Disposable {
  readonly artifact: ModelArtifact;
  readonly classNames: string[];
  /** Scores of a clip whose features are cached. @returns shape [windows, classes]. @throws StudioError `features/clip-missing`. */
  predictClip(cache: FeatureCache, item: MediaItem): Promise<Float32Array>;
}

/** @throws StudioError `export/model-damaged` for an object detector. */
function classifierSpec({ preprocessing }: ModelArtifact): Extract<Preprocessing, { mean: number }> {
  if (!('mean' in preprocessing)) throw new StudioError('export/model-damaged');
  return preprocessing;
}

/** A trained network on windows of features. Owns it. */
export class WindowClassifier implements Disposable {
  readonly artifact: ModelArtifact;
  readonly #model: LayersModel;
  readonly #shape: readonly number[];

  private constructor(artifact: ModelArtifact, model: LayersModel) {
    this.artifact = artifact;
    this.#model = model;
    const p = classifierSpec(artifact);
    this.#shape = p.kind === 'log-mel' ? [p.windowFrames, p.bandCount, 1] : p.shape;
  }

  /** Loads the model on WebAssembly: small networks run there faster than a GPU can be read back (EXPERIMENTS §6). @throws StudioError `export/model-damaged`. */
  static async load(artifact: ModelArtifact): Promise<WindowClassifier> {
    await startWasm();
    return new WindowClassifier(artifact, await loadArtifact(artifact));
  }

  get classNames(): string[] {
    return this.artifact.classes.map((label) => label.name);
  }

  /** Shape of one window's feature. */
  get shape(): readonly number[] {
    return this.#shape;
  }

  /** Values of one window. */
  get size(): number {
    return this.#shape.reduce((product, side) => product * side, 1);
  }

  /** @param features of all windows, one after the other; overwritten. @returns shape [windows, classes], softmax. */
  async classify(features: Float32Array): Promise<Float32Array> {
    const { size } = this;
    const count = features.length / size;
    const classCount = this.artifact.classes.length;
    normalise(features, classifierSpec(this.artifact));
    const result = new Float32Array(count * classCount);
    for (let at = 0; at < count; at += BATCH) {
      const real = Math.min(BATCH, count - at);
      const batch = count === 1 ? 1 : BATCH;
      const inputs = new Float32Array(batch * size);
      inputs.set(features.subarray(at * size, (at + real) * size));
      const output = tf.tidy(() =>
        tf.softmax(this.#model.apply(tf.tensor(inputs, [batch, ...this.#shape])) as tf.Tensor2D),
      );
      try {
        result.set(((await output.data()) as Float32Array).subarray(0, real * classCount), at * classCount);
      } finally {
        output.dispose();
      }
    }
    return result;
  }

  [Symbol.dispose](): void {
    this.#model.dispose();
  }
}

/** A trained sound model. Owns its network, and the pretrained one it stands on. */
export class SoundPredictor implements Predictor, ClipScorer {
  readonly #classifier: WindowClassifier;
  readonly #spec: SoundPreprocessing;
  readonly #embedder: Embedder | null;

  private constructor(classifier: WindowClassifier, spec: SoundPreprocessing, embedder: Embedder | null) {
    this.#classifier = classifier;
    this.#spec = spec;
    this.#embedder = embedder;
  }

  /**
   * @param needsSound false when only cached clips will be scored: no pretrained network is loaded then.
   * @throws StudioError `export/model-damaged`, `network/…`.
   */
  static async load(artifact: ModelArtifact, store: NetworkStore, needsSound = true): Promise<SoundPredictor> {
    const { preprocessing } = artifact;
    if (!('sampleRateHz' in preprocessing)) throw new StudioError('export/model-damaged');
    const classifier = await WindowClassifier.load(artifact);
    const embedder =
      preprocessing.kind === 'log-mel' || !needsSound
        ? null
        : await createEmbedder(store, preprocessing.kind, preprocessing.windowSec);
    return new SoundPredictor(classifier, preprocessing, embedder);
  }

  get artifact(): ModelArtifact {
    return this.#classifier.artifact;
  }

  get rateHz(): number {
    return this.#spec.sampleRateHz;
  }

  get cut(): WindowCut {
    return windowCut(this.#spec);
  }

  get classNames(): string[] {
    return this.#classifier.classNames;
  }

  async predictWindows(windows: readonly PcmWindow[]): Promise<WindowPredictions> {
    const { shape, size } = this.#classifier;
    const features = new Float32Array(windows.length * size);
    for (const [i, { pcm, own }] of windows.entries())
      features.set(this.#embedder ? await this.#embedder.embed(pcm) : logMelWindow(own, shape[0]!), i * size);
    const { novelty } = this.artifact;
    const unlike = novelty
      ? Float32Array.from(windows, (_, i) => noveltyOf(features.subarray(i * size, (i + 1) * size), novelty))
      : null;
    const scores = await this.#classifier.classify(features);
    const { quietDb } = this.#spec;
    const classCount = this.classNames.length;
    // Silence has no name, whatever the network makes of it.
    if (quietDb !== undefined)
      windows.forEach(({ own }, i) => {
        if (levelDb(own) < quietDb) scores.fill(0, i * classCount, (i + 1) * classCount);
      });
    return { scores, novelty: unlike };
  }

  async predictClip(cache: FeatureCache, { hash }: MediaItem): Promise<Float32Array> {
    const p = this.#spec;
    if (p.kind !== 'log-mel') {
      const cut = { network: p.kind, windowSamples: p.windowSamples, hopSamples: p.hopSamples, shape: p.shape };
      return this.#classifier.classify((await cache.get(hash, embeddingExtractor(cut))).slice());
    }
    const logMel = await cache.get(hash, LOG_MEL_EXTRACTOR);
    const starts = windowStarts(logMel.length / LOG_MEL_SPEC.bandCount, p);
    const { size } = this.#classifier;
    const features = new Float32Array(starts.length * size);
    starts.forEach((start, i) => copyWindow(logMel, start, p.windowFrames, features, i * size));
    return this.#classifier.classify(features);
  }

  [Symbol.dispose](): void {
    this.#classifier[Symbol.dispose]();
    this.#embedder?.[Symbol.dispose]();
  }
}

/** YAMNet's own classes as a model: scores are independent of each other. */
export class KnownPredictor implements Predictor {
  readonly #sounds: KnownSounds;
  readonly rateHz = SOUND_RATE_HZ;
  readonly cut: WindowCut;

  /** @param sounds owned from here on. */
  constructor(sounds: KnownSounds) {
    this.#sounds = sounds;
    this.cut = sampleCut(sounds.windowSamples, Math.round(sounds.windowSamples / 2));
  }
  get classNames(): string[] {
    return this.#sounds.labels;
  }
  async predictWindows(windows: readonly PcmWindow[]): Promise<WindowPredictions> {
    const result = new Float32Array(windows.length * this.classNames.length);
    for (const [i, { pcm }] of windows.entries())
      result.set(await this.#sounds.scores(pcm), i * this.classNames.length);
    return { scores: result, novelty: null };
  }
  [Symbol.dispose](): void {
    this.#sounds[Symbol.dispose]();
  }
}
