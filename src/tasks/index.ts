/** Door of the tasks: one row each, any thread. Every decision that differs between tasks is a field of a row. */
import type { ModelArtifact } from '../domain/model.ts';
import { rowOf, TASK_KINDS, type TaskKind } from '../domain/task.ts';
import { ACTION } from './action/index.ts';
import { DETECTION } from './detection/index.ts';
import { PICTURE } from './picture/index.ts';
import { SOUND } from './sound/index.ts';
import type { Task } from './task.ts';

export type { AlgorithmOption, Opening, Task, TaskWords } from './task.ts';

/** See the file header. */
export const TASK = { sound: SOUND, action: ACTION, detection: DETECTION, picture: PICTURE } satisfies Record<
  TaskKind,
  Task
>;

/** The row of a task. @throws Error naming the rows there are. */
export const taskOf = (kind: string): Task => rowOf<Task>(TASK, kind);

/** The task a model is of, by what is computed before it. */
export function taskOfModel({ preprocessing }: Pick<ModelArtifact, 'preprocessing'>): Task {
  const kind = TASK_KINDS.find((candidate) => taskOf(candidate).inputs.includes(preprocessing.kind));
  return taskOf(kind ?? preprocessing.kind);
}
