/** CVAT for images (https://docs.cvat.ai/docs/dataset_management/formats/format-cvat/): one XML of all pictures, corners in pixels. Any thread; pure. */
import { XMLParser } from 'fast-xml-parser';
import type { Rect } from '../../domain/boxes.ts';
import { partOfWord } from '../parts.ts';
import type { FormatTable } from './format.ts';
import {
  isObject,
  numberOf,
  objectsOf,
  rectAround,
  rectBetween,
  sizeOf,
  textOf,
  type Json,
  type PictureAnnotations,
  type PictureNote,
} from './notes.ts';

/** See the file header. */
export const CVAT: FormatTable = {
  id: 'cvat',
  title: 'CVAT for images',
  dialects: [
    ['`box`, `polygon`, `polyline`, `ellipse`', 'the box around it'],
    ['`subset` of a picture', 'its part'],
    ['`points`, `mask`, `cuboid`', 'left out and said'],
  ],
};

const KINDS: Record<string, (shape: Json) => Rect> = {
  box: ({ xtl, ytl, xbr, ybr }) => rectBetween(numberOf(xtl), numberOf(ytl), numberOf(xbr), numberOf(ybr)),
  polygon: ({ points }) => rectAround(textOf(points).split(/[,;]/)),
  polyline: ({ points }) => rectAround(textOf(points).split(/[,;]/)),
  ellipse: ({ cx, cy, rx, ry }) => {
    const [x, y, wide, high] = [cx, cy, rx, ry].map(numberOf) as [number, number, number, number];
    return { x: x - wide, y: y - high, width: 2 * wide, height: 2 * high };
  },
};

/** @returns null when it is none. */
export function readCvat(text: string): PictureAnnotations | null {
  let whole: unknown;
  try {
    const parser = new XMLParser({
      ignoreAttributes: false,
      attributeNamePrefix: '',
      parseTagValue: false,
      htmlEntities: true,
      isArray: (name) => name === 'image' || Object.hasOwn(KINDS, name) || /^(points|mask|cuboid)$/.test(name),
    });
    whole = (parser.parse(text) as Json).annotations;
  } catch {
    return null;
  }
  if (!isObject(whole) || !Array.isArray(whole.image)) return null;
  const faults: string[] = [];
  const notes = objectsOf(whole.image).map((image) => {
    const picture = textOf(image.name);
    const part = partOfWord(textOf(image.subset));
    const note: PictureNote = {
      picture,
      boxes: [],
      width: sizeOf(image.width),
      height: sizeOf(image.height),
      ...(part ? { part } : {}),
    };
    for (const kind of Object.keys(KINDS))
      for (const shape of objectsOf(image[kind])) {
        const label = textOf(shape.label);
        if (label) note.boxes.push({ label, ...KINDS[kind]!(shape), unit: 'pixels' });
      }
    for (const kind of ['points', 'mask', 'cuboid']) {
      const count = objectsOf(image[kind]).length;
      if (count === 0) continue;
      note.isPartial = true;
      faults.push(`${picture}: ${count} of ${kind} are no boxes.`);
    }
    return note;
  });
  return { notes, faults };
}
