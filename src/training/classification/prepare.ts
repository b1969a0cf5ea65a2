/** What the loop needs of a classifier, whatever its examples are. Worker thread. */
import { classIdOf } from '../../domain/label.ts';
import type { MediaItem, RunData } from '../../domain/project.ts';
import { StudioError } from '../../kernel/errors.ts';
import { formatPercent } from '../../kernel/format.ts';
import type { PreparedRun, PrepareContext } from '../slot.ts';
import { ClassifierTrainable, measureNormalisation, type ClassifierRun } from './classifier-trainable.ts';
import { automaticIterations, COMMON_BUDGET, type IterationBudget } from './iterations.ts';
import { measureNovelty } from './novelty.ts';

/** An example with its class; −1 for background sounds. */
export type ClipOfRun = { itemId: string; hash: string; classIndex: number };

/** The examples of ids. @throws StudioError `training/data-changed` when one has lost its class. */
export function clipsOfRun(
  ids: readonly string[],
  items: readonly MediaItem[],
  data: RunData,
  isLabelled = true,
): ClipOfRun[] {
  const byId = new Map(items.map((item) => [item.id, item]));
  return ids.map((id) => {
    const item = byId.get(id)!;
    const classIndex = isLabelled ? data.classIds.indexOf(classIdOf(item) ?? '') : -1;
    if (isLabelled && classIndex < 0) throw new StudioError('training/data-changed');
    return { itemId: id, hash: item.hash, classIndex };
  });
}

/** @param preprocessing without the normalisation, which is measured here or comes from the checkpoint. */
export async function prepareClassifier(
  { data, state }: PrepareContext,
  run: ClassifierRun,
  preprocessing: object,
  options: { budget?: IterationBudget; hasNovelty?: boolean; noun?: string } = {},
): Promise<PreparedRun> {
  const { budget = COMMON_BUDGET, hasNovelty = false, noun = 'clips' } = options;
  const { examples } = run;
  const normalisation = state
    ? { mean: state.mean as number, deviation: state.deviation as number }
    : await measureNormalisation(examples);
  const count = examples.training.length;
  const of = noun === 'clips' ? `${count} windows of ${data.training.length} clips` : `${data.training.length} ${noun}`;
  return {
    makeTrainable: () => new ClassifierTrainable(run, normalisation),
    shape: examples.shape.join('x'),
    automaticIterations: automaticIterations(count, budget),
    exampleCount: count,
    words: data.folds
      ? `${of}, checked in ${new Set(data.folds.filter((fold) => fold >= 0)).size} folds`
      : `${of}, ${data.validation.length} validation ${noun}`,
    score: (accuracy) => `${formatPercent(accuracy)} of validation ${noun === 'clips' ? 'windows' : noun} right`,
    preprocessing: { ...preprocessing, ...normalisation } as PreparedRun['preprocessing'],
    novelty: hasNovelty ? await measureNovelty(examples, run.classCount) : null,
    isHeavy: false,
    normalisation,
    held: examples.validationClips
      ? {
          clipOf: examples.validationClips,
          scoresOf: (trainable) => (trainable as ClassifierTrainable).validationScores,
        }
      : null,
  };
}
