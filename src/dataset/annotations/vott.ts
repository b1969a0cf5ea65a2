/** VoTT (https://github.com/microsoft/VoTT): exported JSON, and the file of one asset. Any thread; pure. */
import type { Rect } from '../../domain/boxes.ts';
import type { FormatTable } from './format.ts';
import {
  isObject,
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
export const VOTT: FormatTable = {
  id: 'vott',
  title: 'VoTT',
  dialects: [
    ['export with `assets`, and `*-asset.json`', 'both'],
    ['`boundingBox`; a polygon without it', 'the box; the box around it'],
    ['several tags on one region', 'a box of each'],
  ],
};

function rectOf(region: Json): Rect | null {
  if (isObject(region.boundingBox)) {
    const { left, top, width, height } = region.boundingBox;
    return { x: numberOf(left), y: numberOf(top), width: numberOf(width), height: numberOf(height) };
  }
  const points = objectsOf(region.points).flatMap(({ x, y }) => [x, y]);
  return points.length >= 4 ? rectAround(points) : null;
}

/** @returns null when it is none. */
export function readVott(whole: Json): PictureAnnotations | null {
  const entries = isObject(whole.assets) ? objectsOf(Object.values(whole.assets)) : [whole];
  const assets = entries.filter((entry) => isObject(entry.asset) && Array.isArray(entry.regions));
  if (assets.length === 0) return null;
  const faults: string[] = [];
  const notes = assets.map((entry) => {
    const asset = entry.asset as Json;
    const size = isObject(asset.size) ? asset.size : {};
    const picture = textOf(asset.name) || textOf(asset.path);
    const note: PictureNote = { picture, boxes: [], width: sizeOf(size.width), height: sizeOf(size.height) };
    for (const region of objectsOf(entry.regions)) {
      const rect = rectOf(region);
      const tags = Array.isArray(region.tags) ? region.tags.map(textOf).filter(Boolean) : [];
      if (!rect || tags.length === 0) {
        note.isPartial = true;
        faults.push(`${picture}: a region has no ${rect ? 'tag' : 'box'}.`);
      } else for (const label of tags) note.boxes.push({ label, ...rect, unit: 'pixels' });
    }
    return note;
  });
  return { notes, faults };
}
