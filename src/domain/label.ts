/** What people say of examples, whatever the problem: classes of an example, or boxes in it. Any thread; pure. */
import type { BoundingBox } from './boxes.ts';
import type { Label } from './task.ts';

type Labelled = { label: Label };

/** The class of an example; null when it has none yet, and of examples with boxes. */
export const classIdOf = ({ label }: Labelled): string | null => (label.kind === 'class' ? label.classId : null);

/** The boxes of an example; none of one that has a class. */
export const boxesOf = ({ label }: Labelled): readonly BoundingBox[] => (label.kind === 'boxes' ? label.boxes : []);

/** Whether somebody has labelled it: only then it is trained on and scored. */
export const isLabelled = ({ label }: Labelled): boolean =>
  label.kind === 'class' ? label.classId !== null : label.isDone;

/** Classes an example shows, once for each time: its class, or one for each box. */
export const shownClassIds = ({ label }: Labelled): string[] =>
  label.kind === 'boxes' ? label.boxes.map((box) => box.classId) : label.classId === null ? [] : [label.classId];

/** Whether an example shows a class; '' asks for what is not labelled yet. */
export const showsClass = (item: Labelled, classId: string): boolean =>
  classId === '' ? !isLabelled(item) : shownClassIds(item).includes(classId);

/** The example with another class. */
export const withClass = <T extends Labelled>(item: T, classId: string | null): T => ({
  ...item,
  label: { kind: 'class', classId },
});

/** The example with other boxes. */
export const withBoxes = <T extends Labelled>(item: T, boxes: BoundingBox[], isDone = true): T => ({
  ...item,
  label: { kind: 'boxes', boxes, isDone },
});

/** The example with one class under the name of another. */
export const mergeClass = <T extends Labelled>(item: T, from: string, to: string): T =>
  item.label.kind === 'boxes'
    ? withBoxes(
        item,
        item.label.boxes.map((box) => (box.classId === from ? { ...box, classId: to } : box)),
        item.label.isDone,
      )
    : item.label.classId === from
      ? withClass(item, to)
      : item;

/** What is left of an example when its class goes: boxes go from it, an example of the class goes itself (null). */
export const withoutClass = <T extends Labelled>(item: T, classId: string): T | null =>
  item.label.kind === 'boxes'
    ? withBoxes(
        item,
        item.label.boxes.filter((box) => box.classId !== classId),
        item.label.isDone,
      )
    : item.label.classId === classId
      ? null
      : item;

/** How often each class is shown. */
export function countClasses(items: Iterable<Labelled>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) for (const id of shownClassIds(item)) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

/** The class that stands for an example when a set is divided: its own, or of its boxes the one that is rarest in the set; '' without any. */
export const standingClass = (item: Labelled, counts: ReadonlyMap<string, number>): string =>
  shownClassIds(item).sort((a, b) => (counts.get(a) ?? 0) - (counts.get(b) ?? 0))[0] ?? '';
