/** Scores of a classifier. Any thread; pure: plain numbers in, plain numbers out. One definition for the app, the headless runner and exported reports. */
import type { Part } from '../domain/project.ts';
import type { ClassScore, Confusion, ItemPrediction, ClassificationReport } from '../domain/report.ts';

/** One clip with what the model said of each of its windows. */
export type ScoredClip = {
  itemId: string;
  path: string;
  /** Index of the true class. */
  classIndex: number;
  /** Class probabilities, shape [windows, classes]; at least one window. */
  windowScores: Float32Array;
};

function indexOfLargest(values: ArrayLike<number>, at = 0, length = values.length): number {
  let best = 0;
  for (let i = 1; i < length; i++) if (values[at + i]! > values[at + best]!) best = i;
  return best;
}

/** Clip scores: the mean over windows of each class probability. @returns sum 1 when each window sums to 1. */
export function meanOverWindows(windowScores: Float32Array, classCount: number): number[] {
  const windows = windowScores.length / classCount;
  const mean = new Array<number>(classCount).fill(0);
  for (let i = 0; i < windowScores.length; i++) mean[i % classCount]! += windowScores[i]! / windows;
  return mean;
}

/**
 * Counts of true against predicted classes.
 * @returns rows in the order of `labels`: `rows[true][predicted]`.
 */
export function confusionOf(
  pairs: readonly { label: string; predicted: string }[],
  labels: readonly string[],
): Confusion {
  const rows = labels.map(() => new Array<number>(labels.length).fill(0));
  const index = new Map(labels.map((label, i) => [label, i]));
  for (const { label, predicted } of pairs) {
    const row = index.get(label);
    const column = index.get(predicted);
    if (row !== undefined && column !== undefined) rows[row]![column]!++;
  }
  return { labels: [...labels], rows };
}

/**
 * Precision TP / (TP + FP), recall TP / (TP + FN) and F1 (their harmonic mean) per class.
 * Null where the denominator is 0; F1 is 0 when one of both is 0 and null when the class has no example.
 */
export function classScores({ labels, rows }: Confusion): ClassScore[] {
  return labels.map((label, i) => {
    const right = rows[i]![i]!;
    const support = rows[i]!.reduce((sum, count) => sum + count, 0);
    const predicted = rows.reduce((sum, row) => sum + row[i]!, 0);
    const precision = predicted === 0 ? null : right / predicted;
    const recall = support === 0 ? null : right / support;
    const f1 = recall === null ? null : (2 * right) / (support + predicted);
    return { label, precision, recall, f1, support };
  });
}

/** Mean F1 over classes that have examples. */
export function macroF1(classes: readonly ClassScore[]): number {
  const present = classes.filter((score) => score.support > 0);
  return present.reduce((sum, score) => sum + (score.f1 ?? 0), 0) / Math.max(1, present.length);
}

/**
 * The whole evaluation of one part.
 * @param labels class names in the order of the scores. @param foreign classes the model has not learnt; class indices go on with them after the labels.
 */
export function buildReport(
  clips: readonly ScoredClip[],
  labels: readonly string[],
  about: { sourceId: string; part: Part; createdAtMs: number },
  foreign: readonly string[] = [],
): ClassificationReport {
  const classCount = labels.length;
  const all = [...labels, ...foreign];
  let windowCount = 0;
  let windowsRight = 0;
  const items: ItemPrediction[] = clips.map(({ itemId, path, classIndex, windowScores }) => {
    for (let at = 0; at < windowScores.length; at += classCount) {
      windowCount++;
      if (indexOfLargest(windowScores, at, classCount) === classIndex) windowsRight++;
    }
    const scores = meanOverWindows(windowScores, classCount);
    const best = indexOfLargest(scores);
    return { itemId, path, label: all[classIndex]!, predicted: labels[best]!, confidence: scores[best]!, scores };
  });
  const confusion = confusionOf(items, all);
  const classes = classScores(confusion);
  const right = items.filter((item) => item.label === item.predicted).length;
  return {
    kind: 'class',
    ...about,
    clipAccuracy: right / Math.max(1, items.length),
    windowAccuracy: windowsRight / Math.max(1, windowCount),
    windowCount,
    macroF1: macroF1(classes),
    chance: Math.max(0, ...classes.map((score) => score.support)) / Math.max(1, items.length),
    classes,
    ...(foreign.length > 0 ? { foreign: [...foreign] } : {}),
    confusion,
    items,
  };
}
