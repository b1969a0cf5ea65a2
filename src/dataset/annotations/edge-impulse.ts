/** Edge Impulse (https://docs.edgeimpulse.com/docs/tools/edge-impulse-cli/cli-uploader): `bounding_boxes.labels` and `info.labels`. Any thread; pure. */
import { partOfWord } from '../parts.ts';
import type { FormatTable } from './format.ts';
import {
  isObject,
  numberOf,
  objectsOf,
  textOf,
  type Json,
  type NotedBox,
  type PictureAnnotations,
  type PictureNote,
} from './notes.ts';

/** See the file header. */
export const EDGE_IMPULSE: FormatTable = {
  id: 'edge-impulse',
  title: 'Edge Impulse boxes',
  dialects: [
    ['`bounding_boxes.labels` of a folder', 'boxes in pixels'],
    ['`info.labels` with `boundingBoxes`', 'boxes and parts'],
    ['`info.labels` without boxes', 'parts'],
  ],
};

function boxesOf(list: unknown): { boxes: NotedBox[]; faults: number } {
  let faults = 0;
  const boxes = objectsOf(list).flatMap(({ label, x, y, width, height }): NotedBox[] => {
    const name = textOf(label);
    if (!name) faults++;
    const rect = { x: numberOf(x), y: numberOf(y), width: numberOf(width), height: numberOf(height) };
    return name ? [{ label: name, ...rect, unit: 'pixels' }] : [];
  });
  return { boxes, faults };
}

/** @returns null when it is none. */
export function readEdgeImpulse(whole: Json): PictureAnnotations | null {
  const faults: string[] = [];
  const note = (picture: string, list: unknown): PictureNote => {
    const { boxes, faults: lost } = boxesOf(list);
    if (lost > 0) faults.push(`${picture}: a box has no label.`);
    return { picture, boxes, width: null, height: null, ...(lost > 0 ? { isPartial: true } : {}) };
  };
  if (isObject(whole.boundingBoxes))
    return { notes: Object.entries(whole.boundingBoxes).map(([picture, list]) => note(picture, list)), faults };
  if (!Array.isArray(whole.files) || !('version' in whole)) return null;
  const notes = objectsOf(whole.files).flatMap((file) => {
    const picture = textOf(file.path ?? file.name);
    const part = partOfWord(textOf(file.category));
    const own = note(picture, file.boundingBoxes);
    const isSilent = !Array.isArray(file.boundingBoxes);
    return picture ? [{ ...own, ...(part ? { part } : {}), ...(isSilent ? { isSilent } : {}) }] : [];
  });
  return { notes, faults };
}
