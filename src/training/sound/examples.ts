/** Where a run's windows come from: cached spectrograms, or cached embeddings of a pretrained network. Worker thread. Everything random takes a generator. */
import type { AugmentSettings } from '../../domain/project.ts';
import {
  copyWindow,
  embeddingExtractor,
  LOG_MEL_SPEC,
  type CopySettings,
  type EmbeddingCut,
  type WindowFrames,
} from '../../features/index.ts';
import type { Random } from '../../kernel/random.ts';
import {
  assembleBatch,
  drawVariations,
  listWindows,
  type ClipWindow,
  type SoundBatch,
  type TrainingClip,
} from './batches.ts';

/** What training needs to know of its windows. */
export interface Examples {
  /** Shape of one window's feature. */
  readonly shape: readonly number[];
  /** Class of every training window, in order. */
  readonly training: readonly number[];
  /** Class of every validation window, in order. */
  readonly validation: readonly number[];
  /** One varied training batch, not yet normalised. @param mean of the features: what hidden values are set to. */
  assemble(indices: readonly number[], weights: readonly number[], mean: number, random: Random): Promise<SoundBatch>;
  /** Copies a window as it is. */
  copy(part: 'training' | 'validation', index: number, out: Float32Array, at: number): Promise<void>;
}

/** Log-mel windows of clips, for the full network. */
export class LogMelExamples implements Examples {
  readonly shape: readonly number[];
  readonly training: readonly number[];
  readonly validation: readonly number[];
  readonly #windows: { training: ClipWindow[]; validation: ClipWindow[] };
  readonly #options: {
    window: WindowFrames;
    classCount: number;
    augment: AugmentSettings;
    background: readonly TrainingClip[];
    spectrum: (clip: TrainingClip) => Promise<Float32Array>;
  };

  /** @param options `spectrum`: a clip's spectrogram, shape [frames, 64], borrowed. */
  constructor(
    training: readonly TrainingClip[],
    validation: readonly TrainingClip[],
    options: {
      window: WindowFrames;
      classCount: number;
      augment: AugmentSettings;
      background: readonly TrainingClip[];
      spectrum: (clip: TrainingClip) => Promise<Float32Array>;
    },
  ) {
    this.#windows = {
      training: listWindows(training, options.window),
      validation: listWindows(validation, options.window),
    };
    this.#options = options;
    this.shape = [options.window.windowFrames, LOG_MEL_SPEC.bandCount, 1];
    this.training = this.#windows.training.map(({ clip }) => clip.classIndex);
    this.validation = this.#windows.validation.map(({ clip }) => clip.classIndex);
  }

  assemble(indices: readonly number[], weights: readonly number[], mean: number, random: Random): Promise<SoundBatch> {
    const { window, classCount, augment, background, spectrum } = this.#options;
    const chosen = indices.map((i) => this.#windows.training[i]!);
    const varied = drawVariations(chosen, { window, augment, random, background });
    return assembleBatch(varied, { windowFrames: window.windowFrames, classCount, weights, mean, spectrum });
  }

  async copy(part: 'training' | 'validation', index: number, out: Float32Array, at: number): Promise<void> {
    const { clip, start } = this.#windows[part][index]!;
    copyWindow(await this.#options.spectrum(clip), start, this.#options.window.windowFrames, out, at);
  }
}

/** Share of an embedding's values hidden in each training example. */
const HIDDEN_RATIO = 0.3;

/** A clip of embeddings: how many windows it has. */
export type EmbeddedClip = { hash: string; classIndex: number; windowCount: number };

/** Embedding windows of clips, for a head on a pretrained network. Copies vary the sound, hidden values and mixing the embedding. */
export class EmbeddingExamples implements Examples {
  readonly shape: readonly number[];
  readonly training: readonly number[];
  readonly validation: readonly number[];
  readonly #windows: Record<'training' | 'validation', { clip: EmbeddedClip; index: number }[]>;
  readonly #size: number;
  readonly #options: {
    cut: EmbeddingCut;
    copies: CopySettings | null;
    classCount: number;
    isMixed: boolean;
    load: (hash: string, extractor: string) => Promise<Float32Array>;
  };

  /** @param options `load`: cached embeddings of a clip, shape [windows, …], borrowed. */
  constructor(
    training: readonly EmbeddedClip[],
    validation: readonly EmbeddedClip[],
    options: {
      cut: EmbeddingCut;
      copies: CopySettings | null;
      classCount: number;
      isMixed: boolean;
      load: (hash: string, extractor: string) => Promise<Float32Array>;
    },
  ) {
    const list = (clips: readonly EmbeddedClip[]) =>
      clips.flatMap((clip) => Array.from({ length: clip.windowCount }, (_, index) => ({ clip, index })));
    this.#windows = { training: list(training), validation: list(validation) };
    this.#options = options;
    this.shape = options.cut.shape;
    this.#size = options.cut.shape.reduce((product, side) => product * side, 1);
    this.training = this.#windows.training.map(({ clip }) => clip.classIndex);
    this.validation = this.#windows.validation.map(({ clip }) => clip.classIndex);
  }

  async assemble(
    indices: readonly number[],
    classWeights: readonly number[],
    mean: number,
    random: Random,
  ): Promise<SoundBatch> {
    const { cut, copies, classCount, isMixed, load } = this.#options;
    const size = this.#size;
    const inputs = new Float32Array(indices.length * size);
    const targets = new Float32Array(indices.length * classCount);
    const weights = new Float32Array(indices.length);
    for (const [i, window] of indices.entries()) {
      const { clip, index } = this.#windows.training[window]!;
      const copy = copies ? random.int(copies.count + 1) : 0;
      const values = await load(clip.hash, embeddingExtractor(cut, copy, copies));
      inputs.set(values.subarray(index * size, (index + 1) * size), i * size);
      targets[i * classCount + clip.classIndex] = 1;
      weights[i] = classWeights[clip.classIndex]!;
    }
    if (isMixed) {
      const plain = { inputs: inputs.slice(), targets: targets.slice(), weights: weights.slice() };
      for (let i = 0; i < indices.length; i++) {
        if (random.next() >= 0.5) continue;
        const other = random.int(indices.length);
        const share = 0.6 + 0.4 * random.next();
        const mix = (to: Float32Array, from: Float32Array, width: number) => {
          for (let j = 0; j < width; j++)
            to[i * width + j] = share * from[i * width + j]! + (1 - share) * from[other * width + j]!;
        };
        mix(inputs, plain.inputs, size);
        mix(targets, plain.targets, classCount);
        mix(weights, plain.weights, 1);
      }
    }
    // Dropout (Srivastava et al. 2014) of the input, around its mean.
    for (let i = 0; i < inputs.length; i++)
      inputs[i] = random.next() < HIDDEN_RATIO ? mean : mean + (inputs[i]! - mean) / (1 - HIDDEN_RATIO);
    return { inputs, targets, weights };
  }

  async copy(part: 'training' | 'validation', index: number, out: Float32Array, at: number): Promise<void> {
    const { clip, index: window } = this.#windows[part][index]!;
    const values = await this.#options.load(clip.hash, embeddingExtractor(this.#options.cut));
    out.set(values.subarray(window * this.#size, (window + 1) * this.#size), at);
  }
}
