/**
 * Honest confidence: temperature scaling on validation clips, its reliability, and thresholds for a wanted precision. Any thread; pure.
 * @see Guo, Pleiss, Sun & Weinberger 2017, On calibration of modern neural networks
 */
import type { Calibration } from '../domain/calibration.ts';
import type { ClassificationReport } from '../domain/report.ts';

/** A clip's scores and the place of its true class; scores sum to 1. */
export type ScoredExample = { scores: readonly number[]; classIndex: number };

/** One column of a reliability diagram: mean confidence and share right of the examples in it. */
export type ReliabilityBin = { from: number; to: number; count: number; confidence: number; accuracy: number };

/** Whether scores stand for nothing: no class has any (silence, nobody in view). */
export const isNothing = (scores: ArrayLike<number>): boolean => Array.from(scores).every((score) => score === 0);

/** Fewest clips a temperature is fitted on: with fewer it would follow chance. */
export const FEWEST_CLIPS = 10;
const BINS = 10;

/** Scores at another temperature: above 1 less sure, below 1 surer; the order of the classes stays. @returns owned by the caller, sum 1; zeros, which stand for no answer, stay so. */
export function applyTemperature(scores: ArrayLike<number>, temperature: number): Float32Array {
  if (isNothing(scores)) return new Float32Array(scores.length);
  const out = Float32Array.from(scores, (score) => Math.max(score, 1e-12) ** (1 / temperature));
  const sum = out.reduce((total, value) => total + value, 0);
  return out.map((value) => value / sum);
}

/** The scored clips of a report, of classes the model has learnt. */
export function examplesOf(report: ClassificationReport): ScoredExample[] {
  return report.items.flatMap(({ label, scores }) => {
    const classIndex = report.confusion.labels.indexOf(label);
    return classIndex < 0 || classIndex >= scores.length ? [] : [{ scores, classIndex }];
  });
}

function meanLogLoss(examples: readonly ScoredExample[], temperature: number): number {
  let loss = 0;
  for (const { scores, classIndex } of examples)
    loss -= Math.log(Math.max(1e-12, applyTemperature(scores, temperature)[classIndex]!));
  return loss / examples.length;
}

/** The temperature with the smallest log loss, 0.1..10 (golden section on its logarithm). */
export function fitTemperature(examples: readonly ScoredExample[]): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let low = Math.log(0.1);
  let high = Math.log(10);
  const loss = (log: number) => meanLogLoss(examples, Math.exp(log));
  let a = high - ratio * (high - low);
  let b = low + ratio * (high - low);
  let [lossA, lossB] = [loss(a), loss(b)];
  while (high - low > 1e-3) {
    if (lossA < lossB) {
      [high, b, lossB] = [b, a, lossA];
      a = high - ratio * (high - low);
      lossA = loss(a);
    } else {
      [low, a, lossA] = [a, b, lossB];
      b = low + ratio * (high - low);
      lossB = loss(b);
    }
  }
  return Math.exp((low + high) / 2);
}

/** Reliability diagram in ten columns of the winner's confidence, and the expected calibration error. */
export function reliability(
  examples: readonly ScoredExample[],
  temperature = 1,
): { bins: ReliabilityBin[]; error: number } {
  const bins = Array.from({ length: BINS }, (_, i) => ({
    from: i / BINS,
    to: (i + 1) / BINS,
    count: 0,
    sure: 0,
    right: 0,
  }));
  for (const { scores, classIndex } of examples) {
    const values = applyTemperature(scores, temperature);
    const best = values.indexOf(Math.max(...values));
    const bin = bins[Math.min(BINS - 1, Math.floor(values[best]! * BINS))]!;
    bin.count++;
    bin.sure += values[best]!;
    if (best === classIndex) bin.right++;
  }
  const error = bins.reduce((sum, bin) => sum + Math.abs(bin.sure - bin.right), 0) / Math.max(1, examples.length);
  return {
    bins: bins.map(({ from, to, count, sure, right }) => ({
      from,
      to,
      count,
      confidence: count ? sure / count : 0,
      accuracy: count ? right / count : 0,
    })),
    error,
  };
}

/**
 * The lowest threshold per class at which the wanted share of its answers is right.
 * @returns in the order of the labels; null where no threshold reaches it on these clips.
 */
export function thresholdsFor(
  examples: readonly ScoredExample[],
  classCount: number,
  temperature: number,
  precision: number,
): (number | null)[] {
  const answers = examples.map(({ scores, classIndex }) => {
    const values = applyTemperature(scores, temperature);
    const best = values.indexOf(Math.max(...values));
    return { best, confidence: values[best]!, isRight: best === classIndex };
  });
  return Array.from({ length: classCount }, (_, c) => {
    const own = answers.filter(({ best }) => best === c).sort((a, b) => b.confidence - a.confidence);
    let right = 0;
    let threshold: number | null = null;
    for (const [i, { confidence, isRight }] of own.entries()) {
      if (isRight) right++;
      if (right / (i + 1) >= precision) threshold = confidence;
    }
    return threshold;
  });
}

/**
 * The lowest threshold per class at which it answers wrongly for at most so many clips per minute of sound that is not of the class.
 * @param examples with their length. @returns in the order of the labels, never null: a threshold above 1 silences a class.
 */
export function thresholdsForFalseAlarms(
  examples: readonly (ScoredExample & { durationSec: number })[],
  classCount: number,
  temperature: number,
  perMinute: number,
): number[] {
  return Array.from({ length: classCount }, (_, c) => {
    const others = examples.filter(({ classIndex }) => classIndex !== c);
    const minutes = others.reduce((sum, { durationSec }) => sum + durationSec, 0) / 60;
    const wrong = others
      .flatMap(({ scores }) => {
        const values = applyTemperature(scores, temperature);
        const best = values.indexOf(Math.max(...values));
        return best === c ? [values[best]!] : [];
      })
      .sort((a, b) => b - a);
    const first = wrong[Math.floor(perMinute * minutes)];
    // Just above the first wrong answer too many.
    return first === undefined ? 0 : first + 1e-6;
  });
}

/** How many examples of each class a wanted precision needs: fewer cannot tell it from a higher one. */
export const clipsFor = (precision: number): number => Math.ceil(1 / (1 - precision) - 1e-9);

/** Examples of the learnt class that has fewest: what a threshold can be chosen from. */
export const fewestOf = ({ classes, foreign }: ClassificationReport): number =>
  Math.min(...classes.slice(0, classes.length - (foreign?.length ?? 0)).map(({ support }) => support));

/** What thresholds leave: examples, those that are still answered, and those answered rightly. */
export type Answered = { count: number; answered: number; right: number };

/**
 * What is still answered at thresholds, on examples they were not chosen on. @param thresholds in the order of the scores; null = the class stays silent.
 * @returns by true class, in the same order, and of all.
 */
export function answeredAt(
  examples: readonly ScoredExample[],
  thresholds: readonly (number | null)[],
  temperature: number,
): { classes: Answered[]; all: Answered } {
  const none = (): Answered => ({ count: 0, answered: 0, right: 0 });
  const classes = thresholds.map(none);
  const all = none();
  for (const { scores, classIndex } of examples) {
    const values = applyTemperature(scores, temperature);
    const best = values.indexOf(Math.max(...values));
    const threshold = thresholds[best] ?? null;
    const isAnswered = threshold !== null && values[best]! >= threshold;
    for (const sum of [classes[classIndex], all]) {
      if (!sum) continue;
      sum.count++;
      if (isAnswered) sum.answered++;
      if (isAnswered && best === classIndex) sum.right++;
    }
  }
  return { classes, all };
}

/** What a validation report says about confidence; null when it has too few clips. */
export function calibrate(report: ClassificationReport): Calibration | null {
  const examples = examplesOf(report);
  if (examples.length < FEWEST_CLIPS) return null;
  // When no clip is wrong the loss only falls with the temperature: that would be certainty from nothing.
  const isPerfect = examples.every(({ scores, classIndex }) => scores.indexOf(Math.max(...scores)) === classIndex);
  const temperature = isPerfect ? Math.max(1, fitTemperature(examples)) : fitTemperature(examples);
  return {
    temperature,
    clipCount: examples.length,
    errorBefore: reliability(examples).error,
    errorAfter: reliability(examples, temperature).error,
    isOn: true,
    precision: null,
    falseAlarmsPerMin: null,
    thresholds: null,
  };
}

/** Thresholds by class for what a person wants; null = one threshold for all, set while listening. */
export type ThresholdGoal = Pick<Calibration, 'precision' | 'falseAlarmsPerMin'>;

/**
 * Thresholds for a goal, from validation clips. @param classIds in the order of the labels. @param lengthOf seconds of a clip, by item id.
 * @returns by class id, null where the goal is not reached; null without a goal.
 */
export function thresholdsForGoal(
  report: ClassificationReport,
  classIds: readonly string[],
  temperature: number,
  { precision, falseAlarmsPerMin }: ThresholdGoal,
  lengthOf: (itemId: string) => number,
): Calibration['thresholds'] {
  if (precision === null && falseAlarmsPerMin === null) return null;
  const classCount = report.confusion.labels.length - (report.foreign?.length ?? 0);
  const list: (number | null)[] =
    precision !== null
      ? thresholdsFor(examplesOf(report), classCount, temperature, precision)
      : thresholdsForFalseAlarms(
          report.items.flatMap(({ itemId, label, scores }) => {
            const classIndex = report.confusion.labels.indexOf(label);
            return classIndex < 0 ? [] : [{ scores, classIndex, durationSec: lengthOf(itemId) }];
          }),
          classCount,
          temperature,
          falseAlarmsPerMin!,
        );
  return Object.fromEntries(classIds.map((id, i) => [id, list[i] ?? null]));
}

/** Calibration after more training: what the person chose stays, thresholds for their goal are found anew. */
export function recalibrate(
  report: ClassificationReport,
  before: Calibration | null,
  lengthOf: (itemId: string) => number,
): Calibration | null {
  const next = calibrate(report);
  if (!next || !before) return next;
  const { isOn, precision, falseAlarmsPerMin } = before;
  const kept = { ...next, isOn };
  if (!before.thresholds) return kept;
  const temperature = isOn ? next.temperature : 1;
  const goal = { precision, falseAlarmsPerMin };
  return {
    ...kept,
    ...goal,
    thresholds: thresholdsForGoal(report, Object.keys(before.thresholds), temperature, goal, lengthOf),
  };
}
