/** Create ML annotations of pictures, both dialects (FEATURES §1.4). Any thread; pure. */
import {
  isObject,
  numberOf,
  textOf,
  type Json,
  type NotedBox,
  type PictureAnnotations,
  type PictureNote,
} from './notes.ts';

/** Create ML: `image` / `annotations` or `imagefilename` / `annotation`; x and y are the centre of the box in pixels. Other keys are ignored. */
export function readCreateMl(records: unknown[]): PictureAnnotations | null {
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
