/** Lists beside sounds and pictures: which class, part and recording a file is of. Any thread. */
import Papa from 'papaparse';
import type { Part } from '../../domain/project.ts';
import { fileName } from '../labels.ts';
import { partOfListName, partOfWord } from '../parts.ts';
import { plainCell, unplainCell } from '../../kernel/format.ts';
import type { FormatTable, WrittenFile } from './format.ts';
import { FileIndex } from './file-index.ts';
import { readLabelTrack, type Stretch } from './label-tracks.ts';
import { isObject, textOf } from './notes.ts';
import { nothingListed, type ImportRemark, type ReadLists } from './reader.ts';
import { readSamples } from './teachable-machine.ts';
import { parseTime } from './times.ts';
import { linesOf, MOST_ANNOTATION_BYTES, readWritten } from './text.ts';

/** See the file header. */
export const CLASS_LISTS: FormatTable = {
  id: 'class-lists',
  title: 'Folders and lists of classes',
  dialects: [
    [
      'folders of classes, parts in any spelling above or below them',
      'classes and parts; a question where two readings are possible',
    ],
    ['CSV, TSV, `;`, with a header', 'files and classes by the names of the columns, in any order'],
    ['the same without a header', 'the column that names files, and the one whose words come again'],
    ['ESC-50, UrbanSound8K', 'classes; `src_file` and `fsID` belong together, else the folds'],
    ['Hugging Face `metadata.csv`, `metadata.jsonl`', '`file_name` and `label`'],
    ['Edge Impulse `info.labels`', 'class and part of every file'],
    ['`testing_list.txt` and the like (Speech Commands)', 'parts by the name of the list'],
    [
      'Teachable Machine: `.tm` projects, zips of classes, `samples.json` with times',
      'classes; recordings cut into their samples',
    ],
    ['columns of `start` and `end` in seconds', 'stretches of the recordings'],
    ['a column `split`, `set`, `part`; a list called `train.csv`', 'parts'],
  ],
};

const FILE =
  /^(file|files|filename|file_name|slice_file_name|fname|filepath|file_path|image|image_name|image_path|image_id|imagefilename|img|picture|audio|audio_path|audio_file|audio_filename|wav|wav_file|wavfile|sound_file|soundfile|sound_filename|audiofile|audiofilename|begin_file|notated_path|clip|clip_name|recording|sound|path|id)$/;
/** Best first: where a table has a number and a word for a class, the word is shown to people. */
const LABELS = [
  /^(label|labels|class_?name|class_?label|label_?name|event_?label|sound_?event)$/,
  /^(class|category|species|breed|emotion|word|genre|instrument|event|tag|primary_label|choice|sentiment|annotation|call_?type|behaviou?r|common_?name|scientific_?name|event_?type)$/,
  /^(target|name|classid|class_id|label_id|y)$/,
];
const PART = /^(split|set|part|subset|data_?set|fold_?name|usage|phase)$/;
const GROUP =
  /^(recording|src_file|source_recording|fsid|group|speaker|speaker_id|subject|subject_id|participant|person|client_id|recording_id|session|patient|patient_id)$/;

/** Folds of a data set: where a table says nothing finer, what is in one fold stays together. */
const FOLD = /^(fold|folds|fold_?id|cv_?fold|kfold)$/;

/** One row: a file, its class (null = the list gives only parts), its part and what it belongs to, where the list says so. `line` counts from 1. */
export type ClassRow = {
  file: string;
  label: string | null;
  part: Part | null;
  group: string | null;
  line: number;
  /** Stretch of the file in seconds; absent = all of it. */
  stretch?: { startSec: number; endSec: number };
};
/** What a list says, and the lines that cannot be used. */
export type ClassRows = { rows: ClassRow[]; faults: { line: number; reason: string }[]; hints?: string[] };

/** Columns of seconds, or of milliseconds; `start` of a take or a date is none. */
const UNIT = '(?:_?time)?(?:_?(?:in_)?\\(?(?:s|secs?|seconds?|ms|msecs?|milliseconds?)\\)?)?$';
const START = new RegExp(`^(?:(?:t_?|time_?)?(?:start|begin|onset|from)|t_?min)${UNIT}`);
const END = new RegExp(`^(?:(?:t_?|time_?)?(?:end|stop|offset|finish|to)|t_?max)${UNIT}`);
const IN_MS = /_?\(?(?:ms|msecs?|milliseconds?)\)?$/;

const plainHead = (cell: string) =>
  cell
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_');
const hasLetters = (values: readonly string[]) => values.some((value) => /\p{L}/u.test(value));

/** A table with one row of cells a file. @param isFile tells whether a cell names a file of the import. @returns null when it is no such list. */
export function readClassTable(text: string, isFile: (cell: string) => boolean): ClassRows | null {
  const table = Papa.parse<string[]>(text, { skipEmptyLines: 'greedy' }).data.map((row) =>
    row.map((cell) => cell.trim()),
  );
  const head = (table[0] ?? []).map(plainHead);
  const width = head.length;
  if (width < 2) return null;
  // Corners of boxes belong to another kind of list.
  if (head.some((cell) => /^(xmin|x1|x_min|bbox|left)$/.test(cell))) return null;
  const some = table.slice(0, 200);
  const column = (at: number, from: readonly string[][]) => from.map((row) => row[at] ?? '');
  const hits = Array.from({ length: width }, (_, at) => column(at, some).filter((cell) => cell && isFile(cell)).length);
  const byContent = hits.indexOf(Math.max(...hits));
  const byHead = head.findIndex((cell, at) => FILE.test(cell) && (hits[at]! > 0 || hits[byContent] === 0));
  const labelHeads = LABELS.flatMap((wanted) => head.flatMap((cell, at) => (wanted.test(cell) ? [at] : [])));
  const hasHead = !table[0]!.some((cell) => cell && isFile(cell)) && (byHead >= 0 || labelHeads.length > 0);
  const file = byHead >= 0 ? byHead : hits[byContent]! > 0 ? byContent : -1;
  if (file < 0) return null;
  const rows = hasHead ? table.slice(1) : table;
  const find = (wanted: RegExp) => (hasHead ? head.findIndex((cell, at) => at !== file && wanted.test(cell)) : -1);
  let label: number;
  let part = find(PART);
  if (hasHead) {
    const able = labelHeads.filter((at) => at !== file);
    label = able.find((at) => hasLetters(column(at, rows))) ?? able[0] ?? -1;
  } else {
    // Without a header: the one other column whose values come again.
    const repeats = (at: number) => {
      const values = column(at, rows);
      return values.every(Boolean) && new Set(values).size < values.length;
    };
    const others = head.flatMap((_, at) => (at === file ? [] : [at]));
    part = others.find((at) => column(at, rows).every((cell) => partOfWord(cell) !== null)) ?? -1;
    const able = others.filter((at) => at !== part && (repeats(at) || others.length === 1));
    label = able.find((at) => hasLetters(column(at, rows))) ?? able[0] ?? -1;
  }
  if (label < 0 && part < 0) return null;
  const finer = find(GROUP);
  const fold = find(FOLD);
  const group = finer >= 0 ? finer : fold;
  // Slices say where they stood in the recording they were cut from (UrbanSound8K).
  const areSlices = hasHead && head.some((cell) => /^(slice_file_name|fsid)$/.test(cell));
  const [start, end] = areSlices ? [-1, -1] : [find(START), find(END)];
  const read: ClassRows = { rows: [], faults: [], hints: [] };
  if (fold >= 0)
    read.hints!.push(
      finer >= 0
        ? `Its folds were not taken: what belongs together is said by the column ${table[0]![finer]!}.`
        : 'Its folds were taken as groups: what is in one fold stays together when the examples are divided.',
    );
  const inMs = (at: number) => (at >= 0 && IN_MS.test(head[at]!) ? 1000 : 1);
  rows.forEach((row, i) => {
    const line = i + (hasHead ? 2 : 1);
    const name = row[file] ?? '';
    const named = label < 0 ? null : unplainCell(row[label] ?? '');
    if (!name || named === '') {
      read.faults.push({ line, reason: name ? `gives ${name} no class` : 'names no file' });
      return;
    }
    const [word, belongs] = [row[part] ?? '', row[group] ?? ''];
    if (word && !partOfWord(word)) read.faults.push({ line, reason: `names a part “${word}”, which is none` });
    const [from, to] = [parseTime(row[start]), parseTime(row[end])];
    const startSec = from === null ? null : from / inMs(start);
    const endSec = to === null ? null : to / inMs(end);
    const hasTimes = start >= 0 && end >= 0 && startSec !== null && endSec !== null;
    if (hasTimes && !(endSec > startSec)) {
      read.faults.push({ line, reason: `has no stretch from ${row[start]} to ${row[end]}` });
      return;
    }
    read.rows.push({
      file: name,
      label: named,
      part: word ? partOfWord(word) : null,
      group: belongs ? (group === fold ? `fold ${belongs}` : belongs) : null,
      line,
      ...(hasTimes ? { stretch: { startSec, endSec } } : {}),
    });
  });
  return read;
}

/** A table of files with their classes and parts; recordings where some belong together. */
export function writeClassList(
  rows: readonly { file: string; label: string; part: Part; group: string | null }[],
  path: string,
): WrittenFile {
  const hasGroups = rows.some(({ group }) => group !== null);
  const fields = ['filename', 'label', 'split', ...(hasGroups ? ['recording'] : [])];
  const data = rows.map(({ file, label, part, group }) => [
    file,
    plainCell(label),
    part,
    ...(hasGroups ? [plainCell(group ?? '')] : []),
  ]);
  return { path, content: `${Papa.unparse({ fields, data }, { newline: '\n' })}\n` };
}

/** JSON lines: one object a line, as tables of Hugging Face. */
function jsonLinesAsTable(text: string): string | null {
  const records: Record<string, unknown>[] = [];
  for (const line of linesOf(text)) {
    try {
      const parsed = JSON.parse(line) as unknown;
      if (isObject(parsed)) records.push(parsed);
    } catch {
      return null;
    }
  }
  const fields = [...new Set(records.flatMap((record) => Object.keys(record)))];
  return records.length > 0
    ? Papa.unparse({ fields, data: records.map((record) => fields.map((field) => textOf(record[field]))) })
    : null;
}

/** Edge Impulse: `{"version": 1, "files": [{"path", "category", "label": {"type": "label", "label"}}]}`. */
export function readInfoLabels(text: string): ClassRows | null {
  let whole: unknown;
  try {
    whole = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(whole) || !Array.isArray(whole.files)) return null;
  const read: ClassRows = { rows: [], faults: [] };
  whole.files.forEach((entry: unknown, i) => {
    if (!isObject(entry)) return;
    const file = textOf(entry.path ?? entry.name);
    const label = isObject(entry.label) ? textOf(entry.label.label) : textOf(entry.label);
    if (!file || !label) {
      if (file && isObject(entry.label) && entry.label.type === 'unlabeled') return;
      read.faults.push({ line: i + 1, reason: file ? `gives ${file} no single class` : 'names no file' });
      return;
    }
    read.rows.push({ file, label, part: partOfWord(textOf(entry.category)), group: null, line: i + 1 });
  });
  return read;
}

/** A list of paths, one a line, whose own name is a part: `testing_list.txt`, `val.txt`. @returns null when it is none. */
export function readPartList(text: string, path: string, isFile: (cell: string) => boolean): ClassRows | null {
  const part = partOfWord(fileName(path).replace(/\.[^.]*$/, ''));
  const lines = linesOf(text).map((line) => line.trim());
  if (!part || lines.length === 0) return null;
  if (lines.slice(0, 200).filter(isFile).length * 2 < Math.min(lines.length, 200)) return null;
  return { rows: lines.map((file, i) => ({ file, label: null, part, group: null, line: i + 1 })), faults: [] };
}

/** What a text is that holds no list, in words, and what to do. */
function tell(path: string, text: string): string {
  if (/\.json$/i.test(path) && /"payload"\s*:/.test(text) && /"sensors"\s*:/.test(text))
    return 'A recording of Edge Impulse as JSON. Export the data set there as WAV files.';
  if (/^-?\d[\d.,]*\t-?\d[\d.,]*\t\S/.test(text))
    return 'Its labels are points without a length: give each an end after its start, or drop clips.';
  if (/\.eaf$/i.test(path)) return 'A project of ELAN. Export its annotations there as tab-delimited text.';
  if (/^\s*(File type = )?"?ooTextFile/.test(text)) return 'Tiers of Praat without a named interval.';
  return /\.(csv|tsv|jsonl?|labels)$/i.test(path)
    ? 'It has no column of files and column of classes with names this app knows.'
    : 'A text beside the data: it names no classes and was left out.';
}

const isText = (path: string) => /\.(csv|tsv|jsonl?|txt|labels|textgrid|xml|ya?ml|eaf)$/i.test(path);

/** Label Studio puts eight signs in front of a name. */
const UPLOADED = /(\/|^)[0-9a-f]{8}-(?=[^/]*$)/;

/** Reads one text of any dialect. */
function readList(text: string, path: string, isFile: (cell: string) => boolean): ClassRows | null {
  if (/\.jsonl$/i.test(path)) {
    const table = jsonLinesAsTable(text);
    return table === null ? null : readClassTable(table, isFile);
  }
  if (/\.(labels|json)$/i.test(path)) return readInfoLabels(text);
  if (/\.(xml|ya?ml|textgrid|eaf)$/i.test(path)) return null;
  return (/\.txt$/i.test(path) ? readPartList(text, path, isFile) : null) ?? readClassTable(text, isFile);
}

/** Whether a list was left out, or something of it. */
type Came = Pick<ImportRemark, 'isAdded' | 'isPart'>;

/** Names of files that a list has and the import has not, as one remark. */
function tellLost(path: string, lost: readonly string[], came: Came): ImportRemark[] {
  if (lost.length === 0) return [];
  const more = lost.length > 3 ? ` and ${lost.length - 3} more` : '';
  const reason = `These are not among the files: ${lost.slice(0, 3).join(', ')}${more}.`;
  return [{ path, reason, ...came }];
}

function samplesOf(text: string): ReturnType<typeof readSamples> {
  try {
    return readSamples(JSON.parse(text));
  } catch {
    return null;
  }
}

/** See the file header. A list names the class of its files whatever folder they lie in; what it does not name keeps the class of its folder. */
export const listClasses: ReadLists = async (files) => {
  const remarks: ImportRemark[] = [];
  const remark = (one: ImportRemark) => void remarks.push(one);
  const index = new FileIndex(files.map(({ path }) => path).filter((path) => !isText(path)));
  const used = new Set<string>();
  const named = new Map<string, ClassRow>();
  const parts = new Map<string, Part>();
  const cuts = new Map<string, Stretch[]>();
  const stretches = new Map<string, readonly Stretch[]>();
  let hasPartList = false;
  for (const { path, blob } of files) {
    if (!isText(path)) continue;
    used.add(path);
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    if (blob.size >= MOST_ANNOTATION_BYTES) {
      remark({ path, reason: 'It is too large for a list (60 MB at most).', isAdded: false });
      continue;
    }
    const { text, guess } = await readWritten(blob);
    const samples = fileName(path) === 'samples.json' ? samplesOf(text) : null;
    if (samples) {
      for (const [name, list] of samples) {
        const own = index.find(name, folder)?.path;
        if (own) stretches.set(own, list);
      }
      continue;
    }
    const track = /\.(txt|tsv|textgrid)$/i.test(path) ? readLabelTrack(text) : null;
    if (track) {
      const inside = index.paths.filter((one) => one.startsWith(folder));
      const own =
        index.find(fileName(path).replace(/\.[^.]*$/, ''), folder)?.path ??
        (inside.length === 1 ? inside[0] : undefined);
      if (own) stretches.set(own, track);
      else
        remark({
          path,
          reason: 'A label track, but there is no recording of its name.',
          isAdded: false,
          advice: 'Give both the same name.',
        });
      continue;
    }
    const list = readList(
      text,
      path,
      (cell) => index.find(cell, folder) !== null || index.find(cell.replace(UPLOADED, '$1'), folder) !== null,
    );
    if (!list) {
      remark({ path, reason: tell(path, text), isAdded: false });
      continue;
    }
    if (guess) remark({ path, reason: guess, isAdded: true });
    const lost: string[] = [];
    const filePart = partOfListName(path);
    let isUseful = false;
    const clashes: string[] = [];
    for (const row of list.rows) {
      const found = index.find(row.file, folder) ?? index.find(row.file.replace(UPLOADED, '$1'), folder);
      if (!found) {
        lost.push(row.file);
        continue;
      }
      isUseful = true;
      const part = row.part ?? filePart;
      if (part) parts.set(found.path, part);
      if (row.label === null) {
        hasPartList = true;
        continue;
      }
      if (row.stretch) {
        const list = cuts.get(found.path) ?? [];
        cuts.set(found.path, list);
        list.push({ ...row.stretch, label: row.label });
        continue;
      }
      const known = named.get(found.path);
      if (known && known.label !== row.label)
        clashes.push(`Line ${row.line} calls ${row.file} ${row.label}; it was ${known.label} before, which was kept.`);
      else named.set(found.path, row);
    }
    const came: Came = isUseful ? { isAdded: true, isPart: true } : { isAdded: false };
    for (const reason of clashes) remark({ path, reason, ...came });
    for (const reason of list.hints ?? []) remark({ path, reason, isAdded: true });
    for (const { line, reason } of list.faults.slice(0, 20))
      remark({ path, reason: `Line ${line} ${reason}.`, ...came });
    if (list.faults.length > 20)
      remark({ path, reason: `${list.faults.length - 20} more lines cannot be used.`, ...came });
    for (const one of tellLost(path, lost, came)) remark(one);
  }
  for (const [path, list] of cuts)
    stretches.set(
      path,
      list.sort((a, b) => a.startSec - b.startSec),
    );
  const rows = [...named];
  return {
    ...nothingListed('classes'),
    used,
    remarks,
    parts,
    stretches,
    restPart: hasPartList ? 'training' : null,
    classes: new Map(rows.map(([path, { label }]) => [path, label!])),
    groups: new Map(rows.flatMap(([path, { group }]) => (group === null ? [] : [[path, group] as const]))),
  };
};
