/**
 * YOLO: one text a picture with a line a box (class number, centre and size in ratios), class names in `data.yaml` or a list. Any thread; pure.
 * https://docs.ultralytics.com/datasets/detect/
 */
import { parse, stringify } from 'yaml';
import type { Rect } from '../../domain/boxes.ts';
import { fileName } from '../labels.ts';
import type { FormatTable, LabelledPicture, WrittenFile } from './format.ts';
import { isObject, numberOf, rectAround, textOf, type TextFile } from './notes.ts';
import { linesOf } from './text.ts';

/** See the file header. */
export const YOLO: FormatTable = {
  id: 'yolo',
  title: 'YOLO',
  dialects: [
    ['`names` of data.yaml as list, table, inline, quoted, with comments', 'class names (a YAML library reads it)'],
    ['`classes.txt`, `labels.txt`, `obj.names`, `_darknet.labels`, `*.names`', 'class names, one a line'],
    ['no list of names', '`class 0`, and said'],
    ['a sixth number', 'a confidence: not read'],
    ['outlines (segmentation) and turned boxes (OBB)', 'the box around the points'],
    ['pose lines by `kpt_shape`, or an odd count of numbers', 'the box in front of the keypoints'],
    ['commas, semicolons, decimal commas', 'read'],
    ['numbers above 1', 'left out and said: they look like pixels'],
    ['`train`, `val`, `test` of data.yaml, `train.txt`, CVAT’s `obj.data`', 'parts'],
    ['percent-encoded names (Label Studio)', 'the picture they mean'],
  ],
};

/** What data.yaml declares besides names: numbers a keypoint line holds, and where parts are. */
export type YoloSet = {
  names: string[];
  keypoints: readonly [count: number, numbers: number] | null;
  parts: [word: string, place: string][];
  fault?: string;
};

/** A list of names is shorter. */
const MOST_YAML = 1e6;

/** Brackets in brackets, or lists in lists: the library takes time with their square. */
const MOST_NESTED = 500;
function isTooDeep(text: string): boolean {
  let depth = 0;
  let deepest = 0;
  for (const sign of text.match(/[[\]{}]/g) ?? []) {
    depth = sign === '[' || sign === '{' ? depth + 1 : Math.max(0, depth - 1);
    deepest = Math.max(deepest, depth);
  }
  return deepest > MOST_NESTED || text.includes('- '.repeat(MOST_NESTED));
}

/** More classes than any set has: a key far out would make a list that fills the memory. */
const MOST_CLASSES = 100_000;

/** As many as whole bodies with hands and face have. */
const MOST_KEYPOINTS = 133;

/** Whether numbers behind a class are a box, and not an outline: with a confidence and a track number, or with keypoints as declared or as COCO marks them (0, 1, 2). */
function isBoxLine(rest: readonly number[], keypoints: YoloSet['keypoints']): boolean {
  if (rest.length <= 5) return true;
  if (keypoints) return rest.length === 4 + keypoints[0] * keypoints[1];
  if (rest.length === 6) return Number.isInteger(rest[5]) && rest[5]! > 1;
  const [x, y, width, height, ...more] = rest as [number, number, number, number, ...number[]];
  const lies = (px: number, py: number) =>
    (px === 0 && py === 0) || (Math.abs(px - x) <= 0.55 * width && Math.abs(py - y) <= 0.55 * height);
  // Ten and more pairs that all lie in the box before them, and spread over it, are keypoints without marks: the first points of an outline span no such box.
  const pairs = more.length / 2;
  if (pairs >= 10 && pairs <= MOST_KEYPOINTS && Number.isInteger(pairs)) {
    const at = Array.from({ length: pairs }, (_, i) => [more[2 * i]!, more[2 * i + 1]!] as const);
    const spread = (axis: 0 | 1) => {
      const values = at.map((point) => point[axis]).filter((value) => value !== 0);
      return Math.max(...values) - Math.min(...values);
    };
    // Neighbours on an outline lie close, its first two like the others.
    const steps = at
      .slice(1)
      .map(([px, py], i) => Math.hypot(px - at[i]![0], py - at[i]![1]))
      .sort((a, b) => a - b);
    const isOutline = Math.hypot(x - width, y - height) <= 2 * steps[steps.length >> 1]!;
    if (!isOutline && at.every(([px, py]) => lies(px, py)) && spread(0) > 0.3 * width && spread(1) > 0.3 * height)
      return true;
  }
  if (more.length % 3 !== 0) return false;
  if (more.every((value, i) => i % 3 !== 2 || [0, 1, 2].includes(value))) return true;
  if (rest.length % 2 === 0) return false;
  // Keypoints with a confidence each, or an outline with one behind: keypoints lie in their box.
  const points = Array.from({ length: more.length / 3 }, (_, i) => [more[3 * i]!, more[3 * i + 1]!] as const);
  const inside = points.filter(([px, py]) => Math.abs(px - x) <= 0.6 * width && Math.abs(py - y) <= 0.6 * height);
  return inside.length >= 0.6 * points.length;
}

/** One line: class number and box; `isPixels` when its numbers are no ratios. null when it is no such line. */
export function readYoloLine(
  line: string,
  keypoints: YoloSet['keypoints'] = null,
): { index: number; rect: Rect; isPixels: boolean } | null {
  const words = line.trim().split(/[\s;]+/);
  // `0, 0.5, …` and `0,0.5,…` have commas between numbers, `0 0,5 …` has them inside.
  const values = (
    words.length < 5 || words.some((word) => /,$|\..*,|,.*\./.test(word)) ? line.trim().split(/[\s,;]+/) : words
  )
    .filter(Boolean)
    .map(numberOf);
  if (values.length < 5 || values.some(Number.isNaN) || !Number.isInteger(values[0]) || values[0]! < 0) return null;
  const index = values[0]!;
  const isPixels = values.slice(1, 5).some((value) => value > 2 || value < -1);
  const rest = values.slice(1);
  if (!isBoxLine(rest, keypoints)) {
    // A prediction has its confidence behind the outline.
    const outline = rest.length % 2 === 1 ? rest.slice(0, -1) : rest;
    return { index, rect: rectAround(outline), isPixels };
  }
  const [x, y, width, height] = rest as [number, number, number, number];
  return { index, rect: { x: x - width / 2, y: y - height / 2, width, height }, isPixels };
}

/** Names of a data.yaml: a list, or a table by number. */
function namesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.map((name, i) => textOf(name) || `class ${i}`);
  if (!isObject(value)) return [];
  const entries = Object.entries(value).flatMap(([key, name]): [number, string][] => {
    const number = Number(key);
    return Number.isInteger(number) && number >= 0 && number < MOST_CLASSES ? [[number, textOf(name)]] : [];
  });
  const names: string[] = [];
  for (const [number, name] of entries) names[number] = name;
  return Array.from(names, (name, i) => name || `class ${i}`);
}

/** A data.yaml, or a list of names, or what points to them. @returns null when the file is none of these. */
export function readYoloSet({ path, text }: TextFile): YoloSet | null {
  const name = fileName(path).toLowerCase();
  if (/\.ya?ml$/.test(name)) {
    const nothing = { names: [], keypoints: null, parts: [] };
    if (text.length > MOST_YAML) return { ...nothing, fault: 'It is too long for a list of classes.' };
    if (isTooDeep(text)) return { ...nothing, fault: 'Its lists are nested too deeply for a list of classes.' };
    let whole: unknown;
    try {
      whole = parse(text, { maxAliasCount: 20, logLevel: 'error', uniqueKeys: false });
    } catch (error) {
      return { ...nothing, fault: `It is not valid YAML: ${(error as Error).message.split('\n')[0]}` };
    }
    if (!isObject(whole)) return null;
    const shape = Array.isArray(whole.kpt_shape) ? whole.kpt_shape.map(numberOf) : [];
    const parts = ['train', 'val', 'valid', 'test'].flatMap((word) =>
      [whole[word]].flat().flatMap((place): [string, string][] => (textOf(place) ? [[word, textOf(place)]] : [])),
    );
    const set: YoloSet = {
      names: namesOf(whole.names),
      keypoints: shape.length === 2 ? [shape[0]!, shape[1]!] : null,
      parts,
    };
    return set.names.length > 0 || parts.length > 0 || set.keypoints ? set : null;
  }
  if (/\.data$/.test(name)) {
    const pairs = linesOf(text).flatMap((line) => {
      const [key = '', value = ''] = line.split('=').map((word) => word.trim());
      return /^(train|valid|val|test)$/i.test(key) && value ? [[key.toLowerCase(), value] as [string, string]] : [];
    });
    return pairs.length > 0 || /^\s*(classes|names)\s*=/m.test(text)
      ? { names: [], keypoints: null, parts: pairs }
      : null;
  }
  if (!/^(classes\.txt|labels\.txt|obj\.names|_darknet\.labels|.*\.names)$/.test(name)) return null;
  const lines = linesOf(text);
  // A table of boxes may be called so too.
  if (lines.some((line) => line.split(/[,;\t]/).length > 4)) return null;
  return { names: lines.map((line) => line.trim()), keypoints: null, parts: [] };
}

const ratio = (value: number) => Number(value.toFixed(10));

/** The text of a picture. */
export function writeYolo({ boxes }: LabelledPicture, classes: readonly string[], path: string): WrittenFile {
  const lines = boxes.map((box) =>
    [
      classes.indexOf(box.label),
      ...[box.x + box.width / 2, box.y + box.height / 2, box.width, box.height].map(ratio),
    ].join(' '),
  );
  return { path, content: lines.map((line) => `${line}\n`).join('') };
}

/** `data.yaml` of a set. @param parts folder of pictures by the key of data.yaml. */
export const writeYoloSet = (classes: readonly string[], parts: Record<string, string>): WrittenFile => ({
  path: 'data.yaml',
  content: stringify({ ...parts, nc: classes.length, names: new Map(classes.entries()) }),
});
