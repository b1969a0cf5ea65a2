/** Door of the media room: pure functions, any thread. */
export { encodeWav } from './wav.ts';
export { resample, Resampler } from './resample.ts';
export { SOUND_RATE_HZ } from './rate.ts';
