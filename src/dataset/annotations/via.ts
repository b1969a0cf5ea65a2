/** VGG Image Annotator (https://www.robots.ox.ac.uk/~vgg/software/via/): regions of pictures in pixels. Any thread; pure. */
import type { Rect } from '../../domain/boxes.ts';
import type { FormatTable } from './format.ts';
import {
  isObject,
  numberOf,
  objectsOf,
  rectAround,
  textOf,
  type Json,
  type PictureAnnotations,
  type PictureNote,
} from './notes.ts';

/** See the file header. */
export const VIA: FormatTable = {
  id: 'via',
  title: 'VIA',
  dialects: [
    ['annotations and whole projects of version 2, JSON or CSV', 'read'],
    ['`regions` as list or as table', 'both'],
    ['projects of version 3', 'read'],
    ['`rect`, `polygon`, `polyline`, `circle`, `ellipse`', 'the box around it'],
    ['points', 'left out and said'],
    ['an attribute `class`, `label`, `name`, `type` or `category`; else the first', 'the class'],
  ],
};

const round = (cx: unknown, cy: unknown, rx: unknown, ry: unknown): Rect => {
  const [x, y, wide, high] = [cx, cy, rx, ry].map(numberOf) as [number, number, number, number];
  return { x: x - wide, y: y - high, width: 2 * wide, height: 2 * high };
};

/** The box around a `shape_attributes`; null when it has no area by its kind. */
export function viaRectOf(shape: unknown): Rect | null {
  if (!isObject(shape)) return null;
  const { name, x, y, width, height } = shape;
  if (name === 'rect') return { x: numberOf(x), y: numberOf(y), width: numberOf(width), height: numberOf(height) };
  if (name === 'circle') return round(shape.cx, shape.cy, shape.r, shape.r);
  if (name === 'ellipse') return round(shape.cx, shape.cy, shape.rx, shape.ry);
  if (!Array.isArray(shape.all_points_x) || !Array.isArray(shape.all_points_y)) return null;
  const ys = shape.all_points_y as unknown[];
  return rectAround(shape.all_points_x.flatMap((px: unknown, i) => [px, ys[i]]));
}

/** The class among attributes: a text, or the one option that is ticked. */
export function viaLabelOf(attributes: unknown): string {
  if (!isObject(attributes)) return '';
  const keys = Object.keys(attributes);
  const key = keys.find((one) => /^(class|label|name|type|category|object)$/i.test(one)) ?? keys[0];
  const value = key === undefined ? null : attributes[key];
  return isObject(value)
    ? (Object.keys(value).find((option) => value[option] === true || value[option] === 'true') ?? '')
    : textOf(value);
}

/** Version 3: shapes as numbers behind a kind (2 rectangle, 3 circle, 4 ellipse, 6 line, 7 polygon), files by id. */
function readThird(metadata: Json, files: Json, attributes: Json): PictureAnnotations {
  const notes = new Map<string, PictureNote>();
  const faults: string[] = [];
  for (const [id, file] of Object.entries(files)) {
    const picture = isObject(file) ? textOf(file.fname) : '';
    if (picture) notes.set(id, { picture, boxes: [], width: null, height: null });
  }
  for (const entry of objectsOf(Object.values(metadata))) {
    const note = notes.get(textOf(entry.vid));
    const [kind, ...numbers] = Array.isArray(entry.xy) ? entry.xy.map(numberOf) : [];
    if (!note || kind === undefined) continue;
    const [a, b, c, d] = numbers as [number, number, number, number];
    const rect =
      kind === 2
        ? { x: a, y: b, width: c, height: d }
        : kind === 3 || kind === 4
          ? round(a, b, c, kind === 3 ? c : d)
          : kind === 6 || kind === 7
            ? rectAround(numbers)
            : null;
    const values = isObject(entry.av) ? entry.av : {};
    const named = Object.fromEntries(
      Object.entries(values).map(([key, value]) => {
        const attribute = isObject(attributes[key]) ? attributes[key] : {};
        const options = isObject(attribute.options) ? attribute.options : {};
        return [textOf(attribute.aname) || key, textOf(options[textOf(value)]) || value];
      }),
    );
    const label = viaLabelOf(named);
    if (rect && label) note.boxes.push({ label, ...rect, unit: 'pixels' });
    else {
      note.isPartial = true;
      faults.push(`${note.picture}: a region has no ${rect ? 'label' : 'box'}.`);
    }
  }
  return { notes: [...notes.values()], faults };
}

/** @returns null when it is none. */
export function readVia(whole: Json): PictureAnnotations | null {
  if (isObject(whole.metadata) && isObject(whole.file) && isObject(whole.view))
    return readThird(whole.metadata, whole.file, isObject(whole.attribute) ? whole.attribute : {});
  const pictures = isObject(whole._via_img_metadata) ? whole._via_img_metadata : whole;
  const entries = objectsOf(Object.values(pictures)).filter(
    (entry) => textOf(entry.filename) && entry.regions !== undefined,
  );
  if (entries.length === 0) return null;
  const faults: string[] = [];
  const notes = entries.map((entry) => {
    const note: PictureNote = { picture: textOf(entry.filename), boxes: [], width: null, height: null };
    const regions = objectsOf(isObject(entry.regions) ? Object.values(entry.regions) : entry.regions);
    for (const region of regions) {
      const [rect, label] = [viaRectOf(region.shape_attributes), viaLabelOf(region.region_attributes)];
      if (rect && label) note.boxes.push({ label, ...rect, unit: 'pixels' });
      else {
        note.isPartial = true;
        faults.push(`${note.picture}: a region has no ${rect ? 'label' : 'box'}.`);
      }
    }
    return note;
  });
  return { notes, faults };
}
