/** What annotation files say of pictures, before it is placed in them. Any thread; pure. */
import type { Rect } from '../../domain/boxes.ts';

/** A box as a file gives it, from its top left corner: in pixels, or in ratios of the picture. */
export type NotedBox = Rect & { label: string; unit: 'pixels' | 'ratio' };

/** What a file says of one picture. `width` and `height` as the file claims them, in pixels. */
export type PictureNote = {
  picture: string;
  boxes: NotedBox[];
  width: number | null;
  height: number | null;
  /** It has boxes that could not be read: without others it is not known to be empty. */
  isPartial?: boolean;
};

/** What one annotation file says. */
export type PictureAnnotations = { notes: PictureNote[]; faults: string[] };

/** A text file of an import. */
export type TextFile = { path: string; text: string };

/** An object of a JSON file. */
export type Json = Record<string, unknown>;

/** A plain object of a JSON file. */
export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
/** A number, or NaN where there is none. */
export const numberOf = (value: unknown): number => (value === null || value === '' ? NaN : Number(value));
/** A side in pixels; null where there is none. */
export const sizeOf = (value: unknown): number | null => {
  const size = Number(value);
  return Number.isFinite(size) && size > 0 ? size : null;
};
/** A text without outer spaces; empty where there is none. */
export const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
