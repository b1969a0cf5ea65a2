/** From settings and clips to what a run works on: features, network, and the numbers that travel with the model. Worker thread. */
import type { EmbeddingPreprocessing, LogMelPreprocessing } from '../../domain/model.ts';
import { modalityOf, problemOf } from '../../domain/task.ts';
import {
  embeddingCut,
  embeddingExtractor,
  LOG_MEL_EXTRACTOR,
  LOG_MEL_SPEC,
  networkOf,
  rateOfNetwork,
  windowFrames,
} from '../../features/index.ts';
import { throwIfAborted } from '../../kernel/errors.ts';
import { EmbeddingExamples, type EmbeddedClip } from '../classification/examples.ts';
import { copySettings } from './copies.ts';
import { clipsOfRun, prepareClassifier, type ClipOfRun } from '../classification/prepare.ts';
import type { PreparedRun, PrepareContext } from '../slot.ts';
import { LogMelExamples } from './examples.ts';
import { networkOfAlgorithm, soundBudget } from './sound-settings.ts';
import { buildSoundNetwork } from './full-network.ts';
import { buildHead } from '../classification/heads.ts';
import type { TrainingClip } from './batches.ts';

/** Nothing that is known is much quieter than the quietest clip; rooms and microphones alone are. */
const [BELOW_QUIETEST_DB, LOUDEST_QUIET_DB] = [15, -60];
const SILENCE_DB = -120;

/** Level under which a window is nothing. */
function quietLevel({ data, items }: PrepareContext): number {
  const given = new Set([...data.training, ...data.validation]);
  const levels = items.flatMap(({ id, media }) =>
    given.has(id) && 'rmsDb' in media ? [Number.isFinite(media.rmsDb) ? media.rmsDb : SILENCE_DB] : [],
  );
  const quietest = levels.reduce((least, level) => Math.min(least, level), 0);
  return Math.round(Math.min(LOUDEST_QUIET_DB, quietest - BELOW_QUIETEST_DB));
}

/** @throws StudioError `training/data-changed`, `features/clip-missing`. */
export async function prepareSound(context: PrepareContext): Promise<PreparedRun> {
  const { settings, data, items, cache, signal } = context;
  const { batchSize, seed } = settings;
  const { windowSec, overlapRatio, augment } = modalityOf(settings, 'sound');
  const { balanceClasses, head } = problemOf(settings, 'classification');
  const clips = (ids: readonly string[], isLabelled = true) => clipsOfRun(ids, items, data, isLabelled);
  const classCount = data.classIds.length;
  const network = networkOfAlgorithm(settings.algorithm);
  const sampleRateHz = network ? rateOfNetwork(network) : LOG_MEL_SPEC.sampleRateHz;
  const shared = { sampleRateHz, windowSec, overlapRatio, clipScore: 'mean', quietDb: quietLevel(context) } as const;
  const common = { classCount, batchSize, seed, balanceClasses };
  if (network) {
    const cut = embeddingCut(network, windowSec, overlapRatio);
    const size = cut.shape.reduce((product, side) => product * side, 1);
    const copies = copySettings(settings, data, items);
    const load = (hash: string, copy: number) => cache.get(hash, embeddingExtractor(cut, copy, copies));
    const embedded = async (list: ClipOfRun[]): Promise<EmbeddedClip[]> => {
      const known: EmbeddedClip[] = [];
      for (const { hash, classIndex } of list) {
        throwIfAborted(signal);
        known.push({ hash, classIndex, windowCount: (await load(hash, 0)).length / size });
      }
      return known;
    };
    const examples = new EmbeddingExamples(
      await embedded(clips(data.training)),
      await embedded(clips(data.validation)),
      {
        shape: cut.shape,
        copyCount: copies?.count ?? 0,
        classCount,
        isMixed: augment.mixup,
        load,
      },
    );
    const preprocessing: Omit<EmbeddingPreprocessing, 'mean' | 'deviation'> = {
      kind: network,
      ...shared,
      networkFiles: networkOf(network).files.map((file) => file.sha256),
      windowSamples: cut.windowSamples,
      hopSamples: cut.hopSamples,
      shape: cut.shape,
    };
    return prepareClassifier(
      context,
      { ...common, examples, build: (from) => buildHead(cut.shape, classCount, head, from) },
      preprocessing,
      { hasNovelty: true, budget: soundBudget(settings) },
    );
  }
  const window = windowFrames(windowSec, overlapRatio);
  const measured = async (list: ClipOfRun[]): Promise<TrainingClip[]> => {
    const known: TrainingClip[] = [];
    for (const clip of list) {
      throwIfAborted(signal);
      known.push({ ...clip, frames: (await cache.get(clip.hash, LOG_MEL_EXTRACTOR)).length / LOG_MEL_SPEC.bandCount });
    }
    return known;
  };
  const training = await measured(clips(data.training));
  const backgroundIndex = data.classIds.indexOf(augment.backgroundClassId ?? '');
  const examples = new LogMelExamples(training, await measured(clips(data.validation)), {
    window,
    classCount,
    augment,
    background: data.background
      ? await measured(clips(data.background, false))
      : training.filter((clip) => clip.classIndex === backgroundIndex),
    spectrum: (clip) => cache.get(clip.hash, LOG_MEL_EXTRACTOR),
  });
  const { windowSamples, hopSamples, fftSize, bandCount, lowHz, highHz, logOffset } = LOG_MEL_SPEC;
  const preprocessing: Omit<LogMelPreprocessing, 'mean' | 'deviation'> = {
    kind: 'log-mel',
    ...shared,
    windowSamples,
    hopSamples,
    fftSize,
    bandCount,
    lowHz,
    highHz,
    logOffset,
    ...window,
  };
  return prepareClassifier(
    context,
    {
      ...common,
      examples,
      build: (from) => buildSoundNetwork({ frames: window.windowFrames, bands: bandCount, classCount }, from),
    },
    preprocessing,
  );
}
