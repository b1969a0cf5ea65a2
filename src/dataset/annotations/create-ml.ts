/**
 * Create ML annotations of pictures (FEATURES §1.4): one JSON a folder, `x` and `y` the centre of the box in pixels. Any thread; pure.
 * https://developer.apple.com/documentation/createml/building-an-object-detector-data-source
 */
import type { FormatTable, LabelledPicture, WrittenFile } from './format.ts';
import {
  isObject,
  numberOf,
  pixels,
  textOf,
  type Json,
  type NotedBox,
  type PictureAnnotations,
  type PictureNote,
} from './notes.ts';

/** See the file header. */
export const CREATE_ML: FormatTable = {
  id: 'create-ml',
  title: 'Create ML',
  dialects: [
    ['`image` / `annotations` and `imagefilename` / `annotation`', 'both, unknown keys ignored'],
    ['lists in lists, `{"images": […]}` and other single keys around the list', 'the list inside'],
    ['one record alone, one file a picture (labelImg)', 'a list of one'],
    ['lists of boxes by the name of their picture', 'the same'],
    ['numbers as text, with decimal comma', 'numbers'],
    ['negative width or height', 'left out and said: it has no area'],
  ],
};

const nameOf = (record: Json) =>
  textOf(record.image ?? record.imagefilename ?? record.imageFilename ?? record.filename ?? record.file_name);
function listOf(record: Json): unknown[] | null {
  const list = record.annotations ?? record.annotation;
  return Array.isArray(list) ? list : isObject(list) ? [list] : null;
}
/** A list of boxes in other words than COCO's, which has one list for all pictures. */
const isRecord = (value: unknown): value is Json => isObject(value) && nameOf(value) !== '' && listOf(value) !== null;

/** The records of a file, whatever is around them. */
function recordsOf(whole: unknown, depth = 0): Json[] {
  if (isRecord(whole)) return [whole];
  if (depth > 2) return [];
  if (Array.isArray(whole)) {
    const records = whole.flatMap((entry) =>
      Array.isArray(entry) ? recordsOf(entry, depth + 1) : isObject(entry) ? [entry] : [],
    );
    return records.some(isRecord) ? records : [];
  }
  if (isObject(whole)) {
    const byName = Object.entries(whole);
    const isBox = (value: unknown) => isObject(value) && isObject(value.coordinates);
    if (
      byName.length > 0 &&
      byName.every(([name, list]) => /\.\w{2,5}$/.test(name) && Array.isArray(list) && list.every(isBox))
    )
      return byName.map(([image, annotations]) => ({ image, annotations }));
  }
  const lists = isObject(whole) ? Object.values(whole).filter(Array.isArray) : [];
  return lists.length === 1 ? recordsOf(lists[0], depth + 1) : [];
}

/** @returns null when it is none. */
export function readCreateMl(whole: unknown): PictureAnnotations | null {
  const records = recordsOf(whole);
  if (records.length === 0) return null;
  const notes: PictureNote[] = [];
  const faults: string[] = [];
  records.forEach((record, i) => {
    const picture = nameOf(record);
    if (!picture) return void faults.push(`Entry ${i + 1} names no picture.`);
    const boxes: NotedBox[] = [];
    const list = listOf(record) ?? [];
    list.forEach((entry, k) => {
      const place = isObject(entry) && isObject(entry.coordinates) ? entry.coordinates : null;
      const label = isObject(entry) ? textOf(entry.label) : '';
      if (!place || !label)
        return void faults.push(`${picture}: box ${k + 1} has no ${place ? 'label' : 'coordinates'}.`);
      const [width, height] = [numberOf(place.width), numberOf(place.height)];
      const [x, y] = [numberOf(place.x) - width / 2, numberOf(place.y) - height / 2];
      boxes.push({ label, x, y, width, height, unit: 'pixels' });
    });
    const isPartial = boxes.length < list.length;
    notes.push({ picture, boxes, width: null, height: null, ...(isPartial ? { isPartial } : {}) });
  });
  return { notes, faults };
}

/** One file for a folder of pictures. @param keys of Apple's documentation, or of what its tools write. */
export function writeCreateMl(
  pictures: readonly LabelledPicture[],
  path: string,
  keys: readonly [picture: string, boxes: string] = ['image', 'annotations'],
): WrittenFile {
  const records = pictures.map(({ path: picture, width, height, boxes }) => ({
    [keys[0]]: picture,
    [keys[1]]: boxes.map((box) => ({
      label: box.label,
      coordinates: {
        x: pixels((box.x + box.width / 2) * width),
        y: pixels((box.y + box.height / 2) * height),
        width: pixels(box.width * width),
        height: pixels(box.height * height),
      },
    })),
  }));
  return { path, content: JSON.stringify(records, null, 1) };
}
