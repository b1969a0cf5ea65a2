/** What is asked before files are stored, when their folders and names can be read in two ways. Any thread; pure. */
import { PARTS, type Part } from '../domain/project.ts';
import type { ImportRemark } from './annotations/reader.ts';
import type { Reading, Structure } from './structure.ts';

/** One answer: what the classes would be, and how many files of each in each part. */
export type Answer = {
  id: string;
  title: string;
  classes: { name: string; counts: Record<Part, number> }[];
  /** Files that would come in without a class. */
  without: number;
  /** How many people or sessions would be kept together; 0 = none are known. */
  groups: number;
};

/** The question, its answers (the best first), and what will not come in. */
export type ImportQuestion = { text: string; answers: Answer[]; total: number; skipped: readonly ImportRemark[] };

const BY_NAME = new Intl.Collator('en', { numeric: true });

/** What a reading makes of the files. @param partOf the part each file goes to. */
export function previewReading(reading: Reading, media: readonly string[], partOf: (path: string) => Part): Answer {
  const classes = new Map<string, Record<Part, number>>();
  let without = 0;
  for (const path of media) {
    const name = reading.classes.get(path);
    if (name === undefined) {
      without++;
      continue;
    }
    const counts = classes.get(name) ?? (Object.fromEntries(PARTS.map((part) => [part, 0])) as Record<Part, number>);
    classes.set(name, counts);
    counts[partOf(path)]++;
  }
  return {
    id: reading.id,
    title: reading.title,
    classes: [...classes].map(([name, counts]) => ({ name, counts })).sort((a, b) => BY_NAME.compare(a.name, b.name)),
    without,
    groups: new Set(reading.groups.values()).size,
  };
}

/** The question of an import; null when there is none. */
export function questionOf(
  { readings, question }: Structure,
  media: readonly string[],
  partOf: (path: string) => Part,
  skipped: readonly ImportRemark[],
): ImportQuestion | null {
  if (question === null) return null;
  const answers = readings.map((reading) => previewReading(reading, media, partOf));
  return { text: question, answers, total: media.length, skipped: [...skipped] };
}
