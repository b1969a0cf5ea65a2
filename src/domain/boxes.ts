/** Boxes in pictures and what is measured on them. Any thread; pure. Sides are ratios of the upright picture, 0..1, from its top left corner. */

/** A rectangle; a box in a picture lies in 0..1. */
export type Rect = { x: number; y: number; width: number; height: number };

/** A box somebody drew or imported. */
export type BoundingBox = Rect & { id: string; classId: string };

/** A box a model proposes. `score` 0..1; `classIndex` in the order of the model's classes. */
export type Detection = Rect & { classIndex: number; score: number };

/** Shared area over joint area, 0..1; 0 when one of both is empty. */
export function intersectionOverUnion(a: Rect, b: Rect): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (a.width * a.height + b.width * b.height - shared);
}

/** The part of a rectangle inside the picture; null when none is left. */
export function clipRect(rect: Rect): Rect | null {
  const left = Math.max(0, rect.x);
  const top = Math.max(0, rect.y);
  const right = Math.min(1, rect.x + rect.width);
  const bottom = Math.min(1, rect.y + rect.height);
  return right > left && bottom > top ? { x: left, y: top, width: right - left, height: bottom - top } : null;
}

/**
 * Keeps the best of detections that cover each other, class by class (greedy non-maximum suppression).
 * @param overlap detections of one class with a larger intersection over union are one object. @returns best first.
 */
export function suppressOverlaps(
  detections: readonly Detection[],
  overlap: number,
  most = Number.POSITIVE_INFINITY,
): Detection[] {
  const order = [...detections].sort((a, b) => b.score - a.score);
  const kept: Detection[] = [];
  const perClass = new Map<number, Detection[]>();
  for (const detection of order) {
    const others = perClass.get(detection.classIndex) ?? [];
    if (others.some((other) => intersectionOverUnion(other, detection) > overlap)) continue;
    kept.push(detection);
    if (kept.length >= most) break;
    others.push(detection);
    perClass.set(detection.classIndex, others);
  }
  return kept;
}

/** Boxes of different classes that cover each other so far are one object with two names. */
const SAME_OBJECT = 0.7;

/** One name for each object: of boxes of different classes at one place the surest stays. Average precision, which asks each class by itself, is measured before. @returns best first. */
export function nameOnce<T extends Detection>(detections: readonly T[]): T[] {
  const kept: T[] = [];
  for (const one of [...detections].sort((a, b) => b.score - a.score))
    if (!kept.some((other) => other.classIndex !== one.classIndex && intersectionOverUnion(other, one) > SAME_OBJECT))
      kept.push(one);
  return kept;
}

/** Candidates of one class that overlap a kept box by this say where it is too. */
const VOTING_OVERLAP = 0.65;

/**
 * Moves each kept box to the mean of the candidates that agree with it, weighted by their scores (box voting, Gidaris and Komodakis 2015, §4). Scores stay.
 * @param candidates what `kept` was chosen from.
 */
export function voteBoxes(kept: readonly Detection[], candidates: readonly Detection[]): Detection[] {
  return kept.map((box) => {
    let [left, top, right, bottom, sum] = [0, 0, 0, 0, 0];
    for (const other of candidates) {
      if (other.classIndex !== box.classIndex || intersectionOverUnion(box, other) < VOTING_OVERLAP) continue;
      const weight = other.score;
      left += weight * other.x;
      top += weight * other.y;
      right += weight * (other.x + other.width);
      bottom += weight * (other.y + other.height);
      sum += weight;
    }
    if (sum === 0) return box;
    return { ...box, x: left / sum, y: top / sum, width: (right - left) / sum, height: (bottom - top) / sum };
  });
}
