/** Which pictures a detector trains and validates on: annotated ones, with boxes of known classes. Any thread; pure. */
import { dividedOf } from '../../dataset/index.ts';
import { countClasses, isLabelled } from '../../domain/label.ts';
import { StudioError } from '../../kernel/errors.ts';
import { formatCount } from '../../kernel/format.ts';
import { isHoldingOut } from './detection-settings.ts';
import { runData, setAside, tellClasses, type Advice, type PlanRun } from '../plan.ts';

/** In the split each picture stands for its rarest class. @throws StudioError `training/no-boxes`. */
export const planBoxes: PlanRun = (items, classes, settings) => {
  const annotated = items.filter(isLabelled);
  const pool = annotated.filter((item) => item.part === 'training');
  const counts = countClasses(pool);
  const used = classes.filter((label) => counts.has(label.id));
  if (used.length === 0) throw new StudioError('training/no-boxes');
  let training = pool.map((item) => item.id);
  let validation: string[] = [];
  let folds: number[] | null = null;
  const own = annotated.filter((item) => item.part === 'validation');
  if (settings.validation === 'own' || (settings.validation === 'automatic' && own.length > 0))
    validation = own.map((item) => item.id);
  else if (settings.validation === 'automatic' && pool.length >= 5) {
    const sides = setAside(pool, settings, dividedOf(pool, counts));
    // One group is on one side whichever it is: then nothing is held.
    const held = new Set(sides.training.length > 0 ? sides.held : []);
    if (held.size > 0 && isHoldingOut(settings)) folds = training.map((id) => (held.has(id) ? 0 : -1));
    else if (held.size > 0) [training, validation] = [sides.training, sides.held];
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
      text: `${tellClasses(empty, 'has', 'have')} no boxes in the training pictures and will not be learnt.`,
    });
  for (const label of used) {
    const count = counts.get(label.id)!;
    if (count < 10)
      advice.push({
        kind: 'small-class',
        text: `${label.name} has ${formatCount(count, 'box', 'boxes')}. About 30 pictures of each class are a good start.`,
      });
  }
  if (settings.validation !== 'none' && validation.length === 0 && !folds)
    advice.push({
      kind: 'no-validation',
      text:
        settings.validation === 'own'
          ? 'There are no annotated validation pictures. Training runs to its last iteration without a check.'
          : 'There are too few pictures to set some aside. Training runs to its last iteration without a check.',
    });
  return { data: runData(items, used, { training, validation, ...(folds ? { folds } : {}) }), advice };
};
