/** Pascal VOC annotations. Any thread; pure. */
import { XMLParser } from 'fast-xml-parser';
import { fileName } from '../labels.ts';
import { isObject, numberOf, sizeOf, textOf, type Json, type NotedBox, type PictureAnnotations } from './notes.ts';

/** Pascal VOC: one XML file a picture, corners in pixels. */
export function readVoc(text: string, path: string): PictureAnnotations | null {
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
