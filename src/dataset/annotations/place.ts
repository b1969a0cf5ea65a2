/** Boxes of notes, placed in their pictures. Any thread; pure. */
import { clipRect, intersectionOverUnion, type Rect } from '../../domain/boxes.ts';
import { nameKey } from '../../kernel/format.ts';
import { fileName } from '../labels.ts';
import type { PictureNote } from './notes.ts';

/** Sides of a box in pixels under which nothing can be seen in it. */
const LEAST_SIDE = 1;

/** A rectangle of the picture as it is stored, in the upright one: EXIF 2.32 §4.6.4, tag 0112. */
function upright({ x, y, width, height }: Rect, orientation: number): Rect {
  const flip = (at: number, side: number) => 1 - at - side;
  switch (orientation) {
    case 2:
      return { x: flip(x, width), y, width, height };
    case 3:
      return { x: flip(x, width), y: flip(y, height), width, height };
    case 4:
      return { x, y: flip(y, height), width, height };
    case 5:
      return { x: y, y: x, width: height, height: width };
    case 6:
      return { x: flip(y, height), y: x, width: height, height: width };
    case 7:
      return { x: flip(y, height), y: flip(x, width), width: height, height: width };
    case 8:
      return { x: y, y: flip(x, width), width: height, height: width };
    default:
      return { x, y, width, height };
  }
}

const isShape = (a: number, b: number, width: number, height: number) => Math.abs(a / b / (width / height) - 1) < 0.02;
const reaches = (note: PictureNote, width: number, height: number) =>
  note.boxes.some(
    (box) => box.unit === 'pixels' && (box.x + box.width > width * 1.02 || box.y + box.height > height * 1.02),
  );

/**
 * The boxes of a note as ratios of the picture. Outside parts are cut off; what cannot be a box is left out. Both are said.
 * A file that claims another size with the same proportions was made for the picture before it was resized: its boxes are scaled. One that was made for the
 * picture as the camera stored it: its boxes turn with it. One that was turned in an unknown way: they are left out.
 * @param orientation of the stored picture, 1..8 (EXIF); `width` and `height` are those of the upright one.
 */
export function placeBoxes(
  note: PictureNote,
  width: number,
  height: number,
  orientation = 1,
): { boxes: (Rect & { label: string })[]; remarks: { reason: string; isKept: boolean }[] } {
  const remarks: { reason: string; isKept: boolean }[] = [];
  const keep = (reason: string) => void remarks.push({ reason, isKept: true });
  let [fromWidth, fromHeight] = [width, height];
  const isLying = orientation >= 5;
  const hasOther = note.width !== null && note.height !== null && (note.width !== width || note.height !== height);
  const isTransposed = hasOther && width !== height && isShape(note.width!, note.height!, height, width);
  const isTurned =
    isLying && (isTransposed || (!hasOther && reaches(note, width, height) && !reaches(note, height, width)));
  if (isTurned) {
    [fromWidth, fromHeight] = isTransposed ? [note.width!, note.height!] : [height, width];
    keep('It was annotated lying, as the camera stored it: its boxes were turned with the picture.');
  } else if (isTransposed && note.boxes.length > 0) {
    const reason = `The annotations are for ${note.width} × ${note.height}, the picture has ${width} × ${height}: it was turned since. Its boxes were left out: draw them again.`;
    return { boxes: [], remarks: [{ reason, isKept: false }] };
  } else if (hasOther) {
    const says = `${note.width} × ${note.height}, the picture has ${width} × ${height}`;
    if (isShape(note.width!, note.height!, width, height) && !reaches(note, note.width!, note.height!)) {
      [fromWidth, fromHeight] = [note.width!, note.height!];
      keep(`Annotated at ${says}: its boxes were scaled.`);
    } else keep(`The annotations say ${says}: its boxes were taken as they are.`);
  } else if (orientation !== 1 && note.boxes.length > 0 && (note.width === null || !isLying))
    keep('The camera turned this photo: its boxes were taken for the picture as it is shown. Have a look at them.');
  const boxes: (Rect & { label: string; from?: string })[] = [];
  for (const box of note.boxes) {
    const [scaleX, scaleY] = box.unit === 'ratio' ? [1, 1] : [1 / fromWidth, 1 / fromHeight];
    const given = { x: box.x * scaleX, y: box.y * scaleY, width: box.width * scaleX, height: box.height * scaleY };
    const rect = isTurned ? upright(given, orientation) : given;
    const refuse = (reason: string) => void remarks.push({ reason: `A box of ${box.label} ${reason}`, isKept: false });
    if (![rect.x, rect.y, rect.width, rect.height].every(Number.isFinite)) {
      refuse('has no readable coordinates.');
      continue;
    }
    if (rect.width <= 0 || rect.height <= 0) {
      refuse('has no area.');
      continue;
    }
    const clipped = clipRect(rect);
    if (!clipped || clipped.width * width < LEAST_SIDE || clipped.height * height < LEAST_SIDE) {
      refuse(clipped ? 'is smaller than a pixel.' : 'lies outside the picture.');
      continue;
    }
    const tolerance = 1.5;
    if ((rect.width - clipped.width) * width > tolerance || (rect.height - clipped.height) * height > tolerance)
      remarks.push({
        reason: `A box of ${box.label} reached outside the picture and was cut at its edge.`,
        isKept: true,
      });
    boxes.push({ ...clipped, label: box.label, ...(box.from ? { from: box.from } : {}) });
  }
  const { once, files } = countOnce(boxes, width, height);
  if (files.size > 0)
    remarks.push({
      reason: `The same boxes stand in ${[...files].map(fileName).join(' and ')}: they were counted once.`,
      isKept: true,
    });
  return { boxes: once.map(({ from: _from, ...box }) => box), remarks };
}

/** Two boxes of different files that cover each other so far are one. */
const SAME_PLACE = 0.9;
/** A class without a name of its own: another file may have it. */
const isUnnamed = (label: string) => /^class \d+$/.test(label);

/** Boxes that two files say are taken once, with the better name. Linear but for boxes of one class at one place. */
function countOnce<T extends Rect & { label: string; from?: string }>(
  boxes: readonly T[],
  width: number,
  height: number,
): { once: T[]; files: Set<string> } {
  const files = new Set<string>();
  if (new Set(boxes.map(({ from }) => from)).size < 2) return { once: [...boxes], files };
  const once: T[] = [];
  const near = new Map<string, number[]>();
  for (const box of boxes) {
    // Boxes that cover each other have centres close by: only those of neighbouring cells are compared.
    const [x, y] = [Math.floor((box.x + box.width / 2) * 50), Math.floor((box.y + box.height / 2) * 50)];
    let twin = -1;
    for (let dx = -1; dx <= 1 && twin < 0; dx++)
      for (let dy = -1; dy <= 1 && twin < 0; dy++)
        twin = (near.get(`${x + dx},${y + dy}`) ?? []).find((at) => isSame(once[at]!, box, width, height)) ?? -1;
    if (twin < 0) {
      const key = `${x},${y}`;
      near.set(key, [...(near.get(key) ?? []), once.push(box) - 1]);
      continue;
    }
    const other = once[twin]!;
    for (const from of [other.from, box.from]) if (from) files.add(from);
    if (isUnnamed(other.label)) once[twin] = { ...other, label: box.label };
  }
  return { once, files };
}

/** Formats count corners from 0 or from 1, and the last pixel or the one behind it. */
const SAME_PIXELS = 1.6;

type From = Rect & { label: string; from?: string };
function isSame(a: From, b: From, width: number, height: number): boolean {
  if (a.from === b.from) return false;
  if (nameKey(a.label) !== nameKey(b.label) && !isUnnamed(a.label) && !isUnnamed(b.label)) return false;
  const overlap = intersectionOverUnion(a, b);
  if (overlap > SAME_PLACE) return true;
  const isNear = (from: number, to: number, side: number) => Math.abs(from - to) * side <= SAME_PIXELS;
  return (
    overlap > 0.4 &&
    isNear(a.x, b.x, width) &&
    isNear(a.y, b.y, height) &&
    isNear(a.x + a.width, b.x + b.width, width) &&
    isNear(a.y + a.height, b.y + b.height, height)
  );
}
