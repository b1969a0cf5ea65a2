/** Boxes as CSV. Any thread; pure. */
import Papa from 'papaparse';
import { numberOf, sizeOf, textOf, type PictureAnnotations, type PictureNote } from './notes.ts';

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
export function readCsv(text: string): PictureAnnotations | null {
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
