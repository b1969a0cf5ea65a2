/** What forms of landmark files share: points as people write them, names of joints, sequences in units of the picture's height. Any thread; pure. */
import { StudioError } from '../../kernel/errors.ts';
import { MOTION_VALUES, type Motion } from './motion.ts';
import { BLAZEPOSE_JOINTS, canonicalJoint } from './skeleton.ts';

/** One sequence of a file. `aspect`: width / height of the picture the landmarks lie in. */
export type LandmarkSequence = {
  name: string | null;
  label: string | null;
  aspect: number;
  motion: Motion;
  /** The video it is of, where the file says so. */
  recording?: string | null;
};

/** Longest sequence that is read, in frames. */
export const MOST_FRAMES = 200_000;
/** Most joints of a sequence that is read. */
export const MOST_JOINTS = 200;
/** Frames a second where a file says none. */
export const DEFAULT_RATE_HZ = 30;

/** The refusal of a file, with its reason. */
export const refuse = (reason: string) =>
  new StudioError('media/not-landmarks', { message: `The file holds no landmark sequence: ${reason}.` });

/** Where a joint is, in the file's own units, and how surely; null when it is not seen. */
export type Point = [x: number, y: number, visibility: number] | null;
/** An object of a JSON file. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
/** A number, also as text with a decimal comma; NaN for anything else. */
export const numberOf = (value: unknown): number =>
  typeof value === 'number'
    ? value
    : typeof value === 'string' && value.trim() !== ''
      ? Number(value.trim().replace(/^(-?\d*),(\d+)$/, '$1.$2'))
      : NaN;

/** A point as people write it: [x, y], [x, y, visibility], [x, y, z, visibility], { x, y, visibility | score | confidence }. */
export function readPoint(value: unknown): Point {
  let x = NaN;
  let y = NaN;
  let seen: unknown;
  if (Array.isArray(value)) {
    x = numberOf(value[0]);
    y = numberOf(value[1]);
    seen = value.length >= 4 ? value[3] : value[2];
  } else if (isRecord(value)) {
    // PoseNet puts x and y into `position`.
    const place = isRecord(value.position) ? value.position : value;
    x = numberOf(place.x);
    y = numberOf(place.y);
    seen = value.visibility ?? value.score ?? value.confidence ?? value.v;
  }
  if (!Number.isFinite(x) || !Number.isFinite(y)) return null;
  const visibility = seen === undefined || seen === null || seen === '' ? null : numberOf(seen);
  // Detectors that do not say so write unseen points as 0, 0.
  if (visibility === null) return x === 0 && y === 0 ? null : [x, y, 1];
  return Number.isFinite(visibility) ? [x, y, Math.max(0, Math.min(1, visibility))] : [x, y, 1];
}

/** Brings coordinates to units of the picture's height. */
export function toMotion(
  joints: readonly string[],
  frames: readonly (readonly Point[] | null)[],
  rateHz: number,
  size: { width: number; height: number } | null,
): { motion: Motion; aspect: number } {
  if (frames.length === 0) throw refuse('it has no frames');
  if (frames.length > MOST_FRAMES) throw refuse(`it has more than ${MOST_FRAMES} frames`);
  if (joints.length < 2 || joints.length > MOST_JOINTS) throw refuse(`it has ${joints.length} joints`);
  if (!Number.isFinite(rateHz) || rateHz <= 0 || rateHz > 1000) throw refuse(`its frame rate is ${rateHz}`);
  let most = 0;
  let highest = 0;
  let widest = 0;
  let count = 0;
  for (const frame of frames)
    for (const point of frame ?? [])
      if (point) {
        most = Math.max(most, Math.abs(point[0]), Math.abs(point[1]));
        widest = Math.max(widest, point[0]);
        highest = Math.max(highest, point[1]);
        count++;
      }
  if (count === 0) throw refuse('no joint is ever seen');
  // Fractions of the picture, as MediaPipe writes them, or pixels.
  const isFraction = most <= 4;
  const width = size?.width ?? (isFraction ? 1 : Math.max(1, widest));
  const height = size?.height ?? (isFraction ? 1 : Math.max(1, highest));
  const aspect = width / height;
  const scaleX = isFraction && size && size.width > 4 ? aspect : 1 / (isFraction ? 1 : height);
  const scaleY = isFraction ? 1 : 1 / height;
  const values = new Float32Array(frames.length * joints.length * MOTION_VALUES);
  frames.forEach((frame, f) => {
    frame?.forEach((point, j) => {
      if (!point || j >= joints.length) return;
      values.set([point[0] * scaleX, point[1] * scaleY, point[2]], (f * joints.length + j) * MOTION_VALUES);
    });
  });
  return { motion: { joints, frameRateHz: rateHz, values }, aspect };
}

const COCO_JOINTS = [
  'nose',
  ...['eye', 'ear', 'shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle'].flatMap((part) => [
    `left_${part}`,
    `right_${part}`,
  ]),
];

/** Joints of OpenPose's BODY_25 in its order (openpose/include/openpose/pose/poseParameters.hpp). */
const BODY_25 = [
  'nose',
  'neck',
  ...['right', 'left'].flatMap((side) => ['shoulder', 'elbow', 'wrist'].map((joint) => `${side}_${joint}`)),
  'mid_hip',
  ...['right', 'left'].flatMap((side) => ['hip', 'knee', 'ankle'].map((joint) => `${side}_${joint}`)),
  ...['eye', 'ear'].flatMap((joint) => [`right_${joint}`, `left_${joint}`]),
  ...['left', 'right'].flatMap((side) => ['big_toe', 'small_toe', 'heel'].map((joint) => `${side}_${joint}`)),
];

/** Names of joints: those that are given, as this app writes them; without, those of the detector with so many. */
export function jointNames(given: unknown, count: number): string[] {
  if (Array.isArray(given) && given.length > 0) {
    if (given.length > MOST_JOINTS) throw refuse(`it has ${given.length} joints`);
    const names = given.map((name) => canonicalJoint(String(isRecord(name) ? (name.name ?? name.part ?? '') : name)));
    return names.map((name, i) => (names.indexOf(name) === i && name ? name : `${name || 'joint'}_${i}`));
  }
  if (count === BLAZEPOSE_JOINTS.length) return [...BLAZEPOSE_JOINTS];
  if (count === COCO_JOINTS.length) return COCO_JOINTS;
  if (count === BODY_25.length) return BODY_25;
  return Array.from({ length: count }, (_, i) => `joint_${i}`);
}
