/** Door of the features room for workers: handlers of {@link FeaturesContract}. */
import type { InspectedSound } from '../domain/project.ts';
import { encodeWav, SOUND_RATE_HZ, synthesise } from '../media/index.ts';
import { readSound } from '../media/jobs.ts';
import type { Store } from '../dataset/index.ts';
import { StudioError, throwIfAborted } from '../kernel/errors.ts';
import type { Jobs } from '../rpc/contract.ts';
import type { FeaturesContract } from './contract.ts';
import { inspectSound } from './sound/inspect.ts';
import { extractLogMel, logMelWindow, LogMelStream } from './sound/log-mel.ts';
import { crossValidate, meanRow, type ProbeExample } from './probe.ts';
import { embeddingCut, embeddingExtractor, type EmbeddingCut } from './sound/embedding-spec.ts';
import { LOG_MEL_SPEC } from './sound/spec.ts';
import { animateFigure } from './motion/figure.ts';
import { inspectMotion, packSequence } from './motion/inspect-motion.ts';
import { extractMotion } from './motion/extract-poses.ts';
import { readLandmarks } from './motion/landmark-files.ts';
import { BLAZEPOSE_JOINTS } from './motion/skeleton.ts';
import { poseExtractor, poseRate } from './motion/spec.ts';
import { BlazePose } from './motion/pose-network.ts';
import { FeatureCache, LOG_MEL_EXTRACTOR } from './sound/cache.ts';
import { createEmbedder, type Embedder } from './sound/embedders.ts';
import { extractEmbeddings } from './sound/extract-embeddings.ts';
import { joinBlocks } from './sound/read-pcm.ts';
import { extractViews } from './vision/extract-views.ts';
import { makeDice } from './vision/dice.ts';
import { inspectFrames } from './vision/frames.ts';
import { inspectPicture } from './vision/inspect-picture.ts';
import { streamViews } from './vision/stream-views.ts';
import { VisionNetwork } from './vision/vision-network.ts';
import { networkOf } from './networks/manifest.ts';
import {
  downloadNetwork,
  loadNetwork,
  networkStatus,
  removeNetwork,
  storeNetworkFile,
} from './networks/network-files.ts';

export { loadBackbone, type Backbone } from './networks/mobilenet.ts';
export { createEmbedder, KnownSounds, type Embedder } from './sound/embedders.ts';
export { loadClipMotion } from './motion/clip-motion.ts';
export { posesOfVideo, POSE_PIXELS } from './motion/extract-poses.ts';
export { BlazePose, type PoseEstimator, type PoseResult } from './motion/pose-network.ts';
export { decodePicture } from './vision/decode-picture.ts';
export { KnownObjects } from './vision/known-objects.ts';
export { VisionNetwork } from './vision/vision-network.ts';
export { readPcm } from './sound/read-pcm.ts';
export { extractLogMel, FeatureCache, LOG_MEL_EXTRACTOR, logMelWindow, LogMelStream };

/**
 * Log-mel spectrogram of a sound file, streamed; a sound shorter than one analysis window is padded to one row.
 * @returns shape [frames, 64] and the length read. @throws as media `readSound`.
 */
export async function logMelOfFile(
  blob: Blob,
  signal?: AbortSignal,
): Promise<{ logMel: Float32Array; durationSec: number }> {
  const stream = new LogMelStream();
  const rows: Float32Array[] = [];
  let head = new Float32Array(0);
  const { readSec } = await readSound(
    blob,
    (pcm) => {
      if (head.length < LOG_MEL_SPEC.windowSamples) head = joinBlocks([head, pcm]) as Float32Array<ArrayBuffer>;
      const block = stream.push(pcm);
      if (block.length) rows.push(block);
    },
    { signal },
  );
  return { logMel: rows.length ? joinBlocks(rows) : extractLogMel(head), durationSec: readSec };
}

/** @param store opens the database of this thread, once. */
export function createFeaturesJobs(store: () => Promise<Store>): Jobs<FeaturesContract> {
  // One network is kept: loading takes as long as a hundred windows.
  let kept: { key: string; embedder: Promise<Embedder> } | null = null;
  let extracting: Promise<unknown> = Promise.resolve();
  async function embedderOf(cut: EmbeddingCut, windowSec: number): Promise<Embedder> {
    const key = `${cut.network}/${cut.windowSamples}`;
    if (kept?.key !== key) {
      await forget();
      kept = { key, embedder: createEmbedder(await store(), cut.network, windowSec) };
      kept.embedder.catch(() => (kept = null));
    }
    return kept.embedder;
  }
  let pose: Promise<BlazePose> | null = null;
  const poseEstimator = async () => {
    pose ??= store().then((db) => BlazePose.load(db));
    pose.catch(() => (pose = null));
    return pose;
  };
  let vision: { pixels: number; network: Promise<VisionNetwork> } | null = null;
  const visionNetwork = async (pixels: number) => {
    if (vision?.pixels !== pixels) {
      void vision?.network.then((old) => old[Symbol.dispose]()).catch(() => {});
      vision = { pixels, network: store().then((db) => VisionNetwork.load(db, pixels)) };
      vision.network.catch(() => (vision = null));
    }
    return vision.network;
  };
  async function forget(): Promise<void> {
    const old = kept;
    kept = null;
    const embedder = await old?.embedder.catch(() => null);
    embedder?.[Symbol.dispose]();
  }

  return {
    async inspectSound({ blob }, { signal }) {
      return inspectSound(blob, signal);
    },
    async inspectTake({ pcm, sampleRateHz }, { signal }) {
      if (pcm.length === 0) throw new StudioError('media/zero-length');
      const blob = encodeWav(pcm, sampleRateHz);
      return inspectSound(blob, signal);
    },
    async makeSample({ kind, seed }, { signal }) {
      return inspectSound(encodeWav(synthesise(kind, seed), SOUND_RATE_HZ), signal);
    },
    async inspectMotion({ blob, name }, { signal }) {
      return inspectMotion(blob, name, signal);
    },
    async makeFigure({ action, seed }) {
      return packSequence(animateFigure(action, seed));
    },
    async loadMotion({ hash, info, ratesHz }) {
      const db = await store();
      if (info.kind === 'landmarks') {
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
    },
    async extractMotion({ files, frameRateHz }, { signal, progress }) {
      const started = performance.now();
      // One at a time: they share the network.
      const turn = extracting.then(async () =>
        extractMotion(
          await store(),
          poseEstimator,
          files.map((file) => ({ ...file, frameRateHz })),
          signal,
          (done, total) => progress({ done, total, audioSec: 0 }),
        ),
      );
      extracting = turn.catch(() => {});
      const { videoSec, ...result } = await turn;
      return { ...result, audioSec: videoSec, seconds: (performance.now() - started) / 1000 };
    },
    async makeDice({ seed }) {
      return makeDice(seed);
    },
    async inspectPicture({ blob, name }, { signal }) {
      const isVideo = blob.type.startsWith('video/') || /\.(mp4|mov|m4v|webm|mkv)$/i.test(name);
      return isVideo ? inspectFrames(blob, name, signal) : [await inspectPicture(blob)];
    },
    async extractViews(request, { signal, progress }) {
      const started = performance.now();
      const turn = extracting.then(async () =>
        extractViews(
          await store(),
          () => visionNetwork(request.input.pixels),
          request,
          signal,
          (done, total) => progress({ done, total, audioSec: 0 }),
        ),
      );
      extracting = turn.catch(() => {});
      return { ...(await turn), audioSec: 0, seconds: (performance.now() - started) / 1000 };
    },
    async extractLogMel({ hashes }, { signal, progress }) {
      const started = performance.now();
      const db = await store();
      const unique = [...new Set(hashes)];
      const missing = await db.missingFeatures(unique, LOG_MEL_EXTRACTOR);
      const failed: { hash: string; reason: string }[] = [];
      let audioSec = 0;
      for (const [i, hash] of missing.entries()) {
        throwIfAborted(signal);
        try {
          const blob = await db.loadBlob(hash);
          if (!blob) throw new StudioError('features/clip-missing', { details: { hash } });
          const { logMel, durationSec } = await logMelOfFile(blob, signal);
          await db.saveFeatures({
            hash,
            extractor: LOG_MEL_EXTRACTOR,
            shape: [logMel.length / LOG_MEL_SPEC.bandCount, LOG_MEL_SPEC.bandCount],
            values: logMel,
          });
          audioSec += durationSec;
        } catch (error) {
          const isClipFault =
            error instanceof StudioError && (error.code.startsWith('media/') || error.code === 'features/clip-missing');
          if (!isClipFault) throw error;
          failed.push({ hash, reason: error.message });
        }
        progress({ done: i + 1, total: missing.length, audioSec });
      }
      return {
        extracted: missing.length - failed.length,
        cached: unique.length - missing.length,
        audioSec,
        seconds: (performance.now() - started) / 1000,
        failed,
      };
    },
    async streamViews({ input, isAdaptive, port, out }, { signal }) {
      return streamViews(input.kind === 'pixels' ? null : visionNetwork, input, isAdaptive, port, out, signal);
    },
    async extractEmbeddings({ network, windowSec, overlapRatio, hashes, copies }, { signal, progress }) {
      const started = performance.now();
      const cut = embeddingCut(network, windowSec, overlapRatio);
      // One at a time: they share the network.
      const turn = extracting
        .then(async () =>
          extractEmbeddings(
            await store(),
            () => embedderOf(cut, windowSec),
            { cut, hashes, copies },
            signal,
            (done, total, audioSec) => progress({ done, total, audioSec }),
          ),
        )
        .catch(async (error: unknown) => {
          // What the network is worth after a failure is not known: the next call compiles it anew.
          if (error instanceof StudioError && error.code === 'network/failed') await forget();
          throw error;
        });
      extracting = turn.catch(() => {});
      return { ...(await turn), seconds: (performance.now() - started) / 1000 };
    },
    async probe({ cut, examples, classCount }, { signal }) {
      const db = await store();
      const size = cut.shape.reduce((product, side) => product * side, 1);
      const rows: ProbeExample[] = [];
      for (const { hash, classIndex, fold } of examples) {
        throwIfAborted(signal);
        const features = await db.loadFeatures(hash, embeddingExtractor(cut));
        if (features) rows.push({ values: meanRow(features.values, size), classIndex, fold });
      }
      return crossValidate(rows, classCount, signal);
    },
    async networkStatus() {
      return networkStatus(await store());
    },
    async downloadNetwork({ id }, { signal, progress }) {
      await downloadNetwork(await store(), id, signal, (done, total) => progress({ done, total }));
    },
    async storeNetworkFile({ blob, name }) {
      return storeNetworkFile(await store(), blob, name);
    },
    async loadNetwork({ id }) {
      const files = await loadNetwork(await store(), id);
      return files.map((bytes, i) => ({ path: networkOf(id).files[i]!.path, blob: new Blob([bytes]) }));
    },
    async removeNetwork({ id }) {
      // Not while it computes.
      const turn = extracting.then(async () => {
        await forget();
        await removeNetwork(await store(), id);
      });
      extracting = turn.catch(() => {});
      await turn;
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
