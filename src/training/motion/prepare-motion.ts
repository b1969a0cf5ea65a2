/** From settings and clips of movement to what a run works on. Worker thread. */
import type { MotionPreprocessing } from '../../dataset/index.ts';
import type { MediaItem, RunData, TrainingSettings } from '../../domain/project.ts';
import { adjacencyOf, motionWindow, WINDOW_CHANNELS } from '../../features/index.ts';
import { loadClipMotion, type FeatureCache } from '../../features/jobs.ts';
import { required } from '../../kernel/assert.ts';
import { throwIfAborted } from '../../kernel/errors.ts';
import type { ClassifierRun } from '../classifier-trainable.ts';
import type { ClipOfRun } from '../sound/prepare-run.ts';
import { MotionExamples, type MotionClip } from './motion-examples.ts';
import { resolveFrameRate, resolveJoints } from './motion-settings.ts';
import { buildGraphNetwork, buildTemporalNetwork } from './networks.ts';

/**
 * @param clips gives the clips of ids. @param cache the landmarks must be in the database behind it.
 * @throws StudioError `training/data-changed`, `training/joints-differ`, `features/clip-missing`.
 */
export async function prepareMotionRun(
  settings: TrainingSettings,
  data: RunData,
  items: readonly MediaItem[],
  clips: (ids: readonly string[]) => ClipOfRun[],
  cache: FeatureCache,
  signal: AbortSignal,
): Promise<{ run: ClassifierRun; preprocessing: Omit<MotionPreprocessing, 'mean' | 'deviation'> }> {
  const byId = new Map(items.map((item) => [item.id, item]));
  const used = [...data.training, ...data.validation].map((id) => required(byId.get(id), 'clip'));
  const frameRateHz = resolveFrameRate(settings, used);
  const joints = resolveJoints(settings, used);
  const window = motionWindow(frameRateHz, settings.windowSec, settings.overlapRatio);
  const load = async (list: ClipOfRun[]): Promise<MotionClip[]> => {
    const loaded: MotionClip[] = [];
    for (const { itemId, classIndex } of list) {
      throwIfAborted(signal);
      const item = byId.get(itemId)!;
      const motion = await loadClipMotion(cache, item, frameRateHz, joints);
      loaded.push({ classIndex, motion, durationSec: required(item.motion, 'motion').durationSec });
    }
    return loaded;
  };
  const classCount = data.classIds.length;
  const examples = new MotionExamples(await load(clips(data.training)), await load(clips(data.validation)), {
    window,
    jointCount: joints.length,
    classCount,
    settings: required(settings.motion, 'motion settings'),
  });
  const shape = {
    frames: window.windowFrames,
    nodes: joints.length + 1,
    channels: WINDOW_CHANNELS,
    classCount,
    adjacency: adjacencyOf(joints),
  };
  const build = settings.algorithm === 'temporal-network' ? buildTemporalNetwork : buildGraphNetwork;
  const { batchSize, seed, balanceClasses, windowSec, overlapRatio } = settings;
  return {
    run: { examples, classCount, batchSize, seed, balanceClasses, build: (from) => build(shape, from) },
    preprocessing: {
      kind: 'landmarks',
      windowSec,
      overlapRatio,
      clipScore: 'mean',
      ...window,
      joints,
      shape: [window.windowFrames, joints.length + 1, WINDOW_CHANNELS],
    },
  };
}
