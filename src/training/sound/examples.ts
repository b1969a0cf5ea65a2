/** Where a run's windows of spectrograms come from. Worker thread. Everything random takes a generator. */
import type { AugmentSettings } from '../../domain/settings.ts';
import { copyWindow, LOG_MEL_SPEC, type WindowFrames } from '../../features/index.ts';
import type { Random } from '../../kernel/random.ts';
import type { Batch, Examples } from '../classification/examples.ts';
import { assembleBatch, drawVariations, listWindows, type ClipWindow, type TrainingClip } from './batches.ts';

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

  assemble(indices: readonly number[], weights: readonly number[], mean: number, random: Random): Promise<Batch> {
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
