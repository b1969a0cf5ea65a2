/** A training run as the page sees it: features, then training, with its controls. Main thread. One run at a time. */
import type { MediaItem, ModelSource, RunData, SourceStatus, TrainingSettings } from '../domain/project.ts';
import type { ProjectSession } from '../dataset/ui.ts';
import type { ExtractProgress, ExtractResult, FeaturesContract } from '../features/contract.ts';
import { extractFeatures, extractLandmarks, extractViews } from '../features/ui.ts';
import { resolveFrameRate } from './motion/motion-settings.ts';
import { nowMs } from '../kernel/clock.ts';
import { isAbort, StudioError, toStudioError } from '../kernel/errors.ts';
import type { CallOptions, WorkerClient } from '../rpc/client.ts';
import type { TrainingContract } from './contract.ts';
import { chooseAlgorithm, type AlgorithmChoice } from './choose-algorithm.ts';
import { copySettings } from './copies.ts';
import { planRun } from './plan.ts';
import type { QuickLook } from './fit.ts';
import { networkOfAlgorithm } from './settings.ts';
import { resolveCopies, resolveInput } from './vision/vision-settings.ts';

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
  readonly #features: WorkerClient<FeaturesContract>;
  readonly #training: WorkerClient<TrainingContract>;
  /** A second features thread, for pictures. */
  readonly #helper: WorkerClient<FeaturesContract> | null;
  readonly #choose: (source: ModelSource, signal: AbortSignal) => Promise<AlgorithmChoice>;
  #state = $state.raw<TrainingState>({ kind: 'idle' });
  #featureText = $state('');
  #look = $state.raw<QuickLook | null>(null);
  #unsaved = $state<'going-on' | 'waiting' | null>(null);
  #controller: AbortController | null = null;
  /** The run's source as it was before: a finished model whose "Train more" did not begin stays finished. */
  #before: Pick<ModelSource, 'status' | 'iteration'> = { status: 'untrained', iteration: 0 };

  constructor(
    project: ProjectSession,
    features: WorkerClient<FeaturesContract>,
    training: WorkerClient<TrainingContract>,
    helper: WorkerClient<FeaturesContract> | null = null,
  ) {
    this.#helper = helper;
    this.#choose = (source, signal) =>
      chooseAlgorithm(features, project, source.settings, {
        signal,
        onProgress: (text) => void (this.#state = { kind: 'preparing', sourceId: source.id, text }),
      });
    this.#project = project;
    this.#features = features;
    this.#training = training;
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
    this.#controller?.abort();
    const controller = new AbortController();
    this.#controller = controller;
    const { signal } = controller;
    const isCurrent = () => this.#controller === controller;
    this.#unsaved = null;
    this.#look = null;
    const sourceId = source.id;
    const isFresh = source.status === 'untrained' || source.status === 'failed';
    this.#before = { status: source.status, iteration: source.iteration };
    try {
      const settings = isFresh ? await this.#resolve(source, signal) : source.settings;
      const items = this.#itemsOf({ ...source, settings }, isFresh);
      const started = nowMs();
      this.#state = { kind: 'features', sourceId, done: 0, total: items.length, ratio: 0, leftSec: null };
      await this.#project.saveSource(sourceId, { status: 'training', failure: null });
      const data =
        (isFresh ? null : source.data) ?? planRun(this.#project.items, this.#project.project.classes, settings).data;
      const options = {
        signal,
        onProgress: ({ done, total }: { done: number; total: number }) => {
          if (!isCurrent()) return;
          const ratio = done / Math.max(1, total);
          const elapsedSec = (nowMs() - started) / 1000;
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
      const features = await this.#extract(settings, data, items, options);
      if (features.failed.length > 0)
        throw new StudioError('features/clip-missing', {
          message: `${features.failed.length} ${settings.vision ? 'pictures' : 'clips'} could not be read: ${features.failed[0]!.reason}`,
        });
      const featureSec = source.featureSec + features.seconds;
      const word = settings.vision ? 'pictures' : 'clips';
      this.#featureText =
        features.extracted === 0
          ? `${features.cached} ${word}, all from cache`
          : `${features.extracted} ${word} in ${features.seconds.toFixed(1)} s, ${features.cached} from cache`;
      await this.#project.saveSource(sourceId, { featureSec });
      this.#state = { kind: 'preparing', sourceId, text: 'Preparing' };

      let trainingStarted = 0;
      let first = 0;
      let planned = source.plannedIterations;
      const result = await this.#training.call(
        'train',
        { sourceId, projectId: this.#project.id, moreIterations, isFinishing, isFresh },
        {
          signal,
          onProgress: (progress) => {
            if (!isCurrent()) return;
            switch (progress.kind) {
              case 'preparing':
                this.#state = { kind: 'preparing', sourceId, text: progress.text };
                return;
              case 'started':
                trainingStarted = nowMs();
                first = progress.iteration;
                planned = progress.plannedIterations;
                this.#project.noteSource(sourceId, {
                  engine: progress.engine,
                  device: progress.device,
                  plannedIterations: planned,
                  iteration: first,
                  // The quick look names its classes by it.
                  ...(settings.vision ? { data } : {}),
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
                const elapsedSec = (nowMs() - trainingStarted) / 1000;
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
    }
  }

  /** Computes the features a run needs. */
  #extract(
    settings: TrainingSettings,
    data: RunData,
    items: readonly MediaItem[],
    options: CallOptions<ExtractProgress>,
  ): Promise<ExtractResult> {
    if (settings.vision) {
      const used = new Set(data.training);
      const training = items.filter((item) => used.has(item.id));
      const input = resolveInput(settings, training);
      return extractViews(
        this.#features,
        this.#helper,
        {
          input,
          hashes: items.map((item) => item.hash),
          varied: training.map((item) => item.hash),
          ...resolveCopies(settings, input, training.length),
        },
        options,
      );
    }
    if (settings.motion) return extractLandmarks(this.#features, items, resolveFrameRate(settings, items), options);
    const { windowSec, overlapRatio } = settings;
    const network = networkOfAlgorithm(settings.algorithm);
    const used = network ? items.filter((item) => item.part !== 'background') : items;
    return extractFeatures(
      this.#features,
      { network, windowSec, overlapRatio },
      used.map((item) => item.hash),
      network ? copySettings(settings, data, this.#project.items) : null,
      options,
    );
  }

  /** The settings a run starts with: `automatic` becomes the algorithm that suits the clips, and stays so. */
  async #resolve(source: ModelSource, signal: AbortSignal): Promise<TrainingSettings> {
    const { vision } = source.settings;
    if (vision) {
      // What was chosen for these boxes stays with the run, whatever is drawn later.
      const { items, project } = this.#project;
      const training = new Set(planRun(items, project.classes, source.settings).data.training);
      const { pixels, tiles } = resolveInput(
        source.settings,
        items.filter((item) => training.has(item.id)),
      );
      const settings = { ...source.settings, vision: { ...vision, pixels, tiles } } as TrainingSettings;
      await this.#project.saveSource(source.id, { settings });
      return settings;
    }
    if (source.settings.algorithm !== 'automatic') return source.settings;
    this.#state = { kind: 'preparing', sourceId: source.id, text: 'Choosing an algorithm' };
    const { settings, reason } = await this.#choose(source, signal);
    const log = [...source.log, { atMs: nowMs(), text: reason }];
    await this.#project.saveSource(source.id, { settings, log });
    return settings;
  }

  /** The clips a run needs; throws when they cannot be trained on. */
  #itemsOf(source: ModelSource, isFresh: boolean): MediaItem[] {
    const { items, project } = this.#project;
    const data = (isFresh ? null : source.data) ?? planRun(items, project.classes, source.settings).data;
    const ids = new Set([...data.training, ...data.validation, ...(data.background ?? [])]);
    return items.filter((item) => ids.has(item.id));
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
      this.#controller?.abort();
      await this.#project.saveSource(state.sourceId, { status: this.#statusAfterEnd(state.sourceId, 'untrained') });
      return;
    }
    if (state.kind !== 'training') return;
    if (action !== 'snapshot') this.#state = { ...state, wish: action };
    await this.#training.call('control', { sourceId: state.sourceId, action });
  }

  dismiss(): void {
    if (this.#state.kind === 'failed') this.#state = { kind: 'idle' };
  }

  /** Leaves the run where it is: its worker pauses it with a checkpoint. */
  [Symbol.dispose](): void {
    this.#controller?.abort();
    this.#controller = null;
  }
}
