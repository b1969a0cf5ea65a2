/**
 * Annotation files of videos: tables and JSON with `video`, `label` and optionally times, as Create ML reads them (FEATURES §1.3). Any thread; pure.
 */
import Papa from 'papaparse';
import type { Part } from '../../domain/project.ts';
import { parseJson } from '../../kernel/json.ts';
import { fileName } from '../labels.ts';
import { partOfWord } from '../parts.ts';
import { plainCell, unplainCell } from '../../kernel/format.ts';
import type { FormatTable, WrittenFile } from './format.ts';
import { readPartList } from './class-lists.ts';
import { FileIndex } from './file-index.ts';
import { readLabelTrack, type Stretch } from './label-tracks.ts';
import { isObject, numberOf, objectsOf, textOf, type Json } from './notes.ts';
import { nothingListed, type ImportRemark, type MotionAnnotation, type ReadLists } from './reader.ts';
import { MOST_ANNOTATION_BYTES, readText, readWritten } from './text.ts';
import { parseTime } from './times.ts';

export { parseTime } from './times.ts';

/** See the file header. */
export const MOTION_LISTS: FormatTable = {
  id: 'motion-lists',
  title: 'Create ML actions',
  dialects: [
    ['CSV, TXT, TSV; any delimiter, UTF-16, spaces', 'rows of `video`, `label`, `start`, `end`'],
    ['JSON as a list, in `annotations`, `videos` or another single key', 'the same'],
    ['rows inside their video, ActivityNet (`database`, `segment`, `subset`)', 'stretches and parts'],
    ['times as seconds, `mm:ss`, `hh:mm:ss`, with point or comma', 'seconds'],
    ['BORIS, aggregated events and events with START and STOP', 'stretches; points left out and said'],
    ['`start_frame`, `end_frame` with `fps` / without', 'seconds / refused in words'],
    ['Kinetics (`youtube_id`, `time_start`, `split`)', 'stretches, or whole trimmed files; parts'],
    ['a column `split` or `set`', 'parts'],
    ['columns `joint_x`, `joint_y` beside them', 'landmarks, not a list'],
  ],
};

/** What a file says, and the rows that could not be used. */
export type MotionAnnotations = { rows: MotionAnnotation[]; faults: { line: number; reason: string }[] };

const KEYS = {
  video:
    /^(video|videopath|video_path|video_id|video_name|youtube_id|file|filename|file_name|path|media file name|media file)$/,
  /** Names the video where nothing else does: else it may be a number. */
  clip: /^(clip|clip_name)$/,
  label: /^(label|class|action|category|behaviou?r)$/,
  start: /^(start|starttime|start_time|start_sec|begin|from|time_start|start \(s\))$/,
  end: /^(end|endtime|end_time|end_sec|stop|to|time_end|stop \(s\))$/,
  part: /^(split|set|part|subset)$/,
  group: /^(recording|group)$/,
};

/** Where the rows of one video stand. */
const INSIDE = /^(annotations|annotation|segments|labels|actions|events|clips)$/;

const find = (record: Json, name: RegExp) => {
  const key = Object.keys(record).find((candidate) => name.test(candidate.trim().toLowerCase()));
  return key === undefined ? undefined : record[key];
};

const videoOf = (record: Json) => find(record, KEYS.video) ?? find(record, KEYS.clip);

/** A record of landmarks may name a video and a label too. */
const isLandmarks = (record: Json) => {
  const keys = Object.keys(record).map((key) => key.trim().toLowerCase());
  return (
    keys.some((key) => /^(frames|landmarks|keypoints|poses)$/.test(key)) ||
    keys.some((key) => /.[_ .-]x$/.test(key) && keys.includes(`${key.slice(0, -1)}y`))
  );
};

/** Events of BORIS, one row where a behaviour starts and one where it stops, as stretches. Others as they are. */
function pairEvents(records: readonly Json[]): Json[] {
  const kindOf = (record: Json) => textOf(find(record, /^behaviou?r type$|^status$/)).toUpperCase();
  if (!records.some((record) => kindOf(record) === 'START')) return [...records];
  const open = new Map<string, Json>();
  return records.flatMap((record) => {
    const time = find(record, /^time( \(s\))?$/);
    const key = [find(record, KEYS.video), find(record, KEYS.label), find(record, /^subject$/)].map(textOf).join('\t');
    const kind = kindOf(record);
    if (kind === 'START') {
      open.set(key, { ...record, start: time });
      return [];
    }
    const start = open.get(key);
    open.delete(key);
    return kind === 'STOP' && start ? [{ ...start, end: time }] : [{ ...record, start: time, end: time }];
  });
}

/** Times given as frames, in seconds where the rate is given too. A word when it is not. */
function inSeconds(record: Json): Json | string {
  const [start, end] = [find(record, /^(start|begin|first)[ _]?frame$/), find(record, /^(end|stop|last)[ _]?frame$/)];
  if (start === undefined && end === undefined) return record;
  const rate = numberOf(find(record, /^(fps|frame[ _]?rate)$/));
  if (!(rate > 0)) return 'Its times are frames: give seconds, or a column fps.';
  return { ...record, start: numberOf(start ?? 0) / rate, ...(end === undefined ? {} : { end: numberOf(end) / rate }) };
}

/** Rows of one video, which stand inside it: they are given its name and part. */
function rowsInside(video: string, list: readonly Json[], around: Json = {}): Json[] {
  const part = find(around, KEYS.part);
  return list.map((row) => {
    const [start, end] = Array.isArray(row.segment) ? (row.segment as unknown[]) : [];
    return { ...row, video, ...(part === undefined ? {} : { part }), ...(start === undefined ? {} : { start, end }) };
  });
}

/** The list of a JSON file: itself, the only list inside, or the lists of its videos. */
function listOf(whole: unknown): Json[] | null {
  if (Array.isArray(whole))
    return objectsOf(whole).flatMap((record) => {
      const video = textOf(videoOf(record));
      const inside = objectsOf(find(record, INSIDE));
      return video && inside.length > 0 && !isLandmarks(record) ? rowsInside(video, inside, record) : [record];
    });
  if (isObject(whole)) {
    // ActivityNet: {"database": {"v_1": {"annotations": [{"segment": [0, 2], "label": "jump"}], "subset": "training"}}}; others without the outer key.
    const byVideo = Object.entries(isObject(whole.database) ? whole.database : whole).flatMap(([video, own]) => {
      const list = objectsOf(isObject(own) ? find(own, INSIDE) : own);
      // Rows that name their video themselves are a list like any other.
      const areInside =
        list.length > 0 &&
        list.every((row) => find(row, KEYS.label) !== undefined && videoOf(row) === undefined && !isLandmarks(row));
      return areInside && (isObject(own) || /\.\w{2,5}$/.test(video))
        ? rowsInside(video, list, isObject(own) ? own : {})
        : [];
    });
    if (byVideo.length > 0) return byVideo;
  }
  const lists = isObject(whole) ? Object.values(whole).filter(Array.isArray) : [];
  return lists.length === 1 ? objectsOf(lists[0]) : null;
}

/** Reads an annotation file. @returns null when it is none: it has no `video` and `label`. */
export function readMotionAnnotations(content: string, name: string): MotionAnnotations | null {
  let records: Json[] | null;
  if (/\.json$/i.test(name) || /^\s*\[/.test(content)) {
    try {
      records = listOf(parseJson(content));
    } catch {
      return null;
    }
  } else records = Papa.parse<Json>(content.replace(/^\uFEFF/, ''), { header: true, skipEmptyLines: 'greedy' }).data;
  if (!records || records.slice(0, 20).some(isLandmarks)) return null;
  records = pairEvents(records);
  const isOurs = records.some((record) => videoOf(record) !== undefined && find(record, KEYS.label) !== undefined);
  if (!isOurs) return null;
  const rows: MotionAnnotation[] = [];
  const faults: MotionAnnotations['faults'] = [];
  const isTimed = records.some(
    (record) => parseTime(find(record, KEYS.start)) !== null || parseTime(find(record, KEYS.end)) !== null,
  );
  records.forEach((given, i) => {
    const line = i + 1;
    const refuse = (reason: string) => void faults.push({ line, reason });
    const record = inSeconds(given);
    if (typeof record === 'string') return refuse(record);
    const video = textOf(videoOf(record));
    const label = unplainCell(textOf(find(record, KEYS.label)));
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
    const from = startSec ?? 0;
    if (endSec === from) return refuse(`It is a moment (${from} s), not a stretch.`);
    if (endSec !== null && endSec < from) return refuse(`It ends (${endSec} s) before it begins (${from} s).`);
    const part = partOfWord(textOf(find(record, KEYS.part)));
    const group = textOf(find(record, KEYS.group));
    rows.push({ video, label, startSec, endSec, line, ...(part ? { part } : {}), ...(group ? { group } : {}) });
  });
  return { rows, faults };
}

/** One row on its way out; a stretch of null is the whole file. */
export type MotionRow = {
  file: string;
  label: string;
  part: Part | null;
  group: string | null;
  stretch: Omit<Stretch, 'label'> | null;
};

/** Create ML reads either all rows with times or none. */
const timed = (rows: readonly MotionRow[]) => rows.some(({ stretch }) => stretch !== null);

/** CSV with Create ML's columns; parts and recordings in columns of their own where there are any. */
export function writeMotionCsv(rows: readonly MotionRow[], path: string): WrittenFile {
  const columns: [string, (row: MotionRow) => string | number][] = [
    ['video', ({ file }) => file],
    ['label', ({ label }) => plainCell(label)],
    ...(timed(rows)
      ? ([
          ['start', ({ stretch }) => stretch?.startSec ?? 0],
          ['end', ({ stretch }) => stretch?.endSec ?? ''],
        ] as [string, (row: MotionRow) => string | number][])
      : []),
  ];
  if (rows.some(({ part }) => part)) columns.push(['split', ({ part }) => part ?? '']);
  if (rows.some(({ group }) => group)) columns.push(['recording', ({ group }) => plainCell(group ?? '')]);
  const data = rows.map((row) => columns.map(([, of]) => of(row)));
  return { path, content: `${Papa.unparse({ fields: columns.map(([name]) => name), data }, { newline: '\n' })}\n` };
}

/** JSON with Create ML's keys. */
export function writeMotionJson(rows: readonly MotionRow[], path: string): WrittenFile {
  const isTimed = timed(rows);
  const records = rows.map(({ file, label, part, group, stretch }) => ({
    video: file,
    label,
    ...(isTimed ? { start: stretch?.startSec ?? 0 } : {}),
    ...(stretch ? { end: stretch.endSec } : {}),
    ...(part ? { split: part } : {}),
    ...(group ? { recording: group } : {}),
  }));
  return { path, content: JSON.stringify(records, null, 1) };
}

const isVideo = (path: string) => /\.(mp4|m4v|mov|webm|mkv|avi|mts|m2ts|mpe?g|wmv|flv|3gp|ts)$/i.test(path);

/** A label track of the video with its name, or of the only one in its folder. */
function trackOf(path: string, text: string, files: readonly { path: string }[]): MotionAnnotations | null {
  const stretches = /\.(txt|tsv|textgrid)$/i.test(path) ? readLabelTrack(text) : null;
  if (!stretches) return null;
  const stem = (name: string) =>
    fileName(name)
      .replace(/\.[^.]*$/, '')
      .toLowerCase();
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  const near = files.filter((file) => isVideo(file.path) && file.path.startsWith(folder));
  const own = near.find((file) => stem(file.path) === stem(path)) ?? (near.length === 1 ? near[0] : undefined);
  const video = own ? fileName(own.path) : fileName(path);
  return {
    rows: stretches.map((stretch, i) => ({ ...stretch, label: stretch.label ?? '', video, line: i + 1 })),
    faults: [],
  };
}

/** Takes annotation files out of an import of videos: rows by the path of their video. */
export const listSegments: ReadLists = async (files) => {
  const remarks: ImportRemark[] = [];
  const remark = (one: ImportRemark) => void remarks.push(one);
  const segments = new Map<string, MotionAnnotation[]>();
  const parts = new Map<string, Part>();
  const groups = new Map<string, string>();
  const used = new Set<string>();
  const found: { path: string; annotations: MotionAnnotations }[] = [];
  for (const file of files) {
    if (!/\.(csv|tsv|txt|json|textgrid)$/i.test(file.path) || file.blob.size >= MOST_ANNOTATION_BYTES) continue;
    const { text, guess } = await readWritten(file.blob);
    const annotations = readMotionAnnotations(text, file.path) ?? trackOf(file.path, text, files);
    if (!annotations) continue;
    if (guess) remark({ path: file.path, reason: guess, isAdded: true });
    found.push({ path: file.path, annotations });
    used.add(file.path);
  }
  const index = new FileIndex(
    files.map((file) => file.path).filter((path) => !used.has(path) && !/\.txt$/i.test(path)),
  );
  for (const { path, blob } of files) {
    if (used.has(path) || !/\.txt$/i.test(path) || !partOfWord(fileName(path).replace(/\.[^.]*$/, ''))) continue;
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    const list = readPartList(await readText(blob), path, (cell) => index.find(cell, folder) !== null);
    if (!list) continue;
    used.add(path);
    for (const { file, part } of list.rows) {
      const known = index.find(file, folder)?.path;
      if (known && part) parts.set(known, part);
    }
  }
  for (const { path: file, annotations } of found) {
    const folder = file.slice(0, file.lastIndexOf('/') + 1);
    for (const { line, reason } of annotations.faults) remark({ path: `${file}, row ${line}`, reason, isAdded: false });
    for (const row of annotations.rows) {
      const trimmed = `${row.video}_${[row.startSec, row.endSec].map((sec) => String(sec ?? 0).padStart(6, '0')).join('_')}`;
      const whole = index.find(row.video, folder)?.path;
      // Kinetics' trimmed files say their times in their names.
      const path = whole ?? index.find(trimmed, folder)?.path;
      if (path && row.part) parts.set(path, row.part);
      if (path && row.group) groups.set(path, row.group);
      if (!path)
        remark({
          path: `${file}, row ${row.line}`,
          reason: `There is no video ${row.video} among the files.`,
          isAdded: false,
        });
      else {
        const own = whole ? row : { ...row, startSec: null, endSec: null };
        const rows = segments.get(path);
        if (rows) rows.push(own);
        else segments.set(path, [own]);
      }
    }
  }
  return { ...nothingListed('segments'), used, remarks, parts, groups, segments };
};
