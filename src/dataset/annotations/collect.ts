/**
 * The annotation files of an import of pictures, whatever their formats: Create ML, COCO, YOLO, Pascal VOC and CSV (FEATURES §1.4). Any thread; pure. What is odd is
 * listed, never guessed silently.
 */
import type { Part } from '../../domain/project.ts';
import { fileName } from '../labels.ts';
import { readCoco } from './coco.ts';
import { readCreateMl } from './create-ml.ts';
import { readCsv } from './csv.ts';
import { isObject, type NotedBox, type PictureAnnotations, type PictureNote, type TextFile } from './notes.ts';
import { FileIndex } from './file-index.ts';
import { readVoc } from './voc.ts';
import { readYoloLine, readYoloNames } from './yolo.ts';

/** What all annotation files of an import say: notes by the path of their picture, what could not be used, parts that lists of files give, and the files that were read. */
export type CollectedAnnotations = {
  notes: Map<string, PictureNote>;
  faults: { path: string; reason: string }[];
  parts: Map<string, Part>;
  used: Set<string>;
};

const SET_PARTS: Record<string, Part> = { train: 'training', val: 'validation', test: 'testing' };

/** Reads the annotation files among `texts` for the pictures of an import. */
export function collectPictureAnnotations(
  texts: readonly TextFile[],
  picturePaths: readonly string[],
): CollectedAnnotations {
  const index = new FileIndex(picturePaths);
  const notes = new Map<string, PictureNote>();
  const faults: CollectedAnnotations['faults'] = [];
  const parts = new Map<string, Part>();
  const used = new Set<string>();
  const folderOf = (path: string) => path.slice(0, path.lastIndexOf('/') + 1);
  const add = (file: string, note: PictureNote, folder = folderOf(file)) => {
    const found = index.find(note.picture, folder);
    if (!found) {
      faults.push({ path: file, reason: `There is no picture ${note.picture} among the files.` });
      return;
    }
    if (found.others > 0)
      faults.push({
        path: file,
        reason: `${found.others + 1} pictures are called ${note.picture}. The boxes went to ${found.path}.`,
      });
    const before = notes.get(found.path);
    notes.set(found.path, before ? { ...before, boxes: [...before.boxes, ...note.boxes] } : note);
  };
  const yolo: TextFile[] = [];
  const names: { folder: string; names: string[] }[] = [];
  for (const file of texts) {
    const { path, text } = file;
    const set = /(?:^|\/)ImageSets\/[^/]+\/(train|val|test)\.txt$/i.exec(path);
    if (set) {
      used.add(path);
      for (const line of text.split(/\r?\n/)) {
        const stem = line.trim().split(/\s+/)[0];
        const found = stem ? index.find(stem, '') : null;
        if (found) parts.set(found.path, SET_PARTS[set[1]!.toLowerCase()]!);
      }
      continue;
    }
    if (/(?:^|\/)ImageSets\//i.test(path)) {
      used.add(path);
      continue;
    }
    const known = readYoloNames(file);
    if (known) {
      names.push({ folder: folderOf(path), names: known });
      used.add(path);
      continue;
    }
    let read: PictureAnnotations | null = null;
    if (/\.json$/i.test(path)) {
      try {
        const parsed = JSON.parse(text) as unknown;
        read = Array.isArray(parsed) ? readCreateMl(parsed) : isObject(parsed) ? readCoco(parsed) : null;
      } catch (error) {
        used.add(path);
        faults.push({ path, reason: `It is not valid JSON: ${(error as Error).message}.` });
        continue;
      }
    } else if (/\.xml$/i.test(path)) read = readVoc(text, path);
    else if (/\.csv$/i.test(path)) read = readCsv(text);
    else if (/\.txt$/i.test(path)) {
      const lines = text.split(/\r?\n/).filter((line) => line.trim());
      if (
        lines.every((line) => readYoloLine(line) !== null) &&
        (lines.length > 0 || index.find(stemOf(path), folderOf(path)))
      )
        yolo.push(file);
      continue;
    }
    if (!read) continue;
    used.add(path);
    for (const reason of read.faults) faults.push({ path, reason });
    for (const note of read.notes) add(path, note);
  }
  for (const { path, text } of yolo) {
    used.add(path);
    const near = names
      .filter(({ folder }) => path.startsWith(folder))
      .sort((a, b) => b.folder.length - a.folder.length)[0];
    const list = (near ?? names[0])?.names ?? [];
    const boxes = text
      .split(/\r?\n/)
      .map(readYoloLine)
      .filter((line) => line !== null)
      .map(({ index: c, rect }): NotedBox => ({ ...rect, label: list[c] ?? `class ${c}`, unit: 'ratio' }));
    add(path, { picture: stemOf(path), boxes, width: null, height: null });
  }
  return { notes, faults, parts, used };
}

const stemOf = (path: string): string => fileName(path).replace(/\.[^.]*$/, '');
