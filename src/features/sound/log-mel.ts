/**
 * Log-mel spectrogram, the picture every sound network sees. Any thread; pure. Meyda gives the FFT; window, mel bank and
 * logarithm are ours, because Meyda's log(x + 1) erases quiet sounds (DEPENDENCIES T31).
 */
import Meyda from 'meyda';
import { LOG_MEL_SPEC, logMelFrameCount, toMel } from './spec.ts';
import { copyWindow } from './windows.ts';

const { windowSamples, hopSamples, fftSize, bandCount, lowHz, highHz, logOffset, sampleRateHz } = LOG_MEL_SPEC;

/** Periodic Hann window: 0.5 − 0.5 cos(2πn / N), as tf.signal.hann_window. */
const HANN = Float32Array.from(
  { length: windowSamples },
  (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / windowSamples),
);

type Band = { firstBin: number; weights: Float32Array };

/** Triangles equally spaced and linear in mel, without normalisation (tf.signal.linear_to_mel_weight_matrix). DC is left out. */
function melBank(): Band[] {
  const lowMel = toMel(lowHz);
  const stepMel = (toMel(highHz) - lowMel) / (bandCount + 1);
  const bands: Band[] = [];
  for (let band = 0; band < bandCount; band++) {
    const left = lowMel + band * stepMel;
    const weights: number[] = [];
    let firstBin = -1;
    for (let bin = 1; bin < fftSize / 2; bin++) {
      const mel = toMel((bin * sampleRateHz) / fftSize);
      const weight = Math.min((mel - left) / stepMel, (left + 2 * stepMel - mel) / stepMel);
      if (weight <= 0) continue;
      if (firstBin < 0) firstBin = bin;
      weights.push(weight);
    }
    bands.push({ firstBin: Math.max(0, firstBin), weights: Float32Array.from(weights) });
  }
  return bands;
}

const BANK = melBank();

/** The numbers of the spectrogram as they stand in exported graphs: the window, and the mel bank as a matrix, shape [64, 257]. */
export function logMelMatrices(): { hann: Float32Array; mel: Float32Array } {
  const bins = fftSize / 2 + 1;
  const mel = new Float32Array(bandCount * bins);
  BANK.forEach(({ firstBin, weights }, band) => mel.set(weights, band * bins + firstBin));
  return { hann: HANN.slice(), mel };
}
const buffer = new Float32Array(fftSize);

/** Writes one spectrogram row: `pcm[at .. at+400)` → 64 values at `out[outAt]`. */
function writeRow(pcm: Float32Array, at: number, out: Float32Array, outAt: number): void {
  for (let i = 0; i < windowSamples; i++) buffer[i] = pcm[at + i]! * HANN[i]!;
  // Set on every call: another user of the module-wide Meyda object may have changed it (T30).
  Meyda.bufferSize = fftSize;
  Meyda.windowingFunction = 'rect';
  const spectrum = Meyda.extract('amplitudeSpectrum', buffer) as unknown as Float32Array;
  for (let band = 0; band < bandCount; band++) {
    const { firstBin, weights } = BANK[band]!;
    let sum = 0;
    for (let i = 0; i < weights.length; i++) sum += weights[i]! * spectrum[firstBin + i]!;
    out[outAt + band] = Math.log(sum + logOffset);
  }
}

/**
 * Log-mel spectrogram of a stream of samples, block by block.
 */
export class LogMelStream {
  #held = new Float32Array(0);
  readonly #stride: () => number;
  #rowIndex = 0;

  /** @param stride computes only every n-th row (for small pictures of long sounds); read before each row. Default 1. */
  constructor(stride: () => number = () => 1) {
    this.#stride = stride;
  }

  /**
   * @param pcm mono samples in −1..1 at 16 kHz. Borrowed.
   * @returns float32, shape [rows, 64], natural log, row-major: row i covers samples 160 i .. 160 i + 400 of the stream.
   */
  push(pcm: Float32Array): Float32Array {
    const input = new Float32Array(this.#held.length + pcm.length);
    input.set(this.#held);
    input.set(pcm, this.#held.length);
    const rows = logMelFrameCount(input.length);
    const out = new Float32Array(rows * bandCount);
    let written = 0;
    for (let row = 0; row < rows; row++) {
      if (this.#rowIndex++ % this.#stride() !== 0) continue;
      writeRow(input, row * hopSamples, out, written * bandCount);
      written++;
    }
    this.#held = input.slice(rows * hopSamples);
    return out.subarray(0, written * bandCount);
  }
}

/**
 * Log-mel spectrogram of a whole clip.
 *
 * @param pcm mono samples in −1..1, shape [samples], at 16 kHz. Borrowed, not modified.
 * @returns float32, shape [frames, 64], frames = floor((samples − 400) / 160) + 1; a clip shorter than one analysis window
 *   is padded with silence to give one frame.
 * @see Hershey et al. 2017, CNN Architectures for Large-Scale Audio Classification, §3.1; yamnet/features.py.
 *   Golden values: tests/golden/log-mel.json (command inside the file).
 */
export function extractLogMel(pcm: Float32Array): Float32Array {
  const stream = new LogMelStream();
  if (pcm.length >= windowSamples) return stream.push(pcm);
  const padded = new Float32Array(windowSamples);
  padded.set(pcm);
  return stream.push(padded);
}

/**
 * Log-mel rows of one window of a clip, as they would be cut from the spectrogram of the whole clip.
 * @param own the clip's samples under the window; fewer than a window holds when the clip is shorter. Borrowed.
 * @returns shape [windowFrames, 64].
 */
export function logMelWindow(own: Float32Array, windowFrames: number): Float32Array {
  const logMel = extractLogMel(own);
  const frames = logMel.length / bandCount;
  const out = new Float32Array(windowFrames * bandCount);
  copyWindow(logMel, -Math.floor((windowFrames - frames) / 2), windowFrames, out, 0);
  return out;
}
