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

const MEDIA: Readonly<Record<string, RegExp>> = {
  'image/*': /\.(jpe?g|png|webp|gif|avif|bmp)$/i,
  'audio/*': /\.(wav|mp3|m4a|aac|flac|ogg|opus)$/i,
  'video/*': /\.(mp4|m4v|mov|webm|mkv|avi)$/i,
};
const isText = (path: string) => /\.(json|jsonl|xml|csv|tsv|txt|ya?ml|labels)$/i.test(path);

/** Files a task takes, by the endings it accepts. */
function countOf({ accept }: Task, paths: readonly string[]): number {
  const accepted = accept.split(',');
  const takes = (path: string) =>
    accepted.some((type) => (type.startsWith('.') ? path.toLowerCase().endsWith(type) : MEDIA[type]?.test(path)));
  return paths.filter(takes).length;
}

/** The task that takes most of some files; where no text lies beside them, one whose folders say the classes. */
export function guessTask(paths: readonly string[], among: readonly TaskKind[] = TASK_KINDS): TaskKind {
  const plain = among.filter((kind) => taskOf(kind).hasClassFolders);
  const able = plain.length > 0 && !paths.some(isText) ? plain : among;
  return able.toSorted((a, b) => countOf(taskOf(b), paths) - countOf(taskOf(a), paths))[0]!;
}
