/** What a timeline shows of a file: zoom, scroll, marks of its ruler, tiles of its picture. Main thread; pure. */

/** The shown part of a file, in seconds. */
export type View = { fromSec: number; toSec: number };

/** Where the file itself has an edge near a moment of a view that is so many pixels wide; the moment itself when there is none. */
export type EdgeNear = (view: View, widthPx: number, sec: number, nearSec: number, edge: 'rise' | 'fall') => number;

/** No more is to be seen in less. */
const LEAST_SEC = 0.1;

const within = (fromSec: number, lengthSec: number, fileSec: number): View => {
  const length = Math.min(fileSec, Math.max(Math.min(LEAST_SEC, fileSec), lengthSec));
  const from = Math.max(0, Math.min(fileSec - length, fromSec));
  return { fromSec: from, toSec: from + length };
};

/** The view with another length; the moment `aroundSec` stays where it is. @param factor under 1 shows less. */
export function zoomed({ fromSec, toSec }: View, factor: number, aroundSec: number, fileSec: number): View {
  const length = Math.min(fileSec, Math.max(Math.min(LEAST_SEC, fileSec), (toSec - fromSec) * factor));
  const ratio = toSec > fromSec ? (aroundSec - fromSec) / (toSec - fromSec) : 0.5;
  return within(aroundSec - ratio * length, length, fileSec);
}

/** The view moved along the file. */
export const moved = ({ fromSec, toSec }: View, bySec: number, fileSec: number): View =>
  within(fromSec + bySec, toSec - fromSec, fileSec);

/** The view in which a moment is seen: as it is while the moment is inside, else with the moment near its start. */
export function showing(view: View, sec: number, fileSec: number): View {
  if (sec >= view.fromSec && sec <= view.toSec) return view;
  return within(sec - 0.1 * (view.toSec - view.fromSec), view.toSec - view.fromSec, fileSec);
}

/** A stretch with a margin around it. */
export const around = (startSec: number, endSec: number, fileSec: number): View =>
  within(startSec - (endSec - startSec), 3 * (endSec - startSec), fileSec);

/** Where a moment lies in the view, 0..1 inside of it. */
export const ratioIn = ({ fromSec, toSec }: View, sec: number): number =>
  (sec - fromSec) / Math.max(1e-6, toSec - fromSec);

/** Steps between marks that people read at a glance. */
const STEPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];

/** Time as a mark: as many places as the step needs. */
function tellMark(sec: number, stepSec: number): string {
  const places = stepSec < 0.1 ? 2 : stepSec < 1 ? 1 : 0;
  const hours = Math.floor(sec / 3600);
  const minutes = Math.floor((sec % 3600) / 60);
  const rest = (sec % 60).toFixed(places).padStart(places ? places + 3 : 2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}

/** Marks of the ruler inside a view. @param most about how many there is room for. */
export function marksOf({ fromSec, toSec }: View, most: number): { sec: number; text: string }[] {
  const stepSec = STEPS.find((step) => (toSec - fromSec) / step <= Math.max(2, most)) ?? STEPS.at(-1)!;
  const first = Math.ceil(fromSec / stepSec - 1e-9);
  const count = Math.floor(toSec / stepSec + 1e-9) - first + 1;
  return Array.from({ length: Math.max(0, Math.min(200, count)) }, (_, i) => {
    // Products of whole numbers, so that no mark drifts.
    const sec = Math.round((first + i) * stepSec * 100) / 100;
    return { sec, text: tellMark(sec, stepSec) };
  });
}

/** Seconds of a column in the finest tiles; each level has columns twice as long. */
const FINEST_COLUMN_SEC = 0.005;

/** Tiles that cover a view, in the coarsest level that still has a column for each pixel. @param columns of a tile. */
export function tilesOf(
  { fromSec, toSec }: View,
  widthPx: number,
  columns: number,
): { columnSec: number; startSec: number }[] {
  const perPixel = (toSec - fromSec) / Math.max(1, widthPx);
  const level = Math.max(0, Math.floor(Math.log2(perPixel / FINEST_COLUMN_SEC)));
  const columnSec = FINEST_COLUMN_SEC * 2 ** level;
  const tileSec = columnSec * columns;
  const first = Math.floor(fromSec / tileSec);
  const last = Math.max(first, Math.ceil(toSec / tileSec) - 1);
  return Array.from({ length: last - first + 1 }, (_, i) => ({ columnSec, startSec: (first + i) * tileSec }));
}

/**
 * Where a sound begins or ends near a moment: the steepest rise or fall of its level.
 * @param peaks largest magnitude by column, 0..255. @returns the moment itself when nothing changes by a quarter.
 */
export function steepest(
  peaks: ArrayLike<number>,
  columnSec: number,
  startSec: number,
  sec: number,
  nearSec: number,
  edge: 'rise' | 'fall',
): number {
  let best = sec;
  let most = 0.25;
  const from = Math.max(1, Math.floor((sec - nearSec - startSec) / columnSec));
  const to = Math.min(peaks.length - 1, Math.ceil((sec + nearSec - startSec) / columnSec));
  let loudest = 1;
  for (let i = from - 1; i <= to; i++) loudest = Math.max(loudest, peaks[i] ?? 0);
  for (let i = from; i <= to; i++) {
    const change = ((peaks[i]! - peaks[i - 1]!) / loudest) * (edge === 'rise' ? 1 : -1);
    if (change <= most) continue;
    most = change;
    best = startSec + i * columnSec;
  }
  return best;
}
