/** What is wrong or odd about examples. Any thread; pure. Tasks put together what they look for (tasks/). */
import { intersectionOverUnion } from '../domain/boxes.ts';
import { boxesOf, isLabelled, shownClassIds } from '../domain/label.ts';
import { durationOf, type ClassLabel, type MediaItem } from '../domain/project.ts';
import { formatCount } from '../kernel/format.ts';
import type { Noun } from './slot.ts';

/** A fault of one clip; never a reason to refuse it. */
export type ClipFlag = 'silent' | 'clipped' | 'short';

/** Below this loudest sample a clip counts as silent. */
const SILENT_PEAK_DB = -50;
/** Share of clipped samples that is audible as distortion. */
const CLIPPED_RATIO = 0.001;

/** Flags of a clip, worst first. @param leastSec shorter clips hold too little for any window. */
export function flagsOfClip(item: MediaItem, leastSec: number): ClipFlag[] {
  const flags: ClipFlag[] = [];
  const { media } = item;
  if ('peakDb' in media && media.peakDb < SILENT_PEAK_DB) flags.push('silent');
  if ('clippedRatio' in media && media.clippedRatio > CLIPPED_RATIO) flags.push('clipped');
  if (durationOf(item) < leastSec) flags.push('short');
  return flags;
}

/** Something a person may want to change about the data. */
export type Finding = { id: string; title: string; advice: string; itemIds: string[]; classId: string | null };

/** How often each class is shown by labelled examples: once for each example that shows it. */
function countsOf(items: readonly MediaItem[], classes: readonly ClassLabel[]) {
  const having = new Map<string, number>();
  for (const item of items) for (const id of new Set(shownClassIds(item))) having.set(id, (having.get(id) ?? 0) + 1);
  const counts = classes.map((label) => ({ label, count: having.get(label.id) ?? 0 }));
  const filled = counts.filter(({ count }) => count > 0).sort((a, b) => a.count - b.count);
  return { counts, median: filled[Math.floor(filled.length / 2)]?.count ?? 0 };
}

const finding = (
  id: string,
  title: string,
  advice: string,
  list: readonly MediaItem[] = [],
  classId: string | null = null,
) => ({ id, title, advice, itemIds: list.map((item) => item.id), classId }) satisfies Finding;

/** Classes without examples, or with few; examples without a class. @param start how many are a good start. */
export function findClassFindings(
  items: readonly MediaItem[],
  classes: readonly ClassLabel[],
  words: { example: Noun; start: number; get: string },
): Finding[] {
  const findings: Finding[] = [];
  const { counts, median } = countsOf(items, classes);
  const [one, many] = words.example;
  for (const { label, count } of counts) {
    if (count === 0)
      findings.push(
        finding(
          `empty-${label.id}`,
          `${label.name} has no ${many}`,
          `It is not learnt until it has some. About ${words.start} are a good start.`,
          [],
          label.id,
        ),
      );
    else if (count < median / 2)
      findings.push(
        finding(
          `few-${label.id}`,
          `${label.name} has ${formatCount(count, one, many)}, the median class has ${median}`,
          `${words.get} about ${median - count} more. Training balances the classes meanwhile.`,
          [],
          label.id,
        ),
      );
  }
  const open = items.filter((item) => !isLabelled(item) && item.part !== 'background');
  if (open.length)
    findings.push(
      finding(
        'unlabelled',
        `${formatCount(open.length, one, many)} without a class`,
        'They are left out of training. Drag them onto a class, or select them and press its number.',
        open,
      ),
    );
  return findings;
}

const ABOUT_FLAGS: Record<ClipFlag, [string, string]> = {
  silent: ['nearly silent', 'Below −50 dB for their whole length. They teach the class name for silence.'],
  clipped: ['clipped', 'The loudest samples are cut flat: distorted in a way the real sound is not.'],
  short: ['very short', 'There is hardly anything to learn from.'],
};

/** Flagged clips, by flag. */
export function findFlagged(items: readonly MediaItem[], flagsOf: (item: MediaItem) => ClipFlag[]): Finding[] {
  return (['silent', 'clipped', 'short'] as const).flatMap((flag) => {
    const flagged = items.filter((item) => flagsOf(item).includes(flag));
    if (flagged.length === 0) return [];
    const [what, advice] = ABOUT_FLAGS[flag];
    return [
      finding(
        flag,
        `${formatCount(flagged.length, 'clip')} ${flagged.length === 1 ? 'is' : 'are'} ${what}`,
        advice,
        flagged,
      ),
    ];
  });
}

/** Side of a box in pixels under which there is hardly anything to see. */
const TINY_PIXELS = 8;
/** Boxes of one class that share more than this are one box drawn twice. */
const SAME_BOX = 0.85;

/** Classes in few pictures, pictures to do, boxes that are tiny or drawn twice. */
export function findBoxFindings(items: readonly MediaItem[], classes: readonly ClassLabel[]): Finding[] {
  const findings: Finding[] = [];
  const done = items.filter(isLabelled);
  const { counts, median } = countsOf(done, classes);
  for (const { label, count } of counts) {
    if (count > 0 && count >= median / 3 && count >= 5) continue;
    findings.push(
      finding(
        `few-${label.id}`,
        count === 0 ? `${label.name} has no boxes` : `${label.name} is in ${formatCount(count, 'picture')} only`,
        count === 0
          ? 'It is not learnt until it has some. About 30 pictures are a good start.'
          : `Add more; about 30 are a good start, and the median class is in ${median}.`,
        [],
        label.id,
      ),
    );
  }
  const add = (id: string, list: readonly MediaItem[], title: (count: string) => string, advice: string) => {
    if (list.length > 0) findings.push(finding(id, title(formatCount(list.length, 'picture')), advice, list));
  };
  add(
    'unlabelled',
    items.filter((item) => !isLabelled(item)),
    (count) => `${count} not annotated yet`,
    'They are left out of training. Draw their boxes, or mark that they show no objects.',
  );
  const shortSide = (item: MediaItem, box: { width: number; height: number }) =>
    'height' in item.media ? Math.min(box.width * item.media.width, box.height * item.media.height) : Infinity;
  add(
    'tiny',
    done.filter((item) => boxesOf(item).some((box) => shortSide(item, box) < TINY_PIXELS)),
    (count) => `${count} with boxes under ${TINY_PIXELS} pixels`,
    'So small a thing can hardly be found. Use larger pictures, or delete these boxes.',
  );
  add(
    'twice',
    done.filter((item) => {
      const boxes = boxesOf(item);
      return boxes.some((box, i) =>
        boxes.some(
          (other, k) => k > i && other.classId === box.classId && intersectionOverUnion(box, other) > SAME_BOX,
        ),
      );
    }),
    (count) => `${count} with a box drawn twice`,
    'Two boxes of one class lie on each other. Delete one of them.',
  );
  return findings;
}
