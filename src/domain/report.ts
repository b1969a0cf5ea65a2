/** What an evaluation says. Any thread; plain numbers. */
import type { Detection, Rect } from './boxes.ts';
import type { Part } from './project.ts';

/** Scores of one class; ratios 0..1, null when undefined (no example or no prediction). */
export type ClassScore = {
  label: string;
  precision: number | null;
  recall: number | null;
  f1: number | null;
  support: number;
};

/** Counts: `rows[true][predicted]`, both in the order of `labels`. */
export type Confusion = { labels: string[]; rows: number[][] };

/** One clip's prediction: mean over its windows. `scores` in the order of the labels, sum 1. */
export type ItemPrediction = {
  itemId: string;
  path: string;
  label: string;
  predicted: string;
  confidence: number;
  scores: number[];
};

/** The evaluation of one part of the data by one classifier. `kind` is that of the labels it judges. */
export type ClassificationReport = {
  kind: 'class';
  sourceId: string;
  part: Part;
  createdAtMs: number;
  /** Cross-validated: each example was judged by one of so many models, which had never seen it. */
  folds?: number;
  /** Iterations those models were trained for: what came later was never checked. */
  foldedIterations?: number;
  clipAccuracy: number;
  windowAccuracy: number;
  windowCount: number;
  macroF1: number;
  /** Score of always answering the most frequent class. */
  chance: number;
  classes: ClassScore[];
  /** Classes of examples that the model has not learnt: the last of the labels, always answered wrongly, without a score. */
  foreign?: string[];
  confusion: Confusion;
  items: ItemPrediction[];
};

/** Precision at 101 recalls; `threshold` is the score down to which boxes must be taken for that recall, null when it is never reached. */
export type PrecisionRecall = { recall: number; precision: number; threshold: number | null }[];

/** Average precision of one class; ratios 0..1, null when the pictures do not have it. */
export type DetectionClassScore = {
  label: string;
  ap50: number | null;
  /** Mean over overlaps of 0.50 to 0.95. */
  ap: number | null;
  support: number;
  /** At an overlap of 0.50. */
  curve: PrecisionRecall;
};

/** What is there in a picture and what a model found, in ratios of the picture. */
export type PictureResult = {
  itemId: string;
  path: string;
  truth: (Rect & { classIndex: number })[];
  found: Detection[];
};

/** Something a detector got wrong: indices into a {@link PictureResult}. */
export type DetectionError = {
  kind: 'missed' | 'wrong-class' | 'poor-box' | 'background' | 'duplicate';
  foundIndex: number | null;
  truthIndex: number | null;
};

/** The evaluation of one part of the data by one object detector, as COCO defines it. */
export type DetectionReport = {
  kind: 'boxes';
  sourceId: string;
  part: Part;
  createdAtMs: number;
  /** The pictures were held out for so many iterations, and judged then: what was trained later knows them. */
  foldedIterations?: number;
  /** Mean over classes of the average precision at an overlap of 0.50. */
  map50: number;
  /** Holds it in 95 % of such sets of pictures; absent in reports of before. */
  map50Interval?: [low: number, high: number];
  /** The same averaged over overlaps of 0.50 to 0.95. */
  map: number;
  /** Of boxes up to 32² and from 96² square pixels; null when there are none. */
  bySize: { small: number | null; medium: number | null; large: number | null };
  classes: DetectionClassScore[];
  labels: string[];
  /** Classes of objects that the model has not learnt, the last of the labels: never found. */
  foreign?: string[];
  /** Score with the best F1. */
  bestThreshold: number;
  pictures: PictureResult[];
};

/** What is stored for a model and a part of the data. */
export type Report = ClassificationReport | DetectionReport;
