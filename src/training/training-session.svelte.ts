/** A training run as the page sees it: features, then training, with its controls. Main thread. One run at a time. */
import type { ProjectSession } from '../dataset/ui.ts';
import type { ModelSource, RunData, SourceStatus } from '../domain/project.ts';
import type { EngineName } from '../domain/settings.ts';
import type { TrainingSettings } from '../domain/task.ts';
import { extract, type FeatureClients } from '../features/ui.ts';
import { elapsedMs, nowMs } from '../kernel/clock.ts';
import { isAbort, StudioError, toStudioError } from '../kernel/errors.ts';
import { Scope } from '../kernel/scope.ts';
import type { CallOptions, WorkerClient } from '../rpc/client.ts';
import type { TrainingContract, TrainingProgress } from './contract.ts';
import type { QuickLook } from './fit.ts';
import type { TrainingSlot } from './slot.ts';

/** The threads a run needs. */
export type TrainingClients = FeatureClients & { training: WorkerClient<TrainingContract> };

/** Where training stands. Ratios 0..1; `leftSec` null until there are 3 s of data. */
export type TrainingState =
  | { kind: 'idle' }
  | { kind: 'features'; sourceId: string; done: number; total: number; ratio: number; leftSec: number | null }
  | { kind: 'preparing'; sourceId: string; text: string }
  | {
      kind: 'training';
      sourceId: string;
      iteration: number;
      planned: number;
      ratio: number;
      leftSec: number | null;
      perSec: number;
      wish: 'pause' | 'stop' | null;
    }
  | { kind: 'failed'; sourceId: string; error: StudioError };

/** See the file header. */
export class TrainingSession implements Disposable {
  readonly #project: ProjectSession;
  readonly #slot: TrainingSlot;
  readonly #clients: TrainingClients;
  #state = $state.raw<TrainingState>({ kind: 'idle' });
  #featureText = $state('');
  #look = $state.raw<QuickLook | null>(null);
  #unsaved = $state<'going-on' | 'waiting' | null>(null);
  /** The newest work: what an older one still says is dropped. */
  #run: Scope | null = null;
  /** The run's source as it was before: a finished model whose "Train more" did not begin stays finished. */
  #before: Pick<ModelSource, 'status' | 'iteration'> = { status: 'untrained', iteration: 0 };

  constructor(project: ProjectSession, slot: TrainingSlot, clients: TrainingClients) {
    this.#project = project;
    this.#slot = slot;
    this.#clients = clients;
  }

  get state(): TrainingState {
    return this.#state;
  }
  /** Result of the feature phase in words: "2,914 windows, 14 s". */
  get featureText(): string {
    return this.#featureText;
  }
  /** What the run in flight finds in a few validation pictures; null for classifiers and before the first iteration. */
  get look(): QuickLook | null {
    return this.#look;
  }
  /** The browser had no room for the last checkpoint; 'waiting' = training has ended and its model waits for room. */
  get unsaved(): 'going-on' | 'waiting' | null {
    return this.#unsaved;
  }
  get isRunning(): boolean {
    return this.#state.kind === 'features' || this.#state.kind === 'preparing' || this.#state.kind === 'training';
  }

  /**
   * Trains (or resumes) a stored model source. Progress goes into the project's record.
   * @param moreIterations beyond the plan, for "Train more". @param isFinishing ends a paused run, keeping its best model. @returns the finished or paused source; null when it failed or was left.
   */
  async run(source: ModelSource, moreIterations = 0, isFinishing = false): Promise<ModelSource | null> {
    if (this.#project.isReadOnly) {
      this.#state = { kind: 'failed', sourceId: source.id, error: new StudioError('dataset/read-only') };
      return null;
    }
    this.#run?.dispose();
    const run = new Scope();
    this.#run = run;
    const signal = run.abortSignal();
    const isCurrent = () => this.#run === run;
    this.#unsaved = null;
    this.#look = null;
    const sourceId = source.id;
    const isFresh = source.status === 'untrained' || source.status === 'failed';
    this.#before = { status: source.status, iteration: source.iteration };
    try {
      const { settings, data } = isFresh
        ? await this.#resolve(source, signal)
        : { settings: source.settings, data: source.data ?? this.#plan(source.settings) };
      const { items } = this.#project;
      const request = this.#slot.features({ settings, data, items });
      const started = elapsedMs();
      const total = new Set(request.hashes).size;
      this.#state = { kind: 'features', sourceId, done: 0, total, ratio: 0, leftSec: null };
      await this.#project.saveSource(sourceId, { status: 'training', failure: null });
      const options = {
        signal,
        onProgress: ({ done, total }: { done: number; total: number }) => {
          if (!isCurrent()) return;
          const ratio = done / Math.max(1, total);
          const elapsedSec = (elapsedMs() - started) / 1000;
          this.#state = {
            kind: 'features',
            sourceId,
            done: Math.floor(done),
            total,
            ratio,
            leftSec: elapsedSec > 3 && ratio > 0 ? (elapsedSec / ratio) * (1 - ratio) : null,
          };
        },
      };
      const features = await extract(this.#clients, this.#slot.kind, request, options);
      const [, many] = this.#slot.example;
      if (features.failed.length > 0)
        throw new StudioError('features/clip-missing', {
          message: `${features.failed.length} ${many} could not be read: ${features.failed[0]!.reason}`,
        });
      const featureSec = source.featureSec + features.seconds;
      this.#featureText =
        features.extracted === 0
          ? `${features.cached} ${many}, all from cache`
          : `${features.extracted} ${many} in ${features.seconds.toFixed(1)} s, ${features.cached} from cache`;
      await this.#project.saveSource(sourceId, { featureSec });
      this.#state = { kind: 'preparing', sourceId, text: 'Preparing' };

      let trainingStarted = 0;
      let first = 0;
      let planned = source.plannedIterations;
      const result = await this.#train(
        { sourceId, projectId: this.#project.id, moreIterations, isFinishing, isFresh },
        (text) => isCurrent() && (this.#state = { kind: 'preparing', sourceId, text }),
        {
          signal,
          onProgress: (progress) => {
            if (!isCurrent()) return;
            switch (progress.kind) {
              case 'preparing':
                this.#state = { kind: 'preparing', sourceId, text: progress.text };
                return;
              case 'started':
                trainingStarted = elapsedMs();
                first = progress.iteration;
                planned = progress.plannedIterations;
                this.#project.noteSource(sourceId, {
                  engine: progress.engine,
                  device: progress.device,
                  plannedIterations: planned,
                  iteration: first,
                  // A quick look names its classes by it.
                  data,
                });
                this.#state = {
                  kind: 'training',
                  sourceId,
                  iteration: first,
                  planned,
                  ratio: first / planned,
                  leftSec: null,
                  perSec: 0,
                  wish: null,
                };
                return;
              case 'step': {
                const done = progress.iteration + progress.ratio;
                const elapsedSec = (elapsedMs() - trainingStarted) / 1000;
                const perSec = (done - first) / Math.max(elapsedSec, 1e-3);
                this.#state = {
                  kind: 'training',
                  sourceId,
                  iteration: progress.iteration,
                  planned,
                  ratio: done / planned,
                  leftSec: elapsedSec > 3 ? (planned - done) / perSec : null,
                  perSec,
                  wish: this.#state.kind === 'training' ? this.#state.wish : null,
                };
                return;
              }
              case 'iteration': {
                const { point, bestIteration, look } = progress;
                this.#look = look;
                const known = this.#project.sources.find((candidate) => candidate.id === sourceId);
                const curve = (known?.curve ?? []).filter((other) => other.iteration < point.iteration);
                this.#project.noteSource(sourceId, {
                  iteration: point.iteration,
                  bestIteration,
                  curve: [...curve, point],
                });
                return;
              }
              case 'snapshot': {
                const known = this.#project.sources.find((candidate) => candidate.id === sourceId);
                const others = (known?.snapshots ?? []).filter(
                  (other) => other.iteration !== progress.snapshot.iteration,
                );
                this.#project.noteSource(sourceId, { snapshots: [...others, progress.snapshot] });
                return;
              }
              case 'checkpoint':
                this.#unsaved = null;
                return;
              case 'unsaved':
                this.#unsaved = progress.isWaiting ? 'waiting' : 'going-on';
                return;
            }
          },
        },
      );
      this.#project.noteSource(sourceId, result);
      if (isCurrent()) this.#state = { kind: 'idle' };
      return result;
    } catch (error) {
      if (isAbort(error)) {
        if (isCurrent()) this.#state = { kind: 'idle' };
        return null;
      }
      const known = toStudioError(error);
      // A crash keeps the checkpoint: the run is paused, not lost.
      await this.#project
        .saveSource(sourceId, { status: this.#statusAfterEnd(sourceId, 'failed'), failure: known.message })
        .catch(() => {});
      if (isCurrent()) this.#state = { kind: 'failed', sourceId, error: known };
      return null;
    } finally {
      run.dispose();
    }
  }

  /** Trains in the worker; when a graphics processor stops answering it goes on from the last checkpoint on another engine. */
  async #train(
    given: Omit<TrainingContract['train']['args'], 'avoid'>,
    tell: (text: string) => void,
    options: CallOptions<TrainingProgress>,
  ): Promise<ModelSource> {
    const { training } = this.#clients;
    let args = given;
    const avoid: EngineName[] = [];
    const onProgress = (value: TrainingProgress) => {
      // From here on the plan and what was learnt are in the database: it goes on with both.
      if (value.kind === 'checkpoint') args = { ...args, isFresh: false, moreIterations: 0 };
      options.onProgress?.(value);
    };
    for (;;) {
      try {
        return await training.call('train', { ...args, avoid: [...avoid] }, { ...options, onProgress });
      } catch (error) {
        const lost = error instanceof StudioError && error.code === 'gpu/device-lost' ? error.details.engine : null;
        if (!lost || avoid.includes(lost as EngineName)) throw error;
        avoid.push(lost as EngineName);
        // What the engine has left in its thread goes with it.
        training.close();
        tell('The graphics processor stopped answering. Going on from the last checkpoint on another engine');
      }
    }
  }

  #plan(settings: TrainingSettings): RunData {
    const { items, project } = this.#project;
    return this.#slot.plan(items, project.classes, settings).data;
  }

  /** What a run starts with: `automatic` becomes the algorithm that suits the examples, and all that was left to the app is chosen; both stay so. */
  async #resolve(source: ModelSource, signal: AbortSignal): Promise<{ settings: TrainingSettings; data: RunData }> {
    const { items, project } = this.#project;
    let { settings, log } = source;
    const { choose } = this.#slot;
    if (settings.algorithm === 'automatic' && choose) {
      const sourceId = source.id;
      const show = (text: string) => void (this.#state = { kind: 'preparing', sourceId, text });
      show('Choosing an algorithm');
      const client = this.#clients.features;
      const choice = await choose({ client, items, classes: project.classes, signal, onProgress: show }, settings);
      settings = choice.settings;
      log = [...log, { atMs: nowMs(), text: choice.reason }];
    }
    const data = this.#plan(settings);
    settings = this.#slot.resolve({ settings, data, items });
    await this.#project.saveSource(source.id, { settings, log });
    return { settings, data };
  }

  /** Where a source stands when its run ended early. */
  #statusAfterEnd(sourceId: string, withoutCheckpoint: SourceStatus): SourceStatus {
    const iteration = this.#project.sources.find((candidate) => candidate.id === sourceId)?.iteration ?? 0;
    const { status } = this.#before;
    if (iteration === this.#before.iteration && (status === 'done' || status === 'paused')) return status;
    return iteration > 0 ? 'paused' : withoutCheckpoint;
  }

  async control(action: 'pause' | 'stop' | 'snapshot'): Promise<void> {
    const state = this.#state;
    if (state.kind === 'features' || state.kind === 'preparing') {
      if (action === 'snapshot') return;
      this.#run?.dispose();
      await this.#project.saveSource(state.sourceId, { status: this.#statusAfterEnd(state.sourceId, 'untrained') });
      return;
    }
    if (state.kind !== 'training') return;
    if (action !== 'snapshot') this.#state = { ...state, wish: action };
    await this.#clients.training.call('control', { sourceId: state.sourceId, action });
  }

  dismiss(): void {
    if (this.#state.kind === 'failed') this.#state = { kind: 'idle' };
  }

  /** Leaves the run where it is: its worker pauses it with a checkpoint. */
  [Symbol.dispose](): void {
    this.#run?.dispose();
    this.#run = null;
  }
}
