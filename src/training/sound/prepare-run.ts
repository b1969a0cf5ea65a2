/** From settings and clips to what a run works on: features, network, and the numbers that travel with the model. Worker thread. */
import type { EmbeddingPreprocessing, LogMelPreprocessing } from '../../dataset/index.ts';
import type { MediaItem, RunData, TrainingSettings } from '../../domain/project.ts';
import { embeddingCut, embeddingExtractor, LOG_MEL_SPEC, networkOf, windowFrames } from '../../features/index.ts';
import type { FeatureCache } from '../../features/jobs.ts';
import { throwIfAborted } from '../../kernel/errors.ts';
import { copySettings } from '../copies.ts';
import { networkOfAlgorithm } from '../settings.ts';
import { EmbeddingExamples, LogMelExamples, type EmbeddedClip } from './examples.ts';
import { buildSoundNetwork } from './full-network.ts';
import { buildHead } from './heads.ts';
import type { ClassifierRun } from '../classifier-trainable.ts';
import type { TrainingClip } from './batches.ts';

/** A clip with its class; −1 for background sounds. */
export type ClipOfRun = { itemId: string; hash: string; classIndex: number };

/** A run before its engine is chosen; `preprocessing` lacks the normalisation, which is measured. */
export type PreparedRun = {
  run: ClassifierRun;
  preprocessing: Omit<LogMelPreprocessing, 'mean' | 'deviation'> | Omit<EmbeddingPreprocessing, 'mean' | 'deviation'>;
};

/**
 * @param clips gives the clips of ids. @param cache the features must be in it, or in the database behind it.
 * @throws StudioError `training/data-changed`, `features/clip-missing`.
 */
export async function prepareRun(
  settings: TrainingSettings,
  data: RunData,
  items: readonly MediaItem[],
  clips: (ids: readonly string[], isLabelled?: boolean) => ClipOfRun[],
  cache: FeatureCache,
  signal: AbortSignal,
): Promise<PreparedRun> {
  const { windowSec, overlapRatio, batchSize, seed, balanceClasses, augment } = settings;
  const classCount = data.classIds.length;
  const shared = { sampleRateHz: LOG_MEL_SPEC.sampleRateHz, windowSec, overlapRatio, clipScore: 'mean' } as const;
  const common = { classCount, batchSize, seed, balanceClasses };
  const network = networkOfAlgorithm(settings.algorithm);
  if (network) {
    const cut = embeddingCut(network, windowSec, overlapRatio);
    const size = cut.shape.reduce((product, side) => product * side, 1);
    const copies = copySettings(settings, data, items);
    const load = (hash: string, extractor: string) => cache.get(hash, extractor);
    const embedded = async (list: ClipOfRun[]): Promise<EmbeddedClip[]> => {
      const known: EmbeddedClip[] = [];
      for (const { hash, classIndex } of list) {
        throwIfAborted(signal);
        known.push({ hash, classIndex, windowCount: (await load(hash, embeddingExtractor(cut))).length / size });
      }
      return known;
    };
    const examples = new EmbeddingExamples(
      await embedded(clips(data.training)),
      await embedded(clips(data.validation)),
      {
        cut,
        copies,
        classCount,
        isMixed: augment.mixup,
        load,
      },
    );
    return {
      run: { ...common, examples, build: (from) => buildHead(cut.shape, classCount, settings.head, from) },
      preprocessing: {
        kind: network,
        ...shared,
        networkFiles: networkOf(network).files.map((file) => file.sha256),
        windowSamples: cut.windowSamples,
        hopSamples: cut.hopSamples,
        shape: cut.shape,
      },
    };
  }
  const window = windowFrames(windowSec, overlapRatio);
  const measured = async (list: ClipOfRun[]): Promise<TrainingClip[]> => {
    const known: TrainingClip[] = [];
    for (const clip of list) {
      throwIfAborted(signal);
      known.push({ ...clip, frames: (await cache.get(clip.hash)).length / LOG_MEL_SPEC.bandCount });
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
    spectrum: (clip) => cache.get(clip.hash),
  });
  const { windowSamples, hopSamples, fftSize, bandCount, lowHz, highHz, logOffset } = LOG_MEL_SPEC;
  return {
    run: {
      ...common,
      examples,
      build: (from) => buildSoundNetwork({ frames: window.windowFrames, bands: bandCount, classCount }, from),
    },
    preprocessing: {
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
    },
  };
}
