/** Cutting spectrograms into the windows a network sees. Any thread; pure. The same code serves training, evaluation, preview and the exported model. */
import { FRAMES_PER_SEC, LOG_MEL_SPEC, SILENCE_LOG_MEL } from './spec.ts';

const { bandCount } = LOG_MEL_SPEC;

/** Window and hop in spectrogram frames. */
export type WindowFrames = { windowFrames: number; hopFrames: number };

/**
 * Frames of a window of `windowSec`: as many 10 ms hops as fit when the last analysis window (25 ms) ends with it,
 * so 0.975 s gives 96 frames (15 600 samples), as in YAMNet.
 */
export function windowFrames(windowSec: number, overlapRatio: number): WindowFrames {
  const samples = Math.round(windowSec * LOG_MEL_SPEC.sampleRateHz);
  const frames = Math.max(1, Math.floor((samples - LOG_MEL_SPEC.windowSamples) / LOG_MEL_SPEC.hopSamples) + 1);
  const hopFrames = Math.max(1, Math.round(windowSec * (1 - overlapRatio) * FRAMES_PER_SEC));
  return { windowFrames: frames, hopFrames };
}

/**
 * First frames of the windows of one clip. A clip shorter than a window gives one window, centred (negative start: silence
 * before and after). The last window ends with the clip, unless it would repeat more than three quarters of the one before.
 */
export function windowStarts(clipFrames: number, { windowFrames: length, hopFrames }: WindowFrames): number[] {
  if (clipFrames < length) return [-Math.floor((length - clipFrames) / 2)];
  const starts: number[] = [];
  for (let start = 0; start + length <= clipFrames; start += hopFrames) starts.push(start);
  const rest = clipFrames - length - starts.at(-1)!;
  if (rest * 4 >= length) starts.push(clipFrames - length);
  return starts;
}

/**
 * Copies one window of a spectrogram.
 * @param logMel shape [frames, 64]. Borrowed. @param start first frame; may be negative or reach beyond the end (filled with silence).
 * @param out receives shape [windowFrames, 64] at `outAt`.
 */
export function copyWindow(
  logMel: Float32Array,
  start: number,
  length: number,
  out: Float32Array,
  outAt: number,
): void {
  const clipFrames = logMel.length / bandCount;
  const from = Math.max(0, start);
  const to = Math.min(clipFrames, start + length);
  out.fill(SILENCE_LOG_MEL, outAt, outAt + length * bandCount);
  if (to > from) out.set(logMel.subarray(from * bandCount, to * bandCount), outAt + (from - start) * bandCount);
}

/** Start and end of a window in seconds, for timelines. */
export function windowSpanSec(
  start: number,
  { windowFrames: length }: WindowFrames,
): { startSec: number; endSec: number } {
  return { startSec: start / FRAMES_PER_SEC, endSec: (start + length) / FRAMES_PER_SEC };
}
