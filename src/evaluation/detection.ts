/**
 * Scores of an object detector as the COCO evaluation defines them: average precision with 101 recall points, at intersections over union of 0.50 to
 * 0.95, at most 100 boxes a picture. Any thread; pure.
 * @see pycocotools `COCOeval` (evaluateImg, accumulate) without crowd regions; golden values: tests/unit/detection.test.ts
 */
import { intersectionOverUnion, nameOnce, type Detection, type Rect } from '../domain/boxes.ts';
import type {
  DetectionClassScore,
  DetectionError,
  DetectionReport,
  PictureResult,
  PrecisionRecall,
} from '../domain/report.ts';
import type { Part } from '../domain/project.ts';
import { createRandom } from '../kernel/random.ts';

/** One picture: what is there, and what the model found. Sides in pixels for the size buckets. */
export type ScoredPicture = {
  itemId: string;
  path: string;
  width: number;
  height: number;
  truth: (Rect & { classIndex: number })[];
  found: Detection[];
};

/** Overlaps that count as found, from 0.50 to 0.95. */
export const IOU_STEPS: readonly number[] = Array.from({ length: 10 }, (_, i) => 0.5 + 0.05 * i);
/** Recall points at which precision is averaged. */
const RECALL_POINTS = 101;
/** Boxes of a picture that count, best first. */
const MOST_PER_PICTURE = 100;
/** Areas in square pixels that divide small, medium and large (COCO). */
const SMALL_AREA = 32 ** 2;
const LARGE_AREA = 96 ** 2;

type AreaRange = readonly [low: number, high: number];
const ALL_AREAS: AreaRange = [0, Infinity];

/** What became of the boxes of one class: true positives by falling score, and how many there were to find. */
type Matches = { hits: { score: number; isHit: boolean }[]; truthCount: number };

/** COCO matching of one class: each found box, best first, takes the free true box it overlaps most. */
function matchClass(
  pictures: readonly ScoredPicture[],
  classIndex: number,
  iou: number,
  [low, high]: AreaRange,
): Matches {
  const hits: Matches['hits'] = [];
  let truthCount = 0;
  for (const picture of pictures) {
    const area = (rect: Rect) => rect.width * picture.width * rect.height * picture.height;
    // True boxes of another size are neither found nor missed.
    const truth = picture.truth
      .filter((box) => box.classIndex === classIndex)
      .map((box) => ({ box, isIgnored: area(box) < low || area(box) > high, isTaken: false }))
      .sort((a, b) => Number(a.isIgnored) - Number(b.isIgnored));
    truthCount += truth.filter(({ isIgnored }) => !isIgnored).length;
    const found = picture.found
      .filter((box) => box.classIndex === classIndex)
      .sort((a, b) => b.score - a.score)
      .slice(0, MOST_PER_PICTURE);
    for (const detection of found) {
      let best = Math.min(iou, 1 - 1e-10);
      let match: (typeof truth)[number] | null = null;
      for (const candidate of truth) {
        if (candidate.isTaken) continue;
        if (match && !match.isIgnored && candidate.isIgnored) break;
        const overlap = intersectionOverUnion(detection, candidate.box);
        if (overlap < best) continue;
        best = overlap;
        match = candidate;
      }
      if (match) match.isTaken = true;
      const isOutside = area(detection) < low || area(detection) > high;
      if (match ? match.isIgnored : isOutside) continue;
      hits.push({ score: detection.score, isHit: match !== null });
    }
  }
  // Stable: equal scores stay in the order of the pictures, as pycocotools' merge sort leaves them.
  hits.sort((a, b) => b.score - a.score);
  return { hits, truthCount };
}

/** Precision at every found box: made non-increasing from the end, read at 101 recalls. Null when there was nothing to find. */
function averagePrecisionOf({ hits, truthCount }: Matches): { ap: number | null; curve: PrecisionRecall } {
  if (truthCount === 0) return { ap: null, curve: [] };
  const recall: number[] = [];
  const precision: number[] = [];
  let right = 0;
  hits.forEach(({ isHit }, i) => {
    if (isHit) right++;
    recall.push(right / truthCount);
    precision.push(right / (i + 1));
  });
  for (let i = precision.length - 2; i >= 0; i--) precision[i] = Math.max(precision[i]!, precision[i + 1]!);
  const curve: PrecisionRecall = [];
  let at = 0;
  let sum = 0;
  for (let k = 0; k < RECALL_POINTS; k++) {
    const wanted = k / (RECALL_POINTS - 1);
    while (at < recall.length && recall[at]! < wanted - 1e-12) at++;
    const value = at < recall.length ? precision[at]! : 0;
    sum += value;
    curve.push({ recall: wanted, precision: value, threshold: at < hits.length ? hits[at]!.score : null });
  }
  return { ap: sum / RECALL_POINTS, curve };
}

/** Average precision of one class at one overlap. @returns null when the pictures do not have the class. */
export function averagePrecision(
  pictures: readonly ScoredPicture[],
  classIndex: number,
  iou: number,
  range: AreaRange = ALL_AREAS,
): number | null {
  return averagePrecisionOf(matchClass(pictures, classIndex, iou, range)).ap;
}

/** Draws of the bootstrap. */
const DRAWS = 400;

/**
 * Interval that holds the mean average precision in 95 % of such sets of pictures (percentile bootstrap over whole pictures: boxes of one picture are no independent trials).
 * @returns ratios 0..1, the same for the same pictures; [0, 1] without any.
 * @see Efron & Tibshirani 1993, An Introduction to the Bootstrap, §13.3
 */
export function bootstrapInterval(
  pictures: readonly ScoredPicture[],
  classCount: number,
  iou: number,
): [low: number, high: number] {
  if (pictures.length === 0) return [0, 1];
  // What is found in a picture does not depend on the others: it is matched once.
  const classes = Array.from({ length: classCount }, (_, c) => {
    const single = pictures.map((picture) => matchClass([picture], c, iou, ALL_AREAS));
    const hits = single.flatMap((matches, at) => matches.hits.map((hit) => ({ ...hit, at })));
    return { hits: hits.sort((a, b) => b.score - a.score), truths: single.map(({ truthCount }) => truthCount) };
  });
  const random = createRandom(1, 'bootstrap');
  const means: number[] = [];
  for (let draw = 0; draw < DRAWS; draw++) {
    const times = new Uint16Array(pictures.length);
    for (let i = 0; i < pictures.length; i++) times[Math.floor(random.next() * pictures.length)]!++;
    const mean = meanOf(
      classes.map(({ hits, truths }) => {
        const drawn: Matches['hits'] = [];
        for (const hit of hits) for (let k = 0; k < times[hit.at]!; k++) drawn.push(hit);
        return averagePrecisionOf({ hits: drawn, truthCount: truths.reduce((sum, n, i) => sum + n * times[i]!, 0) }).ap;
      }),
    );
    if (mean !== null) means.push(mean);
  }
  means.sort((a, b) => a - b);
  const at = (share: number) => means[Math.min(means.length - 1, Math.floor(share * means.length))] ?? share;
  return [at(0.025), at(0.975)];
}

const meanOf = (values: readonly (number | null)[]): number | null => {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
};

/** Mean over classes of the average precision at one overlap; 0 when there is nothing to find. */
export const meanAveragePrecision = (pictures: readonly ScoredPicture[], classCount: number, iou: number): number =>
  meanOf(Array.from({ length: classCount }, (_, c) => averagePrecision(pictures, c, iou))) ?? 0;

/**
 * What happened to every box of a picture at a threshold: found boxes are right, of the wrong class, poorly placed (0.1 to 0.5), second boxes of something
 * already found, or background; true boxes may be missed (Bolya et al. 2020, TIDE, simplified).
 */
export function findErrors(picture: ScoredPicture, thresholds: (classIndex: number) => number): DetectionError[] {
  const errors: DetectionError[] = [];
  const taken = new Set<number>();
  const found = picture.found
    .map((box, index) => ({ box, index }))
    .filter(({ box }) => box.score >= thresholds(box.classIndex))
    .sort((a, b) => b.box.score - a.box.score);
  const rest: typeof found = [];
  for (const entry of found) {
    let best = -1;
    let most = 0.5;
    picture.truth.forEach((truth, t) => {
      if (taken.has(t) || truth.classIndex !== entry.box.classIndex) return;
      const overlap = intersectionOverUnion(truth, entry.box);
      if (overlap >= most) [best, most] = [t, overlap];
    });
    if (best >= 0) taken.add(best);
    else rest.push(entry);
  }
  const explained = new Set<number>();
  for (const { box, index } of rest) {
    let best = -1;
    let most = 0;
    picture.truth.forEach((truth, t) => {
      const overlap = intersectionOverUnion(truth, box);
      if (overlap > most) [best, most] = [t, overlap];
    });
    const truth = picture.truth[best];
    const kind =
      !truth || most < 0.1
        ? 'background'
        : truth.classIndex === box.classIndex
          ? most >= 0.5
            ? 'duplicate'
            : taken.has(best)
              ? 'duplicate'
              : 'poor-box'
          : most >= 0.5
            ? 'wrong-class'
            : 'background';
    if (kind === 'wrong-class' || kind === 'poor-box') explained.add(best);
    errors.push({ kind, foundIndex: index, truthIndex: truth && most >= 0.1 ? best : null });
  }
  picture.truth.forEach((_, t) => {
    if (!taken.has(t) && !explained.has(t)) errors.push({ kind: 'missed', foundIndex: null, truthIndex: t });
  });
  return errors;
}

/** Precision, recall and counts at one threshold, over all classes or one. */
export function scoresAt(
  pictures: readonly Pick<ScoredPicture, 'truth' | 'found'>[],
  threshold: number,
  classIndex: number | null = null,
): { precision: number | null; recall: number | null; f1: number | null; right: number; found: number; truth: number } {
  let right = 0;
  let foundCount = 0;
  let truthCount = 0;
  for (const { truth, found } of pictures) {
    const wanted = truth.filter((box) => classIndex === null || box.classIndex === classIndex);
    const taken = new Set<number>();
    truthCount += wanted.length;
    const kept = found
      .filter((box) => box.score >= threshold && (classIndex === null || box.classIndex === classIndex))
      .sort((a, b) => b.score - a.score);
    foundCount += kept.length;
    for (const box of kept) {
      let best = -1;
      let most = 0.5;
      wanted.forEach((other, t) => {
        if (taken.has(t) || other.classIndex !== box.classIndex) return;
        const overlap = intersectionOverUnion(other, box);
        if (overlap >= most) [best, most] = [t, overlap];
      });
      if (best < 0) continue;
      taken.add(best);
      right++;
    }
  }
  return {
    precision: foundCount > 0 ? right / foundCount : null,
    recall: truthCount > 0 ? right / truthCount : null,
    f1: foundCount + truthCount > 0 ? (2 * right) / (foundCount + truthCount) : null,
    right,
    found: foundCount,
    truth: truthCount,
  };
}

/** The threshold with the best F1 over all classes, in steps of 0.01; 0.5 when nothing was found. */
export function bestThreshold(pictures: readonly Pick<ScoredPicture, 'truth' | 'found'>[]): number {
  let best = 0.5;
  let most = 0;
  for (let step = 5; step <= 95; step++) {
    const { f1 } = scoresAt(pictures, step / 100);
    if (f1 !== null && f1 > most) [best, most] = [step / 100, f1];
  }
  return best;
}

/** The whole evaluation of one part. @param labels class names in the order of the model. */
export function buildDetectionReport(
  pictures: readonly ScoredPicture[],
  learnt: readonly string[],
  about: { sourceId: string; part: Part; createdAtMs: number },
  foreign: readonly string[] = [],
): DetectionReport {
  const labels = [...learnt, ...foreign];
  const classes = labels.map((label, c): DetectionClassScore => {
    const byIou = IOU_STEPS.map((iou) => averagePrecisionOf(matchClass(pictures, c, iou, ALL_AREAS)));
    return {
      label,
      ap50: byIou[0]!.ap,
      ap: meanOf(byIou.map(({ ap }) => ap)),
      support: pictures.reduce((sum, { truth }) => sum + truth.filter((box) => box.classIndex === c).length, 0),
      curve: byIou[0]!.curve,
    };
  });
  // What people see and count, as Preview shows it: an object has one name.
  const shown = pictures.map((picture) => ({ ...picture, found: nameOnce(picture.found) }));
  const bucket = (range: AreaRange) =>
    meanOf(labels.flatMap((_, c) => IOU_STEPS.map((iou) => averagePrecision(pictures, c, iou, range))));
  return {
    kind: 'boxes',
    ...about,
    map50: meanOf(classes.map(({ ap50 }) => ap50)) ?? 0,
    map50Interval: bootstrapInterval(pictures, labels.length, 0.5),
    map: meanOf(classes.map(({ ap }) => ap)) ?? 0,
    bySize: {
      small: bucket([0, SMALL_AREA]),
      medium: bucket([SMALL_AREA, LARGE_AREA]),
      large: bucket([LARGE_AREA, Infinity]),
    },
    classes,
    labels,
    ...(foreign.length > 0 ? { foreign: [...foreign] } : {}),
    bestThreshold: bestThreshold(shown),
    pictures: shown.map(({ itemId, path, truth, found }): PictureResult => ({
      itemId,
      path,
      truth: truth.map(({ x, y, width, height, classIndex }) => ({ x, y, width, height, classIndex })),
      found: found.map(({ x, y, width, height, classIndex, score }) => ({ x, y, width, height, classIndex, score })),
    })),
  };
}
