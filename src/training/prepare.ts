/** From settings and data to what the loop needs, for every task. Worker thread. */
import type { ModelArtifact, Preprocessing } from '../dataset/index.ts';
import type { MediaItem, RunData, TrainingSettings } from '../domain/project.ts';
import type { Backbone, FeatureCache } from '../features/jobs.ts';
import { StudioError } from '../kernel/errors.ts';
import { formatCount, formatPercent } from '../kernel/format.ts';
import { ClassifierTrainable, measureNormalisation } from './classifier-trainable.ts';
import type { NetworkTrainable } from './network-trainable.ts';
import { prepareMotionRun } from './motion/prepare-motion.ts';
import { automaticIterations } from './sound/batches.ts';
import { measureNovelty } from './sound/novelty.ts';
import { prepareRun, type ClipOfRun } from './sound/prepare-run.ts';
import { DetectorTrainable } from './vision/detector-trainable.ts';
import { prepareVisionRun } from './vision/prepare-vision.ts';
import { automaticDetectorIterations } from './vision/vision-settings.ts';

/** Pictures an iteration of a detector on pixels may have on the plain CPU engine, which takes seconds for each. */
const MOST_ON_CPU = 20;

/** What a task brings to a run. */
export type PreparedRun = {
  /** Builds the network anew; after the engine was started. Caller disposes. */
  makeTrainable: () => NetworkTrainable;
  /** Names runs whose steps cost the same. */
  shape: string;
  automaticIterations: number;
  /** Examples of an iteration. */
  exampleCount: number;
  /** The data in words, for the log. */
  words: string;
  /** A validation score in words. */
  score: (accuracy: number) => string;
  preprocessing: Preprocessing;
  novelty: ModelArtifact['novelty'] | null;
  /** Too much for the plain CPU engine: hours or days. */
  isHeavy: boolean;
  /** Kept in checkpoints, so that a run that goes on sees the same numbers. */
  normalisation: Record<string, Float32Array | number>;
};

/**
 * @param state of the checkpoint the run goes on from. @param cache the features must be in the database behind it.
 * @param backbone reads the network that fine-tuning starts from.
 * @throws StudioError `training/data-changed`, `training/joints-differ`, `features/clip-missing`.
 */
export async function prepare(
  settings: TrainingSettings,
  data: RunData,
  items: readonly MediaItem[],
  cache: FeatureCache,
  backbone: () => Promise<Backbone>,
  state: Record<string, Float32Array | number> | null,
  signal: AbortSignal,
): Promise<PreparedRun> {
  const { training, validation } = data;
  if (settings.vision) {
    const { run, preprocessing, exampleCount } = await prepareVisionRun(
      settings,
      data,
      items,
      cache,
      backbone,
      state,
      signal,
    );
    const { kind, pixels, tiles } = preprocessing;
    return {
      makeTrainable: () => new DetectorTrainable(run),
      shape: `${data.classIds.length} ${run.examples.batchSize}`,
      automaticIterations: automaticDetectorIterations(exampleCount, settings.algorithm),
      exampleCount,
      words: `${formatCount(training.length, 'picture')} at ${pixels} pixels${tiles > 1 ? ` in ${tiles} × ${tiles} tiles` : ''}, ${validation.length} for validation`,
      score: (accuracy) => `an average precision of ${accuracy.toFixed(2)} on validation pictures`,
      preprocessing,
      novelty: null,
      isHeavy: kind === 'pixels' && exampleCount > MOST_ON_CPU,
      normalisation: {
        scale: preprocessing.scale,
        channelMean: Float32Array.from(preprocessing.channelMean),
        channelFactor: Float32Array.from(preprocessing.channelFactor),
      },
    };
  }
  const byId = new Map(items.map((item) => [item.id, item]));
  const clips = (ids: readonly string[], isLabelled = true): ClipOfRun[] =>
    ids.map((id) => {
      const item = byId.get(id)!;
      const classIndex = isLabelled ? data.classIds.indexOf(item.classId ?? '') : -1;
      if (isLabelled && classIndex < 0) throw new StudioError('training/data-changed');
      return { itemId: id, hash: item.hash, classIndex };
    });
  const { run, preprocessing } = settings.motion
    ? await prepareMotionRun(settings, data, items, clips, cache, signal)
    : await prepareRun(settings, data, items, clips, cache, signal);
  const { examples } = run;
  const normalisation = state
    ? { mean: state.mean as number, deviation: state.deviation as number }
    : await measureNormalisation(examples);
  const isEmbedding = preprocessing.kind !== 'log-mel' && preprocessing.kind !== 'landmarks';
  return {
    makeTrainable: () => new ClassifierTrainable(run, normalisation),
    shape: examples.shape.join('x'),
    automaticIterations: automaticIterations(examples.training.length, settings.motion !== undefined),
    exampleCount: examples.training.length,
    words: `${examples.training.length} windows of ${training.length} clips, ${validation.length} validation clips`,
    score: (accuracy) => `${formatPercent(accuracy)} of validation windows right`,
    preprocessing: { ...preprocessing, ...normalisation },
    novelty: isEmbedding ? await measureNovelty(examples, run.classCount) : null,
    isHeavy: false,
    normalisation,
  };
}
