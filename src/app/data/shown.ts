/** Which examples a page shows. Main thread; pure. */
import { isLabelled, showsClass } from '../../domain/label.ts';
import { durationOf, type ItemPart, type MediaItem } from '../../domain/project.ts';

/** What the person looks for: a class (null = any, '' = not labelled yet), a part (null = all but background sounds), a piece of the name. */
export type Wanted = { classId: string | null; part: ItemPart | null; search: string };

/** See the file header. */
export function shownItems(items: readonly MediaItem[], { classId, part, search }: Wanted): MediaItem[] {
  const wanted = search.trim().toLowerCase();
  return items.filter(
    (item) =>
      (classId === null || showsClass(item, classId)) &&
      (part === null ? item.part !== 'background' : item.part === part) &&
      (wanted === '' || `${item.path} ${item.name}`.toLowerCase().includes(wanted)),
  );
}

/** The file to begin with in the segment editor: the longest that waits for a label, else the first. @param files not empty. */
export function fileToDivide(files: readonly MediaItem[]): MediaItem {
  const open = files.filter((item) => !isLabelled(item)).sort((a, b) => durationOf(b) - durationOf(a));
  return open[0] ?? files[0]!;
}
