/** Boxes of notes, placed in their pictures. Any thread; pure. */
import { clipRect, type Rect } from '../../domain/boxes.ts';
import type { PictureNote } from './notes.ts';

/** Sides of a box in pixels under which nothing can be seen in it. */
const LEAST_SIDE = 1;

/**
 * The boxes of a note as ratios of the picture. Outside parts are cut off; what cannot be a box is left out. Both are said.
 * A file that claims another size with the same proportions was made for the picture before it was resized: its boxes are scaled.
 */
export function placeBoxes(
  note: PictureNote,
  width: number,
  height: number,
): { boxes: (Rect & { label: string })[]; remarks: { reason: string; isKept: boolean }[] } {
  const remarks: { reason: string; isKept: boolean }[] = [];
  let [fromWidth, fromHeight] = [width, height];
  if (note.width && note.height && (note.width !== width || note.height !== height)) {
    const isSameShape = Math.abs(note.width / note.height / (width / height) - 1) < 0.02;
    const isInside = note.boxes.every(
      (box) => box.x + box.width <= note.width! * 1.02 && box.y + box.height <= note.height! * 1.02,
    );
    if (isSameShape && isInside) {
      [fromWidth, fromHeight] = [note.width, note.height];
      remarks.push({
        reason: `Annotated at ${note.width} × ${note.height}, the picture has ${width} × ${height}: its boxes were scaled.`,
        isKept: true,
      });
    } else
      remarks.push({
        reason: `The annotations say ${note.width} × ${note.height}, the picture has ${width} × ${height}: its boxes were taken as they are.`,
        isKept: true,
      });
  }
  const boxes: (Rect & { label: string })[] = [];
  for (const box of note.boxes) {
    const [scaleX, scaleY] = box.unit === 'ratio' ? [1, 1] : [1 / fromWidth, 1 / fromHeight];
    const rect = { x: box.x * scaleX, y: box.y * scaleY, width: box.width * scaleX, height: box.height * scaleY };
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
    boxes.push({ ...clipped, label: box.label });
  }
  return { boxes, remarks };
}
