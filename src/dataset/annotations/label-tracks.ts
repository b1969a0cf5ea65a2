/** Label tracks beside recordings: stretches of sound or video with a name each. Any thread; pure. */
import type { FormatTable, WrittenFile } from './format.ts';
import { numberOf } from './notes.ts';
import { linesOf } from './text.ts';
import { parseTime } from './times.ts';

/** See the file header. */
export const LABEL_TRACKS: FormatTable = {
  id: 'label-tracks',
  title: 'Label tracks',
  dialects: [
    ['Audacity: `start`, `end`, `label` with tabs, decimal comma or point', 'stretches'],
    ['Audacity’s lines of frequencies (`\\`)', 'not read'],
    ['Praat TextGrid, long and short, UTF-16', 'intervals of the first tier that has any'],
    ['ELAN, text with tabs', 'stretches'],
    ['Raven selection tables', 'stretches'],
    ['the recording of the same name, else the only one in the folder', 'the one that is cut'],
    ['one stretch over all of it', 'the class of the whole file'],
    ['points, intervals without a name', 'not read: silence between labels belongs to none'],
  ],
};

/** Seconds in their recording; without a label it is of the class of its folder. */
export type Stretch = { startSec: number; endSec: number; label: string | null };

/** Longest track that is read. */
const MOST_STRETCHES = 100_000;

function readAudacity(lines: readonly string[]): Stretch[] | null {
  const stretches: Stretch[] = [];
  for (const line of lines) {
    if (line.startsWith('\\')) continue;
    const [from = '', to = '', ...label] = line.split('\t');
    const [startSec, endSec] = [numberOf(from.trim()), numberOf(to.trim())];
    if (!(startSec >= 0 && endSec >= startSec) || !/^\s*\d/.test(from)) return null;
    const name = label.join(' ').trim();
    if (endSec > startSec && name) stretches.push({ startSec, endSec, label: name });
  }
  return stretches;
}

/** Tab-separated text of ELAN: tier, person, begin twice, end twice, length twice, label. */
function readElan(lines: readonly string[]): Stretch[] | null {
  const stretches: Stretch[] = [];
  for (const line of lines) {
    const cells = line.split('\t').map((cell) => cell.trim());
    const times = cells.filter((cell) => /^\d+:\d\d:\d\d[.,]\d+$/.test(cell)).map(parseTime) as number[];
    const label = cells.at(-1) ?? '';
    if (times.length < 2) return null;
    if (label && parseTime(label) !== null && Number.isNaN(parseTime(label)) && times[1]! > times[0]!)
      stretches.push({ startSec: times[0]!, endSec: times[1]!, label });
  }
  return stretches;
}

/** Praat TextGrid: the numbers and texts of its intervals stand in the same order in the long and the short form (Praat manual, TextGrid file formats). */
function readTextGrid(text: string): Stretch[] {
  const body = text.replace(/^[^]*?"IntervalTier"/, '"IntervalTier"');
  for (const tier of body.split('"IntervalTier"').slice(1)) {
    const own = tier.split('"TextTier"')[0]!;
    const values = [...own.matchAll(/"((?:[^"]|"")*)"|(?<![\w.[])(-?\d+(?:\.\d+)?)(?![\w.\]])/g)].slice(
      0,
      3 * MOST_STRETCHES,
    );
    const stretches: Stretch[] = [];
    for (let i = 0; i + 2 < values.length; i++) {
      const [from, to, label] = [values[i]![2], values[i + 1]![2], values[i + 2]![1]];
      if (from === undefined || to === undefined || label === undefined) continue;
      const name = label.replace(/""/g, '"').trim();
      if (name && Number(to) > Number(from))
        stretches.push({ startSec: Number(from), endSec: Number(to), label: name });
    }
    if (stretches.length > 0) return stretches;
  }
  return [];
}

/** Selection table of Raven: a header with `Begin Time (s)` and `End Time (s)`, the name in `Species`, `Annotation` … or the last column. */
function readRaven(lines: readonly string[]): Stretch[] | null {
  const head = (lines[0] ?? '').split('\t').map((cell) => cell.trim().toLowerCase());
  const [from, to] = [head.indexOf('begin time (s)'), head.indexOf('end time (s)')];
  if (from < 0 || to < 0) return null;
  const named = head.findIndex((cell) => /^(species|annotation|label|class|common name|tag|call)/.test(cell));
  const stretches = new Map<string, Stretch>();
  for (const line of lines.slice(1)) {
    const cells = line.split('\t').map((cell) => cell.trim());
    const [startSec, endSec, label] = [
      numberOf(cells[from]),
      numberOf(cells[to]),
      cells[named < 0 ? cells.length - 1 : named] ?? '',
    ];
    // A selection stands once for its waveform and once for its spectrogram.
    if (endSec > startSec && label) stretches.set(`${startSec} ${endSec} ${label}`, { startSec, endSec, label });
  }
  return [...stretches.values()];
}

/** @returns stretches in order; null when the text is no label track. */
export function readLabelTrack(text: string): Stretch[] | null {
  const lines = linesOf(text);
  if (lines.length === 0 || lines.length > 10 * MOST_STRETCHES) return null;
  const isPraat = /^\s*(File type = )?"?ooTextFile/.test(text);
  const stretches = isPraat ? readTextGrid(text) : (readRaven(lines) ?? readAudacity(lines) ?? readElan(lines));
  return stretches && stretches.length > 0 ? stretches.sort((a, b) => a.startSec - b.startSec) : null;
}

/** A label track as Audacity imports it. */
export const writeLabelTrack = (stretches: readonly Stretch[], path: string): WrittenFile => ({
  path,
  content: stretches
    .map(
      ({ startSec, endSec, label }) =>
        `${startSec.toFixed(6)}\t${endSec.toFixed(6)}\t${(label ?? '').replace(/\s+/g, ' ')}\n`,
    )
    .join(''),
});
