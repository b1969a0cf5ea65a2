/** Examples whose content is in the project already: they come in once, and what the two say differently is told. Any thread; plain records. */
import type { Rect } from '../domain/boxes.ts';
import { boxesOf, classIdOf } from '../domain/label.ts';
import { contentKey, type ClassLabel, type MediaItem } from '../domain/project.ts';
import { fileHashOf } from '../domain/stretch.ts';
import { nameKey } from '../kernel/format.ts';
import type { ImportRemark, Named } from './annotations/reader.ts';
import { fileName } from './labels.ts';

type Known = { name: string; className: string | null; boxes: string };

/** Boxes as one text: the same for the same boxes, whatever their order. */
const keyOfBoxes = (boxes: readonly (Rect & { label: string })[]): string =>
  boxes
    .map(
      ({ label, x, y, width, height }) =>
        `${nameKey(label)} ${[x, y, width, height].map((side) => side.toFixed(2)).join(' ')}`,
    )
    .sort()
    .join(';');

/** See the file header. One import; what it takes is known from then on. */
export class Twins {
  readonly #known: Map<string, Known>;
  readonly #noun: string;

  /** @param items of the project. @param noun what one example is called. */
  constructor(items: readonly MediaItem[], classes: readonly ClassLabel[], noun: string) {
    this.#noun = noun;
    const nameOf = new Map(classes.map(({ id, name }) => [id, name]));
    this.#known = new Map(
      items.map((item): [string, Known] => {
        const boxes = boxesOf(item).map((box) => ({ ...box, label: nameOf.get(box.classId) ?? '' }));
        const className = nameOf.get(classIdOf(item) ?? '') ?? null;
        return [contentKey(item), { name: item.name, className, boxes: keyOfBoxes(boxes) }];
      }),
    );
    // A file that is divided is there too, as its segments.
    for (const item of items) {
      const file = fileHashOf(item.hash);
      if (!this.#known.has(file)) this.#known.set(file, { name: item.name, className: null, boxes: '' });
    }
  }

  /** How a second one differs from the first, in words. */
  #tell(twin: Known, className: string | null, boxes: string): string {
    const isClash = twin.className !== null && className !== null && nameKey(twin.className) !== nameKey(className);
    if (isClash)
      return `The same ${this.#noun} is in ${twin.className} (${twin.name}) and in ${className}: ${twin.className} was kept. Say which is right.`;
    return boxes && twin.boxes && boxes !== twin.boxes
      ? `The same ${this.#noun} is there as ${twin.name} with other boxes: those were kept. Say which are right.`
      : `Already in the project (${twin.name})`;
  }

  /** The examples of a file that are new, and what is worth a word about them. */
  leaveOut(path: string, named: readonly Named[], remark: (one: ImportRemark) => void): (Named & { path: string })[] {
    const noticed = new Set<string>();
    return named.flatMap((one) => {
      const { media, className } = one;
      const key = contentKey(media);
      const boxes = keyOfBoxes(one.boxes?.list ?? []);
      const twin = this.#known.get(key);
      if (twin !== undefined) {
        remark({ path, reason: this.#tell(twin, className, boxes), isAdded: false });
        return [];
      }
      this.#known.set(key, { name: media.name ?? fileName(path), className, boxes });
      if (media.notice && !noticed.has(media.notice)) remark({ path, reason: media.notice, isAdded: true });
      if (media.notice) noticed.add(media.notice);
      return [{ ...one, path }];
    });
  }
}
