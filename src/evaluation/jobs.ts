/** Door of the evaluation room for workers: handlers of {@link EvaluationContract}. */
import { loadModel, type Store } from '../dataset/index.ts';
import type { ModelArtifact } from '../domain/model.ts';
import type { Part } from '../domain/project.ts';
import type { Report } from '../domain/report.ts';
import { rowOf, type TaskKind } from '../domain/task.ts';
import { nowMs } from '../kernel/clock.ts';
import { StudioError, throwIfAborted } from '../kernel/errors.ts';
import { openModelFile } from '../model/jobs.ts';
import { yieldToMessages } from '../kernel/yield.ts';
import type { Jobs } from '../rpc/contract.ts';
import type { EvaluationContract } from './contract.ts';
import { judgeOfFile } from './file-judge.ts';
import type { GraphInputs, LoadJudge } from './slot.ts';

export { judgeBoxes, judgeClasses } from './judges.ts';
export type { GraphInputs, LoadJudge } from './slot.ts';

type About = { task: TaskKind; projectId: string; part: Part; itemIds: string[] };

/** @param store opens the database of this thread, once. @param judges and @param inputs by task. */
export function createEvaluationJobs(
  store: () => Promise<Store>,
  judges: Record<TaskKind, LoadJudge>,
  inputs: Record<TaskKind, GraphInputs>,
): Jobs<EvaluationContract> {
  async function score(
    artifact: ModelArtifact,
    sourceId: string,
    { task, projectId, part, itemIds }: About,
    signal: AbortSignal,
    progress: (value: { done: number; total: number }) => void,
    load: LoadJudge = rowOf(judges, task),
  ): Promise<Report> {
    const db = await store();
    const { project, items } = await db.loadProject(projectId);
    const wanted = new Set(itemIds);
    using judge = await load(artifact, project.classes, db);
    const chosen = items.filter((item) => wanted.has(item.id) && judge.takes(item));
    if (!chosen.some((item) => judge.knows(item))) throw new StudioError('evaluation/no-items');
    for (const [i, item] of chosen.entries()) {
      await yieldToMessages();
      throwIfAborted(signal);
      await judge.look(item);
      progress({ done: i + 1, total: chosen.length });
    }
    return judge.report({ sourceId, part, createdAtMs: nowMs() });
  }

  return {
    async describeModel({ model }) {
      return (await loadModel(await store(), model)).preprocessing;
    },
    async evaluate({ model, ...about }, { signal, progress }) {
      const db = await store();
      const report = await score(await loadModel(db, model), model.sourceId, about, signal, progress);
      await db.saveReport(report);
      return report;
    },
    async storedReport({ sourceId, part }) {
      const reports = await (await store()).loadReports(sourceId);
      return reports.find((report) => report.part === part) ?? null;
    },
    async evaluateArtifact({ model, ...about }, { signal, progress }) {
      return score(model, 'bundle', about, signal, progress);
    },
    async describeFile({ file, name }) {
      using model = await openModelFile(new Uint8Array(await file.arrayBuffer()), name);
      return model.description;
    },
    async evaluateFile({ file, name, model, ...about }, { signal, progress }) {
      const { judge, artifact } = judgeOfFile(file, name, model, rowOf(inputs, about.task));
      return score(artifact, name, about, signal, progress, judge);
    },
  };
}
