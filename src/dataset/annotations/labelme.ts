/** LabelMe (https://github.com/wkentaro/labelme): one JSON a picture, shapes as points in pixels. Any thread; pure. */
import type { Rect } from '../../domain/boxes.ts';
import { fileName } from '../labels.ts';
import type { FormatTable } from './format.ts';
import {
  numberOf,
  objectsOf,
  rectAround,
  sizeOf,
  textOf,
  type Json,
  type PictureAnnotations,
  type PictureNote,
} from './notes.ts';

/** See the file header. */
export const LABELME: FormatTable = {
  id: 'labelme',
  title: 'LabelMe',
  dialects: [
    ['`rectangle`, `polygon`, `linestrip`, `mask`', 'the box around the points'],
    ['`circle`', 'the box around it'],
    ['`point`, `line`', 'left out and said'],
    ['`imagePath` of another folder or computer', 'the picture of that name, else the one beside the file'],
  ],
};

function rectOf(shape: Json): Rect | null {
  const points = Array.isArray(shape.points) ? shape.points.flat() : [];
  if (shape.shape_type === 'circle') {
    const [x, y, px, py] = points.map(numberOf) as [number, number, number, number];
    const radius = Math.hypot(px - x, py - y);
    return { x: x - radius, y: y - radius, width: 2 * radius, height: 2 * radius };
  }
  return points.length < 4 || shape.shape_type === 'line' ? null : rectAround(points);
}

/** @returns null when it is none. */
export function readLabelMe(whole: Json, path: string): PictureAnnotations | null {
  if (!Array.isArray(whole.shapes) || !('imagePath' in whole || 'imageData' in whole)) return null;
  const stem = fileName(path).replace(/\.json$/i, '');
  const named = textOf(whole.imagePath);
  const faults: string[] = [];
  const note: PictureNote = {
    picture: named || stem,
    ...(named ? { otherNames: [stem] } : {}),
    boxes: [],
    width: sizeOf(whole.imageWidth),
    height: sizeOf(whole.imageHeight),
  };
  objectsOf(whole.shapes).forEach((shape, i) => {
    const [rect, label] = [rectOf(shape), textOf(shape.label)];
    if (rect && label) return void note.boxes.push({ label, ...rect, unit: 'pixels' });
    note.isPartial = true;
    faults.push(`Shape ${i + 1} has no ${rect ? 'label' : 'area'}.`);
  });
  return { notes: [note], faults };
}
