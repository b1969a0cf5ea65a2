/** Scoring a model on a part of the data. Main thread. */
import { isLabelled } from '../domain/label.ts';
import { contentKey, type MediaItem, type ModelSource, type Part } from '../domain/project.ts';
import type { Report } from '../domain/report.ts';
import { extract, type FeatureClients } from '../features/ui.ts';
import { isAbort, StudioError, toStudioError } from '../kernel/errors.ts';
import { Scope } from '../kernel/scope.ts';
import type { WorkerClient } from '../rpc/client.ts';
import type { EvaluationContract } from './contract.ts';
import type { EvaluationSlot } from './slot.ts';

/** The threads an evaluation needs. */
export type EvaluationClients = FeatureClients & { evaluation: WorkerClient<EvaluationContract> };

/** Where an evaluation stands. */
export type EvaluationState =
  | { kind: 'idle' }
  | { kind: 'running'; done: number; total: number }
  | { kind: 'failed'; error: StudioError }
  | { kind: 'done'; report: Report };

/** The items of a part as a run saw them: its own training and validation, and of testing what it was never given. */
export function itemsOfPart(items: readonly MediaItem[], source: ModelSource, part: Part): MediaItem[] {
  const { data } = source;
  // Nothing here was ever shown to a model from elsewhere.
  if (source.openedFrom) return items.filter((item) => item.part === part && isLabelled(item));
  if (part !== 'testing') {
    // Cross-validated: every example was judged by a model that had not seen it.
    const folded = part === 'validation' && data?.folds ? data.training.filter((_, i) => data.folds![i]! >= 0) : null;
    const ids = new Set(folded ?? data?.[part] ?? []);
    return items.filter((item) => ids.has(item.id));
  }
  // Background sounds were heard in training too.
  const ids = new Set([...(data?.training ?? []), ...(data?.validation ?? []), ...(data?.background ?? [])]);
  // By content too: a training clip that was deleted and added again as a test clip is not new to the model.
  const hashes = new Set(data?.hashes ?? []);
  return items.filter(
    (item) => item.part === 'testing' && isLabelled(item) && !ids.has(item.id) && !hashes.has(contentKey(item)),
  );
}

/**
 * Evaluates: features that are missing first, then every example, then the report (stored by the worker). Files that can no longer be read are left out; the
 * report says how many there are. Cross-validated examples were judged while training: the model that came of it knows them all.
 * @throws StudioError `evaluation/no-items` and what the workers throw.
 */
export async function evaluateSource(
  clients: EvaluationClients,
  slot: EvaluationSlot,
  source: ModelSource,
  items: readonly MediaItem[],
  part: Part,
  options: { signal?: AbortSignal; onProgress?: (done: number, total: number) => void } = {},
): Promise<Report> {
  const chosen = itemsOfPart(items, source, part);
  if (chosen.length === 0) throw new StudioError('evaluation/no-items');
  const { signal, onProgress } = options;
  const pass = signal ? { signal } : {};
  if (part === 'validation' && source.data?.folds) {
    const report = await clients.evaluation.call('storedReport', { sourceId: source.id, part }, pass);
    if (!report) throw new StudioError('evaluation/no-items');
    return report;
  }
  const model = { sourceId: source.id, kind: 'best' };
  const preprocessing = await clients.evaluation.call('describeModel', { model }, pass);
  const { failed } = await extract(clients, slot.kind, slot.featuresOfModel(preprocessing, chosen), pass);
  const lost = new Set(failed.map(({ hash }) => hash));
  const readable = chosen.filter((item) => !lost.has(item.hash));
  if (readable.length === 0) throw new StudioError('evaluation/no-items');
  return clients.evaluation.call(
    'evaluate',
    { task: slot.kind, model, projectId: source.projectId, part, itemIds: readable.map((item) => item.id) },
    { ...pass, onProgress: ({ done, total }) => onProgress?.(done, total) },
  );
}

/** One evaluation at a time; a newer one replaces an older. */
export class EvaluationSession implements Disposable {
  readonly #clients: EvaluationClients;
  readonly #slot: EvaluationSlot;
  #state = $state.raw<EvaluationState>({ kind: 'idle' });
  /** The newest work: what an older one still says is dropped. */
  #run: Scope | null = null;

  constructor(clients: EvaluationClients, slot: EvaluationSlot) {
    this.#clients = clients;
    this.#slot = slot;
  }

  get state(): EvaluationState {
    return this.#state;
  }

  /** Shows a stored report. */
  show(report: Report | null): void {
    this.#run?.dispose();
    this.#state = report ? { kind: 'done', report } : { kind: 'idle' };
  }

  /** @returns the report, or null when it failed or was replaced. */
  async run(source: ModelSource, items: readonly MediaItem[], part: Part): Promise<Report | null> {
    this.#run?.dispose();
    const run = new Scope();
    this.#run = run;
    this.#state = { kind: 'running', done: 0, total: 0 };
    try {
      const report = await evaluateSource(this.#clients, this.#slot, source, items, part, {
        signal: run.abortSignal(),
        onProgress: (done, total) => {
          if (this.#run === run) this.#state = { kind: 'running', done, total };
        },
      });
      if (this.#run === run) this.#state = { kind: 'done', report };
      return report;
    } catch (error) {
      if (this.#run === run)
        this.#state = isAbort(error) ? { kind: 'idle' } : { kind: 'failed', error: toStudioError(error) };
      return null;
    } finally {
      run.dispose();
    }
  }

  cancel(): void {
    this.#run?.dispose();
  }

  [Symbol.dispose](): void {
    this.cancel();
  }
}
