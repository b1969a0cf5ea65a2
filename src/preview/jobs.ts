/** Door of the preview room for workers: handlers of {@link InferenceContract}. */
import type { ModelArtifact, Store } from '../dataset/index.ts';
import type { Part } from '../domain/project.ts';
import { buildReport, type ScoredClip } from '../evaluation/index.ts';
import { LOG_MEL_SPEC, quantiseLogMel, windowSpanSec, windowStarts } from '../features/index.ts';
import { extractLogMel, FeatureCache, LogMelStream } from '../features/jobs.ts';
import { required } from '../kernel/assert.ts';
import { nowMs } from '../kernel/clock.ts';
import { StudioError, throwIfAborted } from '../kernel/errors.ts';
import { yieldToMessages } from '../kernel/yield.ts';
import { readSound } from '../media/jobs.ts';
import type { CaptureBlock } from '../media/capture.ts';
import type { Jobs } from '../rpc/contract.ts';
import type { InferenceContract, ModelRef } from './contract.ts';
import { Listener } from './listener.ts';
import { SoundPredictor } from './predictor.ts';

const BANDS = LOG_MEL_SPEC.bandCount;
/** Most columns of the spectrogram of an analysed file. */
const MOST_COLUMNS = 1200;

/** @param store opens the database of this thread, once. */
export function createInferenceJobs(store: () => Promise<Store>): Jobs<InferenceContract> {
  const listeners = new Map<string, Listener>();

  async function load(ref: ModelRef): Promise<SoundPredictor> {
    const weights = await (await store()).loadWeights(ref.sourceId, ref.kind);
    if (!weights || weights.model.weightSpecs.length === 0) throw new StudioError('export/model-damaged');
    return SoundPredictor.load(weights.model);
  }

  async function score(
    predictor: SoundPredictor,
    about: { sourceId: string; projectId: string; part: Part; itemIds: string[] },
    signal: AbortSignal,
    progress: (value: { done: number; total: number }) => void,
  ) {
    const db = await store();
    const { project, items } = await db.loadProject(about.projectId);
    const wanted = new Set(about.itemIds);
    const cache = new FeatureCache(db);
    // Classes are matched by identity, which survives a rename; a bundle from elsewhere is matched by name.
    const names = predictor.classNames;
    const { classes } = predictor.artifact;
    const nameOf = new Map(project.classes.map((label) => [label.id, label.name]));
    const classIndexOf = (classId: string | null) => {
      const byId = classes.findIndex((label) => label.id === classId);
      return byId >= 0 ? byId : names.indexOf(nameOf.get(classId ?? '') ?? '');
    };
    const labels = classes.map((label) => nameOf.get(label.id) ?? label.name);
    const chosen = items.filter((item) => wanted.has(item.id) && classIndexOf(item.classId) >= 0);
    if (chosen.length === 0) throw new StudioError('evaluation/no-items');
    const clips: ScoredClip[] = [];
    for (const [i, item] of chosen.entries()) {
      await yieldToMessages();
      throwIfAborted(signal);
      const logMel = await cache.get(item.hash);
      const windowScores = await predictor.predict(logMel, windowStarts(logMel.length / BANDS, predictor.window));
      clips.push({
        itemId: item.id,
        path: item.path,
        classIndex: classIndexOf(item.classId),
        windowScores,
      });
      progress({ done: i + 1, total: chosen.length });
    }
    return buildReport(clips, labels, { sourceId: about.sourceId, part: about.part, createdAtMs: nowMs() });
  }

  async function switchModel(listenId: string, model: ModelRef | null): Promise<string[]> {
    const listener = listeners.get(listenId);
    const turn = listener ? ++listener.switchCount : 0;
    const predictor = model ? await load(model) : null;
    if (!listener || listeners.get(listenId) !== listener || listener.switchCount !== turn) {
      predictor?.[Symbol.dispose]();
      return [];
    }
    listener.predictor?.[Symbol.dispose]();
    listener.predictor = predictor;
    return predictor?.classNames ?? [];
  }

  return {
    async evaluate({ model, ...about }, { signal, progress }) {
      using predictor = await load(model);
      const report = await score(predictor, { sourceId: model.sourceId, ...about }, signal, progress);
      await (await store()).saveReport(report);
      return report;
    },
    async evaluateArtifact({ model, ...about }, { signal, progress }) {
      using predictor = await SoundPredictor.load(model as ModelArtifact);
      return await score(predictor, { sourceId: 'bundle', ...about }, signal, progress);
    },
    async listen({ listenId, port, sampleRateHz, model }, { signal, progress }) {
      const listener = new Listener(sampleRateHz, (report) => progress(report, [report.columns.buffer]));
      listeners.set(listenId, listener);
      try {
        port.onmessage = (event: MessageEvent<CaptureBlock>) => listener.push(event.data);
        if (model) await switchModel(listenId, model);
        if (!signal.aborted)
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      } finally {
        port.close();
        listeners.delete(listenId);
        listener.finishTake();
        listener.predictor?.[Symbol.dispose]();
        listener.predictor = null;
      }
    },
    async switchModel({ listenId, model }) {
      return { classNames: await switchModel(listenId, model) };
    },
    async recordTake({ listenId, durationSec }, { signal, transfer }) {
      const listener = required(listeners.get(listenId), 'listening session');
      const pcm = await listener.startTake(durationSec, signal);
      transfer(pcm.buffer);
      return { pcm, sampleRateHz: listener.sampleRateHz };
    },
    async finishTake({ listenId }) {
      listeners.get(listenId)?.finishTake();
    },
    async analyse({ blob, model }, { signal, progress, transfer }) {
      const started = performance.now();
      using predictor = await load(model);
      const { windowFrames, hopFrames } = predictor.window;
      const classCount = predictor.classNames.length;
      const stream = new LogMelStream();
      const windows: { startSec: number; endSec: number; scores: Float32Array }[] = [];
      let columns: Uint8Array[] = [];
      let stride = 1;
      let rowIndex = 0;
      // Rows from `firstRow` on are held; windows that are complete are run and their rows dropped: an hour needs a window's memory.
      let held = new Float32Array(0);
      let firstRow = 0;
      let nextStart = 0;
      let head = new Float32Array(0);

      const runWindows = async (isEnd: boolean) => {
        const rows = held.length / BANDS;
        const starts: number[] = [];
        if (isEnd && firstRow === 0 && nextStart === 0) starts.push(...windowStarts(rows, predictor.window));
        else {
          while (nextStart - firstRow + windowFrames <= rows) {
            starts.push(nextStart - firstRow);
            nextStart += hopFrames;
          }
          const rest = rows - (nextStart - firstRow - hopFrames + windowFrames);
          if (isEnd && rest * 4 >= windowFrames) starts.push(rows - windowFrames);
        }
        if (starts.length === 0) return;
        const scores = await predictor.predict(held, starts);
        starts.forEach((start, i) => {
          windows.push({
            ...windowSpanSec(start + firstRow, predictor.window),
            scores: scores.slice(i * classCount, (i + 1) * classCount),
          });
        });
        if (isEnd) return;
        const drop = Math.max(0, Math.min(rows - windowFrames, nextStart - firstRow));
        held = held.slice(drop * BANDS);
        firstRow += drop;
      };

      const { readSec } = await readSound(
        blob,
        async (pcm) => {
          if (head.length < LOG_MEL_SPEC.windowSamples) {
            const longer = new Float32Array(head.length + pcm.length);
            longer.set(head);
            longer.set(pcm, head.length);
            head = longer;
          }
          const rows = stream.push(pcm);
          const joined = new Float32Array(held.length + rows.length);
          joined.set(held);
          joined.set(rows, held.length);
          held = joined;
          const picture = quantiseLogMel(rows);
          for (let at = 0; at < picture.length; at += BANDS) {
            if (rowIndex++ % stride === 0) columns.push(picture.slice(at, at + BANDS));
            if (columns.length === MOST_COLUMNS * 2) {
              columns = columns.filter((_, i) => i % 2 === 0);
              stride *= 2;
            }
          }
          if (held.length / BANDS - windowFrames > 32 * hopFrames) {
            await runWindows(false);
            await yieldToMessages();
          }
          progress({ doneSec: rowIndex / 100, totalSec: null });
        },
        { signal },
      );
      if (held.length === 0 && firstRow === 0) held = extractLogMel(head) as Float32Array<ArrayBuffer>;
      if (firstRow > 0 || nextStart > 0) {
        await runWindows(false);
        await runWindows(true);
      } else await runWindows(true);
      const flat = new Uint8Array(columns.length * BANDS);
      columns.forEach((column, i) => flat.set(column, i * BANDS));
      transfer(flat.buffer);
      return { durationSec: readSec, windows, columns: flat, seconds: (performance.now() - started) / 1000 };
    },
  };
}
