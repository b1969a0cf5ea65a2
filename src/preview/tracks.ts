/** Boxes of a live picture that stay calm: the same object keeps its number, its box is smoothed, and one missed frame does not make it vanish. Any thread; pure. */
import { intersectionOverUnion, type Detection } from '../domain/boxes.ts';

/** An object that is followed. `id` stays while it is seen. */
export type Track = Detection & { id: number };

type Followed = Track & { seenAtSec: number; seenCount: number };

/** Overlap from which a box continues a track. */
const SAME_OBJECT = 0.3;
/** Seconds a track outlives its last sighting. */
const KEPT_SEC = 0.35;

/** See the file header. */
export class Tracker {
  #tracks: Followed[] = [];
  #next = 1;

  /**
   * @param found of this frame. @param smoothing share of the old box in the new one, 0..1.
   * @returns tracks seen at least twice, or surely, best first.
   */
  push(found: readonly Detection[], atSec: number, smoothing = 0.5): Track[] {
    const free = new Set(this.#tracks);
    const next: Followed[] = [];
    for (const box of [...found].sort((a, b) => b.score - a.score)) {
      let best: Followed | null = null;
      let most = SAME_OBJECT;
      for (const track of free) {
        if (track.classIndex !== box.classIndex) continue;
        const overlap = intersectionOverUnion(track, box);
        if (overlap > most) [best, most] = [track, overlap];
      }
      if (best) free.delete(best);
      const mix = (key: 'x' | 'y' | 'width' | 'height' | 'score') =>
        best ? best[key] * smoothing + box[key] * (1 - smoothing) : box[key];
      next.push({
        x: mix('x'),
        y: mix('y'),
        width: mix('width'),
        height: mix('height'),
        score: mix('score'),
        classIndex: box.classIndex,
        id: best?.id ?? this.#next++,
        seenAtSec: atSec,
        seenCount: (best?.seenCount ?? 0) + 1,
      });
    }
    const kept = [...free].filter((track) => atSec - track.seenAtSec < KEPT_SEC && track.seenCount > 1);
    this.#tracks = [...next, ...kept];
    return this.#tracks
      .filter((track) => track.seenCount > 1 || track.score > 0.8)
      .map(({ seenAtSec: _seen, seenCount: _count, ...track }) => track)
      .sort((a, b) => b.score - a.score);
  }

  reset(): void {
    this.#tracks = [];
  }
}
