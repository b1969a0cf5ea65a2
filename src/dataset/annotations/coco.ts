/**
 * COCO (https://cocodataset.org/#format-data): one JSON of `images`, `annotations`, `categories`; `bbox` is x, y, width and height in pixels from the top left.
 * Any thread; pure.
 */
import type { Rect } from '../../domain/boxes.ts';
import { fileName } from '../labels.ts';
import type { FormatTable, LabelledPicture, WrittenFile } from './format.ts';
import {
  isObject,
  numberOf,
  objectsOf,
  pixels,
  rectAround,
  sizeOf,
  textOf,
  type Json,
  type PictureAnnotations,
  type PictureNote,
} from './notes.ts';

/** See the file header. */
export const COCO: FormatTable = {
  id: 'coco',
  title: 'COCO',
  dialects: [
    ['`bbox`', 'as it stands'],
    ['ids as text in one list and numbers in the other', 'the same id'],
    ['only `segmentation`: polygons, RLE as numbers or compressed', 'the box around it'],
    ['`iscrowd` of one connected region (how CVAT writes masks)', 'a box'],
    ['`iscrowd` of several regions, or without a mask', 'left out and said: a crowd is no object'],
    ['`segments_info` of panoptic files', 'boxes'],
    ['`keypoints` with a box / without', 'the box / left out and said'],
    ['`NaN` as Python writes it', 'read'],
  ],
};

/** One run-length mask, column by column. */
type Mask = { runs: number[]; height: number };

/** Runs of a mask, as numbers or in COCO's letters (pycocotools `rleFrString`). */
function readMask(value: unknown): Mask | null {
  if (!isObject(value) || !Array.isArray(value.size)) return null;
  const height = numberOf(value.size[0]);
  if (!Number.isInteger(height) || height <= 0) return null;
  if (Array.isArray(value.counts)) return { runs: value.counts.map(numberOf), height };
  if (typeof value.counts !== 'string') return null;
  const runs: number[] = [];
  const letters = value.counts;
  for (let at = 0; at < letters.length;) {
    let run = 0;
    let shift = 0;
    let isMore = true;
    while (isMore && at < letters.length && shift <= 30) {
      const code = letters.charCodeAt(at++) - 48;
      run |= (code & 0x1f) << shift;
      isMore = (code & 0x20) !== 0;
      shift += 5;
      if (!isMore && code & 0x10) run |= -1 << shift;
    }
    if (runs.length > 2) run += runs[runs.length - 2]!;
    runs.push(run);
  }
  return { runs, height };
}

/** The box around a mask, and whether it is one connected region. Linear in its runs. */
function readRegion({ runs, height }: Mask): { rect: Rect; isOne: boolean } | null {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  // Stretches of one column each; those that touch in the next column are one region.
  type Stretch = { from: number; to: number; region: number };
  let [before, now]: [Stretch[], Stretch[]] = [[], []];
  let column = -1;
  const parent: number[] = [];
  const rootOf = (region: number): number => {
    while (parent[region] !== region) region = parent[region] = parent[parent[region]!]!;
    return region;
  };
  const put = (x: number, from: number, to: number) => {
    if (x !== column) {
      before = x === column + 1 ? now : [];
      now = [];
      column = x;
    }
    const region = parent.push(parent.length) - 1;
    for (const other of before) if (other.from < to && from < other.to) parent[rootOf(other.region)] = rootOf(region);
    now.push({ from, to, region });
  };
  let at = 0;
  for (const [i, run] of runs.entries()) {
    if (!(run >= 0)) return null;
    if (i % 2 === 1 && run > 0) {
      // A run over many columns is whole columns but for its ends.
      const [first, last] = [Math.floor(at / height), Math.floor((at + run - 1) / height)];
      left = Math.min(left, first);
      right = Math.max(right, last + 1);
      top = Math.min(top, last > first ? 0 : at % height);
      const end = last > first ? height : ((at + run - 1) % height) + 1;
      bottom = Math.max(bottom, end);
      put(first, at % height, end);
      // All columns between are whole: one stands for them.
      if (last > first + 1) {
        put(first + 1, 0, height);
        column = last - 1;
      }
      if (last > first) put(last, 0, ((at + run - 1) % height) + 1);
    }
    at += run;
  }
  if (right < left) return null;
  const roots = new Set(parent.map((_, region) => rootOf(region)));
  return { rect: { x: left, y: top, width: right - left, height: bottom - top }, isOne: roots.size === 1 };
}

/** Where an annotation is; `isCrowd` when it stands for many. A sentence when it has no place. */
function placeOf(entry: Json): { rect: Rect; isCrowd: boolean } | string {
  const mask = readMask(entry.segmentation);
  const region = mask && readRegion(mask);
  const isCrowd = Number(entry.iscrowd) === 1 && !region?.isOne;
  const box = Array.isArray(entry.bbox) ? entry.bbox.map(numberOf) : [];
  if (box.length === 4) return { rect: { x: box[0]!, y: box[1]!, width: box[2]!, height: box[3]! }, isCrowd };
  if (region) return { rect: region.rect, isCrowd };
  const outlines = Array.isArray(entry.segmentation) ? entry.segmentation : [];
  const rect = rectAround(outlines.flat());
  if (Number.isFinite(rect.width)) return { rect, isCrowd };
  return Array.isArray(entry.keypoints) ? 'has only keypoints: boxes are needed.' : 'has no box.';
}

/** Ids as numbers, as text and with zeros in front are the same. */
const idOf = (value: unknown): string => textOf(value).replace(/^0+(?=\d+$)/, '');

/** @returns null when it is none. */
export function readCoco(whole: Json): PictureAnnotations | null {
  const { images, annotations, categories } = whole;
  if (!Array.isArray(images) || !Array.isArray(annotations)) return null;
  const names = new Map(objectsOf(categories).map((entry) => [idOf(entry.id), textOf(entry.name)]));
  const faults: string[] = [];
  const byId = new Map<string, PictureNote>();
  const byName = new Map<string, PictureNote>();
  const notes: PictureNote[] = [];
  for (const image of objectsOf(images)) {
    const picture = textOf(image.file_name ?? image.filename ?? image.path);
    if (!picture) {
      faults.push(`Image ${textOf(image.id)} has no file name.`);
      continue;
    }
    const note: PictureNote = { picture, boxes: [], width: sizeOf(image.width), height: sizeOf(image.height) };
    byId.set(idOf(image.id), note);
    for (const name of [picture, fileName(picture), fileName(picture).replace(/\.[^.]*$/, '')])
      if (!byName.has(name)) byName.set(name, note);
    notes.push(note);
  }
  const entries = objectsOf(annotations).flatMap((entry) =>
    Array.isArray(entry.segments_info)
      ? objectsOf(entry.segments_info).map((segment) => ({ ...segment, image_id: entry.image_id }) as Json)
      : [entry],
  );
  let [captions, lost] = [0, 0];
  for (const entry of entries) {
    if (textOf(entry.caption) && entry.bbox === undefined) {
      captions++;
      continue;
    }
    const note = byId.get(idOf(entry.image_id)) ?? byName.get(textOf(entry.image_id));
    if (!note) {
      lost++;
      faults.push(`Annotation ${textOf(entry.id)} is for image ${textOf(entry.image_id)}, which is not listed.`);
      continue;
    }
    const place = placeOf(entry);
    const fault = typeof place === 'string' ? place : place.isCrowd ? 'stands for a crowd and was left out.' : null;
    if (typeof place === 'string' || fault) {
      note.isPartial = true;
      faults.push(`${note.picture}: annotation ${textOf(entry.id)} ${fault}`);
      continue;
    }
    const label = names.get(idOf(entry.category_id)) || `class ${textOf(entry.category_id)}`;
    note.boxes.push({ label, ...place.rect, unit: 'pixels' });
  }
  // Whose boxes went astray is not known: no picture is empty for sure.
  if (lost > 0) for (const note of notes) if (note.boxes.length === 0) note.isPartial = true;
  // Captions annotate nothing: their pictures are as they were.
  if (captions > 0)
    return {
      notes: captions === entries.length ? [] : notes,
      faults: [...faults, `Its ${captions} captions are no boxes.`],
    };
  return { notes, faults };
}

/** One file for a set of pictures: categories in the order of the classes, ids from 1. */
export function writeCoco(pictures: readonly LabelledPicture[], classes: readonly string[], path: string): WrittenFile {
  const idOf = new Map(classes.map((name, i) => [name, i + 1]));
  let next = 1;
  const whole = {
    info: { description: 'Saved by Understudy', version: '1.0' },
    licenses: [],
    images: pictures.map(({ path: file_name, width, height }, i) => ({ id: i + 1, file_name, width, height })),
    annotations: pictures.flatMap(({ boxes, width, height }, i) =>
      boxes.map((box) => {
        const bbox = [box.x * width, box.y * height, box.width * width, box.height * height].map(pixels);
        const area = pixels(bbox[2]! * bbox[3]!);
        return {
          id: next++,
          image_id: i + 1,
          category_id: idOf.get(box.label)!,
          bbox,
          area,
          iscrowd: 0,
          segmentation: [],
        };
      }),
    ),
    categories: classes.map((name, i) => ({ id: i + 1, name, supercategory: '' })),
  };
  return { path, content: JSON.stringify(whole) };
}
