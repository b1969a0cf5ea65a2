/**
 * Examples for the sound networks: which windows exist, and how they are varied. Any thread; pure. Everything random takes a
 * generator keyed by seed, iteration and step, so a resumed run sees exactly the batches an uninterrupted one would.
 */
import type { AugmentSettings } from '../../domain/settings.ts';
import type { Random } from '../../kernel/random.ts';
import { copyWindow, LOG_MEL_SPEC, SILENCE_LOG_MEL, windowStarts, type WindowFrames } from '../../features/index.ts';

import type { Batch } from '../classification/examples.ts';

const BANDS = LOG_MEL_SPEC.bandCount;

/** A clip as training sees it. */
export type TrainingClip = { itemId: string; hash: string; classIndex: number; frames: number };

/** One window of one clip. */
export type ClipWindow = { clip: TrainingClip; start: number };

/** All windows of clips, in order. */
export function listWindows(clips: readonly TrainingClip[], window: WindowFrames): ClipWindow[] {
  return clips.flatMap((clip) => windowStarts(clip.frames, window).map((start) => ({ clip, start })));
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

/** Everything random about one example of a batch, drawn before anything is computed: the picture and the sound of it follow from it. */
export type Variation = {
  window: ClipWindow;
  /** First frame of the cut. */
  start: number;
  background: { clip: TrainingClip; start: number; level: number } | null;
  /** Gain in natural log of amplitude. */
  gain: number;
  /** Example of the same batch mixed in: amplitudes share : 1 − share. */
  mix: { other: number; share: number } | null;
  masks: { firstBand: number; bands: number; firstRow: number; rows: number }[];
};

/** What the variations of a batch depend on. */
export type VariationOptions = {
  window: WindowFrames;
  augment: AugmentSettings;
  random: Random;
  /** Clips to mix in behind. */
  background: readonly TrainingClip[];
};

/** Draws the variations of a batch. Pure given `random`; the order of draws is part of the reproducibility of a seed. */
export function drawVariations(windows: readonly ClipWindow[], options: VariationOptions): Variation[] {
  const { window, augment, random } = options;
  const { windowFrames } = window;
  const varied = windows.map((example): Variation => {
    const start = augment.timeShift ? shiftedStart(example, window, random) : example.start;
    let background: Variation['background'] = null;
    if (augment.backgroundClassId !== null && options.background.length > 0 && random.next() < 0.5) {
      const clip = options.background[random.int(options.background.length)]!;
      const noiseStart = clip.frames > windowFrames ? random.int(clip.frames - windowFrames + 1) : 0;
      background = { clip, start: noiseStart, level: 0.1 + 0.4 * random.next() };
    }
    const gain = augment.gain ? ((random.next() * 12 - 6) * Math.LN10) / 20 : 0;
    return { window: example, start, background, gain, mix: null, masks: [] };
  });
  if (augment.mixup) {
    for (const variation of varied) {
      if (random.next() >= 0.5) continue;
      variation.mix = { other: random.int(windows.length), share: 0.6 + 0.4 * random.next() };
    }
  }
  if (augment.specAugment) {
    // SpecAugment: two masks of at most 12 bands and two of at most a fifth of the frames.
    for (const variation of varied) {
      for (let mask = 0; mask < 2; mask++) {
        const bands = random.int(13);
        const firstBand = random.int(BANDS - bands + 1);
        const rows = random.int(Math.max(1, Math.floor(windowFrames / 5)));
        const firstRow = random.int(windowFrames - rows + 1);
        variation.masks.push({ firstBand, bands, firstRow, rows });
      }
    }
  }
  return varied;
}

/**
 * Assembles one varied training batch.
 * @param varied the examples of this step, from {@link drawVariations}.
 * @param options `spectrum`: a clip's spectrogram, shape [frames, 64], borrowed; `mean`: value that masks are filled with (the data's mean).
 */
export async function assembleBatch(
  varied: readonly Variation[],
  options: {
    windowFrames: number;
    classCount: number;
    weights: readonly number[];
    mean: number;
    spectrum: (clip: TrainingClip) => Promise<Float32Array>;
  },
): Promise<Batch> {
  const { windowFrames, classCount, spectrum } = options;
  const length = windowFrames * BANDS;
  const inputs = new Float32Array(varied.length * length);
  const targets = new Float32Array(varied.length * classCount);
  const weights = new Float32Array(varied.length);
  for (const [i, { window, start, background, gain }] of varied.entries()) {
    const at = i * length;
    copyWindow(await spectrum(window.clip), start, windowFrames, inputs, at);
    targets[i * classCount + window.clip.classIndex] = 1;
    weights[i] = options.weights[window.clip.classIndex]!;
    if (background) {
      const noise = new Float32Array(length);
      copyWindow(await spectrum(background.clip), background.start, windowFrames, noise, 0);
      mixInto(inputs, at, noise, 0, length, 1, background.level);
    }
    if (gain !== 0) for (let j = at; j < at + length; j++) inputs[j] = Math.max(SILENCE_LOG_MEL, inputs[j]! + gain);
  }
  if (varied.some(({ mix }) => mix)) {
    const plain = inputs.slice();
    const plainTargets = targets.slice();
    const plainWeights = weights.slice();
    for (const [i, { mix }] of varied.entries()) {
      if (!mix) continue;
      const { other, share } = mix;
      mixInto(inputs, i * length, plain, other * length, length, share, 1 - share);
      for (let c = 0; c < classCount; c++) {
        targets[i * classCount + c] =
          share * plainTargets[i * classCount + c]! + (1 - share) * plainTargets[other * classCount + c]!;
      }
      weights[i] = share * plainWeights[i]! + (1 - share) * plainWeights[other]!;
    }
  }
  for (const [i, { masks }] of varied.entries()) {
    const at = i * length;
    for (const { firstBand, bands, firstRow, rows } of masks) {
      for (let frame = 0; frame < windowFrames; frame++)
        inputs.fill(options.mean, at + frame * BANDS + firstBand, at + frame * BANDS + firstBand + bands);
      inputs.fill(options.mean, at + firstRow * BANDS, at + (firstRow + rows) * BANDS);
    }
  }
  return { inputs, targets, weights };
}
