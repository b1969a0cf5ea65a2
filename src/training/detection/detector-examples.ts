/** What an object detector is trained on: parts of feature maps with the boxes in them. Worker thread. Everything random takes a generator. */
import type { Rect } from '../../domain/boxes.ts';
import { boxesInView, CELL_CENTRE, type View, type VisionInput } from '../../features/index.ts';
import type { Random } from '../../kernel/random.ts';
import type { NetworkInput } from '../../model/jobs.ts';

/** A picture as training sees it. */
export type AnnotatedPicture = {
  itemId: string;
  path: string;
  hash: string;
  width: number;
  height: number;
  boxes: (Rect & { classIndex: number })[];
};

/** A batch: the inputs of the network with the targets of every cell. */
export type DetectorBatch = {
  inputs: NetworkInput[];
  classes: Float32Array;
  distances: Float32Array;
  positive: Float32Array;
  counted: Float32Array;
};

/** What the loop asks for. */
export interface DetectorExamples {
  readonly classCount: number;
  /** Cells that a predicted distance of 0 stands for. */
  readonly scale: number;
  readonly input: VisionInput;
  readonly stepCount: number;
  readonly batchSize: number;
  /** Examples of one step. */
  assemble(iteration: number, step: number): Promise<DetectorBatch>;
  /** Pictures the curve is measured on. */
  readonly validation: readonly AnnotatedPicture[];
  /** Pictures that are held out for the first `heldFor` iterations, and then trained on. */
  readonly held: readonly AnnotatedPicture[];
  /** Infinity: for ever. */
  readonly heldFor: number;
  /** What the network is given of a whole picture, tile by tile; a batch of one each. */
  inputsOf(picture: AnnotatedPicture): Promise<{ inputs: NetworkInput[]; region: Rect }[]>;
}

/** Pictures of a run: trained on, measured by the curve, and held out for the first iterations. @param exampleCount of an iteration. */
export type RunPictures = {
  training: readonly AnnotatedPicture[];
  validation: readonly AnnotatedPicture[];
  held: readonly AnnotatedPicture[];
  heldFor: (exampleCount: number) => number;
};

/** Cells along a side of the part of a map that is trained on at once. */
export const CROP_CELLS = 16;
/** Cells at the edge of a part that do not count: their neighbours are missing only here. */
const MARGIN = 1;
/** Half of the middle of a box whose cells are its own, as a share of its side. */
const CENTRE = 0.2;
/** The same for the ring around it whose cells are neither its own nor background: they look like their neighbours. */
const RING = 0.32;
/** Cells that have a whole vote together; those of larger boxes share. */
const FULL_VOTES = 4;

/**
 * Targets of the cells of a part of a view. A cell belongs to the smallest box in whose middle it lies; every box has at least the cell of its centre.
 * @param boxes in ratios of the view. @param side cells of the whole view. Writes at example `at` of the batch.
 */
export function writeTargets(
  batch: Pick<DetectorBatch, 'classes' | 'distances' | 'positive' | 'counted'>,
  at: number,
  boxes: readonly (Rect & { classIndex: number })[],
  side: number,
  classWeights: readonly number[],
  originX: number,
  originY: number,
  cells: number,
): void {
  const classCount = classWeights.length;
  const base = at * cells * cells;
  const owner = new Int32Array(cells * cells).fill(-1);
  const isRing = new Uint8Array(cells * cells);
  // Large boxes first: smaller ones take cells from them.
  const order = [...boxes.keys()].sort(
    (a, b) => boxes[b]!.width * boxes[b]!.height - boxes[a]!.width * boxes[a]!.height,
  );
  for (const index of order) {
    const box = boxes[index]!;
    const centreX = (box.x + box.width / 2) * side - originX;
    const centreY = (box.y + box.height / 2) * side - originY;
    const visit = (share: number, least: number, mark: (cell: number) => void) => {
      const reachX = Math.max(share * box.width * side, least);
      const reachY = Math.max(share * box.height * side, least);
      const [left, right] = [Math.ceil(centreX - reachX - CELL_CENTRE), Math.floor(centreX + reachX - CELL_CENTRE)];
      const [top, bottom] = [Math.ceil(centreY - reachY - CELL_CENTRE), Math.floor(centreY + reachY - CELL_CENTRE)];
      for (let y = Math.max(0, top); y <= Math.min(cells - 1, bottom); y++)
        for (let x = Math.max(0, left); x <= Math.min(cells - 1, right); x++) mark(y * cells + x);
    };
    visit(RING, 0, (cell) => void (isRing[cell] = 1));
    visit(CENTRE, 0.5, (cell) => void (owner[cell] = index));
    // The first cells look past their middle: a centre before them still has the first one.
    const isHere = centreX >= 0 && centreY >= 0 && centreX < cells && centreY < cells;
    const first = (position: number) => Math.max(0, Math.min(cells - 1, Math.round(position - CELL_CENTRE)));
    if (isHere) owner[first(centreY) * cells + first(centreX)] = index;
  }
  const counts = new Map<number, number>();
  for (const index of owner) counts.set(index, (counts.get(index) ?? 0) + 1);
  const edge = (origin: number, position: number) =>
    (position < MARGIN && origin > 0) || (position >= cells - MARGIN && origin + cells < side);
  for (let y = 0; y < cells; y++) {
    for (let x = 0; x < cells; x++) {
      const cell = y * cells + x;
      const index = owner[cell]!;
      const isCounted = !edge(originX, x) && !edge(originY, y) && (index >= 0 || isRing[cell] === 0);
      batch.counted[base + cell] = isCounted ? 1 : 0;
      if (index < 0) {
        batch.distances.fill(1, (base + cell) * 4, (base + cell) * 4 + 4);
        continue;
      }
      const box = boxes[index]!;
      const [px, py] = [x + originX + CELL_CENTRE, y + originY + CELL_CENTRE];
      batch.positive[base + cell] = isCounted
        ? Math.min(1, FULL_VOTES / counts.get(index)!) * classWeights[box.classIndex]!
        : 0;
      batch.classes[(base + cell) * classCount + box.classIndex] = isCounted ? 1 : 0;
      batch.distances.set(
        [
          Math.max(0.05, px - box.x * side),
          Math.max(0.05, py - box.y * side),
          Math.max(0.05, (box.x + box.width) * side - px),
          Math.max(0.05, (box.y + box.height) * side - py),
        ],
        (base + cell) * 4,
      );
    }
  }
}

/** Boxes of a picture as one of its views shows them. */
export function boxesOfView(picture: AnnotatedPicture, view: View): (Rect & { classIndex: number })[] {
  return boxesInView(picture.boxes, view, picture.width / picture.height).map(({ index, ...rect }) => ({
    ...rect,
    classIndex: picture.boxes[index]!.classIndex,
  }));
}

/** Where a part begins: around a box, or anywhere. @returns origin in cells, multiples of 4. */
export function drawOrigin(
  boxes: readonly (Rect & { classIndex: number })[],
  classWeights: readonly number[],
  side: number,
  cells: number,
  random: Random,
): [number, number] {
  const place = (centre: number) => {
    const wanted = centre * side - cells / 2 + (random.next() - 0.5) * cells * 0.7;
    return Math.max(0, Math.min(side - cells, 4 * Math.round(wanted / 4)));
  };
  const total = boxes.reduce((sum, box) => sum + classWeights[box.classIndex]!, 0);
  if (boxes.length === 0 || random.next() < 0.25) return [place(random.next()), place(random.next())];
  let rest = random.next() * total;
  const chosen = boxes.find((box) => (rest -= classWeights[box.classIndex]!) <= 0) ?? boxes.at(-1)!;
  return [place(chosen.x + chosen.width / 2), place(chosen.y + chosen.height / 2)];
}
