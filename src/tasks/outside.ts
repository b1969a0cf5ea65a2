/** Models outside the app: one row each. Main thread of somebody's page. */
import type { TaskKind } from '../domain/task.ts';
import { ACTION_OUTSIDE } from './action/outside.ts';
import { DETECTION_OUTSIDE } from './detection/outside.ts';
import type { OutsideRow } from './outside-model.ts';
import { PICTURE_OUTSIDE } from './picture/outside.ts';
import { SOUND_OUTSIDE } from './sound/outside.ts';

export type { Given } from './outside-model.ts';

/** See the file header. */
export const TASK_OUTSIDE = {
  sound: SOUND_OUTSIDE,
  action: ACTION_OUTSIDE,
  detection: DETECTION_OUTSIDE,
  picture: PICTURE_OUTSIDE,
} satisfies Record<TaskKind, OutsideRow<unknown>>;

/** A model of any task; `kind` tells which. */
export type OutsideModel = Awaited<ReturnType<(typeof TASK_OUTSIDE)[TaskKind]['load']>>;
