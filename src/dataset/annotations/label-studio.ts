/** Label Studio (https://labelstud.io/guide/export): tasks with results in percent of the picture. Any thread; pure. */
import type { Rect } from '../../domain/boxes.ts';
import { fileName } from '../labels.ts';
import type { FormatTable, LabelledPicture, WrittenFile } from './format.ts';
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
export const LABEL_STUDIO: FormatTable = {
  id: 'label-studio',
  title: 'Label Studio JSON',
  dialects: [
    ['JSON and JSON-MIN', 'both'],
    ['`rectanglelabels`, turned ones, `polygonlabels`, `ellipselabels`', 'the box around it'],
    ['`brushlabels`, `keypointlabels`', 'left out and said'],
    ['a task without annotations, or skipped', 'to do'],
    ['an annotation without results', 'the picture shows nothing'],
    ['`predictions`', 'not read: nobody has looked at them'],
    ['names with the eight signs Label Studio puts in front', 'the picture with or without them'],
  ],
};

const SHAPES = ['rectanglelabels', 'polygonlabels', 'ellipselabels', 'labels'];

/** The box around a result, in percent. @param ratio width by height of the picture, for turned boxes. */
function rectOf(value: Json, ratio: number): Rect | null {
  if (Array.isArray(value.points)) return rectAround(value.points.flat());
  const numbers = ['x', 'y', 'width', 'height', 'radiusX', 'radiusY'].map((key) => numberOf(value[key]));
  const [x, y, width, height, wide, high] = numbers as [number, number, number, number, number, number];
  if (Number.isFinite(wide)) return { x: x - wide, y: y - high, width: 2 * wide, height: 2 * high };
  if (!Number.isFinite(width)) return null;
  const turn = (numberOf(value.rotation) * Math.PI) / 180;
  if (!turn) return { x, y, width, height };
  // Turned clockwise around its top left corner, in pixels.
  const corners = [
    [0, 0],
    [width, 0],
    [width, height],
    [0, height],
  ].flatMap(([dx, dy]) => {
    const [px, py] = [dx! * ratio, dy!];
    return [x + (px * Math.cos(turn) - py * Math.sin(turn)) / ratio, y + px * Math.sin(turn) + py * Math.cos(turn)];
  });
  return rectAround(corners);
}

const percent = ({ x, y, width, height }: Rect): Rect => ({
  x: x / 100,
  y: y / 100,
  width: width / 100,
  height: height / 100,
});

/** Puts the boxes of one result into a note; false when it is none. */
function take(note: PictureNote, value: Json, sizes: Json): boolean {
  const [width, height] = [sizeOf(sizes.original_width), sizeOf(sizes.original_height)];
  [note.width, note.height] = [note.width ?? width, note.height ?? height];
  const key = SHAPES.find((shape) => Array.isArray(value[shape]));
  const labels = key ? (value[key] as unknown[]).map(textOf).filter(Boolean) : [];
  const rect = rectOf(value, width && height ? width / height : 1);
  if (!rect || labels.length === 0) return false;
  for (const label of labels) note.boxes.push({ label, ...percent(rect), unit: 'ratio' });
  return true;
}

const noteOf = (picture: string): PictureNote => {
  const plain = fileName(picture).replace(/^[0-9a-f]{8}-/, '');
  return {
    picture,
    ...(plain === fileName(picture) ? {} : { otherNames: [plain] }),
    boxes: [],
    width: null,
    height: null,
  };
};
const isPicture = (value: unknown): value is string => typeof value === 'string' && /\.\w{2,5}$/.test(value);

/** The picture of a task: under its usual name, else the first that looks like one. */
const pictureOf = (task: Json): string =>
  textOf(['image', 'img', 'picture', 'photo'].map((key) => task[key]).find((value) => textOf(value))) ||
  textOf(Object.values(task).find(isPicture));

/** @returns null when it is none. */
export function readLabelStudio(whole: unknown): PictureAnnotations | null {
  const tasks = objectsOf(Array.isArray(whole) ? whole : [whole]);
  const faults: string[] = [];
  const notes: PictureNote[] = [];
  let isOurs = false;
  for (const task of tasks) {
    if (
      isObject(task.data) &&
      (Array.isArray(task.annotations) || Array.isArray(task.completions) || 'file_upload' in task)
    ) {
      isOurs = true;
      const picture = pictureOf(task.data) || textOf(task.file_upload);
      const done = objectsOf(task.annotations ?? task.completions).filter(
        (one) => one.was_cancelled !== true && Array.isArray(one.result),
      );
      // The last word of whoever looked at it.
      const last = done.at(-1);
      if (!picture || !last) continue;
      const note = noteOf(picture);
      notes.push(note);
      for (const result of objectsOf(last.result)) {
        if (!isObject(result.value) || result.type === 'choices') continue;
        if (take(note, result.value, result)) continue;
        note.isPartial = true;
        faults.push(`${picture}: a result of type ${textOf(result.type)} is no box.`);
      }
      continue;
    }
    // JSON-MIN: the keys are those of the project; a list of objects with sides holds the boxes.
    const list = Object.values(task).find(
      (value) =>
        Array.isArray(value) &&
        value.length > 0 &&
        value.every((one) => isObject(one) && SHAPES.some((shape) => shape in one)),
    );
    const picture = pictureOf(task);
    if (!list || !picture) continue;
    isOurs = true;
    const note = noteOf(picture);
    notes.push(note);
    for (const one of objectsOf(list)) {
      if (take(note, one, one)) continue;
      note.isPartial = true;
      faults.push(`${picture}: a result is no box.`);
    }
  }
  return isOurs ? { notes, faults } : null;
}

/** One file for a set of pictures, as tasks with annotations. */
export function writeLabelStudio(pictures: readonly LabelledPicture[], path: string): WrittenFile {
  const tasks = pictures.map(({ path: image, width, height, boxes }, i) => ({
    id: i + 1,
    data: { image },
    annotations: [
      {
        result: boxes.map((box, k) => ({
          id: `box-${i + 1}-${k + 1}`,
          type: 'rectanglelabels',
          from_name: 'label',
          to_name: 'image',
          original_width: width,
          original_height: height,
          image_rotation: 0,
          value: {
            x: box.x * 100,
            y: box.y * 100,
            width: box.width * 100,
            height: box.height * 100,
            rotation: 0,
            rectanglelabels: [box.label],
          },
        })),
      },
    ],
  }));
  return { path, content: JSON.stringify(tasks, null, 1) };
}
