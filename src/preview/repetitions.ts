/**
 * Counting repetitions of whatever is repeated: no class, no training. The movement's main direction (first principal component of all joints) is a curve;
 * a repetition is one way there and back. Any thread; pure.
 */
import {
  bodyFrames,
  chooseJoints,
  fillGaps,
  frameCount,
  MOTION_VALUES,
  pickJoints,
  type Motion,
} from '../features/index.ts';

/** Least size of a movement that counts, in torso lengths over all joints. */
const LEAST_SWING = 1.8;
/** Seconds of one repetition. */
const SHORTEST_SEC = 0.35;
const LONGEST_SEC = 8;
const SMOOTH_SEC = 0.25;
/** Changes slower than this are no repetition. */
const TREND_SEC = 6;

/** The main direction of a movement, and where along it each frame is. */
function mainCurve(motion: Motion): Float32Array {
  const frames = frameCount(motion);
  const count = motion.joints.length;
  const { centres, size } = bodyFrames(motion);
  const width = 2 * count + 2;
  const rows = new Float32Array(frames * width);
  for (let f = 0; f < frames; f++) {
    for (let j = 0; j < count; j++)
      for (let c = 0; c < 2; c++)
        rows[f * width + 2 * j + c] =
          (motion.values[(f * count + j) * MOTION_VALUES + c]! - centres[2 * f + c]!) / size;
    // The body's own path counts as much as a few joints.
    rows[f * width + 2 * count] = (2 * centres[2 * f]!) / size;
    rows[f * width + 2 * count + 1] = (2 * centres[2 * f + 1]!) / size;
  }
  // What changes slowly is where somebody stands, not what they repeat.
  const reach = Math.round((TREND_SEC * motion.frameRateHz) / 2);
  for (let i = 0; i < width; i++) {
    const column = Float32Array.from({ length: frames }, (_, f) => rows[f * width + i]!);
    for (let f = 0; f < frames; f++) {
      const part = column.subarray(Math.max(0, f - reach), Math.min(frames, f + reach + 1));
      rows[f * width + i]! -= part.reduce((x, y) => x + y, 0) / part.length;
    }
  }
  // Power iteration on the covariance, from a fixed start.
  let axis = Float32Array.from({ length: width }, (_, i) => 1 + 0.01 * i);
  for (let turn = 0; turn < 20; turn++) {
    const next = new Float32Array(width);
    for (let f = 0; f < frames; f++) {
      let dot = 0;
      for (let i = 0; i < width; i++) dot += rows[f * width + i]! * axis[i]!;
      for (let i = 0; i < width; i++) next[i]! += dot * rows[f * width + i]!;
    }
    const length = Math.hypot(...next) || 1;
    axis = next.map((value) => value / length);
  }
  return Float32Array.from({ length: frames }, (_, f) => {
    let dot = 0;
    for (let i = 0; i < width; i++) dot += rows[f * width + i]! * axis[i]!;
    return dot;
  });
}

/** Repetitions of a movement, each with the second it was complete at. @param motion may have gaps; borrowed. */
export function findRepetitions(motion: Motion): { atSec: number; durationSec: number }[] {
  // Faces and fingers tremble; arms, legs and trunk repeat.
  const filled = fillGaps(pickJoints(motion, chooseJoints(motion.joints, 'body')));
  const rate = motion.frameRateHz;
  const raw = mainCurve(filled);
  const reach = Math.max(0, Math.round((SMOOTH_SEC * rate) / 2));
  const curve = raw.map((_, f) => {
    const from = Math.max(0, f - reach);
    const to = Math.min(raw.length, f + reach + 1);
    return raw.subarray(from, to).reduce((a, b) => a + b, 0) / (to - from);
  });
  const sorted = [...curve].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  const [low, high] = [at(0.05), at(0.95)];
  if (high - low < LEAST_SWING) return [];
  // Two thresholds: a tremble about the middle is no repetition.
  const up = low + 0.65 * (high - low);
  const down = low + 0.35 * (high - low);
  const isUpFirst = curve[0]! > (up + down) / 2;
  const found: { atSec: number; durationSec: number }[] = [];
  let isAway = false;
  let leftAt = 0;
  for (let f = 0; f < curve.length; f++) {
    const isNowAway = isUpFirst ? curve[f]! < down : curve[f]! > up;
    const isNowHome = isUpFirst ? curve[f]! > up : curve[f]! < down;
    if (!isAway && isNowAway) {
      isAway = true;
      leftAt = f;
    } else if (isAway && isNowHome) {
      isAway = false;
      // Half of the way is before it counts as away.
      const durationSec = ((f - leftAt) / rate) * 1.6;
      if (durationSec >= SHORTEST_SEC && durationSec <= LONGEST_SEC) found.push({ atSec: f / rate, durationSec });
    }
  }
  return found;
}
