/**
 * Annotation files of pictures: Create ML (both dialects), COCO, YOLO, Pascal VOC and CSV (FEATURES §1.4). Any thread; pure. What is odd is listed, never
 * guessed silently.
 */
import { XMLParser } from 'fast-xml-parser';
import Papa from 'papaparse';
import { clipRect, type Rect } from '../domain/boxes.ts';
import type { Part } from '../domain/project.ts';
import { fileName } from './labels.ts';

/** A box as a file gives it, from its top left corner: in pixels, or in ratios of the picture. */
export type NotedBox = Rect & { label: string; unit: 'pixels' | 'ratio' };

/** What a file says of one picture. `width` and `height` as the file claims them, in pixels. */
export type PictureNote = {
  picture: string;
  boxes: NotedBox[];
  width: number | null;
  height: number | null;
  /** It has boxes that could not be read: without others it is not known to be empty. */
  isPartial?: boolean;
};

/** What one annotation file says. */
export type PictureAnnotations = { notes: PictureNote[]; faults: string[] };

/** A text file of an import. */
export type TextFile = { path: string; text: string };

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const numberOf = (value: unknown): number => (value === null || value === '' ? NaN : Number(value));
const sizeOf = (value: unknown): number | null => {
  const size = Number(value);
  return Number.isFinite(size) && size > 0 ? size : null;
};
const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';

/** Create ML: `image` / `annotations` or `imagefilename` / `annotation`; x and y are the centre of the box in pixels. Other keys are ignored. */
function readCreateMl(records: unknown[]): PictureAnnotations | null {
  const nameOf = (record: Json) =>
    textOf(record.image ?? record.imagefilename ?? record.imageFilename ?? record.filename ?? record.file_name);
  const listOf = (record: Json) => {
    const list = record.annotations ?? record.annotation;
    return Array.isArray(list) ? list : isObject(list) ? [list] : null;
  };
  const objects = records.filter(isObject);
  if (!objects.some((record) => nameOf(record) && listOf(record))) return null;
  const notes: PictureNote[] = [];
  const faults: string[] = [];
  objects.forEach((record, i) => {
    const picture = nameOf(record);
    if (!picture) return void faults.push(`Entry ${i + 1} names no picture.`);
    const boxes: NotedBox[] = [];
    (listOf(record) ?? []).forEach((entry: unknown, k) => {
      const place = isObject(entry) && isObject(entry.coordinates) ? entry.coordinates : null;
      const label = isObject(entry) ? textOf(entry.label) : '';
      if (!place || !label)
        return void faults.push(`${picture}: box ${k + 1} has no ${place ? 'label' : 'coordinates'}.`);
      const [width, height] = [numberOf(place.width), numberOf(place.height)];
      boxes.push({
        label,
        x: numberOf(place.x) - width / 2,
        y: numberOf(place.y) - height / 2,
        width,
        height,
        unit: 'pixels',
      });
    });
    const isPartial = boxes.length < (listOf(record)?.length ?? 0);
    notes.push({ picture, boxes, width: null, height: null, ...(isPartial ? { isPartial } : {}) });
  });
  return { notes, faults };
}

/** COCO: `bbox` is x, y, width and height in pixels from the top left. */
function readCoco(whole: Json): PictureAnnotations | null {
  const { images, annotations, categories } = whole;
  if (!Array.isArray(images) || !Array.isArray(annotations)) return null;
  const names = new Map<unknown, string>(
    (Array.isArray(categories) ? categories : []).filter(isObject).map((entry) => [entry.id, textOf(entry.name)]),
  );
  const faults: string[] = [];
  const byId = new Map<unknown, PictureNote>();
  const notes: PictureNote[] = [];
  for (const image of images.filter(isObject)) {
    const picture = textOf(image.file_name ?? image.filename ?? image.path);
    if (!picture) {
      faults.push(`Image ${textOf(image.id)} has no file name.`);
      continue;
    }
    const note: PictureNote = { picture, boxes: [], width: sizeOf(image.width), height: sizeOf(image.height) };
    byId.set(image.id, note);
    notes.push(note);
  }
  for (const entry of annotations.filter(isObject)) {
    const note = byId.get(entry.image_id);
    if (!note) {
      faults.push(`Annotation ${textOf(entry.id)} is for image ${textOf(entry.image_id)}, which is not listed.`);
      continue;
    }
    const box = Array.isArray(entry.bbox) ? entry.bbox.map(numberOf) : [];
    if (box.length !== 4) {
      note.isPartial = true;
      faults.push(`${note.picture}: annotation ${textOf(entry.id)} has no box.`);
      continue;
    }
    if (entry.iscrowd === 1) {
      note.isPartial = true;
      faults.push(`${note.picture}: annotation ${textOf(entry.id)} stands for a crowd and was left out.`);
      continue;
    }
    const label = names.get(entry.category_id) || `class ${textOf(entry.category_id)}`;
    note.boxes.push({ label, x: box[0]!, y: box[1]!, width: box[2]!, height: box[3]!, unit: 'pixels' });
  }
  return { notes, faults };
}

/** Pascal VOC: one XML file a picture, corners in pixels. */
function readVoc(text: string, path: string): PictureAnnotations | null {
  let annotation: Json;
  try {
    const parsed = new XMLParser({ ignoreAttributes: true, parseTagValue: false }).parse(text) as Json;
    if (!isObject(parsed.annotation)) return null;
    annotation = parsed.annotation;
  } catch {
    return null;
  }
  const faults: string[] = [];
  const objects = annotation.object === undefined ? [] : [annotation.object].flat();
  const size = isObject(annotation.size) ? annotation.size : {};
  // The picture that stands beside the file counts: names inside are often those of another computer.
  const stem = fileName(path).replace(/\.xml$/i, '');
  const named = textOf(annotation.filename);
  const picture = named && named.replace(/\.[^.]*$/, '') === stem ? named : stem;
  const boxes: NotedBox[] = [];
  objects.forEach((object, i) => {
    const place = isObject(object) && isObject(object.bndbox) ? object.bndbox : null;
    const label = isObject(object) ? textOf(object.name) : '';
    if (!place || !label) return void faults.push(`Object ${i + 1} has no ${place ? 'name' : 'bndbox'}.`);
    const [left, top] = [numberOf(place.xmin), numberOf(place.ymin)];
    boxes.push({
      label,
      x: left,
      y: top,
      width: numberOf(place.xmax) - left,
      height: numberOf(place.ymax) - top,
      unit: 'pixels',
    });
  });
  const note = { picture, boxes, width: sizeOf(size.width), height: sizeOf(size.height) };
  return { notes: [{ ...note, ...(boxes.length < objects.length ? { isPartial: true } : {}) }], faults };
}

const CSV_KEYS = {
  picture: ['filename', 'file_name', 'image', 'image_path', 'imagefilename', 'path', 'file', 'image_id'],
  label: ['class', 'label', 'class_name', 'name', 'category', 'label_name'],
  left: ['xmin', 'x1', 'x_min', 'left', 'bbox_x', 'x'],
  top: ['ymin', 'y1', 'y_min', 'top', 'bbox_y', 'y'],
  right: ['xmax', 'x2', 'x_max', 'right'],
  bottom: ['ymax', 'y2', 'y_max', 'bottom'],
  boxWidth: ['bbox_width', 'box_width', 'w'],
  boxHeight: ['bbox_height', 'box_height', 'h'],
  width: ['image_width', 'img_width', 'width'],
  height: ['image_height', 'img_height', 'height'],
};

/** CSV with corners (`xmin` … `ymax`) or with `x`, `y`, `width`, `height` from the top left; without a header: path, x1, y1, x2, y2, label. */
function readCsv(text: string): PictureAnnotations | null {
  const rows = Papa.parse<string[]>(text.replace(/^\uFEFF/, ''), { skipEmptyLines: 'greedy' }).data;
  const head = rows[0]?.map((cell) => cell.trim().toLowerCase());
  if (!head || head.length < 5) return null;
  const find = (keys: readonly string[]) => {
    for (const key of keys) if (head.includes(key)) return head.indexOf(key);
    return -1;
  };
  let at = Object.fromEntries(Object.entries(CSV_KEYS).map(([name, keys]) => [name, find(keys)])) as Record<
    keyof typeof CSV_KEYS,
    number
  >;
  let first = 1;
  if (at.picture < 0 || at.label < 0 || at.left < 0 || at.top < 0) {
    const isPlain = head.length === 6 && [1, 2, 3, 4].every((i) => head[i] === '' || Number.isFinite(Number(head[i])));
    if (!isPlain) return null;
    at = { ...at, picture: 0, left: 1, top: 2, right: 3, bottom: 4, label: 5, width: -1, height: -1 };
    first = 0;
  }
  const hasCorners = at.right >= 0 && at.bottom >= 0;
  // Without corners `width` and `height` are those of the box.
  const [widthAt, heightAt] = [at.boxWidth >= 0 ? at.boxWidth : at.width, at.boxHeight >= 0 ? at.boxHeight : at.height];
  if (!hasCorners && (widthAt < 0 || heightAt < 0)) return null;
  const notes = new Map<string, PictureNote>();
  const faults: string[] = [];
  rows.slice(first).forEach((row, i) => {
    const picture = textOf(row[at.picture]);
    if (!picture) return void faults.push(`Row ${i + 1 + first} names no picture.`);
    const note = notes.get(picture) ?? {
      picture,
      boxes: [],
      width: hasCorners && at.width >= 0 ? sizeOf(row[at.width]) : null,
      height: hasCorners && at.height >= 0 ? sizeOf(row[at.height]) : null,
    };
    notes.set(picture, note);
    const label = textOf(row[at.label]);
    const values = [at.left, at.top, ...(hasCorners ? [at.right, at.bottom] : [widthAt, heightAt])].map((k) => row[k]);
    // A row without box: the picture was looked at and shows nothing.
    if (values.every((value) => textOf(value) === '')) return;
    if (!label) return void faults.push(`Row ${i + 1 + first} has no label.`);
    const [a, b, c, d] = values.map(numberOf) as [number, number, number, number];
    const isRatio =
      [a, b, c, d].every((value) => value >= 0 && value <= 1) && values.some((value) => /\./.test(value!));
    note.boxes.push({
      label,
      x: a,
      y: b,
      width: hasCorners ? c - a : c,
      height: hasCorners ? d - b : d,
      unit: isRatio ? 'ratio' : 'pixels',
    });
  });
  return { notes: [...notes.values()], faults };
}

/** One line of a YOLO file: class number, centre and size in ratios; or the corners of an outline. */
function readYoloLine(line: string): { index: number; rect: Rect } | null {
  const values = line.trim().split(/\s+/).map(numberOf);
  if (values.length < 5 || !Number.isInteger(values[0]) || values[0]! < 0) return null;
  const [index, ...rest] = values as [number, ...number[]];
  if (values.length <= 6) {
    const [x, y, width, height] = rest as [number, number, number, number];
    return { index, rect: { x: x - width / 2, y: y - height / 2, width, height } };
  }
  const xs = rest.filter((_, i) => i % 2 === 0);
  const ys = rest.filter((_, i) => i % 2 === 1);
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  return { index, rect: { x: left, y: top, width: Math.max(...xs) - left, height: Math.max(...ys) - top } };
}

/** Class names of a YOLO data set: `names:` of data.yaml as a list or numbered, or one name a line. */
export function readYoloNames({ path, text }: TextFile): string[] | null {
  const name = fileName(path).toLowerCase();
  if (/\.ya?ml$/.test(name)) {
    const inline = /^names:\s*\[([^\]]*)\]/m.exec(text);
    const clean = (value: string) => value.trim().replace(/^(['"])(.*)\1$/, '$2');
    if (inline) return inline[1]!.split(',').map(clean).filter(Boolean);
    const block = /^names:\s*\r?\n((?:[ \t]+.*\r?\n?|-.*\r?\n?)+)/m.exec(text);
    if (!block) return null;
    const names: string[] = [];
    for (const line of block[1]!.split(/\r?\n/)) {
      const item = /^\s*-\s*(.+)$/.exec(line);
      const numbered = /^\s*(\d+)\s*:\s*(.+)$/.exec(line);
      if (item) names.push(clean(item[1]!));
      else if (numbered) names[Number(numbered[1])] = clean(numbered[2]!);
    }
    return names.length > 0 ? Array.from(names, (value, i) => value ?? `class ${i}`) : null;
  }
  if (/^(classes\.txt|labels\.txt|obj\.names|_darknet\.labels|.*\.names)$/.test(name))
    return text
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter(Boolean);
  return null;
}

/** Finds pictures by what annotation files call them. */
class PictureIndex {
  readonly #byName = new Map<string, string[]>();
  readonly #byStem = new Map<string, string[]>();

  constructor(paths: readonly string[]) {
    for (const path of paths) {
      const name = fileName(path).toLowerCase();
      const stem = name.replace(/\.[^.]*$/, '');
      this.#byName.set(name, [...(this.#byName.get(name) ?? []), path]);
      this.#byStem.set(stem, [...(this.#byStem.get(stem) ?? []), path]);
    }
  }

  /**
   * @param folder of the annotation file, with a slash at the end or empty. @returns null when there is none; `others` counts further pictures it could mean.
   */
  find(wanted: string, folder: string): { path: string; others: number } | null {
    const clean = wanted
      .replace(/\\/g, '/')
      .replace(/^(\.?\/)+/, '')
      .toLowerCase();
    const name = fileName(clean);
    const candidates =
      this.#byName.get(name) ?? this.#byStem.get(name) ?? this.#byStem.get(name.replace(/\.[^.]*$/, ''));
    if (!candidates?.length) return null;
    const lower = (path: string) => path.toLowerCase();
    const near = folder.toLowerCase();
    const exact =
      candidates.find((path) => lower(path) === near + clean || lower(path) === clean) ??
      (clean.includes('/') ? candidates.find((path) => lower(path).endsWith(`/${clean}`)) : undefined);
    if (exact) return { path: exact, others: 0 };
    // labels/train/x.txt belongs to images/train/x.jpg: the folder that shares most of its path is meant.
    const shared = (path: string) => {
      const [a, b] = [lower(path).split('/').slice(0, -1), near.split('/').slice(0, -1)];
      return a.filter((part) => b.includes(part)).length * 100 - a.length;
    };
    const best = [...candidates].sort((a, b) => shared(b) - shared(a));
    const isTie = best.length > 1 && shared(best[0]!) === shared(best[1]!);
    return { path: best[0]!, others: isTie ? best.length - 1 : 0 };
  }
}

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
  const index = new PictureIndex(picturePaths);
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

/** Sides of a box in pixels under which nothing can be seen in it. */
const LEAST_SIDE = 1;

/**
 * The boxes of a note as ratios of the picture. Outside parts are cut off; what cannot be a box is left out. Both are said.
 * A file that claims another size with the same proportions was made for the picture before it was resized: its boxes are scaled.
 */
export function placeBoxes(
  note: PictureNote,
  width: number,
  height: number,
): { boxes: (Rect & { label: string })[]; remarks: { reason: string; isKept: boolean }[] } {
  const remarks: { reason: string; isKept: boolean }[] = [];
  let [fromWidth, fromHeight] = [width, height];
  if (note.width && note.height && (note.width !== width || note.height !== height)) {
    const isSameShape = Math.abs(note.width / note.height / (width / height) - 1) < 0.02;
    const isInside = note.boxes.every(
      (box) => box.x + box.width <= note.width! * 1.02 && box.y + box.height <= note.height! * 1.02,
    );
    if (isSameShape && isInside) {
      [fromWidth, fromHeight] = [note.width, note.height];
      remarks.push({
        reason: `Annotated at ${note.width} × ${note.height}, the picture has ${width} × ${height}: its boxes were scaled.`,
        isKept: true,
      });
    } else
      remarks.push({
        reason: `The annotations say ${note.width} × ${note.height}, the picture has ${width} × ${height}: its boxes were taken as they are.`,
        isKept: true,
      });
  }
  const boxes: (Rect & { label: string })[] = [];
  for (const box of note.boxes) {
    const [scaleX, scaleY] = box.unit === 'ratio' ? [1, 1] : [1 / fromWidth, 1 / fromHeight];
    const rect = { x: box.x * scaleX, y: box.y * scaleY, width: box.width * scaleX, height: box.height * scaleY };
    const refuse = (reason: string) => void remarks.push({ reason: `A box of ${box.label} ${reason}`, isKept: false });
    if (![rect.x, rect.y, rect.width, rect.height].every(Number.isFinite)) {
      refuse('has no readable coordinates.');
      continue;
    }
    if (rect.width <= 0 || rect.height <= 0) {
      refuse('has no area.');
      continue;
    }
    const clipped = clipRect(rect);
    if (!clipped || clipped.width * width < LEAST_SIDE || clipped.height * height < LEAST_SIDE) {
      refuse(clipped ? 'is smaller than a pixel.' : 'lies outside the picture.');
      continue;
    }
    const tolerance = 1.5;
    if ((rect.width - clipped.width) * width > tolerance || (rect.height - clipped.height) * height > tolerance)
      remarks.push({
        reason: `A box of ${box.label} reached outside the picture and was cut at its edge.`,
        isKept: true,
      });
    boxes.push({ ...clipped, label: box.label });
  }
  return { boxes, remarks };
}
