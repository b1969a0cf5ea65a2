/** A data set on its way out: examples with names any file system and any tool takes. Any thread; pure. */
import { boxesOf, classIdOf, isLabelled } from '../../domain/label.ts';
import type { ClassLabel, ItemPart, MediaItem } from '../../domain/project.ts';
import type { LabelledPicture } from '../annotations/format.ts';
import type { PartStyle } from '../archive-contract.ts';
import { fileName } from '../labels.ts';

/** One example: what it shows by name, and the file it is in. */
export type SetExample = {
  item: MediaItem;
  /** Name of its file, unique in the set without its ending too. Stretches of one video share it. */
  file: string;
  /** Null = of no class yet; examples with boxes have none. */
  className: string | null;
  boxes: LabelledPicture['boxes'];
  /** Somebody has labelled it. */
  isLabelled: boolean;
  /** What it belongs to, where it does not stand alone. */
  group: string | null;
  /** A file that was made of it; null = none. */
  made: Blob | null;
  /** Stretch of its file in seconds; null = all of it. */
  stretch: { startSec: number; endSec: number } | null;
};

/** See the file header. */
export type DataSet = { examples: SetExample[]; classes: string[]; parts: PartStyle };

/** A file of a written set: text, or the content of an example. */
export type SetFile = { path: string } & ({ content: string } | { hash: string } | { made: Blob });

/** A name every file system takes: no separators, no signs Windows refuses, nothing hidden. */
export const safeName = (name: string): string =>
  name
    .normalize('NFC')
    .replace(/[\\/:*?"<>|%\u0000-\u001f\u007f]/g, '_')
    .replace(/^[. ]+|[. ]+$/g, '')
    // A spreadsheet would take it for a formula.
    .replace(/^[=+@]/, '_')
    // Windows keeps these for devices.
    .replace(/^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i, '$1_')
    .slice(0, 120) || 'unnamed';

const ENDINGS: Record<string, string> = {
  'image/jpeg': '.jpg',
  'image/png': '.png',
  'image/webp': '.webp',
  'image/gif': '.gif',
  'image/avif': '.avif',
  'image/bmp': '.bmp',
  'audio/wav': '.wav',
  'video/mp4': '.mp4',
  'video/webm': '.webm',
  'application/json': '.json',
};
const KNOWN =
  /\.(jpe?g|jfif|png|webp|gif|avif|bmp|wav|mp3|m4a|aac|flac|ogg|oga|opus|webm|mka|mkv|mp4|m4v|mov|3gp|json|csv)$/i;

/** Names taken in one place; a second of the same name gets a number. */
export class Names {
  readonly #taken = new Set<string>();
  /** @returns the name, or the first free one after it. */
  take(name: string, ending = ''): string {
    for (let n = 1; ; n++) {
      const free = n === 1 ? name : `${name} (${n})`;
      if (this.#taken.has(free.toLowerCase())) continue;
      this.#taken.add(free.toLowerCase());
      return free + ending;
    }
  }
}

/**
 * The set of some examples.
 * @param typeOf MIME type of a stored file, for names without ending. @param made files made of examples, by their ids.
 */
export function dataSetOf(
  items: readonly MediaItem[],
  classes: readonly ClassLabel[],
  parts: PartStyle,
  typeOf: (hash: string) => string,
  made: ReadonlyMap<string, Blob> = new Map(),
): DataSet {
  const nameOf = new Map(classes.map(({ id, name }) => [id, name]));
  const names = new Names();
  const fileOf = new Map<string, string>();
  const members = new Map<string, number>();
  for (const { recording } of items) members.set(recording, (members.get(recording) ?? 0) + 1);
  const examples = items.map((item): SetExample => {
    const { hash, media } = item;
    if (!fileOf.has(hash)) {
      // A stretch of a video is called after the whole.
      const whole = fileName('fileSec' in media && media.source === 'video' ? item.path : item.name) || item.name;
      const plain = safeName(whole);
      const ending = KNOWN.exec(plain)?.[0] ?? ENDINGS[typeOf(hash)] ?? '';
      fileOf.set(hash, names.take(plain.replace(KNOWN, ''), ending));
    }
    const classId = classIdOf(item);
    const isWhole = !('fileSec' in media) || (media.startSec <= 0 && media.endSec >= media.fileSec);
    return {
      item,
      file: fileOf.get(hash)!,
      className: classId === null ? null : (nameOf.get(classId) ?? null),
      boxes: boxesOf(item).map(({ classId: id, x, y, width, height }) => ({
        label: nameOf.get(id) ?? '',
        x,
        y,
        width,
        height,
      })),
      isLabelled: isLabelled(item),
      made: made.get(item.id) ?? null,
      group: (members.get(item.recording) ?? 0) > 1 ? item.recording.replace(/^(group|file):/, '') : null,
      stretch: isWhole || !('fileSec' in media) ? null : { startSec: media.startSec, endSec: media.endSec },
    };
  });
  return { examples, classes: classes.map(({ name }) => name), parts };
}

/** Folder names of classes, one for each. */
export function classFolders(classes: readonly string[]): Map<string, string> {
  const names = new Names();
  return new Map(classes.map((name) => [name, names.take(safeName(name))]));
}

/** Words tools use for parts. */
export const SHORT_PARTS = { training: 'train', validation: 'val', testing: 'test', background: 'train' } as const;

/** The file of every example, once each. @param folderOf with a slash at its end, or ''. */
export function mediaFiles(examples: readonly SetExample[], folderOf: (example: SetExample) => string): SetFile[] {
  const files = new Map<string, SetFile>();
  for (const example of examples) {
    const path = folderOf(example) + example.file;
    if (!files.has(path)) files.set(path, { path, hash: example.item.hash });
  }
  return [...files.values()];
}

/** Lists of files by part, one path a line. @param pathOf of an example's file. */
export function partLists(
  examples: readonly SetExample[],
  pathOf: (example: SetExample) => string,
  nameOf: (part: ItemPart) => string,
): SetFile[] {
  const lists = new Map<string, Set<string>>();
  for (const example of examples) {
    const path = nameOf(example.item.part);
    lists.set(path, (lists.get(path) ?? new Set()).add(pathOf(example)));
  }
  return [...lists].map(([path, lines]) => ({ path, content: `${[...lines].join('\n')}\n` }));
}
