/** Movements in the inference worker: cameras that are watched, whole videos. */
import { loadModel, type Store } from '../dataset/index.ts';
import { fillGaps, frameCount, pickJoints, readLandmarks, type LandmarkSequence } from '../features/index.ts';
import { BlazePose, posesOfVideo } from '../features/jobs.ts';
import { MovementPredictor } from '../model/jobs.ts';
import type { Jobs } from '../rpc/contract.ts';
import type { MovementPreview } from './contract.ts';
import { findRepetitions } from './repetitions.ts';
import { Watcher } from './watcher.ts';

/** A landmark file as if its video had been looked at. */
const fromLandmarks = ({ motion, aspect }: LandmarkSequence) => ({
  motion,
  aspect,
  emptyCount: 0,
  crowdCount: 0,
  durationSec: frameCount(motion) / motion.frameRateHz,
});

/** @param store opens the database of this thread, once. */
export function createMovementPreview(store: () => Promise<Store>): Jobs<MovementPreview> {
  const watchers = new Map<string, Watcher>();
  let pose: Promise<BlazePose> | null = null;
  const poseEstimator = async () => {
    pose ??= store().then((db) => BlazePose.load(db));
    pose.catch(() => (pose = null));
    return pose;
  };

  return {
    async watch({ watchId, port, model }, { signal, progress }) {
      const watcher = new Watcher(
        await poseEstimator(),
        model ? await MovementPredictor.load(await loadModel(await store(), model)) : null,
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
    async switchWatched({ watchId, model }) {
      const predictor = model ? await MovementPredictor.load(await loadModel(await store(), model)) : null;
      const watcher = watchers.get(watchId);
      if (watcher) watcher.replace(predictor);
      else predictor?.[Symbol.dispose]();
    },
    async resetCounter({ watchId }) {
      watchers.get(watchId)?.resetCounter();
    },
    async analyseVideo({ blob, name, model }, { signal, progress, transfer }) {
      const started = performance.now();
      using predictor = await MovementPredictor.load(await loadModel(await store(), model));
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
  };
}
