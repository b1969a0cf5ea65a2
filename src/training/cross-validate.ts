/**
 * Cross-validation within the training examples: a model for each fold, judged on the fold it never saw. It says how many iterations are best and what score to expect;
 * the model people get is then trained on every example. Worker thread, after the engine was started.
 * @see Hastie, Tibshirani & Friedman 2009, The Elements of Statistical Learning, §7.10
 */
import type { RunData } from '../domain/project.ts';
import { StudioError } from '../kernel/errors.ts';
import { fit, type Trainable, type Validation } from './fit.ts';
import type { PreparedRun } from './slot.ts';

/** Validation of each iteration over all folds; `rank` decides which is best, lower is better. */
export type FoldedPoint = { loss: number; accuracy: number; rank: number };
/** What is known of a run by its folds. `noveltyLimit`: the middle of those its folds found on examples they had not seen; null without any. */
export type Judged = { points: FoldedPoint[]; noveltyLimit: number | null };
/** With the scores of each judged example at the best iteration, shape [windows, classes]. */
export type CrossValidated = Judged & { best: number; scores: Map<string, Float32Array> };

/** As numbers of a checkpoint. */
export function packFolds({ points, noveltyLimit }: Judged): Record<string, Float32Array | number> {
  return {
    foldLosses: Float32Array.from(points, ({ loss }) => loss),
    foldAccuracies: Float32Array.from(points, ({ accuracy }) => accuracy),
    foldNovelty: noveltyLimit ?? -1,
  };
}

/** Back from there; null when the run was not cross-validated. */
export function unpackFolds(state: Readonly<Record<string, Float32Array | number>>): Judged | null {
  const { foldLosses, foldAccuracies, foldNovelty } = state;
  if (!(foldLosses instanceof Float32Array) || !(foldAccuracies instanceof Float32Array)) return null;
  const ranks = rankIterations([...foldLosses]);
  return {
    points: ranks.map((rank, i) => ({ loss: foldLosses[i]!, accuracy: foldAccuracies[i]!, rank })),
    noveltyLimit: typeof foldNovelty === 'number' && foldNovelty > 0 ? foldNovelty : null,
  };
}

/** Iterations on either side whose losses are averaged: one iteration alone is luck. */
const SMOOTHED = 2;

/** Runs that nobody resumes keep no checkpoints. */
const NEVER_MS = { betweenIterations: Infinity, withinIteration: Infinity };

/** A trainable that is validated by somebody else. @param inner borrowed. */
export function judgedBy(inner: Trainable, validate: (iteration: number) => Validation | null): Trainable {
  let iteration = 0;
  return {
    get stepCount() {
      return inner.stepCount;
    },
    ...(inner.watch ? { watch: inner.watch } : {}),
    step(at, step, rate) {
      iteration = at;
      return inner.step(at, step, rate);
    },
    validate: () => Promise.resolve(validate(iteration)),
    saveWeights: () => inner.saveWeights(),
    saveModel: () => inner.saveModel(),
    loadWeights: (weights) => inner.loadWeights(weights),
    saveOptimiser: () => inner.saveOptimiser(),
    loadOptimiser: (state) => inner.loadOptimiser(state),
    [Symbol.dispose]() {},
  };
}

/** Rank of every iteration, lower is better: its loss, smoothed. @param losses by iteration, from the first. */
export function rankIterations(losses: readonly number[]): number[] {
  return losses.map((_, i) => {
    const near = losses.slice(Math.max(0, i - SMOOTHED), i + SMOOTHED + 1);
    return near.reduce((sum, loss) => sum + loss, 0) / near.length;
  });
}

/**
 * @param data with folds. @param prepare a run on part of the examples. @param iterations of each fold. @param progress done of all folds, 0..1.
 * @returns null when no fold could be judged. @throws an AbortError; StudioError `training/diverged`.
 */
export async function crossValidate(
  data: RunData,
  prepare: (data: RunData) => Promise<PreparedRun>,
  options: { iterations: number; learningRate: number; signal: AbortSignal; progress: (ratio: number) => void },
): Promise<CrossValidated | null> {
  const { iterations, learningRate, signal, progress } = options;
  const { folds = [], training } = data;
  const numbers = [...new Set(folds.filter((fold) => fold >= 0))].sort((a, b) => a - b);
  const losses = new Array<number>(iterations).fill(0);
  const right = new Array<number>(iterations).fill(0);
  let windows = 0;
  /** Scores of every iteration, by fold: small beside the features they come from. */
  const kept: { ids: string[]; clipOf: readonly number[]; byIteration: Float32Array[] }[] = [];
  const noveltyLimits: number[] = [];
  for (const [n, fold] of numbers.entries()) {
    const held = training.filter((_, i) => folds[i] === fold);
    const { folds: _folds, ...rest } = data;
    const prepared = await prepare({
      ...rest,
      training: training.filter((_, i) => folds[i] !== fold),
      validation: held,
    });
    const judge = prepared.held;
    if (!judge || judge.clipOf.length === 0) continue;
    if (prepared.novelty) noveltyLimits.push(prepared.novelty.limit);
    const count = judge.clipOf.length;
    windows += count;
    const byIteration: Float32Array[] = [];
    using trainable = prepared.makeTrainable();
    const end = await fit(
      trainable,
      {
        iterations,
        learningRate,
        patience: 0,
        holdOut: null,
        checkpointEveryMs: NEVER_MS,
        signal,
        wantsPause: () => false,
        wantsSnapshot: () => false,
        onStep: (iteration, ratio) => progress((n + (iteration + ratio) / iterations) / numbers.length),
        onIteration: ({ iteration, validationLoss, validationAccuracy }) => {
          losses[iteration - 1]! += count * (validationLoss ?? 0);
          right[iteration - 1]! += count * (validationAccuracy ?? 0);
          byIteration.push(judge.scoresOf(trainable).slice());
        },
        onCheckpoint: async () => {},
        onSnapshot: async () => {},
      },
      null,
    );
    if (end.reason !== 'completed') throw new DOMException('stopped', 'AbortError');
    kept.push({ ids: held, clipOf: judge.clipOf, byIteration });
  }
  if (windows === 0) return null;
  const ranks = rankIterations(losses.map((loss) => loss / windows));
  if (ranks.some((rank) => !Number.isFinite(rank))) throw new StudioError('training/diverged');
  const best = ranks.indexOf(Math.min(...ranks)) + 1;
  const scores = new Map<string, Float32Array>();
  for (const { ids, clipOf, byIteration } of kept) {
    const all = byIteration[best - 1]!;
    const classCount = all.length / clipOf.length;
    ids.forEach((id, clip) => {
      const rows = clipOf.flatMap((owner, window) => (owner === clip ? [window] : []));
      if (rows.length === 0) return;
      const own = new Float32Array(rows.length * classCount);
      rows.forEach((row, i) => own.set(all.subarray(row * classCount, (row + 1) * classCount), i * classCount));
      scores.set(id, own);
    });
  }
  const points = ranks.map((rank, i) => ({ loss: losses[i]! / windows, accuracy: right[i]! / windows, rank }));
  const limits = noveltyLimits.toSorted((a, b) => a - b);
  return { points, best, scores, noveltyLimit: limits[Math.floor(limits.length / 2)] ?? null };
}

/** Share of examples that the models of the folds named rightly at the best iteration. @param classOf class of an example by its id. */
export function accuracyOf({ scores }: CrossValidated, classOf: (id: string) => number, classCount: number): number {
  let right = 0;
  for (const [id, windows] of scores) {
    const sums = new Array<number>(classCount).fill(0);
    windows.forEach((score, i) => (sums[i % classCount]! += score));
    if (sums.indexOf(Math.max(...sums)) === classOf(id)) right++;
  }
  return right / Math.max(1, scores.size);
}
