/** Objects in the inference worker: proposals, pictures, videos, camera frames. */
import { loadModel, type Store } from '../dataset/index.ts';
import type { Detection } from '../domain/boxes.ts';
import type { ModelArtifact, ModelRef } from '../domain/model.ts';
import type { FrameViews } from '../features/index.ts';
import { decodePicture, KnownObjects } from '../features/jobs.ts';
import { StudioError, throwIfAborted } from '../kernel/errors.ts';
import { yieldToMessages } from '../kernel/yield.ts';
import { openVideo } from '../media/jobs.ts';
import { Detector } from '../model/jobs.ts';
import type { Jobs } from '../rpc/contract.ts';
import type { DetectionPreview } from './contract.ts';

/** Lower scores are not sent to the page. */
const LEAST_LIVE_SCORE = 0.1;
/** Longer side of video frames that are looked at. */
const VIDEO_PIXELS = 960;

/** Whether two artifacts hold the same weights. */
function isSameModel(a: ModelArtifact, b: ModelArtifact): boolean {
  const [left, right] = [new Uint32Array(a.weights), new Uint32Array(b.weights)];
  return left.length === right.length && left.every((value, i) => value === right[i]);
}

/** @param store opens the database of this thread, once. */
export function createDetectionPreview(store: () => Promise<Store>): Jobs<DetectionPreview> {
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
      const artifact = await loadModel(await store(), model);
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

  return {
    async propose({ model, hashes, leastScore }, { signal, progress }) {
      const db = await store();
      using finder = model ? await Detector.load(await loadModel(db, model), db) : await KnownObjects.load(db);
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
  };
}
