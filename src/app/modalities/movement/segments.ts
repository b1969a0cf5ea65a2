/** Clips of one file of movement: a clip is a stretch of its file, nothing is encoded anew. Main thread; pure. */
import type { Change } from '../../../dataset/index.ts';
import { classIdOf, withClass } from '../../../domain/label.ts';
import type { MediaItem } from '../../../domain/project.ts';
import { mediaOf } from '../../../domain/task.ts';
import { newId, nowMs } from '../../../kernel/clock.ts';

/** Shorter stretches hold no movement. */
export const SHORTEST_SEC = 0.2;
/** Edges nearer than this stick to each other. */
const NEAR_SEC = 0.12;

/** Start and end in seconds of the file. */
export type Stretch = { startSec: number; endSec: number };

/** The stretch of its file that a clip is. */
export const stretchOf = (item: MediaItem) => mediaOf(item, 'movement');

/** A clip that is the whole file without a class is none yet: it only waits to be divided. */
const isWhole = (item: MediaItem): boolean => {
  const { startSec, endSec, fileSec } = stretchOf(item);
  return classIdOf(item) === null && startSec === 0 && endSec >= fileSec - 1e-6;
};

/** Clips of a file by their start, and the clip that is the whole of it. */
export function segmentsOf(
  items: readonly MediaItem[],
  hash: string,
): { segments: MediaItem[]; whole: MediaItem | null } {
  const ofFile = items.filter((item) => item.hash === hash);
  return {
    segments: ofFile.filter((item) => !isWhole(item)).sort((a, b) => stretchOf(a).startSec - stretchOf(b).startSec),
    whole: ofFile.find(isWhole) ?? null,
  };
}

const between = (sec: number, high: number) => Math.max(0, Math.min(high, sec));

function withStretch(item: MediaItem, startSec: number, endSec: number): MediaItem {
  return { ...item, media: { ...stretchOf(item), startSec, endSec, durationSec: endSec - startSec } };
}

/** A new clip of the file of `item`. @returns what changes, and the id of the clip; null when the stretch is too short. */
export function addSegment(
  item: MediaItem,
  whole: MediaItem | null,
  fromSec: number,
  toSec: number,
  classId: string | null,
): { id: string; changes: Change[] } | null {
  const { fileSec } = stretchOf(item);
  const [startSec, endSec] = [between(Math.min(fromSec, toSec), fileSec), between(Math.max(fromSec, toSec), fileSec)];
  if (endSec - startSec < SHORTEST_SEC) return null;
  const id = newId();
  const after = withClass(withStretch({ ...item, id, addedAtMs: nowMs() }, startSec, endSec), classId);
  const gone: Change[] = whole ? [{ store: 'items', before: whole, after: null }] : [];
  return { id, changes: [{ store: 'items', before: null, after }, ...gone] };
}

/** Other edges of a clip; inside its file, and never too short. Nothing when they stay. */
export function moveSegment(before: MediaItem, startSec: number, endSec: number): Change[] {
  const { fileSec, startSec: oldStart, endSec: oldEnd } = stretchOf(before);
  const from = between(Math.min(startSec, endSec - SHORTEST_SEC), fileSec);
  const to = between(Math.max(endSec, from + SHORTEST_SEC), fileSec);
  if (from === oldStart && to === oldEnd) return [];
  return [{ store: 'items', before, after: withStretch(before, from, to) }];
}

/** Takes a clip away; the last one of a file leaves the file as it came, whole and without a class. @param ofFile all clips of its file. */
export function removeSegment(before: MediaItem, ofFile: readonly MediaItem[]): Change[] {
  const isLast = !ofFile.some(({ id }) => id !== before.id);
  const after = isLast ? withClass(withStretch(before, 0, stretchOf(before).fileSec), null) : null;
  return [{ store: 'items', before, after }];
}

/** The clip under a moment as two. Nothing when there is none, or an end would be too short. */
export function splitSegment(segments: readonly MediaItem[], atSec: number): Change[] {
  const before = segments.find((item) => {
    const { startSec, endSec } = stretchOf(item);
    return startSec < atSec - SHORTEST_SEC && endSec > atSec + SHORTEST_SEC;
  });
  if (!before) return [];
  const { startSec, endSec } = stretchOf(before);
  return [
    { store: 'items', before, after: withStretch(before, startSec, atSec) },
    { store: 'items', before: null, after: withStretch({ ...before, id: newId() }, atSec, endSec) },
  ];
}

/** A moment, or the edge of another clip (or `atSec`) when one is near. @param own the clip that is moved. */
export function snapTo(segments: readonly MediaItem[], own: string | null, atSec: number, sec: number): number {
  const others = segments.filter(({ id }) => id !== own).map(stretchOf);
  const edges = [atSec, ...others.flatMap(({ startSec, endSec }) => [startSec, endSec])];
  const best = edges.reduce((a, b) => (Math.abs(b - sec) < Math.abs(a - sec) ? b : a), Infinity);
  return Math.abs(best - sec) <= NEAR_SEC ? best : sec;
}

/** Where a dragged clip would be. @param by seconds it was moved. */
export function dragged(
  { startSec, endSec }: Stretch,
  edge: 'start' | 'end' | 'both',
  by: number,
  fileSec: number,
  snap: (sec: number) => number,
): Stretch {
  if (edge === 'start')
    return { startSec: Math.min(endSec - SHORTEST_SEC, between(snap(startSec + by), fileSec)), endSec };
  if (edge === 'end')
    return { startSec, endSec: Math.max(startSec + SHORTEST_SEC, between(snap(endSec + by), fileSec)) };
  const from = Math.max(0, Math.min(fileSec - (endSec - startSec), snap(startSec + by)));
  return { startSec: from, endSec: from + endSec - startSec };
}
