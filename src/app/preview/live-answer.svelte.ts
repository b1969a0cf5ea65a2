/** What is said live: smoothed scores, the winner since when, shown at most twice a second (DESIGN §8). Main thread. */
import { Smoother, winner, type Threshold } from '../../preview/index.ts';

/** Seconds between answers that are shown. */
const EVERY_SEC = 0.5;

/** See the file header. */
export class LiveAnswer {
  readonly #smoother = new Smoother();
  #shown = $state.raw<Float32Array | null>(null);
  #heldFromSec = $state(0);
  #heldClass = -1;
  #lastSec: number | null = null;
  #lastShownSec: number | null = null;

  /** Smoothed scores; null before the first. */
  get shown(): Float32Array | null {
    return this.#shown;
  }
  /** Since when the winner is the winner. */
  get heldFromSec(): number {
    return this.#heldFromSec;
  }

  /** @param scores of what ended `atSec` after the start, copied. */
  push(scores: Float32Array, atSec: number, smoothingSec: number, threshold: Threshold): void {
    const smoothed = this.#smoother
      .push(scores, this.#lastSec === null ? 0 : atSec - this.#lastSec, smoothingSec)
      .slice();
    this.#lastSec = atSec;
    const { classIndex } = winner(smoothed, threshold);
    if (classIndex !== this.#heldClass) {
      this.#heldClass = classIndex;
      this.#heldFromSec = atSec;
    }
    if (this.#lastShownSec !== null && atSec - this.#lastShownSec < EVERY_SEC) return;
    this.#shown = smoothed;
    this.#lastShownSec = atSec;
  }

  /** Nobody is there, or nothing: what was said a moment ago is no answer any more. */
  hide(): void {
    this.#shown = null;
  }

  reset(): void {
    this.#smoother.reset();
    this.#shown = null;
    this.#heldFromSec = 0;
    this.#heldClass = -1;
    this.#lastSec = this.#lastShownSec = null;
  }
}
