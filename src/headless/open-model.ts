/** Exported models on the command line: a bundle, or one file with the whole network in it. Main thread. */
import type { PathFile } from '../dataset/index.ts';
import type { Preprocessing } from '../domain/model.ts';
import type { MediaItem, Part } from '../domain/project.ts';
import type { Report } from '../domain/report.ts';
import { TASK_KINDS, type TaskKind } from '../domain/task.ts';
import { classesOf, readBundle, readDescription } from '../export/index.ts';
import { extract } from '../features/ui.ts';
import { required } from '../kernel/assert.ts';
import { taskOf, type Task } from '../tasks/index.ts';
import type { Clients } from '../app/workers.ts';

/** A model that can score labelled examples of a project; the times are of their features and of the scoring. */
export type OpenedModel = {
  task: Task;
  score: (
    projectId: string,
    items: readonly MediaItem[],
  ) => Promise<{ report: Report; featureSec: number; scoringSec: number }>;
};

type About = { task: TaskKind; projectId: string; part: Part; itemIds: string[] };

const slots = () => TASK_KINDS.map((kind) => taskOf(kind).bundle);

function opened(
  clients: Clients,
  slot: ReturnType<typeof slots>[number],
  preprocessing: Preprocessing,
  needsFeatures: boolean,
  run: (about: About) => Promise<Report>,
): OpenedModel {
  const task = required(
    TASK_KINDS.map(taskOf).find(({ bundle }) => bundle === slot),
    'task',
  );
  return {
    task,
    async score(projectId, items) {
      const request = task.featuresOfModel(preprocessing, items);
      const featureSec = needsFeatures ? (await extract(clients, task.kind, request)).seconds : 0;
      const started = performance.now();
      const itemIds = items.map((item) => item.id);
      const report = await run({ task: task.kind, projectId, part: 'testing', itemIds });
      return { report, featureSec, scoringSec: (performance.now() - started) / 1000 };
    },
  };
}

/** A TensorFlow.js bundle. @param given its files; networks among them are stored first. @throws StudioError `export/model-damaged`, `network/…`. */
export async function openBundle(clients: Clients, given: readonly PathFile[]): Promise<OpenedModel> {
  const files = new Map(given.map((file) => [file.path, file.blob]));
  for (const [path, blob] of files)
    // Not the same model in another format, which may lie beside it.
    if (/\.(tflite|onnx|pt)$/.test(path) && !/^model\b/.test(path))
      await clients.features.call('storeNetworkFile', { blob, name: path });
  const { slot, model } = await readBundle(slots(), async (path) => files.get(path) ?? null);
  return opened(clients, slot, model.preprocessing, true, (about) =>
    clients.evaluation.call('evaluateArtifact', { model, ...about }),
  );
}

/** A `.tflite`, `.onnx` or `.mlmodel` of this app. @throws StudioError `export/model-damaged`. */
export async function openFile(clients: Clients, { path, blob }: PathFile): Promise<OpenedModel> {
  const name = path.replace(/^.*\//, '');
  const text = await clients.evaluation.call('describeFile', { file: blob, name });
  const { slot, labels, preprocessing, graph } = readDescription(slots(), text);
  const model = { classes: classesOf(labels), preprocessing, temperature: graph?.temperature ?? 1 };
  return opened(clients, slot, preprocessing, slot.fileNeedsFeatures, (about) =>
    clients.evaluation.call('evaluateFile', { file: blob, name, model, ...about }),
  );
}
