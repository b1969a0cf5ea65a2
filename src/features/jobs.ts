/** Door of the features room for workers: handlers of {@link FeaturesContract}. */
import type { Store } from '../dataset/index.ts';
import { rowOf, type MediaOf, type TaskKind } from '../domain/task.ts';
import { StudioError, throwIfAborted } from '../kernel/errors.ts';
import { encodeWav, joinBlocks } from '../media/index.ts';
import { cutSound, openSound, openVideo, readSound, type OpenSound } from '../media/jobs.ts';
import type { Jobs } from '../rpc/contract.ts';
import type { FeaturesContract } from './contract.ts';
import { readFilm } from './movement/film.ts';
import { formatLandmarks, formatLandmarkTable, readLandmarks } from './movement/landmark-files.ts';
import { cutMotion, type Motion } from './movement/motion.ts';
import { BLAZEPOSE_JOINTS } from './movement/skeleton.ts';
import { poseExtractor, poseRate } from './movement/spec.ts';
import { isRuntimeKept, keepRuntime } from './networks/litert.ts';
import {
  downloadNetwork,
  loadNetwork,
  networkStatus,
  removeNetwork,
  storeNetworkFile,
} from './networks/network-files.ts';
import { streamViews } from './picture/stream-views.ts';
import { crossValidate, meanRow, type ProbeExample } from './probe.ts';
import type { FeatureRow } from './slot.ts';
import { embeddingExtractor } from './sound/embedding-spec.ts';
import { findSounds, LevelMeter } from './sound/find-sounds.ts';
import { inspectSound, type InspectedSound } from './sound/inspect.ts';
import { readTile } from './sound/overview.ts';
import { FeatureTools, Kept } from './tools.ts';

export { FeatureCache } from './cache.ts';
export { animateFigure, SAMPLE_ACTIONS } from './movement/figure.ts';
export { loadClipMotion } from './movement/clip-motion.ts';
export { extractMotion, posesOfVideo, POSE_PIXELS } from './movement/extract-poses.ts';
export { inspectMotion, packSequence } from './movement/inspect-motion.ts';
export { BlazePose, type PoseEstimator, type PoseResult } from './movement/pose-network.ts';
export { assetAddress } from './networks/asset-base.ts';
export { LiteNetwork, useLiteRt, type LiteRtFiles } from './networks/litert.ts';
export { loadNetwork, type NetworkStore } from './networks/network-files.ts';
export { loadBackbone, readBackbone, readLayers, type Backbone } from './networks/mobilenet.ts';
export { decodePicture } from './picture/decode-picture.ts';
export { createPictureEmbedder, type PictureEmbedder } from './picture/embedder.ts';
export { extractPictureEmbeddings } from './picture/extract-embeddings.ts';
export { makeDice } from './picture/dice.ts';
export { extractViews, type ViewRequest } from './picture/extract-views.ts';
export { inspectPicture } from './picture/inspect-picture.ts';
export { inspectPictures } from './picture/inspect-pictures.ts';
export { KnownObjects } from './picture/known-objects.ts';
export { paintViews } from './picture/paint-views.ts';
export { VisionNetwork } from './picture/vision-network.ts';
export { createEmbedder, KnownSounds, type Embedder } from './sound/embedders.ts';
export { extractEmbeddings } from './sound/extract-embeddings.ts';
export { extractLogMels, logMelOfFile } from './sound/extract-log-mel.ts';
export { inspectSound } from './sound/inspect.ts';
export { extractLogMel, logMelMatrices, logMelWindow, LogMelStream } from './sound/log-mel.ts';
export { readPcm } from './sound/read-pcm.ts';
export { addMn04 } from './sound/mn04-graph.ts';
export { addSpeechEmbedding } from './sound/speech-graph.ts';
export { addMobileNet } from './picture/mobilenet-graph.ts';
export { addSsdMaps } from './picture/vision-graph.ts';
export { addLogMel, addYamnet } from './sound/sound-graphs.ts';
export { FeatureTools, Kept } from './tools.ts';
export type { FeatureRequest, FeatureRow, SampleExample } from './slot.ts';

/** Landmarks of a file: its own, or those computed before at one of these rates. */
async function loadMotion(
  db: Store,
  hash: string,
  info: MediaOf<'movement'>,
  ratesHz: readonly number[],
): Promise<Motion | null> {
  if (info.source === 'landmarks') {
    const blob = await db.loadBlob(hash);
    return blob ? readLandmarks(await blob.text(), 'landmarks.json')[0]!.motion : null;
  }
  for (const rateHz of ratesHz) {
    const features = await db.loadFeatures(hash, poseExtractor(rateHz));
    if (features)
      return {
        joints: [...BLAZEPOSE_JOINTS],
        frameRateHz: poseRate(rateHz, info.frameRateHz),
        values: features.values,
      };
  }
  return null;
}

/**
 * @param store opens the database of this thread, once. @param rows what the tasks do here.
 */
export function createFeaturesJobs(
  store: () => Promise<Store>,
  rows: Record<TaskKind, (tools: FeatureTools) => FeatureRow>,
): Jobs<FeaturesContract> {
  const tools = new FeatureTools(store);
  /** The recording that is looked at stays open. */
  const watched = new Kept<OpenSound & Disposable>();
  let lastTile: Promise<unknown> = Promise.resolve();
  const stored = async (hash: string): Promise<Blob> => {
    const blob = await (await store()).loadBlob(hash);
    if (!blob) throw new StudioError('features/clip-missing', { details: { hash } });
    return blob;
  };
  const made = new Map<TaskKind, FeatureRow>();
  const row = (task: TaskKind): FeatureRow => {
    if (!made.has(task)) made.set(task, rowOf(rows, task)(tools));
    return made.get(task)!;
  };
  return {
    async inspect({ task, blob, name }, { signal }) {
      return row(task).inspect(blob, name, signal);
    },
    async makeSample({ task, n }) {
      return row(task).makeSample(n);
    },
    async extract({ task, request }, { signal, progress }) {
      const started = performance.now();
      const result = await tools.inTurn(() => {
        throwIfAborted(signal);
        return row(task).extract(request, signal, progress);
      });
      return { ...result, seconds: (performance.now() - started) / 1000 };
    },
    async inspectTake({ pcm, sampleRateHz }, { signal }) {
      if (pcm.length === 0) throw new StudioError('media/zero-length');
      return inspectSound(encodeWav(pcm, sampleRateHz), signal);
    },
    async loadMotion({ hash, info, ratesHz }) {
      return loadMotion(await store(), hash, info, ratesHz);
    },
    async readFilm({ hash, count }, { signal, progress }) {
      const video = await openVideo(await stored(hash));
      try {
        for await (const frame of readFilm(video, count, signal)) progress(frame, [frame.pixels.buffer]);
      } finally {
        video.close();
      }
    },
    async writeLandmarks({ hash, info, rateHz, name, label, form }) {
      const whole = await loadMotion(await store(), hash, info, [rateHz]);
      if (!whole) return null;
      const motion = info.source === 'video' ? cutMotion(whole, info.startSec, info.endSec) : whole;
      const sequence = { name, label, motion, aspect: info.width / info.height };
      const text = form === 'json' ? formatLandmarks(sequence) : formatLandmarkTable(sequence);
      return new Blob([text], { type: form === 'json' ? 'application/json' : 'text/csv' });
    },
    async streamViews({ input, isAdaptive, port, out }, { signal }) {
      const network = input.kind === 'pixels' ? null : (pixels: number) => tools.vision(pixels);
      return streamViews(network, input, isAdaptive, port, out, signal);
    },
    async probe({ cut, examples, classCount }, { signal }) {
      const db = await store();
      const size = cut.shape.reduce((product, side) => product * side, 1);
      const found: ProbeExample[] = [];
      for (const { hash, classIndex, fold } of examples) {
        throwIfAborted(signal);
        const features = await db.loadFeatures(hash, embeddingExtractor(cut));
        if (features) found.push({ values: meanRow(features.values, size), classIndex, fold });
      }
      return crossValidate(found, classCount, signal);
    },
    async networkStatus() {
      return networkStatus(await store());
    },
    isRuntimeKept: () => isRuntimeKept(),
    async keepOffline(_args, { signal, progress }) {
      const db = await store();
      const served = (await networkStatus(db)).filter(({ state }) => state === 'served');
      const total = served.length + 1;
      await keepRuntime();
      for (const [i, { id }] of served.entries()) {
        progress({ done: i + 1, total });
        throwIfAborted(signal);
        await loadNetwork(db, id);
      }
      // Files are stored where there is room: one that was not is said.
      const left = (await networkStatus(db)).some(({ state }) => state === 'served');
      if (left) throw new StudioError('dataset/quota-exceeded');
    },
    async downloadNetwork({ id }, { signal, progress }) {
      await downloadNetwork(await store(), id, signal, (done, total) => progress({ done, total }));
    },
    async storeNetworkFile({ blob, name }) {
      return storeNetworkFile(await store(), blob, name);
    },
    async removeNetwork({ id }) {
      // Not while it computes.
      await tools.inTurn(async () => {
        await tools.forgetEmbedder();
        await removeNetwork(await store(), id);
      });
    },
    async drawStretch({ file, stretch }, { signal }) {
      return (await inspectSound(await cutSound(file, stretch, signal), signal)).picture;
    },
    cutStretch: ({ file, stretch }, { signal }) => cutSound(file, stretch, signal),
    async readTile({ hash, startSec, columnSec }, { signal, transfer }) {
      // One after the other: another recording closes the one before.
      const tile = lastTile.then(async () => {
        throwIfAborted(signal);
        const sound = await watched.get(hash, async () => {
          const opened = await openSound(await stored(hash));
          return { ...opened, [Symbol.dispose]: opened.close };
        });
        return readTile(sound, startSec, columnSec, signal);
      });
      lastTile = tile.catch(() => {});
      const { peaks, spectrogram } = await tile;
      transfer(peaks.buffer, spectrogram.buffer);
      return { peaks, spectrogram };
    },
    async findSounds({ hash, aboveDb }, { signal, progress }) {
      let meter: LevelMeter | null = null;
      let readSec = 0;
      let told = 0;
      await readSound(await stored(hash), () => {}, {
        signal,
        onNative(block, sampleRateHz) {
          (meter ??= new LevelMeter(sampleRateHz)).push(block);
          readSec += block.length / sampleRateHz;
          if (readSec - told < 5) return;
          told = readSec;
          progress({ readSec });
        },
      });
      return findSounds((meter as LevelMeter | null)?.levels ?? [], aboveDb);
    },
    async cutSegments({ blob, segments }, { signal, progress }) {
      const cuts = segments.map(() => [] as Float32Array[]);
      let at = 0;
      let rateHz = 0;
      const { sound } = await readSound(blob, () => {}, {
        signal,
        onNative: (block, sampleRateHz) => {
          rateHz = sampleRateHz;
          segments.forEach(({ startSec, endSec }, i) => {
            const from = Math.max(0, Math.round(startSec * sampleRateHz) - at);
            const to = Math.min(block.length, Math.round(endSec * sampleRateHz) - at);
            if (to > from) cuts[i]!.push(block.slice(from, to));
          });
          at += block.length;
        },
      });
      const made: (InspectedSound | null)[] = [];
      for (const [i, blocks] of cuts.entries()) {
        throwIfAborted(signal);
        const pcm = joinBlocks(blocks);
        made.push(pcm.length > 0 ? await inspectSound(encodeWav(pcm, rateHz || sound.sampleRateHz), signal) : null);
        progress({ done: i + 1, total: segments.length });
      }
      return made;
    },
  };
}
