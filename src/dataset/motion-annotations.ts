/**
 * Annotation files of videos, as Create ML reads them (FEATURES §1.3): CSV, TXT or JSON with `video`, `label` and optionally `start` and `end`. Any thread;
 * pure.
 */
import Papa from 'papaparse';

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
  video: ['video', 'videopath', 'video_path', 'file', 'filename', 'file_name', 'path'],
  label: ['label', 'class', 'action', 'category'],
  start: ['start', 'starttime', 'start_time', 'start_sec', 'begin', 'from'],
  end: ['end', 'endtime', 'end_time', 'end_sec', 'stop', 'to'],
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

const find = (record: Record<string, unknown>, names: readonly string[]) => {
  const key = Object.keys(record).find((candidate) => names.includes(candidate.trim().toLowerCase()));
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

/** Finds the file a row means: by its path, by the end of its path, by its name, with or without ending; upper and lower case are the same. */
export function matchVideo(video: string, paths: readonly string[]): string | null {
  const wanted = video
    .replace(/\\/g, '/')
    .replace(/^\.?\//, '')
    .toLowerCase();
  const last = wanted.slice(wanted.lastIndexOf('/') + 1);
  const base = (path: string) => path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const stem = (name: string) => name.replace(/\.[^.]*$/, '');
  return (
    paths.find((path) => path.toLowerCase() === wanted) ??
    paths.find((path) => path.toLowerCase().endsWith(`/${wanted}`)) ??
    paths.find((path) => base(path) === last) ??
    paths.find((path) => stem(base(path)) === last || stem(base(path)) === stem(last)) ??
    null
  );
}
