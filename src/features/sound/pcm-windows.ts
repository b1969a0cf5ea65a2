/** Cutting a stream of samples into windows. Any thread; pure. The same rules as windows.ts, in samples. */

/** A window and where it starts; `startSample` is negative when a short clip is centred in silence. */
export type PcmWindow = { startSample: number; pcm: Float32Array };

/**
 * Windows of a stream: one every hop; a clip shorter than a window gives one, centred in silence; the last window ends with the clip
 * unless it would repeat more than three quarters of the one before.
 */
export class PcmWindows {
  readonly #windowSamples: number;
  readonly #hopSamples: number;
  #held = new Float32Array(0);
  #heldFrom = 0;
  #next = 0;
  #total = 0;

  /** @param windowSamples and @param hopSamples at the rate of the samples. */
  constructor(windowSamples: number, hopSamples: number) {
    this.#windowSamples = windowSamples;
    this.#hopSamples = hopSamples;
  }

  /** @param pcm borrowed. @returns windows complete now; each owned by the caller. */
  push(pcm: Float32Array): PcmWindow[] {
    const joined = new Float32Array(this.#held.length + pcm.length);
    joined.set(this.#held);
    joined.set(pcm, this.#held.length);
    this.#total += pcm.length;
    const windows: PcmWindow[] = [];
    while (this.#next + this.#windowSamples <= this.#total) {
      const at = this.#next - this.#heldFrom;
      windows.push({ startSample: this.#next, pcm: joined.slice(at, at + this.#windowSamples) });
      this.#next += this.#hopSamples;
    }
    // The end of the clip may need a window's length of the past.
    const keepFrom = Math.max(this.#heldFrom, Math.min(this.#next, this.#total - this.#windowSamples));
    this.#held = joined.slice(keepFrom - this.#heldFrom);
    this.#heldFrom = keepFrom;
    return windows;
  }

  /** The window at the end, if there is one. Call it once. */
  end(): PcmWindow[] {
    const length = this.#windowSamples;
    if (this.#total === 0) return [];
    if (this.#total < length) {
      const before = Math.floor((length - this.#total) / 2);
      const pcm = new Float32Array(length);
      pcm.set(this.#held, before);
      return [{ startSample: -before, pcm }];
    }
    const lastStart = this.#next - this.#hopSamples;
    const rest = this.#total - length - lastStart;
    if (rest * 4 < length) return [];
    const startSample = this.#total - length;
    return [{ startSample, pcm: this.#held.slice(startSample - this.#heldFrom) }];
  }
}

/** All windows of a whole clip. */
export function cutPcmWindows(pcm: Float32Array, windowSamples: number, hopSamples: number): PcmWindow[] {
  const windows = new PcmWindows(windowSamples, hopSamples);
  return [...windows.push(pcm), ...windows.end()];
}
