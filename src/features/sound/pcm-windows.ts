/** Cutting a stream of samples into windows, by the rules of windows.ts. Any thread; pure. */
import type { SoundPreprocessing } from '../../domain/model.ts';

/** How sound is cut for a model, in samples. */
export type WindowCut = {
  windowSamples: number;
  hopSamples: number;
  /** Windows start on multiples of this: the hop of the spectrogram, so that its rows are those of the whole clip. */
  gridSamples: number;
  /** Length that decides whether the end of a clip is worth a window of its own. */
  spanSamples: number;
};

/** The cut of a model's input. */
export function windowCut(p: SoundPreprocessing): WindowCut {
  if (p.kind !== 'log-mel') return sampleCut(p.windowSamples, p.hopSamples);
  return {
    windowSamples: (p.windowFrames - 1) * p.hopSamples + p.windowSamples,
    hopSamples: p.hopFrames * p.hopSamples,
    gridSamples: p.hopSamples,
    spanSamples: p.windowFrames * p.hopSamples,
  };
}

/** A cut that may start at any sample. */
export function sampleCut(windowSamples: number, hopSamples: number): WindowCut {
  return { windowSamples, hopSamples, gridSamples: 1, spanSamples: windowSamples };
}

/**
 * A window and where it starts; `startSample` is negative when a short clip is centred in silence. `own` is the clip's part of `pcm`:
 * all of it, except for a short clip.
 */
export type PcmWindow = { startSample: number; pcm: Float32Array; own: Float32Array };

/**
 * Windows of a stream: one every hop; a clip shorter than a window gives one, centred in silence; the last window ends with the clip
 * unless it would repeat more than three quarters of the one before.
 */
export class PcmWindows {
  readonly #cut: WindowCut;
  #held = new Float32Array(0);
  #heldFrom = 0;
  #next = 0;
  #total = 0;

  constructor(cut: WindowCut) {
    this.#cut = cut;
  }

  /** @param pcm borrowed. @returns windows complete now; each owned by the caller. */
  push(pcm: Float32Array): PcmWindow[] {
    const { windowSamples, hopSamples, gridSamples } = this.#cut;
    const joined = new Float32Array(this.#held.length + pcm.length);
    joined.set(this.#held);
    joined.set(pcm, this.#held.length);
    this.#total += pcm.length;
    const windows: PcmWindow[] = [];
    while (this.#next + windowSamples <= this.#total) {
      const at = this.#next - this.#heldFrom;
      const own = joined.slice(at, at + windowSamples);
      windows.push({ startSample: this.#next, pcm: own, own });
      this.#next += hopSamples;
    }
    // The end of the clip may need a window's length of the past.
    const past = this.#total - windowSamples - gridSamples;
    const keepFrom = Math.max(this.#heldFrom, Math.min(this.#next, past));
    this.#held = joined.slice(keepFrom - this.#heldFrom);
    this.#heldFrom = keepFrom;
    return windows;
  }

  /** The window at the end, if there is one. Call it once. */
  end(): PcmWindow[] {
    const { windowSamples, hopSamples, gridSamples, spanSamples } = this.#cut;
    if (this.#total === 0) return [];
    if (this.#total < windowSamples) {
      const before = Math.floor((windowSamples - this.#total) / 2);
      const pcm = new Float32Array(windowSamples);
      pcm.set(this.#held, before);
      return [{ startSample: -before, pcm, own: pcm.subarray(before, before + this.#total) }];
    }
    const startSample = Math.floor((this.#total - windowSamples) / gridSamples) * gridSamples;
    const rest = startSample - (this.#next - hopSamples);
    if (rest * 4 < spanSamples) return [];
    const at = startSample - this.#heldFrom;
    const own = this.#held.slice(at, at + windowSamples);
    return [{ startSample, pcm: own, own }];
  }
}

/** All windows of a whole clip. */
export function cutPcmWindows(pcm: Float32Array, cut: WindowCut): PcmWindow[] {
  const windows = new PcmWindows(cut);
  return [...windows.push(pcm), ...windows.end()];
}
