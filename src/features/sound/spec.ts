/** The numbers of the log-mel spectrogram. Any thread; constants and small maths only. */
import { SOUND_RATE_HZ } from '../../media/rate.ts';

/** Those of VGGish and YAMNet (Hershey et al. 2017; yamnet/params.py). */
export const LOG_MEL_SPEC = {
  /** Part of the cache key; raise it when any value of the feature changes. */
  version: 1,
  sampleRateHz: SOUND_RATE_HZ,
  windowSamples: 400,
  hopSamples: 160,
  fftSize: 512,
  bandCount: 64,
  lowHz: 125,
  highHz: 7500,
  logOffset: 0.001,
} as const;

/** Spectrogram rows per second. */
export const FRAMES_PER_SEC = LOG_MEL_SPEC.sampleRateHz / LOG_MEL_SPEC.hopSamples;

/** Value of a band in digital silence, ln(0.001): what windows beyond the end of a clip are filled with. */
export const SILENCE_LOG_MEL = Math.log(LOG_MEL_SPEC.logOffset);

/** Log-mel value drawn as full ink: about a full-scale tone. */
const LOUD_LOG_MEL = 4;

/** Hertz to mel, HTK: 1127 ln(1 + f / 700). */
export const toMel = (hz: number) => 1127 * Math.log(1 + hz / 700);

/** Spectrogram rows that fit into `sampleCount` samples. */
export function logMelFrameCount(sampleCount: number): number {
  const { windowSamples, hopSamples } = LOG_MEL_SPEC;
  return sampleCount < windowSamples ? 0 : Math.floor((sampleCount - windowSamples) / hopSamples) + 1;
}

/** Log-mel values to 0 (silence) .. 255 (loud), for pictures. */
export function quantiseLogMel(values: Float32Array): Uint8Array {
  return Uint8Array.from(values, (value) =>
    Math.max(0, Math.min(255, Math.round(((value - SILENCE_LOG_MEL) / (LOUD_LOG_MEL - SILENCE_LOG_MEL)) * 255))),
  );
}

/** Cache key of the log-mel extractor: id, version; its parameters are constants of that version. */
export const LOG_MEL_EXTRACTOR = `log-mel@${LOG_MEL_SPEC.version}`;
