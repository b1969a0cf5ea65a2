/** Which sounds a run is given. Any thread; pure. */
import { BACKGROUND_CLIPS } from '../../domain/settings.ts';
import { durationOf } from '../../domain/project.ts';
import { modalityOf } from '../../domain/task.ts';
import { planClasses } from '../classification/plan.ts';
import { networkOfAlgorithm } from './sound-settings.ts';
import { adviseWindow, type PlanRun } from '../plan.ts';

/** YAMNet's window, which is always fine. */
const SHORT_WINDOW_SEC = 0.975;

/** See `planClasses`; background sounds go along when they are mixed in. */
export const planSounds: PlanRun = planClasses({
  example: ['clip', 'clips'],
  start: 20,
  background: (items, settings) =>
    modalityOf(settings, 'sound').augment.backgroundClassId === BACKGROUND_CLIPS
      ? items.filter((item) => item.part === 'background').map((item) => item.id)
      : [],
  // Copies that mix in clips of a class depend on which of them are trained on.
  crossValidates: (settings) => {
    const { backgroundClassId } = modalityOf(settings, 'sound').augment;
    return (
      networkOfAlgorithm(settings.algorithm) !== null &&
      (backgroundClassId === null || backgroundClassId === BACKGROUND_CLIPS)
    );
  },
  advise: (pool, settings) => {
    const sound = modalityOf(settings, 'sound');
    if (sound.windowSec <= SHORT_WINDOW_SEC) return [];
    const shorter = { ...settings, modality: { ...sound, windowSec: SHORT_WINDOW_SEC } };
    const instead = { title: `Use ${SHORT_WINDOW_SEC} s`, settings: shorter };
    return adviseWindow(pool.map(durationOf), sound.windowSec, 'silence').map((advice) => ({ ...advice, instead }));
  },
});
