/** From settings and pictures to what a run works on. Worker thread. */
import { modalityOf, problemOf } from '../../domain/task.ts';
import {
  EMBEDDED_PIXELS,
  EMBEDDING_SIZE,
  networkOf,
  pictureExtractor,
  viewExtractor,
  wholePicture,
} from '../../features/index.ts';
import { throwIfAborted } from '../../kernel/errors.ts';
import {
  buildHead,
  clipsOfRun,
  EmbeddingExamples,
  prepareClassifier,
  type PrepareContext,
  type PreparedRun,
} from '../../training/jobs.ts';
import { buildPictureNetwork } from './network.ts';
import { FULL_PIXELS, PICTURE_NETWORK, timesShown, variationOf } from './settings.ts';

/** More pictures than this, learnt from nothing, are hours on the plain CPU engine. */
const MOST_ON_CPU = 60;

/** @throws StudioError `training/data-changed`, `features/clip-missing`. */
export async function preparePictures(context: PrepareContext): Promise<PreparedRun> {
  const { settings, data, items, cache, signal } = context;
  const { batchSize, seed } = settings;
  const { balanceClasses, head } = problemOf(settings, 'classification');
  const classCount = data.classIds.length;
  const variation = variationOf(settings);
  const isFull = settings.algorithm === 'full-network';
  const pixels = isFull ? (modalityOf(settings, 'picture').pixels ?? FULL_PIXELS) : EMBEDDED_PIXELS;
  const shape = isFull ? [pixels, pixels, 3] : [EMBEDDING_SIZE[PICTURE_NETWORK]];
  const input = wholePicture(pixels);
  const load = (hash: string, copy: number) =>
    isFull
      ? cache.getBytes(hash, viewExtractor(input, 0, copy, variation)).then((rgb) => Float32Array.from(rgb))
      : cache.get(hash, pictureExtractor(PICTURE_NETWORK, copy, variation));
  const pictures = (ids: readonly string[]) =>
    clipsOfRun(ids, items, data).map(({ hash, classIndex }) => ({ hash, classIndex, windowCount: 1 }));
  const shown = Array.from({ length: timesShown(settings, data.training.length) }, () =>
    pictures(data.training),
  ).flat();
  throwIfAborted(signal);
  const examples = new EmbeddingExamples(shown, pictures(data.validation), {
    shape,
    copyCount: variation ? settings.copies : 0,
    classCount,
    isMixed: false,
    // Hidden pixels teach little; the full network hides what it has pooled.
    ...(isFull ? { hiddenRatio: 0 } : {}),
    load,
  });
  const prepared = await prepareClassifier(
    context,
    {
      classCount,
      batchSize,
      seed,
      balanceClasses,
      examples,
      build: (from) =>
        isFull ? buildPictureNetwork(pixels, classCount, from) : buildHead(shape, classCount, head, from),
    },
    {
      kind: isFull ? 'picture-pixels' : 'picture-embedding',
      network: isFull ? null : PICTURE_NETWORK,
      networkFiles: isFull ? [] : networkOf(PICTURE_NETWORK).files.map((file) => file.sha256),
      pixels,
      shape,
    },
    { hasNovelty: !isFull, noun: 'pictures' },
  );
  return { ...prepared, isHeavy: isFull && data.training.length > MOST_ON_CPU };
}
