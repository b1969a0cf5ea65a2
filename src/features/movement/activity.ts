/** How much a body moves, and what that says. Any thread; pure. */
import { bodyFrames, fillGaps, frameCount, MOTION_VALUES, type Motion } from './motion.ts';

/** A pose at a time, as a camera gives it. `values`: shape [joints, 3] of a {@link Motion}; null = nobody seen. */
export type TimedPose = { atSec: number; values: Float32Array | null };

/** Poses at irregular times as a motion at an even rate: linear interpolation; before the first and after the last the nearest is held. */
export function motionOfPoses(
  poses: readonly TimedPose[],
  joints: readonly string[],
  fromSec: number,
  frameRateHz: number,
  frames: number,
): Motion {
  const size = joints.length * MOTION_VALUES;
  const values = new Float32Array(frames * size);
  const seen = poses.filter((pose): pose is { atSec: number; values: Float32Array } => pose.values !== null);
  let next = 0;
  for (let f = 0; f < frames && seen.length > 0; f++) {
    const atSec = fromSec + f / frameRateHz;
    while (next < seen.length - 1 && seen[next]!.atSec < atSec) next++;
    const b = seen[next]!;
    const a = b.atSec > atSec ? (seen[next - 1] ?? b) : b;
    const share = b.atSec > a.atSec ? (atSec - a.atSec) / (b.atSec - a.atSec) : 0;
    // A long time without a person is no movement between two poses.
    const isGap = b.atSec - a.atSec > 1;
    for (let i = 0; i < size; i++) {
      const value = a.values[i]! + share * (b.values[i]! - a.values[i]!);
      values[f * size + i] = isGap && i % MOTION_VALUES === 2 ? 0 : value;
    }
  }
  return { joints, frameRateHz, values };
}

/** Mean speed of the joints at each frame, in torso lengths per second. */
export function activityOf(motion: Motion): Float32Array {
  const filled = fillGaps({ ...motion, values: motion.values.slice() });
  const { size } = bodyFrames(filled);
  const frames = frameCount(filled);
  const count = filled.joints.length;
  return Float32Array.from({ length: frames }, (_, f) => {
    const before = Math.max(0, f - 1);
    const after = Math.min(frames - 1, f + 1);
    let sum = 0;
    for (let j = 0; j < count; j++) {
      const a = (before * count + j) * MOTION_VALUES;
      const b = (after * count + j) * MOTION_VALUES;
      sum += Math.hypot(filled.values[b]! - filled.values[a]!, filled.values[b + 1]! - filled.values[a + 1]!);
    }
    return ((sum / count / size) * motion.frameRateHz) / Math.max(1, after - before);
  });
}

/** Torso lengths per second above which a body moves at all. */
const MOVING = 0.35;
/** The part of a take in which something happens with `marginSec` before and after it; the whole take when the body stays still all the time. */
export function activeSpan(motion: Motion, marginSec = 0.25): { startSec: number; endSec: number } {
  const activity = activityOf(motion);
  const durationSec = activity.length / motion.frameRateHz;
  const most = [...activity].sort((a, b) => a - b)[Math.floor(activity.length * 0.9)] ?? 0;
  if (most < MOVING) return { startSec: 0, endSec: durationSec };
  const least = Math.max(0.3 * MOVING, 0.2 * most);
  const first = activity.findIndex((value) => value >= least);
  const last = activity.findLastIndex((value) => value >= least);
  return {
    startSec: Math.max(0, first / motion.frameRateHz - marginSec),
    endSec: Math.min(durationSec, (last + 1) / motion.frameRateHz + marginSec),
  };
}

/** What would make a recording better, in a few words each. @param pose shape [33, 3], BlazePose. @param luma mean brightness 0..255. */
export function qualityHints(
  pose: Float32Array | null,
  joints: readonly string[],
  aspect: number,
  about: { luma: number; personCount: number | null },
): string[] {
  const hints: string[] = [];
  if (about.luma < 45) hints.push('Too dark. Turn on a light.');
  if ((about.personCount ?? 1) > 1) hints.push('Two people in the picture.');
  if (!pose) return [...hints, 'Nobody in the picture.'];
  const at = (name: string) => {
    const j = joints.indexOf(name) * MOTION_VALUES;
    return {
      x: pose[j]!,
      y: pose[j + 1]!,
      isIn: pose[j]! > 0 && pose[j]! < aspect && pose[j + 1]! > 0 && pose[j + 1]! < 1,
      seen: pose[j + 2]!,
    };
  };
  const feet = ['left_ankle', 'right_ankle'].map(at);
  const head = at('nose');
  if (!head.isIn) hints.push('Head out of frame. Tilt the camera up.');
  if (feet.some((foot) => !foot.isIn || foot.seen < 0.3)) hints.push('Feet out of frame. Step back a little.');
  else if (Math.max(...feet.map((foot) => foot.y)) - head.y < 0.3) hints.push('Far away. Come closer.');
  return hints;
}
