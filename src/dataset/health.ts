/** What is wrong or odd about clips. Any thread; pure. */
import { durationOf, type ClassLabel, type MediaItem } from '../domain/project.ts';
import { intersectionOverUnion } from '../domain/boxes.ts';
import { formatCount } from '../kernel/format.ts';

/** A fault of one clip; never a reason to refuse it. */
export type ClipFlag = 'silent' | 'clipped' | 'short';

/** Below this loudest sample a clip counts as silent. */
const SILENT_PEAK_DB = -50;
/** Share of clipped samples that is audible as distortion. */
const CLIPPED_RATIO = 0.001;
/** Shorter clips hold too little for any window. */
const SHORT_SEC = 0.1;
const SHORT_MOTION_SEC = 0.4;

/** Flags of a clip, worst first. */
export function flagsOf(item: MediaItem): ClipFlag[] {
  const flags: ClipFlag[] = [];
  const { sound } = item;
  if (sound && sound.peakDb < SILENT_PEAK_DB) flags.push('silent');
  if (sound && sound.clippedRatio > CLIPPED_RATIO) flags.push('clipped');
  if (!item.image && durationOf(item) < (item.motion ? SHORT_MOTION_SEC : SHORT_SEC)) flags.push('short');
  return flags;
}

/** Something a person may want to change about the data. */
export type Finding = { id: string; title: string; advice: string; itemIds: string[]; classId: string | null };

/** All findings of a project, most important first. */
export function findFindings(items: readonly MediaItem[], classes: readonly ClassLabel[]): Finding[] {
  if (items.some((item) => item.image)) return findPictureFindings(items, classes);
  const findings: Finding[] = [];
  const counts = classes.map((label) => ({ label, count: items.filter((item) => item.classId === label.id).length }));
  const filled = counts.filter(({ count }) => count > 0).sort((a, b) => a.count - b.count);
  const median = filled[Math.floor(filled.length / 2)]?.count ?? 0;
  for (const { label, count } of counts) {
    if (count === 0)
      findings.push({
        id: `empty-${label.id}`,
        title: `${label.name} has no clips`,
        advice: 'It is not learnt until it has some. About 20 are a good start.',
        itemIds: [],
        classId: label.id,
      });
    else if (count < median / 2) {
      findings.push({
        id: `few-${label.id}`,
        title: `${label.name} has ${formatCount(count, 'clip')}, the median class has ${median}`,
        advice: `Record about ${median - count} more. Training balances the classes meanwhile.`,
        itemIds: [],
        classId: label.id,
      });
    }
  }
  const unlabelled = items.filter((item) => item.classId === null && item.part !== 'background');
  if (unlabelled.length)
    findings.push({
      id: 'unlabelled',
      title: `${formatCount(unlabelled.length, 'clip')} without a class`,
      advice: 'They are left out of training. Drag them onto a class, or select them and press its number.',
      itemIds: unlabelled.map((item) => item.id),
      classId: null,
    });
  const about: Record<ClipFlag, [string, string]> = {
    silent: ['nearly silent', 'Below −50 dB for their whole length. They teach the class name for silence.'],
    clipped: ['clipped', 'The loudest samples are cut flat: distorted in a way the real sound is not.'],
    short: ['very short', 'There is hardly anything to learn from.'],
  };
  for (const flag of ['silent', 'clipped', 'short'] as const) {
    const flagged = items.filter((item) => flagsOf(item).includes(flag));
    if (flagged.length)
      findings.push({
        id: flag,
        title: `${formatCount(flagged.length, 'clip')} ${flagged.length === 1 ? 'is' : 'are'} ${about[flag][0]}`,
        advice: about[flag][1],
        itemIds: flagged.map((item) => item.id),
        classId: null,
      });
  }
  return findings;
}

/** Side of a box in pixels under which there is hardly anything to see. */
const TINY_PIXELS = 8;
/** Boxes of one class that share more than this are one box drawn twice. */
const SAME_BOX = 0.85;

/** The same for pictures with boxes. */
function findPictureFindings(items: readonly MediaItem[], classes: readonly ClassLabel[]): Finding[] {
  const findings: Finding[] = [];
  const annotated = items.filter((item) => item.image?.isAnnotated);
  const counts = classes.map((label) => {
    const having = annotated.filter((item) => item.image!.boxes.some((box) => box.classId === label.id));
    return { label, count: having.length };
  });
  const filled = counts.filter(({ count }) => count > 0).sort((a, b) => a.count - b.count);
  const median = filled[Math.floor(filled.length / 2)]?.count ?? 0;
  for (const { label, count } of counts) {
    if (count > 0 && count >= median / 3 && count >= 5) continue;
    findings.push({
      id: `few-${label.id}`,
      title: count === 0 ? `${label.name} has no boxes` : `${label.name} is in ${formatCount(count, 'picture')} only`,
      advice:
        count === 0
          ? 'It is not learnt until it has some. About 30 pictures are a good start.'
          : `Add more; about 30 are a good start, and the median class is in ${median}.`,
      itemIds: [],
      classId: label.id,
    });
  }
  const add = (id: string, list: readonly MediaItem[], title: (count: string) => string, advice: string) => {
    if (list.length === 0) return;
    const itemIds = list.map((item) => item.id);
    findings.push({ id, title: title(formatCount(list.length, 'picture')), advice, itemIds, classId: null });
  };
  add(
    'unlabelled',
    items.filter((item) => item.image && !item.image.isAnnotated),
    (count) => `${count} not annotated yet`,
    'They are left out of training. Draw their boxes, or mark that they show no objects.',
  );
  add(
    'tiny',
    annotated.filter(({ image }) =>
      image!.boxes.some((box) => Math.min(box.width * image!.width, box.height * image!.height) < TINY_PIXELS),
    ),
    (count) => `${count} with boxes under ${TINY_PIXELS} pixels`,
    'So small a thing can hardly be found. Use larger pictures, or delete these boxes.',
  );
  add(
    'twice',
    annotated.filter(({ image }) =>
      image!.boxes.some((box, i) =>
        image!.boxes.some(
          (other, k) => k > i && other.classId === box.classId && intersectionOverUnion(box, other) > SAME_BOX,
        ),
      ),
    ),
    (count) => `${count} with a box drawn twice`,
    'Two boxes of one class lie on each other. Delete one of them.',
  );
  return findings;
}
