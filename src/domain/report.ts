/** What an evaluation says. Any thread; plain numbers. */
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

/** How a model's scores become confidences, fitted on validation clips. `errorBefore` and `errorAfter`: expected calibration error, 0..1. */
export type Calibration = {
  temperature: number;
  clipCount: number;
  errorBefore: number;
  errorAfter: number;
  isOn: boolean;
  /** Precision the thresholds were chosen for; null = one threshold for all, set while listening. */
  precision: number | null;
  /** False alarms per minute the thresholds were chosen for. */
  falseAlarmsPerMin: number | null;
  /** Threshold by class id; null where the precision is not reached. */
  thresholds: Record<string, number | null> | null;
};

/** The evaluation of one part of the data by one model. */
export type Report = {
  sourceId: string;
  part: Part;
  createdAtMs: number;
  clipAccuracy: number;
  windowAccuracy: number;
  windowCount: number;
  macroF1: number;
  /** Score of always answering the most frequent class. */
  chance: number;
  classes: ClassScore[];
  confusion: Confusion;
  items: ItemPrediction[];
};
