/** Windows of landmark sequences for a run, and how they are varied. Worker thread. Everything random takes a generator. */
import type { MovementSettings } from '../../domain/settings.ts';
import {
  motionStarts,
  WINDOW_CHANNELS,
  writeWindow,
  type Motion,
  type MotionVariation,
  type MotionWindow,
} from '../../features/index.ts';
import type { Random } from '../../kernel/random.ts';
import type { Batch, Examples } from '../classification/examples.ts';

/** A clip as training sees it: gap-free, with the joints of the model. */
export type MotionClip = { classIndex: number; motion: Motion; durationSec: number };

type Window = { clip: MotionClip; startSec: number };

function listWindows(clips: readonly MotionClip[], window: MotionWindow): Window[] {
  return clips.flatMap((clip) => motionStarts(clip.durationSec, window).map((startSec) => ({ clip, startSec })));
}

/** Draws the variation of one example. The order of draws is part of the reproducibility of a seed. */
export function drawMotionVariation(settings: MovementSettings, hopSec: number, random: Random): MotionVariation {
  const spread = () => 2 * random.next() - 1;
  return {
    mirror: settings.mirror && random.next() < 0.5,
    rotation: settings.turn ? 0.2 * spread() : 0,
    scaleX: settings.turn ? 1 + 0.15 * spread() : 1,
    scaleY: settings.turn ? 1 + 0.1 * spread() : 1,
    speed: settings.speed ? 1 + 0.2 * spread() : 1,
    noise: settings.noise ? 0.03 * random.next() : 0,
    shiftSec: (hopSec / 2) * spread(),
    normal: () => {
      // Box and Muller 1958.
      const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
      return radius * Math.cos(2 * Math.PI * random.next());
    },
  };
}

/** See {@link Examples}. */
export class MotionExamples implements Examples {
  readonly shape: readonly number[];
  readonly training: readonly number[];
  readonly validation: readonly number[];
  readonly #windows: Record<'training' | 'validation', Window[]>;
  readonly #window: MotionWindow;
  readonly #settings: MovementSettings;
  readonly #classCount: number;
  readonly #size: number;

  constructor(
    training: readonly MotionClip[],
    validation: readonly MotionClip[],
    options: { window: MotionWindow; jointCount: number; classCount: number; settings: MovementSettings },
  ) {
    const { window, jointCount, classCount, settings } = options;
    this.#window = window;
    this.#settings = settings;
    this.#classCount = classCount;
    this.#windows = { training: listWindows(training, window), validation: listWindows(validation, window) };
    this.shape = [window.windowFrames, jointCount + 1, WINDOW_CHANNELS];
    this.#size = window.windowFrames * (jointCount + 1) * WINDOW_CHANNELS;
    this.training = this.#windows.training.map(({ clip }) => clip.classIndex);
    this.validation = this.#windows.validation.map(({ clip }) => clip.classIndex);
  }

  #write({ clip, startSec }: Window, variation: MotionVariation | null, out: Float32Array, at: number): void {
    const { frameRateHz, windowFrames } = this.#window;
    writeWindow(clip.motion, startSec, frameRateHz, windowFrames, variation, out, at);
  }

  async assemble(
    indices: readonly number[],
    weights: readonly number[],
    _mean: number,
    random: Random,
  ): Promise<Batch> {
    const inputs = new Float32Array(indices.length * this.#size);
    const targets = new Float32Array(indices.length * this.#classCount);
    const hopSec = this.#window.hopFrames / this.#window.frameRateHz;
    indices.forEach((index, i) => {
      const window = this.#windows.training[index]!;
      this.#write(window, drawMotionVariation(this.#settings, hopSec, random), inputs, i * this.#size);
      targets[i * this.#classCount + window.clip.classIndex] = 1;
    });
    return {
      inputs,
      targets,
      weights: Float32Array.from(indices, (index) => weights[this.training[index]!]!),
    };
  }

  async copy(part: 'training' | 'validation', index: number, out: Float32Array, at: number): Promise<void> {
    this.#write(this.#windows[part][index]!, null, out, at);
  }
}
