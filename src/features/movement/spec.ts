/** How landmarks become windows, as numbers. Any thread. */

/** Seconds and frames of a motion window. */
export type MotionWindow = { frameRateHz: number; windowFrames: number; hopFrames: number };

/** Frames of a window of `windowSec` at `frameRateHz`; at least 4 frames. */
export function motionWindow(frameRateHz: number, windowSec: number, overlapRatio: number): MotionWindow {
  const windowFrames = Math.max(4, Math.round(windowSec * frameRateHz));
  return { frameRateHz, windowFrames, hopFrames: Math.max(1, Math.round(windowFrames * (1 - overlapRatio))) };
}

/**
 * Where the windows of a clip start, in seconds: one every hop; a shorter clip gives one, centred; the end of a clip gets a window of its own when at
 * least a quarter of it is new.
 */
export function motionStarts(durationSec: number, { frameRateHz, windowFrames, hopFrames }: MotionWindow): number[] {
  const windowSec = windowFrames / frameRateHz;
  const hopSec = hopFrames / frameRateHz;
  if (durationSec <= windowSec + 1e-6) return [(durationSec - windowSec) / 2];
  const starts: number[] = [];
  for (let start = 0; start + windowSec <= durationSec + 1e-6; start += hopSec) starts.push(start);
  const rest = durationSec - (starts.at(-1)! + windowSec);
  if (rest > windowSec / 4) starts.push(durationSec - windowSec);
  return starts;
}

/** Version of the pose pipeline: part of the key of what it has computed. */
const POSE_VERSION = 'blazepose-lite@1';

/** Rate at which a video is looked at: the wanted one, or its own when that is slower. */
export const poseRate = (wantedHz: number, sourceHz: number): number =>
  sourceHz < wantedHz ? Math.round(sourceHz * 100) / 100 : wantedHz;

/** Key of a video's cached landmarks. @param wantedHz as asked for, before {@link poseRate}. */
export const poseExtractor = (wantedHz: number): string => `pose ${POSE_VERSION} ${wantedHz}`;

/** Key of a landmark file's cached values. */
export const landmarkExtractor = (): string => 'landmarks@1';
