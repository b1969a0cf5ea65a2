/** What tasks do in workers: one row each. Each worker takes the column it needs. */
import { rowOf, TASK_KINDS, type TaskKind } from '../domain/task.ts';
import type { Store } from '../dataset/index.ts';
import type { Contract, Jobs } from '../rpc/contract.ts';
import type { TaskJobs } from './job.ts';
import { ACTION_JOBS } from './action/jobs.ts';
import { DETECTION_JOBS } from './detection/jobs.ts';
import { PICTURE_JOBS } from './picture/jobs.ts';
import { SOUND_JOBS } from './sound/jobs.ts';

/** See the file header. */
export const TASK_JOBS = {
  sound: SOUND_JOBS,
  action: ACTION_JOBS,
  detection: DETECTION_JOBS,
  picture: PICTURE_JOBS,
} satisfies Record<TaskKind, TaskJobs>;

/** One column of the table. */
export function columnOf<K extends keyof TaskJobs>(column: K): Record<TaskKind, TaskJobs[K]> {
  return Object.fromEntries(TASK_KINDS.map((kind) => [kind, rowOf<TaskJobs>(TASK_JOBS, kind)[column]])) as Record<
    TaskKind,
    TaskJobs[K]
  >;
}

/** The jobs of all previews. @throws Error when two tasks name one alike. */
export function previewJobs(store: () => Promise<Store>): Jobs<Contract> {
  const all: Jobs<Contract> = {};
  for (const create of new Set(Object.values(columnOf('preview'))))
    for (const [name, job] of Object.entries(create(store))) {
      if (all[name]) throw new Error(`Two previews have a job ${name}`);
      all[name] = job;
    }
  return all;
}
