/** A model that was trained elsewhere becomes a source of the open project: to try, to judge and to export. Main thread. */
import type { PathFile, Store } from '../dataset/index.ts';
import type { ClassLabel, ModelSource } from '../domain/project.ts';
import { TASK_KINDS } from '../domain/task.ts';
import { openExported, type BundleSlot, type ReadBundle } from '../export/index.ts';
import { nowMs } from '../kernel/clock.ts';
import { StudioError } from '../kernel/errors.ts';
import { taskOf } from '../tasks/index.ts';
import { newSource, type Workbench } from './workbench.svelte.ts';
import type { Clients } from './workers.ts';

/** What a calibration that came with a model says of itself: nothing but what it does. */
const FOREIGN = { clipCount: 0, errorBefore: 0, errorAfter: 0, isOn: true, precision: null, falseAlarmsPerMin: null };

/** The record of an opened model. @param classes its own, or the project's by the same names, in the order of its scores. */
function sourceOf(
  workbench: Workbench,
  { model, calibration, answering, name }: ReadBundle<BundleSlot>,
  classes: readonly ClassLabel[],
  from: string,
): ModelSource {
  const { project, task } = workbench;
  const byOwn = (thresholds: Record<string, number | null>) =>
    Object.fromEntries(model.classes.map(({ id }, i) => [classes[i]!.id, thresholds[id] ?? null]));
  return {
    ...newSource(project.project.id, name || from.replace(/\.[^.]+$/, ''), task.defaults(project.items)),
    log: [{ atMs: nowMs(), text: `Opened from ${from}` }],
    data: {
      training: [],
      validation: [],
      hashes: [],
      classIds: classes.map(({ id }) => id),
      classNames: classes.map((label) => label.name),
    },
    answering,
    openedFrom: from,
    ...(calibration && {
      calibration: {
        ...FOREIGN,
        temperature: calibration.temperature,
        thresholds: calibration.thresholds && byOwn(calibration.thresholds),
      },
    }),
  };
}

/**
 * Adds it, with the pretrained networks that lie beside it.
 * @param given a zip, a page, a file of another format, or the files of a folder. @throws StudioError `export/model-damaged`, `network/wrong-file`.
 */
export async function openModel(
  workbench: Workbench,
  given: readonly PathFile[],
  { store, clients }: { store: Store; clients: Clients },
): Promise<ModelSource> {
  const { project, task } = workbench;
  const slots = TASK_KINDS.map((kind) => taskOf(kind).bundle);
  const read = await openExported(slots, given, {
    async unzip(blob) {
      const files: PathFile[] = [];
      await clients.archive.call('unzip', { blob }, { onProgress: ({ file }) => files.push(file) });
      return files;
    },
    readFile: (file, name) => clients.exports.call('readModelFile', { file, name }),
  });
  const from = given[0]!.path.replace(/^.*\//, '');
  if (read.slot !== task.bundle)
    throw new StudioError('export/model-damaged', {
      message: `${from} was not opened: it is ${read.slot.what.toLowerCase()}, and this project is of another kind. Open it in a project of its kind.`,
    });
  for (const { path, blob } of read.networkFiles) await clients.features.call('storeNetworkFile', { blob, name: path });
  const own = new Map(project.project.classes.map((label) => [label.name, label]));
  const classes = read.model.classes.map((label) => own.get(label.name) ?? label);
  const source = sourceOf(workbench, read, classes, from);
  await project.putSource(`Opened ${source.name}`, source);
  const done: Partial<ModelSource> = { status: 'done', bestIteration: 0, trainedAtMs: nowMs() };
  const weights = { sourceId: source.id, kind: 'best', model: { ...read.model, classes }, state: null };
  await store.updateSource(source.id, done, [weights], true);
  project.noteSource(source.id, done);
  workbench.selectSource(source.id);
  return { ...source, ...done };
}
