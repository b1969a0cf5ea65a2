/** From settings and annotated pictures to what a run works on. Worker thread. */
import { boxesOf } from '../../domain/label.ts';
import type { DetectorPreprocessing } from '../../domain/model.ts';
import type { MediaItem, RunData } from '../../domain/project.ts';
import { modalityOf, problemOf } from '../../domain/task.ts';
import { buildDetectionReport } from '../../evaluation/index.ts';
import { required } from '../../kernel/assert.ts';
import { StudioError } from '../../kernel/errors.ts';
import { formatCount } from '../../kernel/format.ts';
import type { PreparedRun, PrepareContext } from '../slot.ts';
import { CachedExamples, measureChannels, typicalScale } from './cached-examples.ts';
import type { AnnotatedPicture, RunPictures } from './detector-examples.ts';
import { buildDetectorHead, buildFineTunedDetector, buildFullDetector } from './detector-network.ts';
import { MOBILENET_SCALE, PIXEL_SCALE, PixelExamples } from './pixel-examples.ts';
import { DetectorTrainable, type DetectorRun } from './detector-trainable.ts';
import {
  automaticDetectorIterations,
  firstStage,
  pickValidation,
  resolveCopies,
  resolveInput,
  UNFREEZE_FROM,
} from './detection-settings.ts';

/** Pictures with the boxes of the run's classes. @throws StudioError `training/data-changed`. */
export function annotatedPictures(
  ids: readonly string[],
  items: readonly MediaItem[],
  data: RunData,
): AnnotatedPicture[] {
  const byId = new Map(items.map((item) => [item.id, item]));
  return ids.map((id) => {
    const item = byId.get(id);
    if (!item || !('height' in item.media)) throw new StudioError('training/data-changed');
    const { width, height } = item.media;
    return {
      itemId: id,
      path: item.path,
      hash: item.hash,
      width,
      height,
      boxes: boxesOf(item).flatMap(({ classId, ...box }) => {
        const classIndex = data.classIds.indexOf(classId);
        return classIndex >= 0 ? [{ x: box.x, y: box.y, width: box.width, height: box.height, classIndex }] : [];
      }),
    };
  });
}

/** Pictures an iteration of a detector on pixels may have on the plain CPU engine, which takes seconds for each. */
const MOST_ON_CPU = 20;

/** @throws StudioError `training/data-changed`, `features/clip-missing`, `network/absent`. */
export async function prepareDetection(context: PrepareContext): Promise<PreparedRun> {
  const { settings, data } = context;
  const { run, preprocessing } = await prepareRun(context);
  const { stepCount, batchSize, held, heldFor } = run.examples;
  const exampleCount = stepCount * batchSize;
  const { kind, pixels, tiles } = preprocessing;
  const inTiles = tiles > 1 ? ` in ${tiles} × ${tiles} tiles` : '';
  return {
    makeTrainable: () => new DetectorTrainable(run),
    heldOut:
      heldFor === Infinity
        ? null
        : {
            iterations: heldFor,
            report: async (trainable, weights, about) =>
              buildDetectionReport(await (trainable as DetectorTrainable).findHeld(weights), data.classNames, about),
          },
    shape: `${data.classIds.length} ${run.examples.batchSize}`,
    automaticIterations: automaticDetectorIterations(exampleCount, settings.algorithm, held.length > 0),
    exampleCount,
    words: `${formatCount(data.training.length, 'picture')} at ${pixels} pixels${inTiles}, ${
      heldFor === Infinity
        ? `${data.validation.length} for validation`
        : `${held.length} of them held out for ${formatCount(heldFor, 'iteration')}`
    }`,
    score: (accuracy) => `an average precision of ${accuracy.toFixed(2)} on validation pictures`,
    preprocessing,
    novelty: null,
    isHeavy: kind === 'pixels' && exampleCount > MOST_ON_CPU,
    normalisation: {
      // Whatever is drawn later: what was trained on is never judged again.
      ...(held.length > 0 ? { heldFor } : {}),
      scale: preprocessing.scale,
      channelMean: Float32Array.from(preprocessing.channelMean),
      channelFactor: Float32Array.from(preprocessing.channelFactor),
    },
  };
}

async function prepareRun({ settings, data, items, cache, backbone, state, signal }: PrepareContext): Promise<{
  run: DetectorRun;
  preprocessing: DetectorPreprocessing;
}> {
  const isHeld = (i: number) => (data.folds?.[i] ?? -1) >= 0;
  const all = annotatedPictures(data.training, items, data);
  const training = all.filter((_, i) => !isHeld(i));
  const held = all.filter((_, i) => isHeld(i));
  const judged = held.length > 0 ? data.training.filter((_, i) => isHeld(i)) : data.validation;
  const validation = annotatedPictures(pickValidation(judged, settings.seed), items, data);
  const pictures: RunPictures = {
    ...{ training, validation, held },
    heldFor: (exampleCount) =>
      held.length === 0
        ? Infinity
        : typeof state?.heldFor === 'number'
          ? state.heldFor
          : firstStage(settings.iterations ?? automaticDetectorIterations(exampleCount, settings.algorithm, true)),
  };
  const used = new Set(data.training);
  const input = resolveInput(
    settings,
    items.filter((item) => used.has(item.id)),
  );
  const classCount = data.classIds.length;
  const { batchSize, seed } = settings;
  const scale = state ? (state.scale as number) : typicalScale(training, input);
  if (input.kind === 'pixels') {
    const vision = { ...modalityOf(settings, 'picture'), ...problemOf(settings, 'detection') };
    const pretrained = settings.algorithm === 'fine-tune' ? await backbone() : null;
    const pixelScale = pretrained ? MOBILENET_SCALE : PIXEL_SCALE;
    const examples = new PixelExamples(pictures, {
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
      preprocessing: {
        ...input,
        scale: examples.scale,
        channelMean: [...pixelScale.mean],
        channelFactor: [...pixelScale.deviation],
      },
    };
  }
  const { copies, variation } = resolveCopies(settings, input, all.length);
  const channels = state
    ? { mean: state.channelMean as Float32Array, deviation: state.channelFactor as Float32Array }
    : await measureChannels(training, input, cache, signal);
  const examples = new CachedExamples(pictures, {
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
    preprocessing: {
      ...input,
      scale: examples.scale,
      channelMean: [...channels.mean],
      channelFactor: [...channels.deviation],
    },
  };
}
