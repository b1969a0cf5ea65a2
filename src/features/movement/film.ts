/** A video at a glance before anything is known of the bodies in it: small frames along its time, and how much changes at each. Worker thread. */
import type { OpenVideo } from '../../media/jobs.ts';

/** Longer side of a small frame in pixels. */
const FRAME_PIXELS = 96;
/** What changes is measured over so many seconds. */
const CHANGE_SEC = 0.1;

/** A small frame: RGBA pixels, shape [height, width, 4], and the mean change of its brightness in a tenth of a second, 0..1. */
export type FilmFrame = {
  atSec: number;
  width: number;
  height: number;
  pixels: Uint8ClampedArray<ArrayBuffer>;
  change: number;
};

/** Mean difference of brightness (Rec. 601) of two pictures of one size, 0..1. */
export function changeOf(a: Uint8ClampedArray, b: Uint8ClampedArray): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 4)
    sum += Math.abs(0.299 * (a[i]! - b[i]!) + 0.587 * (a[i + 1]! - b[i + 1]!) + 0.114 * (a[i + 2]! - b[i + 2]!));
  return sum / (a.length / 4) / 255;
}

/**
 * Frames in the middles of `count` equal parts of a video, in order. @param video borrowed.
 * @throws an AbortError; StudioError `media/damaged` where the data stop being readable.
 */
export async function* readFilm(video: OpenVideo, count: number, signal?: AbortSignal): AsyncGenerator<FilmFrame> {
  const partSec = video.durationSec / count;
  // A frame later at least: the same frame twice says that nothing moves.
  const later = Math.max(CHANGE_SEC, 1.5 / video.frameRateHz);
  const isPaired = later < partSec;
  const middles = Array.from({ length: count }, (_, i) => (i + 0.5) * partSec);
  const times = isPaired ? middles.flatMap((sec) => [sec, sec + later]) : middles;
  let before: { atSec: number; pixels: Uint8ClampedArray<ArrayBuffer> } | null = null;
  for await (const { atSec, width, height, data } of video.framesAt(times, FRAME_PIXELS, signal)) {
    const change = before ? changeOf(before.pixels, data) : 0;
    if (!isPaired) {
      before = { atSec, pixels: new Uint8ClampedArray(data) };
      // What is given away is the receiver's.
      yield { atSec, width, height, pixels: new Uint8ClampedArray(data), change };
    } else if (before && Math.abs(atSec - before.atSec - later) < 1e-6) {
      yield { atSec: before.atSec, width, height, pixels: before.pixels, change };
      before = null;
    } else before = { atSec, pixels: new Uint8ClampedArray(data) };
  }
}
