/** Boxes as tables: CSV, TSV, any delimiter, a row a box. Any thread; pure. */
import Papa from 'papaparse';
import { partOfWord } from '../parts.ts';
import { plainCell, unplainCell } from '../../kernel/format.ts';
import type { FormatTable, LabelledPicture, WrittenFile } from './format.ts';
import {
  isObject,
  NOWHERE,
  numberOf,
  pixels,
  sizeOf,
  textOf,
  type PictureAnnotations,
  type PictureNote,
} from './notes.ts';
import { viaLabelOf, viaRectOf } from './via.ts';

/** See the file header. */
export const CSV: FormatTable = {
  id: 'csv',
  title: 'CSV',
  dialects: [
    [
      'corners (`xmin` … `ymax`), or `x`, `y`, `width`, `height` from the top left',
      'columns by their names, in any order',
    ],
    ['without header: path, x1, y1, x2, y2, label (RetinaNet)', 'read'],
    ['AutoML, Vertex, Model Maker: `TRAINING,path,label,x1,y1,,,x2,y2,,`', 'boxes in ratios, and parts'],
    ['Open Images: `ImageID`, `LabelName`, `XMin`, `XMax` …', 'boxes in ratios; names from class-descriptions.csv'],
    ['VGG Image Annotator: `region_shape_attributes`', 'as VIA'],
    ['commas, semicolons, tabs; decimal commas; UTF-16', 'read'],
    ['all coordinates of the file 0 to 1, with a point', 'ratios of the picture'],
    ['a row without coordinates (empty, `nan`)', 'the picture shows nothing'],
    ['a column `set`, `split`, `part`', 'parts'],
  ],
};

const KEYS = {
  picture: [
    'filename',
    'file_name',
    'image',
    'image_path',
    'imagefilename',
    'path',
    'file',
    'image_id',
    'imageid',
    'img',
    'image_name',
    'uri',
    'filepath',
  ],
  label: [
    'class',
    'label',
    'class_name',
    'name',
    'category',
    'label_name',
    'labelname',
    'classname',
    'species',
    'object',
  ],
  left: ['xmin', 'x1', 'x_min', 'left', 'bbox_x', 'x', 'xtl'],
  top: ['ymin', 'y1', 'y_min', 'top', 'bbox_y', 'y', 'ytl'],
  right: ['xmax', 'x2', 'x_max', 'right', 'xbr'],
  bottom: ['ymax', 'y2', 'y_max', 'bottom', 'ybr'],
  boxWidth: ['bbox_width', 'box_width', 'w', 'bbox_w'],
  boxHeight: ['bbox_height', 'box_height', 'h', 'bbox_h'],
  width: ['image_width', 'img_width', 'width'],
  height: ['image_height', 'img_height', 'height'],
  part: ['set', 'split', 'part', 'subset', 'ml_use'],
};
type Columns = Record<keyof typeof KEYS, number>;

/** AutoML rows: part, path, label, then up to four corners of which the first and third say all. */
const AUTOML: Partial<Columns> = { part: 0, picture: 1, label: 2, left: 3, top: 4, right: 7, bottom: 8 };
const RETINANET: Partial<Columns> = { picture: 0, left: 1, top: 2, right: 3, bottom: 4, label: 5 };
/** make-sense: label, left, top, width and height of the box, picture and its size. */
const MAKE_SENSE: Partial<Columns> = {
  label: 0,
  left: 1,
  top: 2,
  boxWidth: 3,
  boxHeight: 4,
  picture: 5,
  width: 6,
  height: 7,
};
/** What is shown by a table that says no class. */
const ONLY_CLASS = 'object';
const NOWHERE_COLUMNS = Object.fromEntries(Object.keys(KEYS).map((key) => [key, -1])) as Columns;

const isEmpty = (value: string | undefined) => /^(nan|null|none|n\/a)?$/i.test(textOf(value));

/** Which column holds what, and whether the first row is one of data. null when it is no such table. */
function columnsOf(first: readonly string[]): { at: Columns; hasHead: boolean } | null {
  const head = first.map((cell) =>
    cell
      .trim()
      .toLowerCase()
      .replace(/[\s-]+/g, '_'),
  );
  const find = (keys: readonly string[]) => keys.map((key) => head.indexOf(key)).find((found) => found >= 0) ?? -1;
  const at = Object.fromEntries(Object.entries(KEYS).map(([name, keys]) => [name, find(keys)])) as Columns;
  // Beside `image_width`, a plain `width` is that of the box.
  if (at.boxWidth < 0 && head.includes('image_width')) at.boxWidth = head.indexOf('width');
  if (at.boxHeight < 0 && head.includes('image_height')) at.boxHeight = head.indexOf('height');
  if (at.picture >= 0 && at.left >= 0 && at.top >= 0) return { at, hasHead: true };
  const areNumbers = (cells: readonly string[]) =>
    cells.every((cell) => isEmpty(cell) || Number.isFinite(numberOf(cell)));
  if (
    first.length >= 9 &&
    /^(train(ing)?|valid(ation|ate)?|test|unassigned|)$/i.test(head[0]!) &&
    head[1] &&
    areNumbers(first.slice(3))
  )
    return { at: { ...NOWHERE_COLUMNS, ...AUTOML }, hasHead: false };
  if (first.length === 8 && areNumbers([...first.slice(1, 5), ...first.slice(6)]) && !areNumbers([first[5]!]))
    return { at: { ...NOWHERE_COLUMNS, ...MAKE_SENSE }, hasHead: false };
  if (first.length === 6 && areNumbers(first.slice(1, 5)))
    return { at: { ...NOWHERE_COLUMNS, ...RETINANET }, hasHead: false };
  return null;
}

/** Rows of VIA: the shape and its attributes stand as JSON in their cells. */
function readViaTable(rows: readonly string[][], head: readonly string[]): PictureAnnotations {
  const at = (name: string) => head.indexOf(name);
  const [nameAt, shapeAt, valueAt] = [at('filename'), at('region_shape_attributes'), at('region_attributes')];
  const notes = new Map<string, PictureNote>();
  const faults: string[] = [];
  const parse = (cell: string | undefined): unknown => {
    try {
      return JSON.parse(cell || '{}') as unknown;
    } catch {
      return null;
    }
  };
  rows.forEach((row, i) => {
    const picture = textOf(row[nameAt]);
    if (!picture) return void faults.push(`Row ${i + 2} names no picture.`);
    const note = notes.get(picture) ?? { picture, boxes: [], width: null, height: null };
    notes.set(picture, note);
    const shape = parse(row[shapeAt]);
    if (isObject(shape) && Object.keys(shape).length === 0) return;
    const [rect, label] = [viaRectOf(shape), viaLabelOf(parse(row[valueAt]))];
    if (!rect || !label) {
      note.isPartial = true;
      return void faults.push(`Row ${i + 2} has no ${rect ? 'label' : 'box'}.`);
    }
    note.boxes.push({ label, ...rect, unit: 'pixels' });
  });
  return { notes: [...notes.values()], faults };
}

/** A column `bbox` of `[x, y, width, height]` (Kaggle) as four columns. */
function unfoldBoxes(rows: readonly string[][], at: number): string {
  const [head, ...rest] = rows;
  const data = rest.map((row) => [
    ...row.toSpliced(at, 1),
    ...(row[at] ?? '')
      .replace(/[[\]()]/g, '')
      .split(/[\s,;]+/)
      .filter(Boolean)
      .slice(0, 4),
  ]);
  const fields = [
    ...head!.toSpliced(at, 1).map((cell) => (/^(width|height)$/i.test(cell.trim()) ? `image_${cell.trim()}` : cell)),
  ];
  return Papa.unparse({ fields: [...fields, 'x', 'y', 'w', 'h'], data });
}

/** @param nameOf shows the name of a class that a table gives by a code (Open Images). @returns null when it is none. */
export function readCsv(text: string, nameOf: (label: string) => string = (label) => label): PictureAnnotations | null {
  const rows = Papa.parse<string[]>(text, { skipEmptyLines: 'greedy' }).data;
  const first = rows[0];
  if (!first || first.length < 2) return null;
  const heads = first.map((cell) => cell.trim().toLowerCase());
  if (heads.includes('region_shape_attributes') && heads.includes('filename'))
    return readViaTable(rows.slice(1), heads);
  const boxAt = heads.indexOf('bbox');
  if (boxAt >= 0) return readCsv(unfoldBoxes(rows, boxAt), nameOf);
  if (first.length < 5) return null;
  const columns = columnsOf(first);
  if (!columns) return null;
  const { at, hasHead } = columns;
  const start = hasHead ? 1 : 0;
  const hasCorners = at.right >= 0 && at.bottom >= 0;
  // Without corners `width` and `height` are those of the box.
  const sides = hasCorners
    ? [at.right, at.bottom]
    : [at.boxWidth >= 0 ? at.boxWidth : at.width, at.boxHeight >= 0 ? at.boxHeight : at.height];
  if (sides.some((side) => side < 0)) return null;
  const isOwn = (side: number) =>
    (hasCorners || at.boxWidth >= 0) && side >= 0 && side !== at.boxWidth && side !== at.boxHeight;
  const notes = new Map<string, PictureNote>();
  const faults: string[] = [];
  // Ratios in all of the file, or pixels in all of it.
  let [isRatio, hasPoint] = [true, false];
  rows.slice(start).forEach((row, i) => {
    const picture = textOf(row[at.picture]);
    if (!picture) return void faults.push(`Row ${i + 1 + start} names no picture.`);
    const note: PictureNote = notes.get(picture) ?? {
      picture,
      boxes: [],
      width: isOwn(at.width) ? sizeOf(row[at.width]) : null,
      height: isOwn(at.height) ? sizeOf(row[at.height]) : null,
    };
    notes.set(picture, note);
    const part = partOfWord(textOf(row[at.part]));
    if (part) note.part = part;
    const cells = [at.left, at.top, ...sides].map((column) => row[column]);
    // A row without box: the picture was looked at and shows nothing.
    if (cells.every(isEmpty)) return;
    const label = at.label < 0 ? ONLY_CLASS : unplainCell(textOf(row[at.label]));
    if (!label) {
      note.isPartial = true;
      return void faults.push(`Row ${i + 1 + start} has no label.`);
    }
    const [a, b, c, d] = cells.map(numberOf) as [number, number, number, number];
    if ([a, b, c, d].some((value) => value < -0.01 || value > 1.01)) isRatio = false;
    if (cells.some((cell) => /[.,]/.test(cell ?? ''))) hasPoint = true;
    const rect = [a, b, c, d].some(Number.isNaN)
      ? NOWHERE
      : { x: a, y: b, width: hasCorners ? c - a : c, height: hasCorners ? d - b : d };
    note.boxes.push({ label: nameOf(label), ...rect, unit: 'pixels' });
  });
  if (isRatio && hasPoint) for (const { boxes } of notes.values()) for (const box of boxes) box.unit = 'ratio';
  const hints = at.label < 0 ? [`It names no classes: all boxes are called ${ONLY_CLASS}. Rename the class.`] : [];
  return { notes: [...notes.values()], faults, hints };
}

/** Names of classes by their code: `class-descriptions.csv` of Open Images. null when it is none. */
export function readClassCodes(text: string): Map<string, string> | null {
  const rows = Papa.parse<string[]>(text, { skipEmptyLines: 'greedy' }).data;
  const codes = rows.filter((row) => row.length === 2 && /^\/[mg]\/\w+$/.test(row[0]!.trim()));
  return codes.length > 0 && codes.length >= rows.length - 1
    ? new Map(codes.map(([code, name]) => [code!.trim(), name!.trim()]))
    : null;
}

/** One table for all pictures, corners in pixels; a picture without boxes has a row without. */
export function writeCsv(pictures: readonly LabelledPicture[], path: string): WrittenFile {
  const rows = pictures.flatMap(({ path: filename, width, height, part, boxes }) => {
    const own = [filename, width, height];
    if (boxes.length === 0) return [[...own, '', '', '', '', '', part]];
    return boxes.map(({ label, ...box }) => [
      ...own,
      plainCell(label),
      pixels(box.x * width),
      pixels(box.y * height),
      pixels((box.x + box.width) * width),
      pixels((box.y + box.height) * height),
      part,
    ]);
  });
  const fields = ['filename', 'width', 'height', 'class', 'xmin', 'ymin', 'xmax', 'ymax', 'set'];
  return { path, content: Papa.unparse({ fields, data: rows }, { newline: '\n' }) + '\n' };
}
