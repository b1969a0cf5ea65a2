/** Door of the preview room for workers: handlers of {@link InferenceContract}. */
import type { ModelArtifact, Store } from '../dataset/index.ts';
import type { Part } from '../domain/project.ts';
import type { Detection } from '../domain/boxes.ts';
import { buildDetectionReport, buildReport, type ScoredClip, type ScoredPicture } from '../evaluation/index.ts';
import {
  cutPcmWindows,
  fillGaps,
  frameCount,
  pickJoints,
  readLandmarks,
  type FrameViews,
  type LandmarkSequence,
  LOG_MEL_SPEC,
  PcmWindows,
  quantiseLogMel,
  sampleCut,
  type PcmWindow,
} from '../features/index.ts';
import {
  BlazePose,
  decodePicture,
  FeatureCache,
  KnownObjects,
  KnownSounds,
  LogMelStream,
  posesOfVideo,
  readPcm,
} from '../features/jobs.ts';
import { required } from '../kernel/assert.ts';
import { nowMs } from '../kernel/clock.ts';
import { StudioError, throwIfAborted } from '../kernel/errors.ts';
import { yieldToMessages } from '../kernel/yield.ts';
import { SOUND_RATE_HZ } from '../media/index.ts';
import { openVideo, readSound } from '../media/jobs.ts';
import type { CaptureBlock } from '../media/capture.ts';
import type { Jobs } from '../rpc/contract.ts';
import { KNOWN_SOUNDS, type WindowScores } from './events.ts';
import type { InferenceContract, ModelRef } from './contract.ts';
import { Detector, isDetector } from './detector.ts';
import { Listener } from './listener.ts';
import { MotionPredictor } from './motion-predictor.ts';
import { findRepetitions } from './repetitions.ts';
import { Watcher } from './watcher.ts';
import { KnownPredictor, SoundPredictor, type ClipScorer, type Predictor } from './predictor.ts';

const BANDS = LOG_MEL_SPEC.bandCount;
/** Most columns of the spectrogram of an analysed file. */
const MOST_COLUMNS = 1200;

/** Lower scores are not sent to the page. */
const LEAST_LIVE_SCORE = 0.1;
/** Longer side of video frames that are looked at. */
const VIDEO_PIXELS = 960;

/** Whether two artifacts hold the same weights. */
function isSameModel(a: ModelArtifact, b: ModelArtifact): boolean {
  const [left, right] = [new Uint32Array(a.weights), new Uint32Array(b.weights)];
  return left.length === right.length && left.every((value, i) => value === right[i]);
}

/** A landmark file as if its video had been looked at. */
const fromLandmarks = ({ motion, aspect }: LandmarkSequence) => ({
  motion,
  aspect,
  emptyCount: 0,
  crowdCount: 0,
  durationSec: frameCount(motion) / motion.frameRateHz,
});

/** @param store opens the database of this thread, once. */
export function createInferenceJobs(store: () => Promise<Store>): Jobs<InferenceContract> {
  const listeners = new Map<string, Listener>();
  const watchers = new Map<string, Watcher>();
  let pose: Promise<BlazePose> | null = null;
  const poseEstimator = async () => {
    pose ??= store().then((db) => BlazePose.load(db));
    pose.catch(() => (pose = null));
    return pose;
  };

  // One detector is kept: loading takes as long as ten pictures. One that was replaced goes when nobody uses it any more.
  type Kept = { key: string; detector: Detector; users: number; isOld: boolean };
  let kept: Kept | null = null;
  let loading: Promise<unknown> = Promise.resolve();
  const release = (entry: Kept) => {
    if (entry.isOld && entry.users === 0) entry.detector[Symbol.dispose]();
  };
  async function withDetector<T>(model: ModelRef, run: (detector: Detector) => Promise<T>): Promise<T> {
    const key = `${model.sourceId}/${model.kind}`;
    const turn = loading.then(async () => {
      const artifact = await loadArtifactOf(model);
      // The same source may have been trained on since.
      if (kept?.key !== key || !isSameModel(kept.detector.artifact, artifact)) {
        const old = kept;
        kept = { key, detector: await Detector.load(artifact, await store()), users: 0, isOld: false };
        if (old) {
          old.isOld = true;
          release(old);
        }
      }
      kept.users++;
      return kept;
    });
    loading = turn.catch(() => {});
    const entry = await turn;
    try {
      return await run(entry.detector);
    } finally {
      entry.users--;
      release(entry);
    }
  }

  async function loadArtifactOf(ref: ModelRef): Promise<ModelArtifact> {
    const weights = await (await store()).loadWeights(ref.sourceId, ref.kind);
    if (!weights || weights.model.weightSpecs.length === 0) throw new StudioError('export/model-damaged');
    return weights.model;
  }

  /** A model that scores clips whose features are cached. */
  async function loadScorer(artifact: ModelArtifact): Promise<ClipScorer> {
    return artifact.preprocessing.kind === 'landmarks'
      ? MotionPredictor.load(artifact)
      : SoundPredictor.load(artifact, await store(), false);
  }

  /** A trained model, or YAMNet's own classes. */
  async function load(ref: ModelRef): Promise<Predictor> {
    if (ref.kind === KNOWN_SOUNDS) return new KnownPredictor(await KnownSounds.load(await store()));
    return SoundPredictor.load(await loadArtifactOf(ref), await store());
  }

  async function score(
    predictor: ClipScorer,
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
      const windowScores = await predictor.predictClip(cache, item);
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

  async function scorePictures(
    artifact: ModelArtifact,
    about: { sourceId: string; projectId: string; part: Part; itemIds: string[] },
    signal: AbortSignal,
    progress: (value: { done: number; total: number }) => void,
  ) {
    const db = await store();
    const { project, items } = await db.loadProject(about.projectId);
    const wanted = new Set(about.itemIds);
    const chosen = items.filter((item) => wanted.has(item.id) && item.image);
    if (chosen.length === 0) throw new StudioError('evaluation/no-items');
    using detector = await Detector.load(artifact, db);
    const names = detector.classNames;
    const nameOf = new Map(project.classes.map((label) => [label.id, label.name]));
    const classIndexOf = (classId: string) => {
      const byId = artifact.classes.findIndex((label) => label.id === classId);
      return byId >= 0 ? byId : names.indexOf(nameOf.get(classId) ?? '');
    };
    const cache = new FeatureCache(db);
    const pictures: ScoredPicture[] = [];
    for (const [i, item] of chosen.entries()) {
      await yieldToMessages();
      throwIfAborted(signal);
      const { width, height, boxes } = item.image!;
      const found = await detector.detectCached(cache, item.hash);
      pictures.push({
        itemId: item.id,
        path: item.path,
        width,
        height,
        truth: boxes.flatMap(({ classId, x, y, width: w, height: h }) => {
          const classIndex = classIndexOf(classId);
          return classIndex >= 0 ? [{ x, y, width: w, height: h, classIndex }] : [];
        }),
        found,
      });
      progress({ done: i + 1, total: chosen.length });
    }
    const labels = artifact.classes.map((label) => nameOf.get(label.id) ?? label.name);
    return buildDetectionReport(pictures, labels, { sourceId: about.sourceId, part: about.part, createdAtMs: nowMs() });
  }

  async function switchModel(listenId: string, model: ModelRef | null): Promise<string[]> {
    const listener = listeners.get(listenId);
    const turn = listener ? ++listener.switchCount : 0;
    const predictor = model ? await load(model) : null;
    if (!listener || listeners.get(listenId) !== listener || listener.switchCount !== turn) {
      predictor?.[Symbol.dispose]();
      return [];
    }
    await listener.replace(predictor);
    return predictor?.classNames ?? [];
  }

  return {
    async evaluate({ model, ...about }, { signal, progress }) {
      const artifact = await loadArtifactOf(model);
      if (isDetector(artifact)) {
        const found = await scorePictures(artifact, { sourceId: model.sourceId, ...about }, signal, progress);
        await (await store()).saveReport(found);
        return found;
      }
      using predictor = await loadScorer(artifact);
      const report = await score(predictor, { sourceId: model.sourceId, ...about }, signal, progress);
      await (await store()).saveReport(report);
      return report;
    },
    async evaluateArtifact({ model, ...about }, { signal, progress }) {
      if (isDetector(model)) return scorePictures(model, { sourceId: 'bundle', ...about }, signal, progress);
      using predictor = await loadScorer(model);
      return await score(predictor, { sourceId: 'bundle', ...about }, signal, progress);
    },
    async listen({ listenId, port, sampleRateHz, model }, { signal, progress }) {
      let failed: (error: unknown) => void = () => {};
      const failure = new Promise<never>((_, reject) => (failed = reject));
      failure.catch(() => {});
      const listener = new Listener(sampleRateHz, (report) => progress(report, [report.columns.buffer]), failed);
      listeners.set(listenId, listener);
      try {
        port.onmessage = (event: MessageEvent<CaptureBlock>) => listener.push(event.data);
        if (model) await switchModel(listenId, model);
        if (!signal.aborted)
          await Promise.race([
            failure,
            new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
          ]);
      } finally {
        port.close();
        listeners.delete(listenId);
        listener.finishTake();
        await listener.replace(null);
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
    async knownLabels() {
      using sounds = await KnownSounds.load(await store());
      return sounds.labels;
    },
    async hear({ hashes, most }, { signal, progress }) {
      const db = await store();
      using sounds = await KnownSounds.load(db);
      const result: InferenceContract['hear']['result'] = [];
      for (const [i, hash] of hashes.entries()) {
        throwIfAborted(signal);
        const windows = cutPcmWindows(
          await readPcm(db, hash, signal),
          sampleCut(sounds.windowSamples, sounds.windowSamples),
        );
        const mean = new Float32Array(sounds.labels.length);
        for (const window of windows) {
          throwIfAborted(signal);
          const scores = await sounds.scores(window.pcm);
          for (let c = 0; c < mean.length; c++) mean[c] = mean[c]! + scores[c]! / windows.length;
        }
        const order = [...mean.keys()].sort((a, b) => mean[b]! - mean[a]!).slice(0, most);
        result.push({ hash, heard: order.map((c) => ({ label: sounds.labels[c]!, score: mean[c]! })) });
        progress({ done: i + 1, total: hashes.length });
      }
      return result;
    },
    async watch({ watchId, port, model }, { signal, progress }) {
      const watcher = new Watcher(
        await poseEstimator(),
        model ? await MotionPredictor.load(await loadArtifactOf(model)) : null,
      );
      watchers.set(watchId, watcher);
      let canvas: OffscreenCanvas | null = null;
      try {
        await new Promise<void>((resolve, reject) => {
          signal.addEventListener('abort', () => resolve(), { once: true });
          if (signal.aborted) resolve();
          port.onmessage = ({ data }: MessageEvent<{ bitmap: ImageBitmap; atSec: number }>) => {
            const { bitmap, atSec } = data;
            if (canvas?.width !== bitmap.width || canvas.height !== bitmap.height)
              canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
            const context = canvas.getContext('2d', { willReadFrequently: true })!;
            context.drawImage(bitmap, 0, 0);
            bitmap.close();
            watcher.push(context.getImageData(0, 0, canvas.width, canvas.height), atSec).then((found) => {
              if (!signal.aborted) progress(found);
            }, reject);
          };
        });
      } finally {
        port.close();
        watchers.delete(watchId);
        watcher[Symbol.dispose]();
      }
    },
    async propose({ model, hashes, leastScore }, { signal, progress }) {
      const db = await store();
      using finder = model ? await Detector.load(await loadArtifactOf(model), db) : await KnownObjects.load(db);
      const labels = finder instanceof Detector ? finder.classNames : finder.labels;
      for (const [i, hash] of hashes.entries()) {
        await yieldToMessages();
        throwIfAborted(signal);
        const blob = await db.loadBlob(hash);
        if (!blob) continue;
        try {
          const { bitmap } = await decodePicture(blob);
          const found = await finder.detect(bitmap, leastScore).finally(() => bitmap.close());
          progress({ hash, found, labels, done: i + 1 });
        } catch (error) {
          // A picture that can no longer be read has no proposals; the others do.
          if (!(error instanceof StudioError) || !error.code.startsWith('media/')) throw error;
        }
      }
    },
    async detectOnce({ model, bitmap, leastScore, overlap }) {
      try {
        return await withDetector(model, (detector) => detector.detect(bitmap, leastScore, overlap));
      } finally {
        bitmap.close();
      }
    },
    async detectVideo({ blob, model, rateHz, leastScore, overlap }, { signal, progress }) {
      const video = await openVideo(blob);
      const look = async (detector: Detector) => {
        const rate = Math.min(rateHz, video.frameRateHz);
        const times = Array.from({ length: Math.max(1, Math.floor(video.durationSec * rate)) }, (_, k) => k / rate);
        const frames: { atSec: number; found: Detection[] }[] = [];
        for await (const frame of video.framesAt(times, VIDEO_PIXELS, signal)) {
          const canvas = new OffscreenCanvas(frame.width, frame.height);
          canvas
            .getContext('2d')!
            .putImageData(new ImageData(new Uint8ClampedArray(frame.data), frame.width, frame.height), 0, 0);
          frames.push({ atSec: frame.atSec, found: await detector.detect(canvas, leastScore, overlap) });
          progress({ done: frames.length, total: times.length });
          await yieldToMessages();
        }
        return { durationSec: video.durationSec, aspect: video.width / video.height, frames };
      };
      return withDetector(model, look).finally(() => video.close());
    },
    async detectorInput({ model }) {
      return withDetector(model, async ({ input }) => input);
    },
    async watchObjects({ port, model, overlap }, { signal, progress }) {
      const watch = (detector: Detector) =>
        new Promise<void>((resolve, reject) => {
          signal.addEventListener('abort', () => resolve(), { once: true });
          if (signal.aborted) resolve();
          let last: Promise<void> = Promise.resolve();
          port.onmessage = ({ data }: MessageEvent<FrameViews>) => {
            last = last.then(async () => {
              if (signal.aborted) return;
              const found = await detector.detectViews(data, LEAST_LIVE_SCORE, overlap);
              const { atSec, pixels } = data;
              if (!signal.aborted) progress({ atSec, pixels, isReduced: pixels < detector.input.pixels, found });
            });
            last.catch(reject);
          };
        });
      await withDetector(model, watch).finally(() => port.close());
    },
    async switchWatched({ watchId, model }) {
      const predictor = model ? await MotionPredictor.load(await loadArtifactOf(model)) : null;
      const watcher = watchers.get(watchId);
      if (watcher) watcher.replace(predictor);
      else predictor?.[Symbol.dispose]();
    },
    async resetCounter({ watchId }) {
      watchers.get(watchId)?.resetCounter();
    },
    async analyseVideo({ blob, name, model }, { signal, progress, transfer }) {
      const started = performance.now();
      using predictor = await MotionPredictor.load(await loadArtifactOf(model));
      const { frameRateHz, joints } = predictor.spec;
      const found = /\.(json|csv|txt)$/i.test(name)
        ? fromLandmarks(readLandmarks(await blob.text(), name)[0]!)
        : await posesOfVideo(blob, await poseEstimator(), frameRateHz, signal, (done, total) =>
            progress({ done, total }),
          );
      const { motion, emptyCount, crowdCount, aspect, durationSec } = found;
      const windows = await predictor.predictMotion(fillGaps(pickJoints(motion, joints)));
      const repetitions = findRepetitions(motion);
      transfer(motion.values.buffer as ArrayBuffer);
      return {
        durationSec,
        aspect,
        frameRateHz: motion.frameRateHz,
        joints: motion.joints,
        values: motion.values,
        windows,
        repetitions,
        emptyCount,
        crowdCount,
        seconds: (performance.now() - started) / 1000,
      };
    },
    async analyse({ blob, model }, { signal, progress, transfer }) {
      const started = performance.now();
      using predictor = await load(model);
      const { windowSamples } = predictor.cut;
      const classCount = predictor.classNames.length;
      const stream = new LogMelStream();
      const cutter = new PcmWindows(predictor.cut);
      const windows: WindowScores[] = [];
      let columns: Uint8Array[] = [];
      let stride = 1;
      let rowIndex = 0;
      // Windows that are complete are run and dropped: an hour needs a few windows' memory.
      let waiting: PcmWindow[] = [];
      const runWindows = async () => {
        const { scores, novelty } = await predictor.predictWindows(waiting);
        waiting.forEach(({ startSample }, i) => {
          windows.push({
            startSec: startSample / SOUND_RATE_HZ,
            endSec: (startSample + windowSamples) / SOUND_RATE_HZ,
            scores: scores.slice(i * classCount, (i + 1) * classCount),
            novelty: novelty?.[i] ?? null,
          });
        });
        waiting = [];
      };

      const { readSec } = await readSound(
        blob,
        async (pcm) => {
          const picture = quantiseLogMel(stream.push(pcm));
          for (let at = 0; at < picture.length; at += BANDS) {
            if (rowIndex++ % stride === 0) columns.push(picture.slice(at, at + BANDS));
            if (columns.length === MOST_COLUMNS * 2) {
              columns = columns.filter((_, i) => i % 2 === 0);
              stride *= 2;
            }
          }
          waiting.push(...cutter.push(pcm));
          while (waiting.length >= 16) {
            throwIfAborted(signal);
            await runWindows();
            await yieldToMessages();
          }
          progress({ doneSec: rowIndex / 100, totalSec: null });
        },
        { signal },
      );
      waiting.push(...cutter.end());
      if (waiting.length > 0) await runWindows();
      const flat = new Uint8Array(columns.length * BANDS);
      columns.forEach((column, i) => flat.set(column, i * BANDS));
      transfer(flat.buffer);
      return { durationSec: readSec, windows, columns: flat, seconds: (performance.now() - started) / 1000 };
    },
  };
}
