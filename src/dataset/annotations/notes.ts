/** What annotation files say of pictures, before it is placed in them. Any thread; pure. */
import type { Rect } from '../../domain/boxes.ts';
import type { Part } from '../../domain/project.ts';

/** A box as a file gives it, from its top left corner: in pixels, or in ratios of the picture. `from`: the file it stands in, where there are several. */
export type NotedBox = Rect & { label: string; unit: 'pixels' | 'ratio'; from?: string };

/** What a file says of one picture. `width` and `height` as the file claims them, in pixels. */
export type PictureNote = {
  picture: string;
  /** Other names the picture may go by, tried in turn. */
  otherNames?: string[];
  boxes: NotedBox[];
  width: number | null;
  height: number | null;
  /** It has boxes that could not be read: without others it is not known to be empty. */
  isPartial?: boolean;
  /** Part the file gives it. */
  part?: Part;
  /** It says nothing of boxes, only of other things. */
  isSilent?: boolean;
};

/** What one annotation file says: `faults` were left out, `hints` were read and are worth a look. */
export type PictureAnnotations = { notes: PictureNote[]; faults: string[]; hints?: string[] };

/** A text file of an import. */
export type TextFile = { path: string; text: string };

/** An object of a JSON file. */
export type Json = Record<string, unknown>;

/** A plain object of a JSON file. */
export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
/** Objects of a list; nothing where there is no list. */
export const objectsOf = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);
/** A number, whether with a point or a comma; NaN where there is none. */
export function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || !value.trim()) return NaN;
  return Number(/^\s*-?\d*,\d+\s*$/.test(value) ? value.replace(',', '.') : value);
}
/** A side in pixels; null where there is none. */
export const sizeOf = (value: unknown): number | null => {
  const size = numberOf(value);
  return Number.isFinite(size) && size > 0 ? size : null;
};
/** A text without outer spaces; empty where there is none. */
export const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';

/** The box around points x, y, x, y …; its sides are NaN when there are none. */
export function rectAround(points: ArrayLike<unknown>): Rect {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i + 1 < points.length; i += 2) {
    const [x, y] = [numberOf(points[i]), numberOf(points[i + 1])];
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return right >= left ? { x: left, y: top, width: right - left, height: bottom - top } : NOWHERE;
}
/** The box between two corners, in any order. */
export const rectBetween = (x1: number, y1: number, x2: number, y2: number): Rect => ({
  x: Math.min(x1, x2),
  y: Math.min(y1, y2),
  width: Math.abs(x2 - x1),
  height: Math.abs(y2 - y1),
});
/** A box that is none: it is said when it is placed. */
export const NOWHERE: Rect = { x: NaN, y: NaN, width: NaN, height: NaN };

/** A length in pixels as it is written: no more digits than any picture has. */
export const pixels = (value: number): number => Number(value.toFixed(6));
