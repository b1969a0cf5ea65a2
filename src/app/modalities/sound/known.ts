/** Listening with YAMNet's own classes: which are wanted, and showing a few of 521. Main thread; pure. */
import type { ClassLabel } from '../../../domain/project.ts';
import type { SoundEvent } from '../../../preview/index.ts';

/** `only` and `never`: names or parts of names, separated by commas; empty = no restriction. */
export type KnownFilter = { most: number; only: string; never: string };

const parts = (text: string) =>
  text
    .toLowerCase()
    .split(/[,;]/)
    .map((part) => part.trim())
    .filter(Boolean);

/** Which classes pass the filter, in the order of `labels`. */
export function knownMask(labels: readonly string[], { only, never }: KnownFilter): boolean[] {
  const [wanted, unwanted] = [parts(only), parts(never)];
  return labels.map((label) => {
    const name = label.toLowerCase();
    return (
      (wanted.length === 0 || wanted.some((part) => name.includes(part))) &&
      !unwanted.some((part) => name.includes(part))
    );
  });
}

/** Only the classes in which something was heard, longest first, at most ten; the events renumbered. */
export function compactLanes(
  classes: readonly ClassLabel[],
  events: readonly SoundEvent[],
): { classes: ClassLabel[]; events: SoundEvent[] } {
  const lengths = new Map<number, number>();
  for (const { classIndex, startSec, endSec } of events)
    lengths.set(classIndex, (lengths.get(classIndex) ?? 0) + endSec - startSec);
  const shown = [...lengths.keys()].sort((a, b) => lengths.get(b)! - lengths.get(a)!).slice(0, 10);
  return {
    classes: shown.flatMap((index) => classes[index] ?? []),
    events: events.flatMap((event) => {
      const classIndex = shown.indexOf(event.classIndex);
      return classIndex < 0 ? [] : [{ ...event, classIndex }];
    }),
  };
}
