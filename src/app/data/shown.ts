/** Which examples a page shows. Main thread; pure. */
import { showsClass } from '../../domain/label.ts';
import type { ItemPart, MediaItem } from '../../domain/project.ts';

/** What the person looks for: a class (null = any, '' = not labelled yet), a part (null = all but background sounds), a piece of the name. */
export type Wanted = { classId: string | null; part: ItemPart | null; search: string };

/** See the file header. */
export function shownItems(items: readonly MediaItem[], { classId, part, search }: Wanted): MediaItem[] {
  const wanted = search.trim().toLowerCase();
  return items.filter(
    (item) =>
      (classId === null || showsClass(item, classId)) &&
      (part === null ? item.part !== 'background' : item.part === part) &&
      (wanted === '' || item.path.toLowerCase().includes(wanted)),
  );
}
