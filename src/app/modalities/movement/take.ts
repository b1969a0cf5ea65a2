/** One take of a movement from an open camera: its picture, or its landmarks where none is kept. Main thread. */
import {
  activeSpan,
  BLAZEPOSE_JOINTS,
  formatLandmarks,
  motionOfPoses,
  type InspectedMovement,
  type TimedPose,
} from '../../../features/index.ts';
import { StudioError } from '../../../kernel/errors.ts';
import { recordStream } from '../../../media/ui.ts';

/** Frames a second of a take kept as landmarks: what the camera gives, at an even pace. */
const LANDMARK_RATE_HZ = 15;
/** Fewer frames with a person say nothing about where a movement begins. */
const FRAMES_TO_TRIM = 6;

/** What a frame of the camera said. */
type Frame = { atSec: number; pose: Float32Array | null; aspect: number };
/** What a take needs of the page. */
export type TakeWorld = {
  /** Calls back for every frame looked at. @returns a function that ends it. */
  onReport(listener: (frame: Frame) => void): () => void;
  /** Resolves when the take is over: its time, the person, or the camera. */
  over: Promise<unknown>;
  /** Reads what was recorded, as an import would. */
  inspect(blob: Blob, name: string): Promise<InspectedMovement>;
};
/** What a take keeps. `marginSec`: rest kept around the movement; null keeps the idle ends. */
export type TakeSettings = { isLandmarksOnly: boolean; marginSec: number | null };
/** A take. `lacksPicture`: a picture was wanted, and the browser records none. */
export type Take = { made: InspectedMovement; ending: 'webm' | 'json'; lacksPicture: boolean };

/**
 * Records until `world.over`. A browser without an encoder for video (WebKitGTK) keeps the landmarks instead: a movement done once is not lost.
 * @throws StudioError `media/zero-length` without a person where landmarks are wanted, `media/recording-unsupported` where nothing can be kept, `media/camera-unplugged`
 */
export async function take(stream: MediaStream, settings: TakeSettings, world: TakeWorld): Promise<Take> {
  const poses: TimedPose[] = [];
  let aspect = 4 / 3;
  const end = world.onReport((frame) => {
    aspect = frame.aspect;
    poses.push({ atSec: frame.atSec, values: frame.pose });
  });
  const recorder = settings.isLandmarksOnly ? null : startRecording(stream);
  await world.over;
  end();
  const recorded = await recorder?.stop().catch(orUnsupported);
  const blob = recorded instanceof Blob ? recorded : null;
  const seen = poses.filter(({ values }) => values).length;
  if (recorded instanceof StudioError && seen === 0) throw recorded;
  if (!blob && seen === 0)
    throw new StudioError('media/zero-length', {
      message: 'Nobody was in the picture, so there are no landmarks to keep.',
    });
  const fromSec = poses[0]?.atSec ?? 0;
  const frames = Math.floor(((poses.at(-1)?.atSec ?? 0) - fromSec) * LANDMARK_RATE_HZ) + 1;
  const motion = motionOfPoses(poses, [...BLAZEPOSE_JOINTS], fromSec, LANDMARK_RATE_HZ, frames);
  const ending = blob ? 'webm' : 'json';
  const made = await world.inspect(
    blob ?? new Blob([formatLandmarks({ name: null, label: null, aspect, motion })], { type: 'application/json' }),
    `take.${ending}`,
  );
  const kept = { ending, lacksPicture: !blob && !settings.isLandmarksOnly } as const;
  if (settings.marginSec === null || seen < FRAMES_TO_TRIM) return { made, ...kept };
  const span = activeSpan(motion, settings.marginSec);
  const endSec = Math.min(made.media.fileSec, span.endSec);
  const durationSec = endSec - span.startSec;
  if (durationSec >= made.media.fileSec - 0.15 || durationSec <= 0.4) return { made, ...kept };
  return { made: { ...made, media: { ...made.media, startSec: span.startSec, endSec, durationSec } }, ...kept };
}

/** A recorder that fails when it is stopped, not before: the take goes on for its landmarks. */
function startRecording(stream: MediaStream): { stop(): Promise<Blob> } {
  try {
    return recordStream(stream);
  } catch (cause) {
    return { stop: () => Promise.reject(new StudioError('media/recording-unsupported', { cause })) };
  }
}

/** A browser that records no video, as a value; other failures go on. */
function orUnsupported(error: unknown): StudioError {
  if (error instanceof StudioError && error.code === 'media/recording-unsupported') return error;
  throw error;
}
