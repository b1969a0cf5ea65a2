/** What a classifier is trained on, and examples that are embeddings of a pretrained network. Any thread; pure. Everything random takes a generator. */
import type { Random } from '../../kernel/random.ts';

/** A batch in memory: inputs of all examples one after the other, not yet normalised, targets [size, classes], weight per example. */
export type Batch = { inputs: Float32Array; targets: Float32Array; weights: Float32Array };

/** What training needs to know of its windows. */
export interface Examples {
  /** Shape of one window's feature. */
  readonly shape: readonly number[];
  /** Class of every training window, in order. */
  readonly training: readonly number[];
  /** Class of every validation window, in order. */
  readonly validation: readonly number[];
  /** Example of the run's validation list that each of these windows belongs to; absent where nobody asks. */
  readonly validationClips?: readonly number[];
  /** One varied training batch, not yet normalised. @param mean of the features: what hidden values are set to. */
  assemble(indices: readonly number[], weights: readonly number[], mean: number, random: Random): Promise<Batch>;
  /** Copies a window as it is. */
  copy(part: 'training' | 'validation', index: number, out: Float32Array, at: number): Promise<void>;
}

/**
 * Weight of each class in the loss: inverse to its share of the windows, mean 1 over windows, at most 10.
 * @param counts windows per class; a class without windows gets 0.
 */
export function classWeights(counts: readonly number[], isBalanced: boolean): number[] {
  const present = counts.filter((count) => count > 0).length;
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (count === 0 ? 0 : isBalanced ? Math.min(10, total / (present * count)) : 1));
}

/** Share of an embedding's values hidden in each training example. */
const HIDDEN_RATIO = 0.3;

/** Embeddings of an example, shape [windows, …], borrowed; `copy` 0 is the example as it is. */
export type LoadEmbedding = (hash: string, copy: number) => Promise<Float32Array>;

/** A clip of embeddings: how many windows it has. */
export type EmbeddedClip = { hash: string; classIndex: number; windowCount: number };

/** Embedding windows of clips, for a head on a pretrained network. Copies vary the sound, hidden values and mixing the embedding. */
export class EmbeddingExamples implements Examples {
  readonly shape: readonly number[];
  readonly training: readonly number[];
  readonly validation: readonly number[];
  readonly validationClips: readonly number[];
  readonly #windows: Record<'training' | 'validation', { clip: EmbeddedClip; index: number }[]>;
  readonly #size: number;
  readonly #options: {
    shape: readonly number[];
    copyCount: number;
    classCount: number;
    isMixed: boolean;
    hiddenRatio?: number;
    load: LoadEmbedding;
  };

  /** @param options `copyCount`: varied copies of every training clip beside the clip itself; `hiddenRatio`: share of the values hidden in each example. */
  constructor(
    training: readonly EmbeddedClip[],
    validation: readonly EmbeddedClip[],
    options: {
      shape: readonly number[];
      copyCount: number;
      classCount: number;
      isMixed: boolean;
      hiddenRatio?: number;
      load: LoadEmbedding;
    },
  ) {
    const list = (clips: readonly EmbeddedClip[]) =>
      clips.flatMap((clip) => Array.from({ length: clip.windowCount }, (_, index) => ({ clip, index })));
    this.#windows = { training: list(training), validation: list(validation) };
    this.#options = options;
    this.shape = options.shape;
    this.#size = options.shape.reduce((product, side) => product * side, 1);
    this.training = this.#windows.training.map(({ clip }) => clip.classIndex);
    this.validation = this.#windows.validation.map(({ clip }) => clip.classIndex);
    this.validationClips = validation.flatMap(({ windowCount }, i) => new Array<number>(windowCount).fill(i));
  }

  async assemble(
    indices: readonly number[],
    classWeights: readonly number[],
    mean: number,
    random: Random,
  ): Promise<Batch> {
    const { copyCount, classCount, isMixed, hiddenRatio = HIDDEN_RATIO, load } = this.#options;
    const size = this.#size;
    const inputs = new Float32Array(indices.length * size);
    const targets = new Float32Array(indices.length * classCount);
    const weights = new Float32Array(indices.length);
    for (const [i, window] of indices.entries()) {
      const { clip, index } = this.#windows.training[window]!;
      const copy = copyCount > 0 ? random.int(copyCount + 1) : 0;
      const values = await load(clip.hash, copy);
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
    if (hiddenRatio > 0)
      for (let i = 0; i < inputs.length; i++)
        inputs[i] = random.next() < hiddenRatio ? mean : mean + (inputs[i]! - mean) / (1 - hiddenRatio);
    return { inputs, targets, weights };
  }

  async copy(part: 'training' | 'validation', index: number, out: Float32Array, at: number): Promise<void> {
    const { clip, index: window } = this.#windows[part][index]!;
    const values = await this.#options.load(clip.hash, 0);
    out.set(values.subarray(window * this.#size, (window + 1) * this.#size), at);
  }
}
