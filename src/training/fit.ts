/**
 * The training loop of every task: iterations, schedule, best weights, early stop, checkpoints. Worker thread. What a step does is the
 * task's own (`Trainable`). The loop keeps no random state: iteration and step numbers key every draw, so it can stop after any step and go on later with the
 * same numbers.
 */
import type { Detection } from '../domain/boxes.ts';
import type { CurvePoint } from '../domain/project.ts';
import { StudioError } from '../kernel/errors.ts';
import type { EngineWatch } from '../model/jobs.ts';
import { yieldToMessages } from '../kernel/yield.ts';

/** Result of one step: mean loss and how many of the examples were right; of detectors the parts of the loss and the overlap of their boxes instead. */
export type StepResult = { loss: number; correct: number; count: number; parts?: { classes: number; boxes: number } };

/** Scores on the validation data; ratios 0..1. `rank` decides which weights are the best, the loss where it is absent; lower is better. */
export type Validation = { loss: number | null; accuracy: number; rank?: number; look?: QuickLook };

/** What a detector finds in a few fixed validation pictures at this moment. `classIndex` in the order of the run's classes. */
export type QuickLook = { itemId: string; found: Detection[] }[];

/** What a task brings to the loop. Owns its tensors. */
export interface Trainable extends Disposable {
  /** Steps of one iteration. */
  readonly stepCount: number;
  /** Whether what computes still answers: nothing waits for it for ever, and nothing wrong is kept. Absent where it always does. */
  readonly watch?: EngineWatch;
  /** One update. `learningRate` is already scheduled. */
  step(iteration: number, step: number, learningRate: number): Promise<StepResult>;
  /** Scores on the validation data; null when there are none. */
  validate(): Promise<Validation | null>;
  /** All weights of the model, in its order; owned by the caller. */
  saveWeights(): Promise<Float32Array>;
  /** The same of the model people get, which is what `validate` judges: the mean over the last steps where one is kept. */
  saveModel(): Promise<Float32Array>;
  loadWeights(weights: Float32Array): void;
  saveOptimiser(): Promise<{ moments: Float32Array; stepCount: number }>;
  loadOptimiser(state: { moments: Float32Array; stepCount: number }): void;
}

/** Everything needed to go on after an interruption. */
export type FitState = {
  iteration: number;
  /** Steps done of the iteration in flight. */
  step: number;
  lossSum: number;
  correct: number;
  count: number;
  bestIteration: number;
  /** Rank of the best weights, lower is better; Infinity before there is one. */
  bestRank: number;
  /** Patience counts from here at the earliest: where "Train more" was pressed. */
  patienceFrom: number;
  weights: Float32Array;
  moments: Float32Array;
  stepCount: number;
  bestWeights: Float32Array;
};

/** Options of the loop. */
export type FitOptions = {
  iterations: number;
  learningRate: number;
  /** Iterations without a better validation loss before it stops; 0 = never. */
  patience: number;
  /**
   * The run has two stages: examples are held out for so many iterations, and then trained on with the others. The learning rate falls in each of them
   * (Loshchilov & Hutter 2017, SGDR); nothing is validated in the second, whose last weights are the best. Null = one stage.
   */
  holdOut: { iterations: number; onEnd: (bestWeights: Float32Array) => Promise<void> } | null;
  /** Milliseconds between checkpoints at ends of iterations, and within a long iteration. */
  checkpointEveryMs: { betweenIterations: number; withinIteration: number };
  signal: AbortSignal;
  /** Asked between steps. */
  wantsPause: () => boolean;
  wantsSnapshot: () => boolean;
  /** @param ratio done of the iteration after `iteration`, 0..1. */
  onStep: (iteration: number, ratio: number) => void;
  onIteration: (point: CurvePoint, best: number, look: QuickLook | null) => void;
  /** Stores a state; awaited, so that no two overlap. */
  onCheckpoint: (state: FitState) => Promise<void>;
  onSnapshot: (weights: Float32Array, iteration: number) => Promise<void>;
};

/** How a fit ended. */
export type FitEnd = { reason: 'completed' | 'converged' | 'paused' | 'stopped'; state: FitState };

/** Share of the planned steps over which the learning rate rises. */
const WARM_UP_RATIO = 0.03;

/** Learning rate of a step: linear warm-up, then half a cosine to a hundredth. */
export function scheduledRate(base: number, progressRatio: number): number {
  const warm = Math.min(1, (progressRatio + 1e-3) / WARM_UP_RATIO);
  return base * Math.min(warm, 0.01 + 0.99 * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, progressRatio))));
}

/** The learning rate of the second stage begins at this share of the first one's. */
const SECOND_STAGE = 0.4;

/** Learning rate of a step of a run of one or two stages. @param heldSteps steps of the first; null = there is one. */
export function stagedRate(base: number, done: number, total: number, heldSteps: number | null): number {
  if (heldSteps === null || total <= heldSteps) return scheduledRate(base, done / total);
  if (done < heldSteps) return scheduledRate(base, done / heldSteps);
  const progress = (done - heldSteps) / (total - heldSteps);
  return SECOND_STAGE * scheduledRate(base, WARM_UP_RATIO + (1 - WARM_UP_RATIO) * progress);
}

/** What a lost device breaks may be heard of this long before its loss. */
const LOSS_MS = 250;

/** Waits for work of a trainable, or for the end of what computes it. @throws StudioError `gpu/device-lost`; whatever the work throws. */
export async function answered<T>({ watch }: Pick<Trainable, 'watch'>, work: Promise<T>): Promise<T> {
  if (!watch) return work;
  try {
    const value = await Promise.race([watch.lost, work]);
    watch.assertAlive();
    return value;
  } catch (error) {
    await Promise.race([watch.lost, new Promise((resolve) => setTimeout(resolve, LOSS_MS))]);
    throw error;
  }
}

/**
 * Trains from the start or from `resume` until done, converged, paused or stopped.
 * @returns the state with the last weights and the best ones (lowest validation loss; the last ones without validation).
 * @throws StudioError `training/diverged` when the loss is not a number, `gpu/device-lost`; whatever a step throws. An abort ends with reason 'stopped' and a usable state.
 */
export async function fit(trainable: Trainable, options: FitOptions, resume: FitState | null): Promise<FitEnd> {
  const { iterations, signal, holdOut } = options;
  const total = iterations * trainable.stepCount;
  const heldSteps = holdOut && holdOut.iterations * trainable.stepCount;
  let best = resume ? { iteration: resume.bestIteration, rank: resume.bestRank, weights: resume.bestWeights } : null;
  if (resume) {
    trainable.loadWeights(resume.weights);
    trainable.loadOptimiser({ moments: resume.moments, stepCount: resume.stepCount });
  }
  let at = {
    iteration: resume?.iteration ?? 0,
    step: resume?.step ?? 0,
    lossSum: resume?.lossSum ?? 0,
    correct: resume?.correct ?? 0,
    count: resume?.count ?? 0,
  };
  const capture = async (): Promise<FitState> => {
    const [weights, optimiser] = await answered(
      trainable,
      Promise.all([trainable.saveWeights(), trainable.saveOptimiser()]),
    );
    return {
      ...at,
      weights,
      moments: optimiser.moments,
      stepCount: optimiser.stepCount,
      bestIteration: best?.iteration ?? 0,
      bestRank: best?.rank ?? Infinity,
      patienceFrom: resume?.patienceFrom ?? 0,
      bestWeights: best?.weights ?? weights,
    };
  };

  let lastCheckpoint = performance.now();
  let parts: StepResult['parts'];
  while (at.iteration < iterations) {
    const iteration = at.iteration + 1;
    while (at.step < trainable.stepCount) {
      await yieldToMessages();
      if (signal.aborted) return { reason: 'stopped', state: await capture() };
      if (options.wantsSnapshot())
        await options.onSnapshot(await answered(trainable, trainable.saveModel()), at.iteration);
      if (options.wantsPause()) return { reason: 'paused', state: await capture() };
      const done = at.iteration * trainable.stepCount + at.step;
      const rate = stagedRate(options.learningRate, done, total, heldSteps);
      const result = await answered(trainable, trainable.step(iteration, at.step, rate));
      if (!Number.isFinite(result.loss)) throw new StudioError('training/diverged', { details: { iteration } });
      at.step++;
      at.lossSum += result.loss * result.count;
      at.correct += result.correct;
      at.count += result.count;
      if (result.parts) {
        const share = 1 / at.step;
        const { classes, boxes } = result.parts;
        parts = {
          classes: (parts && at.step > 1 ? parts.classes : classes) * (1 - share) + classes * share,
          boxes: (parts && at.step > 1 ? parts.boxes : boxes) * (1 - share) + boxes * share,
        };
      }
      options.onStep(at.iteration, at.step / trainable.stepCount);
      if (performance.now() - lastCheckpoint >= options.checkpointEveryMs.withinIteration) {
        await options.onCheckpoint(await capture());
        lastCheckpoint = performance.now();
      }
    }
    const isJudged = !holdOut || iteration <= holdOut.iterations;
    const validation = isJudged ? await answered(trainable, trainable.validate()) : null;
    const rank = validation?.rank ?? validation?.loss ?? Infinity;
    if (!best || !validation || rank < best.rank)
      best = { iteration, rank, weights: await answered(trainable, trainable.saveModel()) };
    const point: CurvePoint = {
      iteration,
      trainingLoss: at.lossSum / Math.max(1, at.count),
      trainingAccuracy: at.correct / Math.max(1, at.count),
      validationLoss: validation?.loss ?? null,
      validationAccuracy: validation?.accuracy ?? null,
      ...(parts ? { parts } : {}),
    };
    at = { iteration, step: 0, lossSum: 0, correct: 0, count: 0 };
    options.onIteration(point, best.iteration, validation?.look ?? null);
    if (iteration === holdOut?.iterations) await answered(trainable, holdOut.onEnd(best.weights));
    if (performance.now() - lastCheckpoint >= options.checkpointEveryMs.betweenIterations) {
      await options.onCheckpoint(await capture());
      lastCheckpoint = performance.now();
    }
    if (
      options.patience > 0 &&
      validation &&
      iteration - Math.max(best.iteration, resume?.patienceFrom ?? 0) >= options.patience
    ) {
      return { reason: 'converged', state: await capture() };
    }
  }
  return { reason: 'completed', state: await capture() };
}
