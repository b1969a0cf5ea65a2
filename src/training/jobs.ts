/** Door of the training room for workers: handlers of {@link TrainingContract}. */
import { writingLock, type Store, type StoredWeights } from '../dataset/index.ts';
import type { ModelArtifact } from '../domain/model.ts';
import type { ModelSource, RunData, Snapshot } from '../domain/project.ts';
import type { Report } from '../domain/report.ts';
import { rowOf, type TaskKind, type TrainingSettings } from '../domain/task.ts';
import { FeatureCache, loadBackbone } from '../features/jobs.ts';
import { required } from '../kernel/assert.ts';
import { elapsedMs, nowMs } from '../kernel/clock.ts';
import { isAbort, StudioError, throwIfAborted } from '../kernel/errors.ts';
import { formatDuration, formatPercent } from '../kernel/format.ts';
import { holding } from '../kernel/locks.ts';
import { explainAbort, saveArtifact } from '../model/jobs.ts';
import type { Jobs } from '../rpc/contract.ts';
import { chooseForm } from './choose-form.ts';
import type { TrainingContract, TrainingProgress } from './contract.ts';
import { chooseEngine, findGpu, testEngines, type GpuFact } from './engine/engines.ts';
import { judgedBy, packFolds, unpackFolds } from './cross-validate.ts';
import { answered, fit, type FitState } from './fit.ts';
import type { PreparedRun, PrepareContext, TrainingRow } from './slot.ts';
import { drawExample } from './sound/draw-example.ts';

export { EmbeddingExamples } from './classification/examples.ts';
export { buildHead } from './classification/heads.ts';
export { clipsOfRun, prepareClassifier } from './classification/prepare.ts';
export { prepareDetection } from './detection/prepare-detection.ts';
export { prepareMovement } from './movement/prepare-movement.ts';
export { prepareSound } from './sound/prepare-sound.ts';
export type { TrainableNetwork } from './network.ts';
export type { PrepareContext, PreparedRun, TrainingRow } from './slot.ts';

/** A closed tab loses at most the iteration in flight, or the last second when iterations are shorter. */
const CHECKPOINT_EVERY_MS = { betweenIterations: 1000, withinIteration: 5000 };
/** Milliseconds between writes of the best model so far; a checkpoint holds its weights in any case. */
const BEST_EVERY_MS = 10_000;

/** Milliseconds between looks for room when a finished run could not be stored. */
const ROOM_CHECK_MS = 2000;

const isQuota = (error: unknown) => error instanceof StudioError && error.code === 'dataset/quota-exceeded';

type Control = { wantsPause: boolean; wantsStop: boolean; wantsSnapshot: boolean };

/** The numbers of a checkpoint beside its arrays. */
type CheckpointState = Record<string, Float32Array | number>;

function packState(state: FitState, normalisation: PreparedRun['normalisation']): CheckpointState {
  const { bestRank, ...rest } = state;
  return {
    ...rest,
    bestRank: Number.isFinite(bestRank) ? bestRank : -1,
    ...normalisation,
  };
}

function unpackState(state: CheckpointState): FitState {
  // Checkpoints of before call it a loss.
  const bestRank = (state.bestRank ?? state.bestLoss) as number;
  return { ...(state as unknown as FitState), bestRank: bestRank < 0 ? Infinity : bestRank };
}

/** Milliseconds a step of the job takes on the engine that is current. */
export async function timeStepOf(prepared: Pick<PreparedRun, 'makeTrainable'>): Promise<number> {
  using probe = prepared.makeTrainable();
  // Waited for here: the probe ends with this block.
  return await answered(probe, probe.timeStep());
}

/** @param store opens the database of this thread, once. @param rows what the tasks do here. */
export function createTrainingJobs(
  store: () => Promise<Store>,
  rows: Record<TaskKind, TrainingRow>,
): Jobs<TrainingContract> {
  const running = new Map<string, Control>();
  let gpu: GpuFact | null = null;
  let last: Promise<unknown> = Promise.resolve();
  /** One after the other: the engine is one for the whole thread. */
  function inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = last.then(run);
    last = turn.catch(() => {});
    return turn;
  }

  async function train(
    { sourceId, projectId, moreIterations, isFresh, avoid }: TrainingContract['train']['args'],
    control: Control,
    signal: AbortSignal,
    lost: AbortSignal,
    progress: (value: TrainingProgress) => void,
  ): Promise<ModelSource> {
    const db = await store();
    const save = (patch: Partial<ModelSource>, weights: StoredWeights[] = [], isFinal = false) => {
      throwIfAborted(lost);
      return db.updateSource(sourceId, patch, weights, isFinal);
    };
    const { project, items, sources } = await db.loadProject(projectId);
    const stored = required(
      sources.find((candidate) => candidate.id === sourceId),
      'model source',
    );
    let { settings } = stored;
    const checkpoint = isFresh ? null : await db.loadWeights(sourceId, 'checkpoint');
    const resume = checkpoint?.state ? unpackState(checkpoint.state) : null;
    if (resume && moreIterations > 0) resume.patienceFrom = resume.iteration;

    const row = rowOf(rows, project.kind);
    const data = resume ? required(stored.data, 'data of the run') : row.plan(items, project.classes, settings).data;
    const byId = new Map(items.map((item) => [item.id, item]));
    const known = [...data.training, ...data.validation, ...(data.background ?? [])];
    if (known.some((id) => !byId.get(id))) throw new StudioError('training/data-changed');

    progress({ kind: 'preparing', text: 'Reading features' });
    const cache = new FeatureCache(db);
    const prepare = (form: TrainingSettings, part: RunData, state: PrepareContext['state']) =>
      row.prepare({ settings: form, data: part, items, cache, backbone: () => loadBackbone(db), state, signal });
    let prepared = await prepare(settings, data, checkpoint?.state ?? null);

    progress({ kind: 'preparing', text: 'Choosing an engine' });
    const memory = `engine/${project.kind}/${settings.algorithm}/${prepared.shape}`;
    const choice = await chooseEngine(
      settings.engine,
      () => timeStepOf(prepared),
      (await db.loadPreference<ModelSource['engine']>(memory)) ?? (resume ? stored.engine : null),
      avoid,
    );
    if (Object.keys(choice.timesMs).length > 0) await db.savePreference(memory, choice.engine);

    if (prepared.isHeavy && choice.engine === 'cpu') throw new StudioError('training/too-slow');

    const started = elapsedMs();
    const chosen =
      data.folds && !resume && !prepared.heldOut
        ? await chooseForm({
            ...{ sourceId, data, items, settings, prepared, signal },
            plain: row.plainer?.(settings) ?? null,
            prepare: (form, part) => prepare(form, part, null),
            progress: (ratio) =>
              progress({
                kind: 'preparing',
                text: `Checking with a part left out in turn: ${formatPercent(ratio, 0)}`,
              }),
          })
        : null;
    if (chosen) {
      ({ settings, prepared } = chosen);
      await db.saveReport(chosen.report);
    }
    const { normalisation } = prepared;
    const firstPlan = settings.iterations ?? prepared.automaticIterations;
    using made = prepared.makeTrainable();
    // A run that goes on is judged by what its folds said at its start.
    const { heldOut = null } = prepared;
    /** Reports that had no room yet: they go with the end of the run. */
    let waiting: Report[] = [];
    const scoreHeld = async (weights: Float32Array, iteration: number): Promise<void> => {
      if (!heldOut) return;
      const about = { sourceId, part: 'validation' as const, createdAtMs: nowMs() };
      const found = await heldOut.report(made, weights, about);
      const report = { ...found, foldedIterations: iteration };
      throwIfAborted(lost);
      try {
        await db.saveReport(report);
        waiting = [];
      } catch (error) {
        if (!isQuota(error)) throw error;
        waiting = [report];
        progress({ kind: 'unsaved', isWaiting: false });
      }
    };
    const judged = chosen?.folded ?? (checkpoint?.state ? unpackFolds(checkpoint.state) : null);
    const trainable = judged ? judgedBy(made, (iteration) => judged.points[iteration - 1] ?? null) : made;
    const plannedIterations = !resume
      ? firstPlan + moreIterations
      : moreIterations > 0
        ? resume.iteration + moreIterations
        : stored.plannedIterations;
    const makeArtifact = async (weights: Float32Array | null): Promise<ModelArtifact> => {
      const current = weights ? await trainable.saveWeights() : null;
      if (weights) trainable.loadWeights(weights);
      const artifact = await saveArtifact(made.network.infer, {
        classes: data.classIds.map((id, i) =>
          required(
            project.classes.find((label) => label.id === id) ?? { id, name: data.classNames[i]!, color: 1 },
            'class',
          ),
        ),
        preprocessing: prepared.preprocessing,
        ...(prepared.novelty
          ? { novelty: { ...prepared.novelty, limit: judged?.noveltyLimit ?? prepared.novelty.limit } }
          : {}),
      });
      if (current) trainable.loadWeights(current);
      return artifact;
    };

    let checkpointMs = 0;
    let current: ModelSource = {
      ...stored,
      settings,
      data,
      plannedIterations,
      status: 'training',
      engine: choice.engine,
      device: choice.device,
      failure: null,
      curve: stored.curve.filter((point) => point.iteration <= (resume?.iteration ?? 0)),
      bestIteration: resume ? stored.bestIteration : null,
      snapshots: resume ? stored.snapshots : [],
      iteration: resume?.iteration ?? 0,
      log: [...stored.log],
    };
    const log = (text: string) => void (current = { ...current, log: [...current.log, { atMs: nowMs(), text }] });
    const times = Object.entries(choice.timesMs).map(([name, ms]) => `${name} ${ms!.toFixed(0)} ms`);
    log(
      `${resume ? `Resumed from iteration ${resume.iteration}` : 'Started'} on ${choice.engine}${times.length ? ` (a step: ${times.join(', ')})` : ''}: ` +
        `${prepared.words}, ${plannedIterations} iterations, seed ${settings.seed}`,
    );
    if (avoid.length > 0) log(`${avoid.join(' and ')} stopped answering: going on with ${choice.engine}`);
    if (chosen?.words) log(chosen.words);
    const fields = (): Partial<ModelSource> => {
      const {
        settings: used,
        data: runData,
        plannedIterations: planned,
        status,
        engine,
        device,
        failure,
        curve,
        iteration,
        log: lines,
        bestIteration,
        snapshots,
      } = current;
      return {
        settings: used,
        data: runData,
        plannedIterations: planned,
        status,
        engine,
        device,
        failure,
        curve,
        iteration,
        log: lines,
        bestIteration,
        snapshots,
        trainingSec: stored.trainingSec + (elapsedMs() - started) / 1000,
        checkpointSec: (stored.checkpointSec ?? 0) + checkpointMs / 1000,
      };
    };
    throwIfAborted(signal);
    await save(fields());
    progress({
      kind: 'started',
      engine: choice.engine,
      device: choice.device,
      plannedIterations,
      windowCount: prepared.exampleCount,
      iteration: current.iteration,
    });

    const storeCheckpoint = async (state: FitState): Promise<StoredWeights> => {
      // Only the arrays matter to a resume; the model itself is stored as 'best'.
      const empty: ModelArtifact = {
        topology: '',
        weightSpecs: [],
        weights: new ArrayBuffer(0),
        classes: [],
        preprocessing: {} as never,
      };
      return {
        sourceId,
        kind: 'checkpoint',
        model: empty,
        state: packState(state, { ...normalisation, ...(judged ? packFolds(judged) : {}) }),
      };
    };

    let bestStored = -1;
    let bestStoredAt = -Infinity;
    const end = await fit(
      trainable,
      {
        iterations: plannedIterations,
        learningRate: settings.learningRate,
        patience: settings.patience,
        holdOut: heldOut && {
          iterations: heldOut.iterations,
          onEnd: (weights) => scoreHeld(weights, heldOut.iterations),
        },
        checkpointEveryMs: CHECKPOINT_EVERY_MS,
        signal,
        wantsPause: () => control.wantsPause || control.wantsStop,
        wantsSnapshot: () => control.wantsSnapshot,
        onStep: (iteration, ratio) => progress({ kind: 'step', iteration, ratio }),
        onIteration: (point, bestIteration, look) => {
          current = { ...current, iteration: point.iteration, bestIteration, curve: [...current.curve, point] };
          progress({ kind: 'iteration', point, bestIteration, look });
        },
        onCheckpoint: async (state) => {
          const began = performance.now();
          const records = [await storeCheckpoint(state)];
          if (
            state.bestIteration > 0 &&
            state.bestIteration !== bestStored &&
            performance.now() - bestStoredAt >= BEST_EVERY_MS
          ) {
            bestStoredAt = performance.now();
            records.push({
              sourceId,
              kind: 'best',
              model: await answered(trainable, makeArtifact(state.bestWeights)),
              state: null,
            });
            bestStored = state.bestIteration;
          }
          try {
            await save(fields(), records);
            progress({ kind: 'checkpoint', iteration: state.iteration });
          } catch (error) {
            // No room: the last checkpoint stays, training goes on and tries again next time.
            if (!isQuota(error)) throw error;
            bestStored = -1;
            progress({ kind: 'unsaved', isWaiting: false });
          }
          checkpointMs += performance.now() - began;
        },
        onSnapshot: async (weights, iteration) => {
          control.wantsSnapshot = false;
          const before = current;
          const snapshot: Snapshot = {
            iteration,
            takenAtMs: nowMs(),
            validationAccuracy: current.curve.at(-1)?.validationAccuracy ?? null,
          };
          current = {
            ...current,
            snapshots: [...current.snapshots.filter((other) => other.iteration !== iteration), snapshot],
          };
          log(`Snapshot at iteration ${iteration}`);
          try {
            await save(fields(), [
              {
                sourceId,
                kind: `snapshot-${iteration}`,
                model: await answered(trainable, makeArtifact(weights)),
                state: null,
              },
            ]);
            progress({ kind: 'snapshot', snapshot });
          } catch (error) {
            if (!isQuota(error)) throw error;
            current = before;
            progress({ kind: 'unsaved', isWaiting: false });
          }
        },
      },
      resume,
    );

    const isPause = end.reason === 'stopped' || (end.reason === 'paused' && !control.wantsStop);
    const best = current.curve.find((point) => point.iteration === end.state.bestIteration);
    log(
      `${isPause ? 'Paused' : end.reason === 'paused' ? 'Stopped' : end.reason === 'converged' ? 'Converged' : 'Completed'} at iteration ${end.state.iteration}` +
        `${best && best.validationAccuracy !== null ? `, best ${best.iteration} with ${prepared.score(best.validationAccuracy)}` : ''}, ` +
        `${formatDuration((elapsedMs() - started) / 1000)} of training`,
    );
    current = {
      ...current,
      status: isPause ? 'paused' : 'done',
      iteration: end.state.iteration,
      bestIteration: end.state.bestIteration || end.state.iteration,
      trainedAtMs: isPause ? current.trainedAtMs : nowMs(),
    };
    const records = [await storeCheckpoint(end.state)];
    const hasModel = end.state.iteration > 0 || end.state.step > 0;
    if (hasModel)
      records.push({
        sourceId,
        kind: 'best',
        model: await answered(trainable, makeArtifact(end.state.bestIteration > 0 ? end.state.bestWeights : null)),
        state: null,
      });
    const result = { ...fields(), trainedAtMs: current.trainedAtMs };
    // Stopped before what is held out was judged.
    if (heldOut && !isPause && hasModel && end.state.iteration < heldOut.iterations)
      await answered(trainable, scoreHeld(end.state.bestWeights, end.state.iteration));
    // The report of the folds speaks of the model that is finished now.
    const told =
      (judged || heldOut) && !isPause
        ? (await db.loadReports(sourceId)).find(({ part }) => part === 'validation')
        : null;
    if (told && waiting.length === 0) waiting = [{ ...told, createdAtMs: nowMs() }];
    // What was learnt is never thrown away for want of room: the end waits until there is some, or until the person cancels.
    for (;;) {
      try {
        for (let report = waiting[0]; report; report = waiting[0]) {
          await db.saveReport(report);
          waiting.shift();
        }
        return required(await save(result, records, true), 'model source');
      } catch (error) {
        if (!isQuota(error) || signal.aborted) throw error;
        progress({ kind: 'unsaved', isWaiting: true });
        await new Promise((resolve) => setTimeout(resolve, ROOM_CHECK_MS));
      }
    }
  }

  return {
    async train(args, { signal, progress }) {
      const control: Control = { wantsPause: false, wantsStop: args.isFinishing, wantsSnapshot: false };
      running.set(args.sourceId, control);
      try {
        // While it writes it holds a lock: another tab that takes the project over waits for it. When the lock is taken away it stops, and writes no more.
        return await inTurn(() =>
          holding(writingLock(args.projectId), async (lost) => {
            throwIfAborted(signal);
            const end = AbortSignal.any([signal, lost]);
            try {
              return await train(args, control, end, lost, progress);
            } catch (error) {
              throw isAbort(error) && !end.aborted ? explainAbort(error) : error;
            }
          }),
        );
      } finally {
        if (running.get(args.sourceId) === control) running.delete(args.sourceId);
      }
    },
    async control({ sourceId, action }) {
      const control = running.get(sourceId);
      if (!control) return;
      if (action === 'pause') control.wantsPause = true;
      if (action === 'stop') control.wantsStop = true;
      if (action === 'snapshot') control.wantsSnapshot = true;
    },
    async vary(args, { signal, transfer }) {
      const result = await drawExample(await store(), args, signal);
      for (const { columns, pcm } of [result.before, result.after]) transfer(columns.buffer, pcm.buffer);
      return result;
    },
    async testEngines(_args, { progress }) {
      return inTurn(() => testEngines((facts) => progress(structuredClone(facts))));
    },
    async findGpu() {
      return inTurn(async () => (gpu ??= await findGpu()));
    },
  };
}
