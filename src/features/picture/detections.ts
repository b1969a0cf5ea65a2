/** From a detector's output to boxes. Any thread; pure. */
import { clipRect, suppressOverlaps, voteBoxes, type Detection, type Rect } from '../../domain/boxes.ts';
import { CELL_CENTRE } from './spec.ts';
import { fromView } from './views.ts';

/** Most candidates of a view that are looked at, best first: every cell in the middle of an object is one, and pictures may be crowded. */
const MOST_CANDIDATES = 5000;
/** Detections of different tiles of one class that share this part of the smaller one are one object cut in two. */
const SAME_ACROSS_TILES = 0.6;

/** What a detector says of one view. `values`: shape [side, side, classes + 4], logits then distances to left, top, right, bottom as logarithms of `scale` cells. */
export type DetectorOutput = { values: Float32Array; side: number; classCount: number; scale: number };

const sigmoid = (value: number) => 1 / (1 + Math.exp(-value));

/** Candidates of one view, in its ratios. @param leastScore lower ones are left out. */
export function decodeView({ values, side, classCount, scale }: DetectorOutput, leastScore: number): Detection[] {
  const width = classCount + 4;
  const leastLogit = Math.log(leastScore / (1 - leastScore));
  const found: Detection[] = [];
  for (let cell = 0, at = 0; cell < side * side; cell++, at += width) {
    let best = 0;
    for (let c = 1; c < classCount; c++) if (values[at + c]! > values[at + best]!) best = c;
    for (let c = 0; c < classCount; c++) {
      const logit = values[at + c]!;
      // A second class of the same place counts when it is likely by itself.
      if (logit < leastLogit || (c !== best && logit < 0)) continue;
      const x = (cell % side) + CELL_CENTRE;
      const y = Math.floor(cell / side) + CELL_CENTRE;
      const distance = (i: number) => Math.exp(Math.min(8, values[at + classCount + i]!)) * scale;
      const left = (x - distance(0)) / side;
      const top = (y - distance(1)) / side;
      found.push({
        x: left,
        y: top,
        width: (x + distance(2)) / side - left,
        height: (y + distance(3)) / side - top,
        classIndex: c,
        score: sigmoid(logit),
      });
    }
  }
  found.sort((a, b) => b.score - a.score);
  return found.slice(0, MOST_CANDIDATES);
}

/**
 * Candidates of a whole exported graph (tasks/detection/graph.ts), as {@link decodeView} gives them.
 * @param location shape [cells, 4]: middle y, middle x, height, width in ratios. @param scores shape [cells, classes].
 */
export function decodeBoxes(
  location: Float32Array,
  scores: Float32Array,
  classCount: number,
  leastScore: number,
): Detection[] {
  const found: Detection[] = [];
  for (let cell = 0; cell < location.length / 4; cell++) {
    const from = cell * classCount;
    let best = 0;
    for (let c = 1; c < classCount; c++) if (scores[from + c]! > scores[from + best]!) best = c;
    for (let c = 0; c < classCount; c++) {
      const score = scores[from + c]!;
      if (score < leastScore || (c !== best && score < 0.5)) continue;
      const [y, x, height, width] = location.subarray(4 * cell, 4 * cell + 4) as unknown as Four;
      found.push({ x: x - width / 2, y: y - height / 2, width, height, classIndex: c, score });
    }
  }
  found.sort((a, b) => b.score - a.score);
  return found.slice(0, MOST_CANDIDATES);
}
type Four = [number, number, number, number];

/** Whether a box ends at an edge of its tile that is not an edge of the picture: then the neighbour may see more of it. */
function isCut(box: Rect, region: Rect): boolean {
  const near = 0.02;
  return (
    (box.x < near && region.x > 1e-6) ||
    (box.y < near && region.y > 1e-6) ||
    (box.x + box.width > 1 - near && region.x + region.width < 1 - 1e-6) ||
    (box.y + box.height > 1 - near && region.y + region.height < 1 - 1e-6)
  );
}

/**
 * The objects of a picture from what was found in its tiles.
 * @param views candidates of each tile with the part of the picture it shows. @param overlap see {@link suppressOverlaps}. @returns best first, clipped to the picture.
 */
export function mergeViews(
  views: readonly { candidates: readonly Detection[]; region: Rect }[],
  overlap: number,
  most = 100,
): Detection[] {
  const kept: (Detection & { isCut: boolean })[] = [];
  for (const { candidates, region } of views) {
    for (const box of voteBoxes(suppressOverlaps(candidates, overlap, most), candidates)) {
      const rect = clipRect(fromView(box, region));
      if (rect)
        kept.push({
          ...rect,
          classIndex: box.classIndex,
          score: box.score,
          isCut: views.length > 1 && isCut(box, region),
        });
    }
  }
  // A whole one explains the pieces of it that other tiles saw.
  const pieces = kept.filter(
    (one) =>
      one.isCut &&
      kept.some((other) => {
        if (other === one || other.isCut || other.classIndex !== one.classIndex) return false;
        const width = Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x);
        const height = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y);
        return width > 0 && height > 0 && width * height > SAME_ACROSS_TILES * one.width * one.height;
      }),
  );
  const gone = new Set(pieces);
  return suppressOverlaps(
    kept.filter((one) => !gone.has(one)).map(({ isCut: _isCut, ...rest }) => rest),
    overlap,
    most,
  );
}
