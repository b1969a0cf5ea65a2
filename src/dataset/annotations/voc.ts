/** Pascal VOC (http://host.robots.ox.ac.uk/pascal/VOC/): one XML file a picture, corners in pixels; `ImageSets` give the parts. Any thread; pure. */
import { XMLBuilder, XMLParser } from 'fast-xml-parser';
import type { Rect } from '../../domain/boxes.ts';
import { fileName } from '../labels.ts';
import type { FormatTable, LabelledPicture, WrittenFile } from './format.ts';
import {
  isObject,
  NOWHERE,
  numberOf,
  pixels,
  rectAround,
  rectBetween,
  sizeOf,
  textOf,
  type Json,
  type NotedBox,
  type PictureAnnotations,
} from './notes.ts';

/** See the file header. */
export const VOC: FormatTable = {
  id: 'voc',
  title: 'Pascal VOC',
  dialects: [
    ['a picture with the name of the XML file', 'that one, whatever `filename` says'],
    ['another name in `filename`, or only a `path`', 'the picture of that name'],
    ['one `object` or many, several `bndbox` in one', 'every box'],
    ['`part` inside an object', 'not read: the object counts'],
    ['`polygon`, `robndbox` (turned)', 'the box around it'],
    ['corners as shares of the picture, 0 to 1', 'read'],
    ['entities by name and number, CDATA, UTF-16', 'the letters they stand for'],
    ['`ImageSets/*/train.txt` and the like', 'parts'],
  ],
};

/** Corners of a box that is turned around its centre (roLabelImg). */
function turned(box: Json): Rect {
  const [x, y, width, height, angle] = [box.cx, box.cy, box.w, box.h, box.angle].map(numberOf) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const [cos, sin] = [Math.abs(Math.cos(angle)), Math.abs(Math.sin(angle))];
  const [wide, high] = [width * cos + height * sin, width * sin + height * cos];
  return { x: x - wide / 2, y: y - high / 2, width: wide, height: high };
}

/** Where an object is: every box it has. */
function placesOf(object: Json): Rect[] {
  const boxes = [object.bndbox].flat().filter(isObject);
  if (boxes.length > 0)
    return boxes.map(({ xmin, ymin, xmax, ymax }) => {
      const [left, top, right, bottom] = [xmin, ymin, xmax, ymax].map(numberOf) as [number, number, number, number];
      // Corners that have changed places are a slip to be said, not to be mended silently.
      return right >= left && bottom >= top
        ? rectBetween(left, top, right, bottom)
        : { ...NOWHERE, width: right - left, height: bottom - top };
    });
  if (isObject(object.robndbox)) return [turned(object.robndbox)];
  const outlines = [object.polygon].flat().filter(isObject);
  return outlines.map((outline) => {
    const points = [outline.pt].flat().filter(isObject);
    if (points.length > 0) return rectAround(points.flatMap(({ x, y }) => [x, y]));
    const numbered = Object.entries(outline).filter(([key]) => /^[xy]\d+$/.test(key));
    const along = (sign: string) => numbered.filter(([key]) => key.startsWith(sign)).map(([, value]) => value);
    const ys = along('y');
    return rectAround(along('x').flatMap((x, i) => [x, ys[i]]));
  });
}

/** @returns null when it is none. */
export function readVoc(text: string, path: string): PictureAnnotations | null {
  let annotation: Json;
  try {
    const parser = new XMLParser({ ignoreAttributes: true, parseTagValue: false, htmlEntities: true });
    const parsed = parser.parse(text) as Json;
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
  const fromPath = fileName(textOf(annotation.path).replace(/\\/g, '/'));
  const named = textOf(annotation.filename) || fromPath;
  const isSame = named.replace(/\.[^.]*$/, '') === stem;
  const boxes: NotedBox[] = [];
  let read = 0;
  objects.forEach((object, i) => {
    const label = isObject(object) ? textOf(object.name) : '';
    const places = isObject(object) ? placesOf(object) : [];
    if (!label || places.length === 0)
      return void faults.push(`Object ${i + 1} has no ${places.length > 0 ? 'name' : 'bndbox'}.`);
    read++;
    for (const rect of places) boxes.push({ label, ...rect, unit: 'pixels' });
  });
  // Programs that write shares of the picture instead of pixels: no corner of any box lies behind the first pixel.
  if (
    boxes.length > 0 &&
    boxes.every(({ x, y, width, height }) => x >= 0 && y >= 0 && x + width <= 1 && y + height <= 1)
  )
    for (const box of boxes) box.unit = 'ratio';
  const note = {
    picture: isSame ? named : stem,
    ...(named && !isSame ? { otherNames: [named, ...(fromPath ? [fromPath] : [])] } : {}),
    boxes,
    width: sizeOf(size.width),
    height: sizeOf(size.height),
  };
  return { notes: [{ ...note, ...(read < objects.length ? { isPartial: true } : {}) }], faults };
}

/** The XML file of a picture. */
export function writeVoc({ path, width, height, boxes }: LabelledPicture, target: string): WrittenFile {
  const builder = new XMLBuilder({ format: true, suppressEmptyNode: true });
  const object = boxes.map((box) => ({
    name: box.label,
    pose: 'Unspecified',
    truncated: 0,
    difficult: 0,
    bndbox: {
      xmin: pixels(box.x * width),
      ymin: pixels(box.y * height),
      xmax: pixels((box.x + box.width) * width),
      ymax: pixels((box.y + box.height) * height),
    },
  }));
  const folder = path.split('/').at(-2) ?? '';
  const annotation = { folder, filename: fileName(path), size: { width, height, depth: 3 }, segmented: 0, object };
  return { path: target, content: builder.build({ annotation }) };
}
