/** Hugging Face image folders with objects (https://huggingface.co/docs/datasets/image_dataset): `metadata.jsonl`, a line a picture. Any thread; pure. */
import type { FormatTable } from './format.ts';
import { isObject, numberOf, objectsOf, textOf, type PictureAnnotations, type PictureNote } from './notes.ts';

/** See the file header. */
export const HUGGING_FACE: FormatTable = {
  id: 'hugging-face',
  title: 'Hugging Face objects',
  dialects: [
    ['`objects.bbox` as x, y, width, height in pixels, `categories` or `category` beside it', 'boxes'],
    ['categories as numbers', '`class 0`, and said'],
  ],
};

/** @param whole the lines of the file. @returns null when it is none. */
export function readHuggingFace(whole: unknown): PictureAnnotations | null {
  const rows = objectsOf(whole).filter(
    (row) => textOf(row.file_name) && isObject(row.objects) && Array.isArray(row.objects.bbox),
  );
  if (rows.length === 0) return null;
  let hasNumbers = false;
  const notes = rows.map((row): PictureNote => {
    const objects = row.objects as { bbox: unknown[]; categories?: unknown; category?: unknown; label?: unknown };
    const names = [objects.categories, objects.category, objects.label].find(Array.isArray) ?? [];
    const boxes = objects.bbox.map((box, i) => {
      const name: unknown = names[i];
      if (typeof name === 'number') hasNumbers = true;
      const [x, y, width, height] = (Array.isArray(box) ? box : []).map(numberOf) as [number, number, number, number];
      const label = typeof name === 'number' ? `class ${name}` : textOf(name) || 'object';
      return { label, x: x ?? NaN, y: y ?? NaN, width: width ?? NaN, height: height ?? NaN, unit: 'pixels' as const };
    });
    return { picture: textOf(row.file_name), boxes, width: null, height: null };
  });
  const hints = hasNumbers ? ['It numbers its classes without naming them: rename class 0 and so on.'] : [];
  return { notes, faults: [], hints };
}
