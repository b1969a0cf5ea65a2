/** Landmarks of whole videos and landmark files, cached. Worker thread. */
import type { Store } from '../../dataset/index.ts';
import { StudioError, throwIfAborted } from '../../kernel/errors.ts';
import { yieldToMessages } from '../../kernel/yield.ts';
import { openVideo } from '../../media/jobs.ts';
import { readLandmarks } from './landmark-files.ts';
import { MOTION_VALUES, type Motion } from './motion.ts';
import type { PoseEstimator } from './pose-network.ts';
import { landmarkExtractor, poseExtractor, poseRate } from './spec.ts';

/** Longer side of the frames poses are estimated on, in pixels: the networks see 256 of a person. */
export const POSE_PIXELS = 720;

/** A file to extract: a video at the wanted rate, or a landmark file. */
export type MotionSource = { hash: string; kind: 'video' | 'landmarks'; frameRateHz: number };

/**
 * Landmarks of a video at `frameRateHz` (never faster than the source).
 * @param onFrame after each frame. @returns the motion and how many frames showed nobody.
 */
export async function posesOfVideo(
  blob: Blob,
  estimator: PoseEstimator,
  frameRateHz: number,
  signal: AbortSignal,
  onFrame: (done: number, total: number) => void,
): Promise<{ motion: Motion; emptyCount: number; crowdCount: number; aspect: number; durationSec: number }> {
  const video = await openVideo(blob);
  try {
    const rateHz = poseRate(frameRateHz, video.frameRateHz);
    const frames = Math.max(1, Math.floor(video.durationSec * rateHz + 1e-6));
    const times = Array.from({ length: frames }, (_, k) => k / rateHz);
    const { joints } = estimator;
    const values = new Float32Array(frames * joints.length * MOTION_VALUES);
    let emptyCount = 0;
    let crowdCount = 0;
    estimator.reset();
    let done = 0;
    let damage: unknown = null;
    try {
      for await (const frame of video.framesAt(times, POSE_PIXELS, signal)) {
        const { landmarks, personCount } = await estimator.estimate(frame, frame.atSec);
        if (!landmarks) emptyCount++;
        if ((personCount ?? 0) > 1) crowdCount++;
        const at = Math.round(frame.atSec * rateHz) * joints.length * MOTION_VALUES;
        landmarks?.forEach(({ x, y, visibility }, j) => {
          values.set([x / frame.height, y / frame.height, visibility], at + j * MOTION_VALUES);
        });
        onFrame(++done, frames);
        // Decoding and the network both run here: messages come through between frames.
        if (done % 4 === 0) await yieldToMessages();
      }
    } catch (error) {
      // What was read before the damage is kept.
      if (!(error instanceof StudioError) || error.code !== 'media/damaged' || done === 0) throw error;
      damage = error;
    }
    if (done === 0) throw damage ?? new StudioError('media/damaged');
    return {
      motion: { joints, frameRateHz: rateHz, values },
      emptyCount,
      crowdCount,
      aspect: video.width / video.height,
      durationSec: video.durationSec,
    };
  } finally {
    video.close();
  }
}

/**
 * Computes and stores what is missing. Files that fail are listed, the rest go on.
 * @param estimator called when the first video needs it.
 */
export async function extractMotion(
  store: Store,
  estimator: () => Promise<PoseEstimator>,
  sources: readonly MotionSource[],
  signal: AbortSignal,
  progress: (done: number, total: number) => void,
): Promise<{ extracted: number; cached: number; videoSec: number; failed: { hash: string; reason: string }[] }> {
  const failed: { hash: string; reason: string }[] = [];
  const missing: MotionSource[] = [];
  const seen = new Set<string>();
  for (const source of sources) {
    const key = `${source.hash} ${source.frameRateHz}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const extractor = source.kind === 'video' ? poseExtractor(source.frameRateHz) : landmarkExtractor();
    if ((await store.missingFeatures([source.hash], extractor)).length > 0) missing.push(source);
  }
  let videoSec = 0;
  for (const [i, source] of missing.entries()) {
    throwIfAborted(signal);
    try {
      const blob = await store.loadBlob(source.hash);
      if (!blob) throw new StudioError('features/clip-missing', { details: { hash: source.hash } });
      let motion: Motion;
      if (source.kind === 'video') {
        const made = await posesOfVideo(blob, await estimator(), source.frameRateHz, signal, (done, total) =>
          progress(i + done / total, missing.length),
        );
        motion = made.motion;
        videoSec += made.durationSec;
      } else motion = readLandmarks(await blob.text(), 'landmarks.json')[0]!.motion;
      await store.saveFeatures({
        hash: source.hash,
        extractor: source.kind === 'video' ? poseExtractor(source.frameRateHz) : landmarkExtractor(),
        shape: [motion.values.length / (motion.joints.length * MOTION_VALUES), motion.joints.length, MOTION_VALUES],
        values: motion.values,
      });
    } catch (error) {
      const isFileFault =
        error instanceof StudioError && (error.code.startsWith('media/') || error.code === 'features/clip-missing');
      if (!isFileFault) throw error;
      failed.push({ hash: source.hash, reason: error.message });
    }
    progress(i + 1, missing.length);
  }
  return { extracted: missing.length - failed.length, cached: seen.size - missing.length, videoSec, failed };
}
