/** From settings and annotated pictures to what a run works on. Worker thread. */
import type { VisionPreprocessing } from '../../dataset/index.ts';
import type { MediaItem, RunData, TrainingSettings } from '../../domain/project.ts';
import type { Backbone, FeatureCache } from '../../features/jobs.ts';
import { required } from '../../kernel/assert.ts';
import { StudioError } from '../../kernel/errors.ts';
import { CachedExamples, measureChannels, typicalScale } from './cached-examples.ts';
import type { AnnotatedPicture } from './detector-examples.ts';
import { buildDetectorHead, buildFineTunedDetector, buildFullDetector } from './detector-network.ts';
import { MOBILENET_SCALE, PIXEL_SCALE, PixelExamples } from './pixel-examples.ts';
import type { DetectorRun } from './detector-trainable.ts';
import { pickValidation, resolveCopies, resolveInput, UNFREEZE_FROM } from './vision-settings.ts';

/** Pictures with the boxes of the run's classes. @throws StudioError `training/data-changed`. */
export function annotatedPictures(
  ids: readonly string[],
  items: readonly MediaItem[],
  data: RunData,
): AnnotatedPicture[] {
  const byId = new Map(items.map((item) => [item.id, item]));
  return ids.map((id) => {
    const item = byId.get(id);
    if (!item?.image) throw new StudioError('training/data-changed');
    const { width, height, boxes } = item.image;
    return {
      itemId: id,
      hash: item.hash,
      width,
      height,
      boxes: boxes.flatMap(({ classId, ...box }) => {
        const classIndex = data.classIds.indexOf(classId);
        return classIndex >= 0 ? [{ x: box.x, y: box.y, width: box.width, height: box.height, classIndex }] : [];
      }),
    };
  });
}

/**
 * @param backbone reads the network that fine-tuning starts from. @param cache the features must be in the database behind it. @param state of the checkpoint the run goes on from: boxes may have changed since, its numbers stay.
 * @throws StudioError `training/data-changed`, `features/clip-missing`, `network/absent`.
 */
export async function prepareVisionRun(
  settings: TrainingSettings,
  data: RunData,
  items: readonly MediaItem[],
  cache: FeatureCache,
  backbone: () => Promise<Backbone>,
  state: Record<string, Float32Array | number> | null,
  signal: AbortSignal,
): Promise<{ run: DetectorRun; preprocessing: VisionPreprocessing; exampleCount: number }> {
  const training = annotatedPictures(data.training, items, data);
  const validation = annotatedPictures(pickValidation(data, settings.seed), items, data);
  const used = new Set(data.training);
  const input = resolveInput(
    settings,
    items.filter((item) => used.has(item.id)),
  );
  const classCount = data.classIds.length;
  const { batchSize, seed } = settings;
  const scale = state ? (state.scale as number) : typicalScale(training, input);
  if (input.kind === 'pixels') {
    const vision = required(settings.vision, 'vision settings');
    const pretrained = settings.algorithm === 'fine-tune' ? await backbone() : null;
    const pixelScale = pretrained ? MOBILENET_SCALE : PIXEL_SCALE;
    const examples = new PixelExamples(training, validation, {
      classCount,
      input,
      cache,
      vision,
      batchSize,
      seed,
      scale,
      channels: pixelScale,
    });
    const unfreezeFrom = vision.unfreezeFrom ?? UNFREEZE_FROM;
    return {
      run: {
        examples,
        seed,
        build: (from) =>
          pretrained
            ? buildFineTunedDetector(classCount, pretrained, unfreezeFrom, from)
            : buildFullDetector(classCount, from),
      },
      exampleCount: examples.stepCount * examples.batchSize,
      preprocessing: {
        ...input,
        scale: examples.scale,
        channelMean: [...pixelScale.mean],
        channelFactor: [...pixelScale.deviation],
      },
    };
  }
  const { copies, variation } = resolveCopies(settings, input, training.length);
  const channels = state
    ? { mean: state.channelMean as Float32Array, deviation: state.channelFactor as Float32Array }
    : await measureChannels(training, input, cache, signal);
  const examples = new CachedExamples(training, validation, {
    classCount,
    input,
    cache,
    variation,
    copies,
    batchSize,
    seed,
    channels,
    scale,
  });
  required(examples.viewCount || null, 'training views');
  return {
    run: { examples, seed, build: (from) => buildDetectorHead(classCount, from) },
    exampleCount: examples.stepCount * examples.batchSize,
    preprocessing: {
      ...input,
      scale: examples.scale,
      channelMean: [...channels.mean],
      channelFactor: [...channels.deviation],
    },
  };
}
