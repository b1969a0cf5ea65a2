/** What lists say, put on the examples of an import: classes, cuts, boxes. Main thread or any; pure. */
import type { Rect } from '../../domain/boxes.ts';
import type { InspectedMedia, MediaItem } from '../../domain/project.ts';
import { formatDuration, formatPosition } from '../../kernel/format.ts';
import type { PictureNote } from './notes.ts';
import { placeBoxes } from './place.ts';
import type { Annotations, ImportRemark, Listed, MotionAnnotation, Named } from './reader.ts';

/** Whether a picture is done with what a file says of it: it has boxes, or the file says that it has none. Boxes that could not be read leave it to do. */
const isDoneBy = (note: PictureNote | undefined, kept: number): boolean =>
  note !== undefined && (kept > 0 || (note.boxes.length === 0 && !note.isPartial));

function place(
  path: string,
  { media }: Pick<InspectedMedia, 'media'>,
  note: PictureNote,
  remark: (remark: ImportRemark) => void,
): (Rect & { label: string })[] {
  if (!('height' in media)) return [];
  const { boxes, remarks } = placeBoxes(
    note,
    media.width,
    media.height,
    'orientation' in media ? media.orientation : 1,
  );
  for (const { reason, isKept } of remarks)
    remark({ path, reason, isAdded: true, ...(isKept ? {} : { isPart: true }) });
  return boxes;
}

/** The stretches among `rows` that begin inside one of another label. In one pass by their starts: lists have thousands. */
function findOverlaps(rows: readonly { label: string; startSec: number; endSec: number }[]): ReadonlySet<number> {
  const found = new Set<number>();
  // The stretch that ends last, and the one of another label that does.
  let last = { label: '', endSec: -Infinity };
  let other = last;
  for (const i of rows.map((_, index) => index).sort((a, b) => rows[a]!.startSec - rows[b]!.startSec)) {
    const row = rows[i]!;
    const { label, startSec, endSec } = row;
    const rival = last.label === label ? other : last;
    if (Math.min(rival.endSec, endSec) > startSec + 0.05) found.add(i);
    if (last.label === label) last = endSec > last.endSec ? row : last;
    else if (endSec > last.endSec) [last, other] = [row, last];
    else if (endSec > other.endSec) other = row;
  }
  return found;
}

/** The clips that rows cut out of a video: the file is shared, nothing is encoded anew. */
function cutByRows(
  whole: InspectedMedia,
  rows: readonly MotionAnnotation[],
  onFault: (reason: string) => void,
): Named[] {
  const { media } = whole;
  if (!('fileSec' in media))
    return rows.slice(0, 1).map((row) => ({ media: whole, className: row.label, boxes: null }));
  const clips: Named[] = [];
  const stretches = rows.map((row) => ({
    label: row.label,
    startSec: row.startSec ?? 0,
    endSec: Math.min(row.endSec ?? media.fileSec, media.fileSec),
  }));
  const overlaps = findOverlaps(stretches);
  for (const [i, row] of rows.entries()) {
    const { startSec, endSec } = stretches[i]!;
    const say = `${row.label}, ${formatPosition(startSec)} to ${formatPosition(row.endSec ?? media.fileSec)}`;
    if (startSec >= media.fileSec - 0.05) {
      onFault(`${say}: the video is only ${formatDuration(media.fileSec)} long.`);
      continue;
    }
    const notices: string[] = [];
    if (row.endSec !== null && row.endSec > media.fileSec + 0.05)
      notices.push(`${say}: cut at the end of the video, ${formatPosition(media.fileSec)}.`);
    if (overlaps.has(i)) notices.push(`${say}: it overlaps with another label. Both were added.`);
    clips.push({
      media: {
        ...whole,
        notice: notices.join(' ') || whole.notice,
        media: { ...media, startSec, endSec, durationSec: endSec - startSec },
      },
      className: row.label,
      boxes: null,
    });
  }
  return clips;
}

/** The examples of a file by what its list says of it. */
const NAMERS: Record<Listed['kind'], (listed: Listed) => Annotations['name']> = {
  classes:
    ({ classes }) =>
    (path, found, className) =>
      found.map((media) => ({ media, className: classes.get(path) ?? media.label ?? className, boxes: null })),
  segments:
    ({ segments }) =>
    (path, media, className, remark) => {
      const rows = segments.get(path);
      if (rows) {
        const faults: string[] = [];
        const clips = cutByRows(media[0]!, rows, (reason) => void faults.push(reason));
        const came = clips.length > 0 ? { isAdded: true, isPart: true } : { isAdded: false };
        for (const reason of faults) remark({ path, reason, ...came });
        return clips;
      }
      const named = media.map((one): Named => ({ media: one, className: one.label ?? className, boxes: null }));
      if (segments.size > 0 && named[0] && !named[0].className)
        remark({ path, reason: 'The annotations do not name it: it has no class yet.', isAdded: true });
      return named;
    },
  boxes:
    ({ notes }) =>
    (path, found, _className, remark) =>
      found.map((one): Named => {
        const own = notes.get(path);
        if (!own && notes.size > 0)
          remark({ path, reason: 'The annotations do not name it: it is not annotated yet.', isAdded: true });
        const list = own ? place(path, one, own, remark) : [];
        return { media: one, className: null, boxes: { list, isDone: isDoneBy(own, list.length) } };
      }),
};

/** See the file header. @param items of the project. @param remark takes what is odd about the lists. */
export function applyLists(
  listed: Listed,
  items: readonly MediaItem[],
  remark: (remark: ImportRemark) => void,
): Annotations {
  const { used, remarks, parts, restPart, groups, classes, stretches, segments, notes, isForProject } = listed;
  for (const one of remarks) remark(one);
  const known = (isForProject ? items : []).flatMap((item) => {
    const note = notes.get(item.path);
    if (!note) return [];
    const boxes = place(item.path, item, note, remark);
    return [{ item, boxes, isDone: isDoneBy(note, boxes.length) }];
  });
  return {
    used,
    known,
    hasClassOf: (path) =>
      classes.has(path) || segments.has(path) || (stretches.get(path) ?? []).some(({ label }) => label !== null),
    stretchesOf: (path) => stretches.get(path) ?? null,
    partOf: (path) => parts.get(path) ?? restPart,
    groupOf: (path) => groups.get(path) ?? null,
    name: NAMERS[listed.kind](listed),
  };
}
