/** `npm run studio -- convert`: a data set of any form that is read becomes one of any form that is written. Main thread. */
import { FORMS, type PartStyle, type PathFile } from '../dataset/index.ts';
import type { ProjectSession } from '../dataset/ui.ts';
import { isLabelled } from '../domain/label.ts';
import { isTaskKind, TASK_KINDS, type TaskKind } from '../domain/task.ts';
import { StudioError } from '../kernel/errors.ts';
import { guessTask, taskOf, type Task } from '../tasks/index.ts';
import { LANDMARK_FORMS, landmarkFiles, type LandmarkTools } from '../app/landmarks.ts';
import type { Clients } from '../app/workers.ts';

/** What the command line asks for. `task` null = what the form and the files say. */
export type HeadlessConvert = { task: string | null; as: string; parts: string | null; classes: string | null };

/** What it uses of the runner. `write` stores a piece of a file of the new set, as base64. */
export type ConvertTools = {
  clients: Pick<Clients, 'archive'> & LandmarkTools['clients'];
  say: (text: string) => void;
  files: readonly PathFile[];
  importAll: (task: Task) => Promise<ProjectSession>;
  write: (path: string, base64: string, isAppended: boolean) => Promise<void>;
};

const idsOf = (kind: TaskKind) => taskOf(kind).saves.map((key) => FORMS[key].id);

/** The task a form belongs to: the only one that has it, else the one that takes most of the files; without lists folders say the classes. */
function taskOfForm(as: string, files: readonly PathFile[]): TaskKind {
  const able = TASK_KINDS.filter((kind) => idsOf(kind).includes(as));
  if (able.length === 0)
    throw new StudioError('studio/bad-arguments', {
      message: `--as ${as} is none of the forms: ${[...new Set(TASK_KINDS.flatMap(idsOf))].join(', ')}.`,
    });
  return guessTask(
    files.map(({ path }) => path),
    able,
  );
}

/** Content as base64. */
export const base64Of = (blob: Blob): Promise<string> =>
  new Promise<string>((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve((reader.result as string).replace(/^[^,]*,/, ''));
    reader.onerror = () => reject(reader.error ?? new Error('unreadable'));
    reader.readAsDataURL(blob);
  });
/** A multiple of three, so that pieces of base64 stay whole. */
const PIECE = 3 * 1024 * 1024;

/** @returns what was written. @throws StudioError `studio/bad-arguments`, and as the import. */
export async function convert(options: HeadlessConvert, tools: ConvertTools): Promise<{ report: unknown }> {
  const { task: asked, as } = options;
  if (asked !== null && !isTaskKind(asked))
    throw new StudioError('studio/bad-arguments', {
      message: `There is no task ${asked}. It may be ${TASK_KINDS.join(', ')}.`,
    });
  if (options.parts !== null && !['folders', 'lists'].includes(options.parts))
    throw new StudioError('studio/bad-arguments', {
      message: `--parts ${options.parts} is neither folders nor lists.`,
    });
  const kind = asked ?? taskOfForm(as, tools.files);
  const task = taskOf(kind);
  const format = task.saves.find((key) => FORMS[key].id === as);
  if (!format)
    throw new StudioError('studio/bad-arguments', {
      message: `--as ${as} is no form of ${kind}. It may be ${idsOf(kind).join(', ')}.`,
    });
  if (asked === null) tools.say(`task: ${kind}`);
  const project = await tools.importAll(task);
  const parts = (options.parts ?? 'folders') as PartStyle;
  let done = 0;
  // One file after the other: the page holds handles, not contents.
  let writing = Promise.resolve();
  const write = async ({ path, blob }: PathFile) => {
    for (let from = 0; from === 0 || from < blob.size; from += PIECE)
      await tools.write(path, await base64Of(blob.slice(from, from + PIECE)), from > 0);
    if (++done % 500 === 0) tools.say(`written: ${done} files`);
  };
  const form = LANDMARK_FORMS[format];
  const { classes } = project.project;
  const signal = new AbortController().signal;
  const onProgress = () => {};
  const made = form
    ? await landmarkFiles({ clients: tools.clients, task, classes }, project.items, form, { signal, onProgress })
    : [];
  const choice = { format, parts, itemIds: null, made };
  const { count } = await tools.clients.archive.call(
    'listDataSet',
    { projectId: project.id, choice },
    { onProgress: ({ file }) => (writing = writing.then(() => write(file))) },
  );
  await writing;
  const labelled = project.items.filter(isLabelled).length;
  return { report: { task: kind, as, files: count, examples: project.items.length, labelled } };
}
