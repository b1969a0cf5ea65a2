/** Which movements a run is given. Any thread; pure. */
import { durationOf } from '../../domain/project.ts';
import { mediaOf, modalityOf } from '../../domain/task.ts';
import { formatCount } from '../../kernel/format.ts';
import { planClasses } from '../classification/plan.ts';
import { adviseWindow, type Advice, type PlanRun } from '../plan.ts';
import { resolveFrameRate } from './movement-settings.ts';

/** See `planClasses`. */
export const planMovements: PlanRun = planClasses({
  example: ['clip', 'clips'],
  start: 20,
  advise: (pool, settings): Advice[] => {
    const rate = resolveFrameRate(settings, pool);
    const slow = pool.filter((item) => mediaOf(item, 'movement').frameRateHz < rate - 0.5);
    const [first] = slow;
    return [
      ...adviseWindow(pool.map(durationOf), modalityOf(settings, 'movement').windowSec, 'stillness'),
      ...(first
        ? [
            {
              kind: 'slow-video' as const,
              text: `${formatCount(slow.length, 'clip')} ${slow.length === 1 ? 'has' : 'have'} fewer frames a second than the ${rate} that are looked at (${first.name}: ${Math.round(mediaOf(first, 'movement').frameRateHz)}). What lies between is interpolated.`,
            },
          ]
        : []),
    ];
  },
});
