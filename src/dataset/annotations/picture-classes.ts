/** Lists that say which class a picture is of: a CSV (or tab separated) file with a column of files and one of classes. Any thread. */
import Papa from 'papaparse';
import type { Part } from '../../domain/project.ts';
import { PictureIndex } from './picture-index.ts';
import { MOST_ANNOTATION_BYTES, type ReadAnnotations } from './reader.ts';

const PICTURE =
  /^(file|filename|file_name|file name|image|image_name|image_path|image_id|imagefilename|path|id|picture)$/;
const LABEL = /^(label|labels|class|classname|class_name|class name|category|name|target|species|breed)$/;
const PART = /^(split|set|part|subset|data set)$/;
const PARTS: Record<string, Part> = {
  train: 'training',
  training: 'training',
  val: 'validation',
  valid: 'validation',
  validation: 'validation',
  test: 'testing',
  testing: 'testing',
};

/** One row that names a picture and its class; `part` null when the list has none. */
export type PictureClass = { picture: string; label: string; part: Part | null; line: number };

/** @returns the rows, and the lines that name no picture or no class; null when the file is no such list: it has no header that names both columns. */
export function readPictureClasses(text: string): { rows: PictureClass[]; faults: number[] } | null {
  const table = Papa.parse<string[]>(text.replace(/^\uFEFF/, ''), { skipEmptyLines: 'greedy' }).data;
  const head = (table[0] ?? []).map((cell) => cell.trim().toLowerCase());
  const at = (wanted: RegExp) => head.findIndex((cell) => wanted.test(cell));
  const [picture, label, part] = [at(PICTURE), at(LABEL), at(PART)];
  // Corners of boxes belong to another kind of list.
  if (picture < 0 || label < 0 || picture === label || at(/^(xmin|x1|x_min)$/) >= 0) return null;
  const rows: PictureClass[] = [];
  const faults: number[] = [];
  for (const [i, row] of table.slice(1).entries()) {
    const [file, name] = [row[picture]?.trim() ?? '', row[label]?.trim() ?? ''];
    if (!file || !name) faults.push(i + 2);
    else
      rows.push({
        picture: file,
        label: name,
        part: PARTS[row[part]?.trim().toLowerCase() ?? ''] ?? null,
        line: i + 2,
      });
  }
  return { rows, faults };
}

/** See the file header. A list names the class of its pictures whatever folder they lie in. */
export const readClassLists: ReadAnnotations = async (files, _items, remark) => {
  const isList = (path: string) => /\.(csv|tsv)$/i.test(path);
  const index = new PictureIndex(files.map(({ path }) => path).filter((path) => !isList(path)));
  const used = new Set<string>();
  const named = new Map<string, PictureClass>();
  for (const { path, blob } of files) {
    if (!isList(path)) continue;
    used.add(path);
    const list = blob.size < MOST_ANNOTATION_BYTES ? readPictureClasses(await blob.text()) : null;
    if (!list) {
      remark({
        path,
        reason: 'It has no column of files and column of classes with names this app knows.',
        isAdded: false,
      });
      continue;
    }
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    const lost: string[] = [];
    for (const row of list.rows) {
      const found = index.find(row.picture, folder);
      const known = found && named.get(found.path);
      if (!found) lost.push(row.picture);
      else if (known && known.label !== row.label)
        remark({
          path,
          reason: `Line ${row.line} calls ${row.picture} ${row.label}; it was ${known.label} before.`,
          isAdded: false,
        });
      else named.set(found.path, row);
    }
    for (const line of list.faults)
      remark({ path, reason: `Line ${line} names no picture or no class.`, isAdded: false });
    if (lost.length > 0) {
      const more = lost.length > 3 ? ` and ${lost.length - 3} more` : '';
      remark({
        path,
        reason: `These pictures are not among the files: ${lost.slice(0, 3).join(', ')}${more}.`,
        isAdded: false,
      });
    }
  }
  return {
    used,
    known: [],
    hasClassOf: (path) => named.has(path),
    partOf: (path) => named.get(path)?.part ?? null,
    name: (path, found, className) =>
      found.map((media) => ({ media, className: named.get(path)?.label ?? media.label ?? className, boxes: null })),
  };
};
