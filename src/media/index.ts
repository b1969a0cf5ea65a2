/** Door of the media room: pure functions, any thread. */
export { joinBlocks } from './blocks.ts';
export { encodeWav } from './wav.ts';
export { resample, Resampler } from './resample.ts';
export { SAMPLE_SOUNDS, synthesise, type SampleSound } from './synthesise.ts';
export { SOUND_RATE_HZ } from './rate.ts';
