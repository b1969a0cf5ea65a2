/** From settings and clips of movement to what a run works on. Worker thread. */
import type { MovementPreprocessing } from '../../domain/model.ts';
import { durationOf } from '../../domain/project.ts';
import { modalityOf, problemOf } from '../../domain/task.ts';
import { adjacencyOf, motionWindow, WINDOW_CHANNELS } from '../../features/index.ts';
import { loadClipMotion } from '../../features/jobs.ts';
import { required } from '../../kernel/assert.ts';
import { throwIfAborted } from '../../kernel/errors.ts';
import { MOVEMENT_BUDGET } from '../classification/iterations.ts';
import { clipsOfRun, prepareClassifier, type ClipOfRun } from '../classification/prepare.ts';
import type { PreparedRun, PrepareContext } from '../slot.ts';
import { MotionExamples, type MotionClip } from './motion-examples.ts';
import { resolveFrameRate, resolveJoints } from './movement-settings.ts';
import { buildGraphNetwork, buildTemporalNetwork } from './networks.ts';

/** @throws StudioError `training/data-changed`, `training/joints-differ`, `features/clip-missing`. */
export async function prepareMovement(context: PrepareContext): Promise<PreparedRun> {
  const { settings, data, items, cache, signal } = context;
  const movement = modalityOf(settings, 'movement');
  const { balanceClasses } = problemOf(settings, 'classification');
  const byId = new Map(items.map((item) => [item.id, item]));
  const used = [...data.training, ...data.validation].map((id) => required(byId.get(id), 'clip'));
  const frameRateHz = resolveFrameRate(settings, used);
  const joints = resolveJoints(settings, used);
  const { windowSec, overlapRatio } = movement;
  const window = motionWindow(frameRateHz, windowSec, overlapRatio);
  const load = async (list: ClipOfRun[]): Promise<MotionClip[]> => {
    const loaded: MotionClip[] = [];
    for (const { itemId, classIndex } of list) {
      throwIfAborted(signal);
      const item = byId.get(itemId)!;
      const motion = await loadClipMotion(cache, item, frameRateHz, joints);
      loaded.push({ classIndex, motion, durationSec: durationOf(item) });
    }
    return loaded;
  };
  const classCount = data.classIds.length;
  const clips = (ids: readonly string[]) => load(clipsOfRun(ids, items, data));
  const examples = new MotionExamples(await clips(data.training), await clips(data.validation), {
    window,
    jointCount: joints.length,
    classCount,
    settings: movement,
  });
  const shape = {
    frames: window.windowFrames,
    nodes: joints.length + 1,
    channels: WINDOW_CHANNELS,
    classCount,
    adjacency: adjacencyOf(joints),
  };
  const build = settings.algorithm === 'temporal-network' ? buildTemporalNetwork : buildGraphNetwork;
  const { batchSize, seed } = settings;
  const preprocessing: Omit<MovementPreprocessing, 'mean' | 'deviation'> = {
    kind: 'landmarks',
    windowSec,
    overlapRatio,
    clipScore: 'mean',
    ...window,
    joints,
    shape: [window.windowFrames, joints.length + 1, WINDOW_CHANNELS],
  };
  return prepareClassifier(
    context,
    { examples, classCount, batchSize, seed, balanceClasses, build: (from) => build(shape, from) },
    preprocessing,
    { budget: MOVEMENT_BUDGET },
  );
}
