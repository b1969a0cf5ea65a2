/** What the capture worklet sends. Type-only. */

/** Consecutive mono samples; `frame` is the index of the first one on the audio clock, so gaps can be counted. */
export type CaptureBlock = { pcm: Float32Array; frame: number };
