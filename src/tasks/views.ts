/**
 * What tasks show on the page: one row each, loaded when it is shown. Main thread. With its rows the only file below app/ that knows components of it.
 */
import { rowOf, type TaskKind } from '../domain/task.ts';
import { ACTION_VIEWS } from './action/views.ts';
import { DETECTION_VIEWS } from './detection/views.ts';
import { PICTURE_VIEWS } from './picture/views.ts';
import { SOUND_VIEWS } from './sound/views.ts';
import type { TaskViews } from './view.ts';

export type {
  EditorProps,
  Load,
  RecorderProps,
  ResultProps,
  SegmentsProps,
  SettingsProps,
  TaskViews,
  ViewerProps,
} from './view.ts';

/** See the file header. */
export const TASK_VIEWS = {
  sound: SOUND_VIEWS,
  action: ACTION_VIEWS,
  detection: DETECTION_VIEWS,
  picture: PICTURE_VIEWS,
} satisfies Record<TaskKind, TaskViews>;

/** The row of a task. */
export const viewsOf = (kind: string): TaskViews => rowOf<TaskViews>(TASK_VIEWS, kind);
