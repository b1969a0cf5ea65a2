/** Scoring a model on a part of the data. Main thread. */
import { contentKey, type MediaItem, type ModelSource, type Part } from '../domain/project.ts';
import type { AnyReport } from '../domain/report.ts';
import type { FeaturesContract } from '../features/contract.ts';
import { extractFeatures, extractLandmarks } from '../features/ui.ts';
import { networkOfAlgorithm, resolveFrameRate, resolveInput } from '../training/index.ts';
import { isAbort, StudioError, toStudioError } from '../kernel/errors.ts';
import type { WorkerClient } from '../rpc/client.ts';
import type { InferenceContract } from './contract.ts';

/** Where an evaluation stands. */
export type EvaluationState =
  | { kind: 'idle' }
  | { kind: 'running'; done: number; total: number }
  | { kind: 'failed'; error: StudioError }
  | { kind: 'done'; report: AnyReport };

const isLabelled = (item: MediaItem) => (item.image ? item.image.isAnnotated : item.classId !== null);

/** The items of a part as a run saw them: its own training and validation, and of testing what it was never given. */
export function itemsOfPart(items: readonly MediaItem[], source: ModelSource, part: Part): MediaItem[] {
  const { data } = source;
  if (part !== 'testing') {
    const ids = new Set(data?.[part] ?? []);
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
 * Evaluates: features that are missing first, then every window, then the report (stored by the worker).
 * @throws StudioError `evaluation/no-items` and what the workers throw.
 */
export async function evaluateSource(
  clients: { features: WorkerClient<FeaturesContract>; inference: WorkerClient<InferenceContract> },
  source: ModelSource,
  items: readonly MediaItem[],
  part: Part,
  options: { signal?: AbortSignal; onProgress?: (done: number, total: number) => void } = {},
): Promise<AnyReport> {
  let chosen = itemsOfPart(items, source, part);
  if (chosen.length === 0) throw new StudioError('evaluation/no-items');
  const { signal, onProgress } = options;
  const pass = signal ? { signal } : {};
  const { algorithm, windowSec, overlapRatio, motion } = source.settings;
  if (source.settings.vision) {
    const trained = new Set(source.data?.training ?? []);
    const { failed } = await clients.features.call(
      'extractViews',
      {
        input: resolveInput(
          source.settings,
          items.filter((item) => trained.has(item.id)),
        ),
        hashes: chosen.map((item) => item.hash),
        varied: [],
        copies: 0,
        variation: null,
      },
      pass,
    );
    // Pictures that can no longer be read are left out; the report says how many there are.
    const lost = new Set(failed.map(({ hash }) => hash));
    chosen = chosen.filter((item) => !lost.has(item.hash));
    if (chosen.length === 0) throw new StudioError('evaluation/no-items');
  } else if (motion) {
    const trained = new Set([...(source.data?.training ?? []), ...(source.data?.validation ?? [])]);
    const rate = resolveFrameRate(
      source.settings,
      items.filter((item) => trained.has(item.id)),
    );
    await extractLandmarks(clients.features, chosen, rate, pass);
  } else
    await extractFeatures(
      clients.features,
      { network: networkOfAlgorithm(algorithm), windowSec, overlapRatio },
      chosen.map((item) => item.hash),
      null,
      pass,
    );
  return clients.inference.call(
    'evaluate',
    {
      model: { sourceId: source.id, kind: 'best' },
      projectId: source.projectId,
      part,
      itemIds: chosen.map((item) => item.id),
    },
    { ...pass, onProgress: ({ done, total }) => onProgress?.(done, total) },
  );
}

/** One evaluation at a time; a newer one replaces an older. */
export class EvaluationSession implements Disposable {
  readonly #clients: { features: WorkerClient<FeaturesContract>; inference: WorkerClient<InferenceContract> };
  #state = $state.raw<EvaluationState>({ kind: 'idle' });
  #controller: AbortController | null = null;

  constructor(clients: { features: WorkerClient<FeaturesContract>; inference: WorkerClient<InferenceContract> }) {
    this.#clients = clients;
  }

  get state(): EvaluationState {
    return this.#state;
  }

  /** Shows a stored report. */
  show(report: AnyReport | null): void {
    this.#controller?.abort();
    this.#state = report ? { kind: 'done', report } : { kind: 'idle' };
  }

  /** @returns the report, or null when it failed or was replaced. */
  async run(source: ModelSource, items: readonly MediaItem[], part: Part): Promise<AnyReport | null> {
    this.#controller?.abort();
    const controller = new AbortController();
    this.#controller = controller;
    this.#state = { kind: 'running', done: 0, total: 0 };
    try {
      const report = await evaluateSource(this.#clients, source, items, part, {
        signal: controller.signal,
        onProgress: (done, total) => {
          if (this.#controller === controller) this.#state = { kind: 'running', done, total };
        },
      });
      if (this.#controller === controller) this.#state = { kind: 'done', report };
      return report;
    } catch (error) {
      if (this.#controller === controller)
        this.#state = isAbort(error) ? { kind: 'idle' } : { kind: 'failed', error: toStudioError(error) };
      return null;
    }
  }

  cancel(): void {
    this.#controller?.abort();
  }

  [Symbol.dispose](): void {
    this.cancel();
  }
}
