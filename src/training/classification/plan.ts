/** Which examples a classifier trains and validates on. Any thread; pure. */
import { classesOfOneRecording, dividedOf, splitByGroup, type Noun } from '../../dataset/index.ts';
import { classIdOf } from '../../domain/label.ts';
import type { ClassLabel, MediaItem } from '../../domain/project.ts';
import type { TrainingSettings } from '../../domain/task.ts';
import { StudioError } from '../../kernel/errors.ts';
import { formatCount } from '../../kernel/format.ts';
import { runData, setAside, tellClasses, type Advice, type PlanRun } from '../plan.ts';

/** What a modality adds to a plan. */
export type PlanWords = {
  example: Noun;
  /** How many examples of a class are a good start. */
  start: number;
  /** Background sounds that are mixed in. */
  background?: (items: readonly MediaItem[], settings: TrainingSettings) => string[];
  /** Training is quick enough to be done once for each fold: no example is lost to validation. */
  crossValidates?: (settings: TrainingSettings) => boolean;
  /** Advice about the examples that are trained on. */
  advise?: (pool: readonly MediaItem[], settings: TrainingSettings) => Advice[];
};

/**
 * Divides the labelled examples into training and validation by whole groups, before anything is cut into windows. Automatic validation uses the examples of the part
 * validation when there are any. Classes without examples are left out. Examples of the part testing are never touched.
 */
export const planClasses =
  (words: PlanWords): PlanRun =>
  (items, classes, settings) => {
    const [one, many] = words.example;
    const labelled = items.filter((item) => classes.some((label) => label.id === classIdOf(item)));
    const pool = labelled.filter((item) => item.part === 'training');
    const used = classes.filter((label) => pool.some((item) => classIdOf(item) === label.id));
    if (used.length === 0) throw new StudioError('training/no-examples');
    if (used.length === 1)
      throw new StudioError('training/one-class', {
        message: `There is only one class with ${many}, ${used[0]!.name}.`,
      });

    const usedIds = new Set<string | null>(used.map((label) => label.id));
    let training = pool.map((item) => item.id);
    let validation: string[] = [];
    let folds: number[] | null = null;
    const own = labelled.filter((item) => item.part === 'validation' && usedIds.has(classIdOf(item)));
    if (settings.validation === 'own' || (settings.validation === 'automatic' && own.length > 0)) {
      validation = own.map((item) => item.id);
    } else if (settings.validation === 'automatic' && words.crossValidates?.(settings)) {
      folds = foldsOf(pool, settings);
    }
    if (settings.validation === 'automatic' && own.length === 0 && !folds) {
      const sides = setAside(pool, settings);
      const byId = new Map(pool.map((item) => [item.id, item]));
      const classOf = (id: string) => classIdOf(byId.get(id)!);
      const trained = new Set(sides.training.map(classOf));
      // A class must never lose all its examples to validation.
      validation = sides.held.filter((id) => trained.has(classOf(id)));
      const held = new Set(validation);
      training = training.filter((id) => !held.has(id));
    }
    const background = words.background?.(items, settings) ?? [];
    return {
      data: runData(items, used, {
        training,
        validation,
        ...(folds ? { folds } : {}),
        ...(background.length > 0 ? { background } : {}),
      }),
      advice: [
        ...adviseLabels(items, classes, used, pool, words),
        ...(settings.keepTogether === 'recording' ? adviseRecordings(pool, used) : []),
        ...(words.advise?.(pool, settings) ?? []),
        ...(settings.validation !== 'none' && validation.length === 0 && !folds
          ? [
              {
                kind: 'no-validation' as const,
                text:
                  settings.validation === 'own'
                    ? `There are no validation ${many}. Training runs to its last iteration without a check.`
                    : `There are too few ${one === 'clip' ? 'recordings' : many} to set some aside. Training runs to its last iteration without a check.`,
              },
            ]
          : []),
      ],
    };
  };

/** Of a class that one recording is all there is of, neighbours stand on both sides of the split. */
function adviseRecordings(pool: readonly MediaItem[], used: readonly ClassLabel[]): Advice[] {
  const alone = new Set([...classesOfOneRecording(pool).values()].flat());
  const classes = used.filter((label) => alone.has(label.id));
  if (classes.length === 0) return [];
  return [
    {
      kind: 'one-recording',
      text: `${tellClasses(classes, 'comes', 'come')} from one recording each. Blocks of its time are divided instead of whole recordings: expect less on another recording than the score says.`,
    },
  ];
}

/** With more examples setting some aside costs less than training several times. */
const MOST_CROSS_VALIDATED = 400;
const FOLDS = 4;

/** Folds of whole groups; -1 where the class would not be known without the example. Null when there are too many examples, or too few groups. */
function foldsOf(pool: readonly MediaItem[], settings: TrainingSettings): number[] | null {
  if (pool.length > MOST_CROSS_VALIDATED) return null;
  const byId = splitByGroup(dividedOf(pool), new Array<number>(FOLDS).fill(1 / FOLDS), settings.seed, settings);
  const where = pool.map((item) => byId.get(item.id) ?? -1);
  const folds = pool.map((item, i) => {
    const classId = classIdOf(item);
    return pool.some((other, j) => classIdOf(other) === classId && where[j] !== where[i]) ? where[i]! : -1;
  });
  return new Set(folds.filter((fold) => fold >= 0)).size > 1 ? folds : null;
}

function adviseLabels(
  items: readonly MediaItem[],
  classes: readonly ClassLabel[],
  used: readonly ClassLabel[],
  pool: readonly MediaItem[],
  { example: [one, many], start }: PlanWords,
): Advice[] {
  const advice: Advice[] = [];
  const unlabelled = items.filter((item) => classIdOf(item) === null && item.part !== 'background').length;
  if (unlabelled > 0)
    advice.push({
      kind: 'unlabelled',
      text: `${formatCount(unlabelled, one, many)} without a class ${unlabelled === 1 ? 'is' : 'are'} left out. Give them a class in Data to use them.`,
    });
  const empty = classes.filter((label) => !used.includes(label));
  if (empty.length > 0)
    advice.push({
      kind: 'empty-class',
      text: `${tellClasses(empty, 'has', 'have')} no training ${many} and will not be learnt.`,
    });
  for (const label of used) {
    if (pool.filter((item) => classIdOf(item) === label.id).length >= 2) continue;
    advice.push({
      kind: 'small-class',
      text: `${label.name} has one ${one}. It will be learnt from that ${one} alone and cannot be checked. Add at least one more; ${start} are a good start.`,
    });
  }
  return advice;
}
