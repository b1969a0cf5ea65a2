/** Dividing examples into training, validation and testing. Any thread; pure. Whole recordings move, never windows. */
import { contentKey, type MediaItem, type Part } from '../domain/project.ts';
import type { CommonSettings } from '../domain/settings.ts';
import { classIdOf, countClasses, standingClass } from '../domain/label.ts';
import { stretchOfMedia } from '../domain/stretch.ts';
import { createRandom } from '../kernel/random.ts';

/** How examples are kept together. */
export type Grouping = Pick<CommonSettings, 'keepTogether' | 'groupPattern'>;

/** The name of the group an example belongs to; examples of one group are never separated. */
export function groupOf(item: Pick<MediaItem, 'recording' | 'session' | 'path' | 'hash'>, grouping: Grouping): string {
  switch (grouping.keepTogether) {
    case 'recording':
      return item.recording;
    case 'session':
      return item.session;
    case 'pattern': {
      const match = matchPattern(grouping.groupPattern, item.path);
      return match ?? item.recording;
    }
  }
}

/** An example as a split sees it: `classId` is the class that stands for it. */
export type Divided = Pick<MediaItem, 'id' | 'recording' | 'session' | 'path' | 'hash'> & { classId: string };

/** Blocks of time that a recording is divided into when a class has no other. */
const BLOCKS = 10;

/** Classes whose examples are all segments of one recording, by that recording: whole recordings cannot stand on two sides of a split then. Not where an example is all of the recording. */
export function classesOfOneRecording(items: readonly MediaItem[]): Map<string, string[]> {
  const recordings = new Map<string, Set<string>>();
  const undivided = new Set<string>();
  const counts = new Map<string, number>();
  for (const item of items) {
    const classId = classIdOf(item);
    if (classId === null) continue;
    recordings.set(classId, (recordings.get(classId) ?? new Set()).add(item.recording));
    counts.set(classId, (counts.get(classId) ?? 0) + 1);
    if (!stretchOfMedia(item.media)) undivided.add(item.recording);
  }
  const found = new Map<string, string[]>();
  for (const [classId, [recording, ...others]] of recordings) {
    if (others.length > 0 || counts.get(classId)! < 2 || undivided.has(recording!)) continue;
    found.set(recording!, [...(found.get(recording!) ?? []), classId]);
  }
  return found;
}

/** Names of the blocks of time in which segments lie, by example; only of recordings that are all a class has. */
function blocksOf(items: readonly MediaItem[]): Map<string, string> {
  const divided = classesOfOneRecording(items);
  const ends = new Map<string, number>();
  const segments = items.flatMap((item) => {
    const stretch = stretchOfMedia(item.media);
    if (!stretch || !divided.has(item.recording)) return [];
    ends.set(item.recording, Math.max(ends.get(item.recording) ?? 0, stretch.endSec));
    return [{ item, at: stretch.startSec }];
  });
  return new Map(
    segments.map(({ item, at }) => {
      const block = Math.floor((at / ends.get(item.recording)!) * BLOCKS);
      return [item.id, `${item.recording} block ${block}`];
    }),
  );
}

/**
 * Examples as a split sees them; of one with boxes its rarest class stands for it. Segments of a recording that is all a class has go by blocks of its time: neighbours stay
 * together, and there is something to be judged by.
 */
export function dividedOf(items: readonly MediaItem[], counts = countClasses(items)): Divided[] {
  const blocks = blocksOf(items);
  return items.map((item) => ({
    id: item.id,
    recording: blocks.get(item.id) ?? item.recording,
    session: item.session,
    path: item.path,
    hash: blocks.has(item.id) ? contentKey(item) : item.hash,
    classId: standingClass(item, counts),
  }));
}

/** Longest pattern and path an expression is tried on. */
const MOST_PATTERN = 200;
const MOST_PATH = 400;

/**
 * Whether an expression could take for ever: a repeated group that repeats or chooses inside (star height above one), or more than a few open repeats. It may come with
 * a foreign project.
 */
export function isSlowPattern(pattern: string): boolean {
  if (pattern.length > MOST_PATTERN) return true;
  // Signs in classes and behind a backslash mean themselves.
  const plain = pattern.replace(/\\./g, 'x').replace(/\[(?:[^\]\\]|\\.)*\]/g, 'x');
  const open: boolean[] = [];
  let repeats = 0;
  for (let at = 0; at < plain.length; at++) {
    const sign = plain[at]!;
    const isRepeat = sign === '*' || sign === '+' || (sign === '{' && /^\{\d+,\d*\}/.test(plain.slice(at)));
    if (isRepeat) repeats++;
    if (sign === '(') open.push(false);
    else if (sign === ')') {
      const isRich = open.pop() ?? false;
      const next = plain[at + 1] ?? '';
      if (isRich && (next === '*' || next === '+' || next === '{')) return true;
      if (isRich && open.length > 0) open[open.length - 1] = true;
    } else if ((isRepeat || sign === '|') && open.length > 0) open[open.length - 1] = true;
  }
  return repeats > 6;
}

/** First capture (or whole match) of a regular expression on a path; null without a match, or with an expression that is broken or slow. */
export function matchPattern(pattern: string, path: string): string | null {
  if (isSlowPattern(pattern)) return null;
  try {
    const match = new RegExp(pattern).exec(path.slice(0, MOST_PATH));
    return match ? (match[1] ?? match[0]) : null;
  } catch {
    return null;
  }
}

/**
 * Gives every example a fold 0..shares.length−1 so that each class is divided in the given shares as closely as whole groups
 * allow. Identical files (same hash) count as one group.
 *
 * @param shares wanted share per fold, sum 1. @param seed same seed, same items: same result, whatever their order.
 * @returns fold by item id. Every class with at least two groups has at least one outside the largest fold when its share
 *   there is above zero.
 */
export function splitByGroup(
  items: readonly Divided[],
  shares: readonly number[],
  seed: number,
  grouping: Grouping,
): Map<string, number> {
  const parent = new Map<string, string>();
  const find = (name: string): string => {
    let root = name;
    while (parent.get(root) !== root) root = parent.get(root)!;
    parent.set(name, root);
    return root;
  };
  for (const item of items) {
    const group = `g:${groupOf(item, grouping)}`;
    const content = `h:${item.hash}`;
    for (const name of [group, content]) if (!parent.has(name)) parent.set(name, name);
    parent.set(find(content), find(group));
  }
  const groups = new Map<string, { key: string; ids: string[]; perClass: Map<string, number> }>();
  for (const item of [...items].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.id < b.id ? -1 : 1))) {
    const root = find(`g:${groupOf(item, grouping)}`);
    const group = groups.get(root) ?? { key: root, ids: [], perClass: new Map<string, number>() };
    group.ids.push(item.id);
    const label = item.classId;
    group.perClass.set(label, (group.perClass.get(label) ?? 0) + 1);
    groups.set(root, group);
  }
  const totals = new Map<string, number>();
  for (const group of groups.values())
    for (const [label, count] of group.perClass) totals.set(label, (totals.get(label) ?? 0) + count);

  // Larger groups first (shuffled among equals), each to the fold that lacks most of its classes.
  const order = createRandom(seed, 'split').shuffle([...groups.values()]);
  order.sort((a, b) => b.ids.length - a.ids.length);
  const filled = shares.map(() => new Map<string, number>());
  const sizes = shares.map(() => 0);
  const folds = new Map<string, number>();
  for (const group of order) {
    let best = 0;
    let bestLack = -Infinity;
    shares.forEach((share, fold) => {
      if (share <= 0) return;
      let lack = 0;
      for (const [label, count] of group.perClass) {
        const wanted = share * totals.get(label)!;
        lack += (count / group.ids.length) * ((wanted - (filled[fold]!.get(label) ?? 0)) / wanted);
      }
      // Ties (all empty) go to the larger share, then to the emptier fold.
      lack += share * 1e-6 - sizes[fold]! * 1e-9;
      if (lack > bestLack) {
        bestLack = lack;
        best = fold;
      }
    });
    for (const [label, count] of group.perClass) filled[best]!.set(label, (filled[best]!.get(label) ?? 0) + count);
    sizes[best]! += group.ids.length;
    for (const id of group.ids) folds.set(id, best);
  }
  return folds;
}

/** Automatic parts for all examples: validation and testing shares are taken from each class. */
export function assignParts(
  items: readonly MediaItem[],
  shares: { validation: number; testing: number },
  seed: number,
  grouping: Grouping,
): Map<string, Part> {
  const order: Part[] = ['training', 'validation', 'testing'];
  const folds = splitByGroup(
    dividedOf(items),
    [1 - shares.validation - shares.testing, shares.validation, shares.testing],
    seed,
    grouping,
  );
  return new Map([...folds].map(([id, fold]) => [id, order[fold]!]));
}
