/**
 * Annotation files of videos, as Create ML reads them (FEATURES §1.3): CSV, TXT or JSON with `video`, `label` and optionally `start` and `end`. Any thread;
 * pure.
 */
import Papa from 'papaparse';
import type { InspectedMedia } from '../../domain/project.ts';
import { formatDuration, formatPosition } from '../../kernel/format.ts';
import { FileIndex } from './file-index.ts';
import type { Named, ReadAnnotations } from './reader.ts';
import { MOST_ANNOTATION_BYTES, readText } from './text.ts';

/** One row: seconds; null = from the beginning, to the end. `line` counts from 1. */
export type MotionAnnotation = {
  video: string;
  label: string;
  startSec: number | null;
  endSec: number | null;
  line: number;
};
/** What a file says, and the rows that could not be used. */
export type MotionAnnotations = { rows: MotionAnnotation[]; faults: { line: number; reason: string }[] };

const KEYS = {
  video: /^(video|videopath|video_path|file|filename|file_name|path)$/,
  label: /^(label|class|action|category)$/,
  start: /^(start|starttime|start_time|start_sec|begin|from)$/,
  end: /^(end|endtime|end_time|end_sec|stop|to)$/,
};

/**
 * A time in any of the five notations: seconds, seconds with a fraction, `mm:ss`, `mm:ss.fraction`, `hh:mm:ss` (with a fraction too); spaces and
 * unpadded fields are fine. @returns seconds; NaN when it is no time, null when it is empty.
 */
export function parseTime(value: unknown): number | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number') return value;
  const text = String(value).trim();
  if (text === '') return null;
  const fields = text.split(':').map((field) => field.trim().replace(',', '.'));
  if (fields.length > 3 || fields.some((field) => !/^\d+(\.\d*)?$|^\.\d+$/.test(field))) return NaN;
  return fields.reduce((sum, field) => sum * 60 + Number(field), 0);
}

const find = (record: Record<string, unknown>, name: RegExp) => {
  const key = Object.keys(record).find((candidate) => name.test(candidate.trim().toLowerCase()));
  return key === undefined ? undefined : record[key];
};
const textOf = (value: unknown) => (typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '');

/** Reads an annotation file. @returns null when it is none: it has no `video` and `label`. */
export function readMotionAnnotations(content: string, name: string): MotionAnnotations | null {
  let records: Record<string, unknown>[];
  if (/\.json$/i.test(name) || /^\s*\[/.test(content)) {
    try {
      const parsed = JSON.parse(content) as unknown;
      const list = Array.isArray(parsed) ? parsed : (parsed as { annotations?: unknown } | null)?.annotations;
      if (!Array.isArray(list)) return null;
      records = list.filter((entry): entry is Record<string, unknown> => typeof entry === 'object' && entry !== null);
    } catch {
      return null;
    }
  } else {
    const { data } = Papa.parse<Record<string, string>>(content.replace(/^\uFEFF/, ''), {
      header: true,
      skipEmptyLines: 'greedy',
    });
    records = data;
  }
  const isOurs = records.some(
    (record) => find(record, KEYS.video) !== undefined && find(record, KEYS.label) !== undefined,
  );
  if (!isOurs) return null;
  const rows: MotionAnnotation[] = [];
  const faults: MotionAnnotations['faults'] = [];
  const isTimed = records.some(
    (record) => parseTime(find(record, KEYS.start)) !== null || parseTime(find(record, KEYS.end)) !== null,
  );
  records.forEach((record, i) => {
    const line = i + 1;
    const refuse = (reason: string) => void faults.push({ line, reason });
    const video = textOf(find(record, KEYS.video));
    const label = textOf(find(record, KEYS.label));
    if (!video) return refuse('It names no video.');
    if (!label) return refuse(`It gives ${video} no label.`);
    const startSec = parseTime(find(record, KEYS.start));
    const endSec = parseTime(find(record, KEYS.end));
    if (Number.isNaN(startSec) || Number.isNaN(endSec))
      return refuse(
        `Its times are not readable (${textOf(find(record, KEYS.start))} to ${textOf(find(record, KEYS.end))}).`,
      );
    if (isTimed && startSec === null && endSec === null)
      return refuse('It has neither start nor end, although other rows have: give all rows times, or none.');
    if (startSec !== null && endSec !== null && endSec <= startSec)
      return refuse(`It ends (${endSec} s) before it begins (${startSec} s).`);
    rows.push({ video, label, startSec, endSec, line });
  });
  return { rows, faults };
}

/** Takes annotation files out of an import of videos: rows by the path of their video. */
export const readMotionFiles: ReadAnnotations = async (files, _items, remark) => {
  const annotated = new Map<string, MotionAnnotation[]>();
  const used = new Set<string>();
  const found: { path: string; annotations: MotionAnnotations }[] = [];
  for (const file of files) {
    if (!/\.(csv|txt|json)$/i.test(file.path) || file.blob.size >= MOST_ANNOTATION_BYTES) continue;
    const annotations = readMotionAnnotations(await readText(file.blob), file.path);
    if (!annotations) continue;
    found.push({ path: file.path, annotations });
    used.add(file.path);
  }
  const index = new FileIndex(files.map((file) => file.path).filter((path) => !used.has(path)));
  for (const { path: file, annotations } of found) {
    const folder = file.slice(0, file.lastIndexOf('/') + 1);
    for (const { line, reason } of annotations.faults) remark({ path: `${file}, row ${line}`, reason, isAdded: false });
    for (const row of annotations.rows) {
      const path = index.find(row.video, folder)?.path;
      if (!path)
        remark({
          path: `${file}, row ${row.line}`,
          reason: `There is no video ${row.video} among the files.`,
          isAdded: false,
        });
      else annotated.set(path, [...(annotated.get(path) ?? []), row]);
    }
  }
  return {
    used,
    hasClassOf: (path) => annotated.has(path),
    partOf: () => null,
    groupOf: () => null,
    known: [],
    name(path, media, className, note) {
      const rows = annotated.get(path);
      if (rows) return cutByRows(media[0]!, rows, (reason) => note({ path, reason, isAdded: false }));
      const named = media.map((one): Named => ({ media: one, className: one.label ?? className, boxes: null }));
      if (annotated.size > 0 && named[0] && !named[0].className)
        note({ path, reason: 'The annotations do not name it: it has no class yet.', isAdded: true });
      return named;
    },
  };
};

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
  const taken: { startSec: number; endSec: number; label: string }[] = [];
  for (const row of rows) {
    const startSec = row.startSec ?? 0;
    const endSec = Math.min(row.endSec ?? media.fileSec, media.fileSec);
    const say = `${row.label}, ${formatPosition(startSec)} to ${formatPosition(row.endSec ?? media.fileSec)}`;
    if (startSec >= media.fileSec - 0.05) {
      onFault(`${say}: the video is only ${formatDuration(media.fileSec)} long.`);
      continue;
    }
    const notices: string[] = [];
    if (row.endSec !== null && row.endSec > media.fileSec + 0.05)
      notices.push(`${say}: cut at the end of the video, ${formatPosition(media.fileSec)}.`);
    if (
      taken.some(
        (other) => other.label !== row.label && startSec < other.endSec - 0.05 && endSec > other.startSec + 0.05,
      )
    )
      notices.push(`${say}: it overlaps with another label. Both were added.`);
    taken.push({ startSec, endSec, label: row.label });
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
