/** COCO annotations. Any thread; pure. */
import { isObject, numberOf, sizeOf, textOf, type Json, type PictureAnnotations, type PictureNote } from './notes.ts';

/** COCO: `bbox` is x, y, width and height in pixels from the top left. */
export function readCoco(whole: Json): PictureAnnotations | null {
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
