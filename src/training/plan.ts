/** Which examples a run trains and validates on, and what is worth saying about them first. Any thread; pure. */
import { splitByGroup } from '../dataset/index.ts';
import {
  BACKGROUND_CLIPS,
  contentKey,
  durationOf,
  type ClassLabel,
  type MediaItem,
  type RunData,
  type TrainingSettings,
} from '../domain/project.ts';
import { StudioError } from '../kernel/errors.ts';
import { resolveFrameRate } from './motion/motion-settings.ts';
import { formatCount, formatDuration } from '../kernel/format.ts';

/** Something a person should know before training; never blocks. */
export type Advice = {
  kind: 'small-class' | 'empty-class' | 'long-window' | 'slow-video' | 'no-validation' | 'unlabelled';
  text: string;
};

/** A run's data with the advice that goes with them. */
export type RunPlan = { data: RunData; advice: Advice[] };

/**
 * Divides the labelled examples into training and validation by whole groups, before anything is cut into windows.
 * Automatic validation uses the clips of the part validation when there are any.
 * Classes without examples are left out. Examples of the part testing are never touched.
 * @throws StudioError `training/no-examples`, `training/one-class`.
 */
export function planRun(
  items: readonly MediaItem[],
  classes: readonly ClassLabel[],
  settings: TrainingSettings,
): RunPlan {
  if (settings.vision) return planDetection(items, classes, settings);
  const labelled = items.filter((item) => item.classId !== null && classes.some((label) => label.id === item.classId));
  const pool = labelled.filter((item) => item.part === 'training');
  const used = classes.filter((label) => pool.some((item) => item.classId === label.id));
  if (used.length === 0) throw new StudioError('training/no-examples');
  if (used.length === 1)
    throw new StudioError('training/one-class', { message: `There is only one class with clips, ${used[0]!.name}.` });

  const usedIds = new Set(used.map((label) => label.id));
  let training = pool.map((item) => item.id);
  let validation: string[] = [];
  const hasOwn = labelled.some((item) => item.part === 'validation' && usedIds.has(item.classId!));
  if (settings.validation === 'own' || (settings.validation === 'automatic' && hasOwn)) {
    validation = labelled
      .filter((item) => item.part === 'validation' && usedIds.has(item.classId!))
      .map((item) => item.id);
  } else if (settings.validation === 'automatic') {
    const folds = splitByGroup(pool, [1 - settings.validationShare, settings.validationShare], settings.seed, settings);
    const trained = new Set(pool.filter((item) => folds.get(item.id) === 0).map((item) => item.classId));
    // A class must never lose all its examples to validation.
    validation = pool.filter((item) => folds.get(item.id) === 1 && trained.has(item.classId)).map((item) => item.id);
    const held = new Set(validation);
    training = training.filter((id) => !held.has(id));
  }

  const advice: Advice[] = [];
  const background =
    settings.augment.backgroundClassId === BACKGROUND_CLIPS
      ? items.filter((item) => item.part === 'background').map((item) => item.id)
      : [];
  const unlabelled = items.filter((item) => item.classId === null && item.part !== 'background').length;
  if (unlabelled > 0)
    advice.push({
      kind: 'unlabelled',
      text: `${formatCount(unlabelled, 'clip')} without a class ${unlabelled === 1 ? 'is' : 'are'} left out. Give them a class in Data to use them.`,
    });
  const empty = classes.filter((label) => !usedIds.has(label.id));
  if (empty.length > 0)
    advice.push({
      kind: 'empty-class',
      text: `${empty.map((label) => label.name).join(', ')} ${empty.length === 1 ? 'has' : 'have'} no training clips and will not be learnt.`,
    });
  for (const label of used) {
    const count = pool.filter((item) => item.classId === label.id).length;
    if (count < 2) {
      advice.push({
        kind: 'small-class',
        text: `${label.name} has one clip. It will be learnt from that clip alone and cannot be checked. Add at least one more; 20 are a good start.`,
      });
    }
  }
  const longestSec = Math.max(...pool.map((item) => durationOf(item)));
  if (longestSec < settings.windowSec && (settings.motion || settings.windowSec > 0.975)) {
    advice.push({
      kind: 'long-window',
      text: `The window is ${formatDuration(settings.windowSec)} and the longest clip is ${formatDuration(longestSec)}. Every clip is padded with ${settings.motion ? 'stillness' : 'silence'} to fit. A window no longer than the clips works better.`,
    });
  }
  const rate = settings.motion ? resolveFrameRate(settings, pool) : 0;
  const slow = pool.filter((item) => item.motion && item.motion.frameRateHz < rate - 0.5);
  if (slow.length > 0)
    advice.push({
      kind: 'slow-video',
      text: `${formatCount(slow.length, 'clip')} ${slow.length === 1 ? 'has' : 'have'} fewer frames a second than the ${rate} that are looked at (${slow[0]!.name}: ${Math.round(slow[0]!.motion!.frameRateHz)}). What lies between is interpolated.`,
    });
  if (settings.validation !== 'none' && validation.length === 0) {
    advice.push({
      kind: 'no-validation',
      text:
        settings.validation === 'own'
          ? 'There are no validation clips. Training runs to its last iteration without a check.'
          : 'There are too few recordings to set some aside. Training runs to its last iteration without a check.',
    });
  }
  const given = new Set([...training, ...validation, ...background]);
  return {
    data: {
      training,
      validation,
      ...(background.length > 0 ? { background } : {}),
      hashes: [...new Set(items.filter((item) => given.has(item.id)).map(contentKey))],
      classIds: used.map((label) => label.id),
      classNames: used.map((label) => label.name),
    },
    advice,
  };
}

/** Annotated pictures with boxes of known classes take part; in the split each stands for its rarest class. */
function planDetection(
  items: readonly MediaItem[],
  classes: readonly ClassLabel[],
  settings: TrainingSettings,
): RunPlan {
  const annotated = items.filter((item) => item.image?.isAnnotated);
  const pool = annotated.filter((item) => item.part === 'training');
  const counts = new Map<string, number>();
  for (const { image } of pool)
    for (const { classId } of image!.boxes) counts.set(classId, (counts.get(classId) ?? 0) + 1);
  const used = classes.filter((label) => counts.has(label.id));
  if (used.length === 0) throw new StudioError('training/no-boxes');
  const rarest = ({ image }: MediaItem) =>
    [...image!.boxes].sort((a, b) => (counts.get(a.classId) ?? 0) - (counts.get(b.classId) ?? 0))[0]?.classId ?? '';
  let training = pool.map((item) => item.id);
  let validation: string[] = [];
  const own = annotated.filter((item) => item.part === 'validation');
  if (settings.validation === 'own' || (settings.validation === 'automatic' && own.length > 0))
    validation = own.map((item) => item.id);
  else if (settings.validation === 'automatic' && pool.length >= 5) {
    const folds = splitByGroup(
      pool.map((item) => ({ ...item, classId: rarest(item) })),
      [1 - settings.validationShare, settings.validationShare],
      settings.seed,
      settings,
    );
    validation = training.filter((id) => folds.get(id) === 1);
    const held = new Set(validation);
    training = training.filter((id) => !held.has(id));
    if (training.length === 0) [training, validation] = [validation, []];
  }
  const advice: Advice[] = [];
  const open = items.length - annotated.length;
  if (open > 0)
    advice.push({
      kind: 'unlabelled',
      text: `${formatCount(open, 'picture')} not annotated yet ${open === 1 ? 'is' : 'are'} left out. Draw their boxes in Data, or mark that they show no objects.`,
    });
  const empty = classes.filter((label) => !counts.has(label.id));
  if (empty.length > 0)
    advice.push({
      kind: 'empty-class',
      text: `${empty.map((label) => label.name).join(', ')} ${empty.length === 1 ? 'has' : 'have'} no boxes in the training pictures and will not be learnt.`,
    });
  for (const label of used) {
    const count = counts.get(label.id)!;
    if (count < 10)
      advice.push({
        kind: 'small-class',
        text: `${label.name} has ${formatCount(count, 'box', 'boxes')}. About 30 pictures of each class are a good start.`,
      });
  }
  if (settings.validation !== 'none' && validation.length === 0)
    advice.push({
      kind: 'no-validation',
      text:
        settings.validation === 'own'
          ? 'There are no annotated validation pictures. Training runs to its last iteration without a check.'
          : 'There are too few pictures to set some aside. Training runs to its last iteration without a check.',
    });
  const given = new Set([...training, ...validation]);
  return {
    data: {
      training,
      validation,
      hashes: [...new Set(items.filter((item) => given.has(item.id)).map(contentKey))],
      classIds: used.map((label) => label.id),
      classNames: used.map((label) => label.name),
    },
    advice,
  };
}
