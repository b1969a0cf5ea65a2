/** What a run is given, and what is worth saying about it first. Any thread; pure. The two problems fill it (classification/plan.ts, detection/plan.ts). */
import { dividedOf, splitByGroup, type Divided, type Noun } from '../dataset/index.ts';
import { contentKey, foldCountOf, type ClassLabel, type MediaItem, type RunData } from '../domain/project.ts';
import type { TrainingSettings } from '../domain/task.ts';
import { formatCount, formatDuration } from '../kernel/format.ts';

/** Something a person should know before training; never blocks. */
export type Advice = {
  kind: 'small-class' | 'empty-class' | 'long-window' | 'slow-video' | 'one-recording' | 'no-validation' | 'unlabelled';
  text: string;
  /** Settings that would do better, and the words of the button that takes them. */
  instead?: { title: string; settings: TrainingSettings };
};

/** A run's data with the advice that goes with them. */
export type RunPlan = { data: RunData; advice: Advice[] };

/** How a run is checked, as a sentence after "36 clips of 3 classes"; '' when it is not. */
export function tellValidation({ validation, folds }: RunData, { algorithm }: TrainingSettings, example: Noun): string {
  if (folds && foldCountOf({ folds }) === 1)
    return ` ${formatCount(folds.filter((fold) => fold >= 0).length, ...example)} of them are held out until it is known how well it does, and learnt from in the end.`;
  if (folds)
    return ' It learns from all of them: what score to expect is found first by leaving a part out in turn (cross-validation).';
  if (validation.length === 0) return '';
  return algorithm === 'automatic'
    ? ' Some are set aside for validation, or, on a pretrained network, all are learnt from and checked in turn.'
    : ` ${formatCount(validation.length, ...example)} more ${validation.length === 1 ? 'is' : 'are'} set aside for validation.`;
}

/** Plans a run. @throws StudioError `training/no-examples`, `training/no-boxes`, `training/one-class`. */
export type PlanRun = (
  items: readonly MediaItem[],
  classes: readonly ClassLabel[],
  settings: TrainingSettings,
) => RunPlan;

/** Whole groups set aside for validation, by the settings. @returns ids of both sides. */
export function setAside(
  pool: readonly MediaItem[],
  settings: TrainingSettings,
  divided: readonly Divided[] = dividedOf(pool),
): { training: string[]; held: string[] } {
  const folds = splitByGroup(
    divided,
    [1 - settings.validationShare, settings.validationShare],
    settings.seed,
    settings,
  );
  const [training, held] = [0, 1].map((fold) => pool.filter((item) => folds.get(item.id) === fold).map(({ id }) => id));
  return { training: training!, held: held! };
}

/** The record of what a run is given. */
export function runData(
  items: readonly MediaItem[],
  used: readonly ClassLabel[],
  given: Pick<RunData, 'training' | 'validation' | 'folds' | 'background'>,
): RunData {
  const ids = new Set([...given.training, ...given.validation, ...(given.background ?? [])]);
  return {
    ...given,
    hashes: [...new Set(items.filter((item) => ids.has(item.id)).map(contentKey))],
    classIds: used.map((label) => label.id),
    classNames: used.map((label) => label.name),
  };
}

/** A name of classes with the verb for them: "A, B have". */
export const tellClasses = (classes: readonly ClassLabel[], one: string, many: string): string =>
  `${classes.map((label) => label.name).join(', ')} ${classes.length === 1 ? one : many}`;

/** A window longer than every clip is worth saying. @param filling what clips are padded with. */
export function adviseWindow(lengthsSec: readonly number[], windowSec: number, filling: string): Advice[] {
  const longestSec = Math.max(...lengthsSec);
  if (longestSec >= windowSec) return [];
  return [
    {
      kind: 'long-window',
      text: `The window is ${formatDuration(windowSec)} and the longest clip is ${formatDuration(longestSec)}. Every clip is padded with ${filling} to fit. A window no longer than the clips works better.`,
    },
  ];
}
