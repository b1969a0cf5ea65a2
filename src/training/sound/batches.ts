/**
 * Examples for the sound networks: which windows exist, and how they are varied. Any thread; pure. Everything random takes a
 * generator keyed by seed, iteration and step, so a resumed run sees exactly the batches an uninterrupted one would.
 */
import type { AugmentSettings } from '../../domain/project.ts';
import type { Random } from '../../kernel/random.ts';
import { copyWindow, LOG_MEL_SPEC, SILENCE_LOG_MEL, windowStarts, type WindowFrames } from '../../features/index.ts';

const BANDS = LOG_MEL_SPEC.bandCount;

/** A clip as training sees it. */
export type TrainingClip = { itemId: string; hash: string; classIndex: number; frames: number };

/** One window of one clip. */
export type ClipWindow = { clip: TrainingClip; start: number };

/** All windows of clips, in order. */
export function listWindows(clips: readonly TrainingClip[], window: WindowFrames): ClipWindow[] {
  return clips.flatMap((clip) => windowStarts(clip.frames, window).map((start) => ({ clip, start })));
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

/** Iterations when the person leaves them automatic: enough steps for few windows, fewer passes over many. */
export function automaticIterations(windowCount: number): number {
  return Math.max(30, Math.min(120, Math.round(36000 / Math.max(1, windowCount))));
}

/** Where a window is cut when it is shifted in time: up to half a hop away inside the clip; a short clip moves inside its window. */
export function shiftedStart(window: ClipWindow, { windowFrames, hopFrames }: WindowFrames, random: Random): number {
  const { frames } = window.clip;
  if (frames <= windowFrames) return -random.int(windowFrames - frames + 1);
  const reach = Math.max(1, Math.round(hopFrames / 2));
  return Math.max(0, Math.min(frames - windowFrames, window.start - reach + random.int(2 * reach + 1)));
}

/** Adds two log spectra as amplitudes: ln(a eˣ + b eʸ), written into `target`. */
function mixInto(
  target: Float32Array,
  at: number,
  other: Float32Array,
  otherAt: number,
  length: number,
  a: number,
  b: number,
): void {
  for (let i = 0; i < length; i++)
    target[at + i] = Math.log(a * Math.exp(target[at + i]!) + b * Math.exp(other[otherAt + i]!));
}

/** SpecAugment: up to two masks of at most 12 bands and two of at most a fifth of the frames, filled with `fill`. */
function maskSpectrum(target: Float32Array, at: number, frames: number, fill: number, random: Random): void {
  for (let mask = 0; mask < 2; mask++) {
    const bands = random.int(13);
    const firstBand = random.int(BANDS - bands + 1);
    for (let frame = 0; frame < frames; frame++)
      target.fill(fill, at + frame * BANDS + firstBand, at + frame * BANDS + firstBand + bands);
    const rows = random.int(Math.max(1, Math.floor(frames / 5)));
    const firstRow = random.int(frames - rows + 1);
    target.fill(fill, at + firstRow * BANDS, at + (firstRow + rows) * BANDS);
  }
}

/** A batch in memory: inputs [size, frames, 64] not yet normalised, targets [size, classes], weight per example. */
export type SoundBatch = { inputs: Float32Array; targets: Float32Array; weights: Float32Array };

/**
 * Assembles one varied training batch.
 * @param windows the windows of this step, in order.
 * @param spectrum the clip's spectrogram, shape [frames, 64]; borrowed.
 * @param options `background`: clips of the class to mix in; `mean`: value that masks are filled with (the data's mean).
 */
export async function assembleBatch(
  windows: readonly ClipWindow[],
  options: {
    window: WindowFrames;
    classCount: number;
    weights: readonly number[];
    augment: AugmentSettings;
    mean: number;
    random: Random;
    spectrum: (clip: TrainingClip) => Promise<Float32Array>;
    background: readonly TrainingClip[];
  },
): Promise<SoundBatch> {
  const { window, classCount, augment, random } = options;
  const length = window.windowFrames * BANDS;
  const inputs = new Float32Array(windows.length * length);
  const targets = new Float32Array(windows.length * classCount);
  const weights = new Float32Array(windows.length);
  for (const [i, example] of windows.entries()) {
    const at = i * length;
    const start = augment.timeShift ? shiftedStart(example, window, random) : example.start;
    copyWindow(await options.spectrum(example.clip), start, window.windowFrames, inputs, at);
    targets[i * classCount + example.clip.classIndex] = 1;
    weights[i] = options.weights[example.clip.classIndex]!;
    if (augment.backgroundClassId !== null && options.background.length > 0 && random.next() < 0.5) {
      const clip = options.background[random.int(options.background.length)]!;
      const noise = new Float32Array(length);
      const noiseStart = clip.frames > window.windowFrames ? random.int(clip.frames - window.windowFrames + 1) : 0;
      copyWindow(await options.spectrum(clip), noiseStart, window.windowFrames, noise, 0);
      mixInto(inputs, at, noise, 0, length, 1, 0.1 + 0.4 * random.next());
    }
    if (augment.gain) {
      const gain = ((random.next() * 12 - 6) * Math.LN10) / 20;
      for (let j = at; j < at + length; j++) inputs[j] = Math.max(SILENCE_LOG_MEL, inputs[j]! + gain);
    }
  }
  if (augment.mixup) {
    const plain = inputs.slice();
    const plainTargets = targets.slice();
    const plainWeights = weights.slice();
    for (let i = 0; i < windows.length; i++) {
      if (random.next() >= 0.5) continue;
      const other = random.int(windows.length);
      const share = 0.6 + 0.4 * random.next();
      mixInto(inputs, i * length, plain, other * length, length, share, 1 - share);
      for (let c = 0; c < classCount; c++) {
        targets[i * classCount + c] =
          share * plainTargets[i * classCount + c]! + (1 - share) * plainTargets[other * classCount + c]!;
      }
      weights[i] = share * plainWeights[i]! + (1 - share) * plainWeights[other]!;
    }
  }
  if (augment.specAugment) {
    for (let i = 0; i < windows.length; i++)
      maskSpectrum(inputs, i * length, window.windowFrames, options.mean, random);
  }
  return { inputs, targets, weights };
}
