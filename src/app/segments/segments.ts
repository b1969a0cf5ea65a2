/** Segments of one file: a segment is an example that is a stretch of it, nothing is encoded anew. Main thread; pure. What a stretch is in the records is the modality's own (`SegmentKind`). */
import type { Change } from '../../dataset/index.ts';
import { classIdOf, withClass } from '../../domain/label.ts';
import type { MediaItem } from '../../domain/project.ts';
import { fileHashOf, type Stretch } from '../../domain/stretch.ts';
import { newId, nowMs } from '../../kernel/clock.ts';

/** Edges nearer than this stick to each other. */
const NEAR_SEC = 0.12;

/** What a modality says of segments. */
export type SegmentKind = {
  /** Shorter stretches hold nothing to learn. */
  shortestSec: number;
  /** Where an example lies in its file. */
  stretchOf: (item: MediaItem) => Stretch & { fileSec: number };
  /** The example with other edges. */
  withStretch: (item: MediaItem, stretch: Stretch) => MediaItem;
};

/** An example that is the whole file without a class is none yet: it only waits to be divided. */
function isWhole(kind: SegmentKind, item: MediaItem): boolean {
  const { startSec, endSec, fileSec } = kind.stretchOf(item);
  return classIdOf(item) === null && startSec === 0 && endSec >= fileSec - 1e-6;
}

/** Examples of a file by their start, and the one that is the whole of it. @param hash of the file. */
export function segmentsOf(
  kind: SegmentKind,
  items: readonly MediaItem[],
  hash: string,
): { segments: MediaItem[]; whole: MediaItem | null } {
  const ofFile = items.filter((item) => fileHashOf(item.hash) === hash);
  return {
    segments: ofFile
      .filter((item) => !isWhole(kind, item))
      .sort((a, b) => kind.stretchOf(a).startSec - kind.stretchOf(b).startSec),
    whole: ofFile.find((item) => isWhole(kind, item)) ?? null,
  };
}

const between = (sec: number, high: number) => Math.max(0, Math.min(high, sec));

/**
 * A new segment of the file of `item`. @param whole the example that is the whole file: it goes with the first segment.
 * @returns what changes, and the id of the segment; null when the stretch is too short.
 */
export function addSegment(
  kind: SegmentKind,
  item: MediaItem,
  whole: MediaItem | null,
  fromSec: number,
  toSec: number,
  classId: string | null,
): { id: string; changes: Change[] } | null {
  const made = addSegments(kind, item, whole, [{ startSec: fromSec, endSec: toSec }], classId);
  return made && { id: made.ids[0]!, changes: made.changes };
}

/** Several of them. @returns null when none is long enough. */
export function addSegments(
  kind: SegmentKind,
  item: MediaItem,
  whole: MediaItem | null,
  stretches: readonly Stretch[],
  classId: string | null,
): { ids: string[]; changes: Change[] } | null {
  const { fileSec } = kind.stretchOf(item);
  const now = nowMs();
  const made = stretches.flatMap(({ startSec: a, endSec: b }, i) => {
    const [startSec, endSec] = [between(Math.min(a, b), fileSec), between(Math.max(a, b), fileSec)];
    if (endSec - startSec < kind.shortestSec) return [];
    const id = newId();
    // A segment is an example, also of a sound that was only mixed in.
    const part = item.part === 'background' ? 'training' : item.part;
    return [withClass(kind.withStretch({ ...item, id, part, addedAtMs: now + i }, { startSec, endSec }), classId)];
  });
  if (made.length === 0) return null;
  const gone: Change[] = whole ? [{ store: 'items', before: whole, after: null }] : [];
  return {
    ids: made.map(({ id }) => id),
    changes: [...made.map((after): Change => ({ store: 'items', before: null, after })), ...gone],
  };
}

/** Other edges of a segment; inside its file, and never too short. Nothing when they stay. */
export function moveSegment(kind: SegmentKind, before: MediaItem, startSec: number, endSec: number): Change[] {
  const { fileSec, startSec: oldStart, endSec: oldEnd } = kind.stretchOf(before);
  const length = oldEnd - oldStart;
  const isWhole = Math.abs(endSec - startSec - length) < 1e-6;
  const last = between(endSec, fileSec);
  // Moved as a whole it keeps its length; of one edge the other stays.
  const from = isWhole
    ? between(startSec, fileSec - length)
    : between(Math.min(startSec, last - kind.shortestSec), fileSec);
  const to = isWhole ? from + length : Math.min(fileSec, Math.max(last, from + kind.shortestSec));
  if (from === oldStart && to === oldEnd) return [];
  return [{ store: 'items', before, after: kind.withStretch(before, { startSec: from, endSec: to }) }];
}

/** Takes a segment away; the last one of a file leaves the file as it came, whole and without a class. @param ofFile all examples of its file. */
export function removeSegment(kind: SegmentKind, before: MediaItem, ofFile: readonly MediaItem[]): Change[] {
  const isLast = !ofFile.some(({ id }) => id !== before.id);
  const whole = { startSec: 0, endSec: kind.stretchOf(before).fileSec };
  return [{ store: 'items', before, after: isLast ? withClass(kind.withStretch(before, whole), null) : null }];
}

/** The segment under a moment as two. Nothing when there is none, or an end would be too short. */
export function splitSegment(kind: SegmentKind, segments: readonly MediaItem[], atSec: number): Change[] {
  const before = segments.find((item) => {
    const { startSec, endSec } = kind.stretchOf(item);
    return startSec < atSec - kind.shortestSec && endSec > atSec + kind.shortestSec;
  });
  if (!before) return [];
  const { startSec, endSec } = kind.stretchOf(before);
  return [
    { store: 'items', before, after: kind.withStretch(before, { startSec, endSec: atSec }) },
    { store: 'items', before: null, after: kind.withStretch({ ...before, id: newId() }, { startSec: atSec, endSec }) },
  ];
}

/** A moment, or the edge of another segment (or one of `edges`) when one is near. @param own the segment that is moved. */
export function snapTo(
  kind: SegmentKind,
  segments: readonly MediaItem[],
  own: string | null,
  edges: readonly number[],
  sec: number,
  nearSec = NEAR_SEC,
): number {
  const others = segments.filter(({ id }) => id !== own).map(kind.stretchOf);
  const all = [...edges, ...others.flatMap(({ startSec, endSec }) => [startSec, endSec])];
  const best = all.reduce((a, b) => (Math.abs(b - sec) < Math.abs(a - sec) ? b : a), Infinity);
  return Math.abs(best - sec) <= Math.min(NEAR_SEC, nearSec) ? best : sec;
}

/** Where a dragged segment would be. @param by seconds it was moved. */
export function dragged(
  { startSec, endSec }: Stretch,
  edge: 'start' | 'end' | 'both',
  by: number,
  fileSec: number,
  shortestSec: number,
  snap: (sec: number) => number,
): Stretch {
  if (edge === 'start')
    return { startSec: Math.min(endSec - shortestSec, between(snap(startSec + by), fileSec)), endSec };
  if (edge === 'end')
    return { startSec, endSec: Math.max(startSec + shortestSec, between(snap(endSec + by), fileSec)) };
  const from = Math.max(0, Math.min(fileSec - (endSec - startSec), snap(startSec + by)));
  return { startSec: from, endSec: from + endSec - startSec };
}

/** Labelled stretches that lie on each other with different classes: one moment cannot teach both. @param segments by their start. @returns pairs, in order of time. */
export function overlapsOf(kind: SegmentKind, segments: readonly MediaItem[]): [MediaItem, MediaItem][] {
  const pairs: [MediaItem, MediaItem][] = [];
  const labelled = segments.filter((item) => classIdOf(item) !== null);
  for (const [i, a] of labelled.entries()) {
    const { endSec } = kind.stretchOf(a);
    for (let k = i + 1; k < labelled.length; k++) {
      const b = labelled[k]!;
      const second = kind.stretchOf(b);
      if (second.startSec > endSec - NEAR_SEC) break;
      const shared = Math.min(endSec, second.endSec) - second.startSec;
      if (shared > NEAR_SEC && classIdOf(a) !== classIdOf(b)) pairs.push([a, b]);
    }
  }
  return pairs;
}
