/** The small frames of the video that is divided, as they are read. Main thread. */
import type { FilmFrame } from '../../../features/index.ts';
import { isAbort } from '../../../kernel/errors.ts';
import type { View } from '../../segments/timeline.ts';

/** Frames of a film. */
export const FILM_FRAMES = 96;

/** Reads one; every frame is given when it is there. @throws an AbortError. */
export type ReadFilm = (
  hash: string,
  count: number,
  onFrame: (frame: FilmFrame) => void,
  signal: AbortSignal,
) => Promise<unknown>;

/** See the file header. */
export class Film implements Disposable {
  readonly #read: ReadFilm;
  readonly #onError: (error: unknown) => void;
  #frames = $state.raw<readonly FilmFrame[]>([]);
  #stop = new AbortController();

  constructor(read: ReadFilm, onError: (error: unknown) => void) {
    this.#read = read;
    this.#onError = onError;
  }

  /** By their time. */
  get frames(): readonly FilmFrame[] {
    return this.#frames;
  }

  /** Another video: what was read of the one before is let go. */
  async open(hash: string): Promise<void> {
    this[Symbol.dispose]();
    const stop = (this.#stop = new AbortController());
    const onFrame = (frame: FilmFrame) => {
      if (!stop.signal.aborted) this.#frames = [...this.#frames, frame];
    };
    try {
      await this.#read(hash, FILM_FRAMES, onFrame, stop.signal);
    } catch (error) {
      if (!isAbort(error)) this.#onError(error);
    }
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
    this.#frames = [];
  }
}

/** Where frames are drawn in a view: side by side as wide as they are, each slot the frame nearest to its middle. @param height of the strip, in pixels as `width`. */
export function slotsOf(
  frames: readonly FilmFrame[],
  view: View,
  width: number,
  height: number,
): { x: number; width: number; frame: FilmFrame }[] {
  const [any] = frames;
  if (!any) return [];
  const slot = Math.max(8, (any.width / any.height) * height);
  const perPixel = (view.toSec - view.fromSec) / Math.max(1, width);
  return Array.from({ length: Math.ceil(width / slot) }, (_, i) => {
    const sec = view.fromSec + (i + 0.5) * slot * perPixel;
    const frame = frames.reduce((a, b) => (Math.abs(b.atSec - sec) < Math.abs(a.atSec - sec) ? b : a));
    return { x: i * slot, width: slot, frame };
  });
}
