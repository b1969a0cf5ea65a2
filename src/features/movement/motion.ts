/** Landmark sequences, and the window features made of them. Any thread; pure. */
import { bonesOf, mirrorOf } from './skeleton.ts';

/**
 * Landmarks over time. `values`: shape [frames, joints, 3], each x, y and visibility. x and y are in units of the picture's height (x runs to
 * width / height), y points down; visibility 0..1, 0 = not seen. Frame k is at `k / frameRateHz` seconds.
 */
export type Motion = { joints: readonly string[]; frameRateHz: number; values: Float32Array };

/** Values per joint and frame of a {@link Motion}. */
export const MOTION_VALUES = 3;
/** Channels per joint of a window: position about the hips, position in the window, velocity, visibility. */
export const WINDOW_CHANNELS = 7;
/** Below this a landmark counts as not seen. */
export const SEEN = 0.3;

/** Frames of a motion. */
export const frameCount = ({ joints, values }: Motion): number => values.length / (joints.length * MOTION_VALUES);

/** The part of a motion between two times, as its own motion; at least one frame. */
export function cutMotion(motion: Motion, startSec: number, endSec: number): Motion {
  const frames = frameCount(motion);
  const size = motion.joints.length * MOTION_VALUES;
  const from = Math.max(0, Math.min(frames - 1, Math.round(startSec * motion.frameRateHz)));
  const to = Math.max(from + 1, Math.min(frames, Math.round(endSec * motion.frameRateHz)));
  return { ...motion, values: motion.values.subarray(from * size, to * size) };
}

/** The same motion with these joints only, in this order; a joint it does not have is never seen. */
export function pickJoints(motion: Motion, joints: readonly string[]): Motion {
  const frames = frameCount(motion);
  const from = joints.map((name) => motion.joints.indexOf(name));
  const values = new Float32Array(frames * joints.length * MOTION_VALUES);
  for (let f = 0; f < frames; f++)
    from.forEach((source, j) => {
      if (source < 0) return;
      const at = (f * motion.joints.length + source) * MOTION_VALUES;
      values.set(motion.values.subarray(at, at + MOTION_VALUES), (f * joints.length + j) * MOTION_VALUES);
    });
  return { joints, frameRateHz: motion.frameRateHz, values };
}

/**
 * Fills moments in which a joint was not seen from the moments before and after, in place; its visibility stays as it was. A joint that is never
 * seen takes the mean of the seen joints of each frame.
 */
export function fillGaps(motion: Motion): Motion {
  const { values } = motion;
  const count = motion.joints.length;
  const frames = frameCount(motion);
  const at = (f: number, j: number) => (f * count + j) * MOTION_VALUES;
  for (let j = 0; j < count; j++) {
    let last = -1;
    for (let f = 0; f < frames; f++) {
      if (values[at(f, j) + 2]! < SEEN) continue;
      if (last < f - 1) {
        for (let g = last + 1; g < f; g++) {
          const share = last < 0 ? 1 : (g - last) / (f - last);
          for (let c = 0; c < 2; c++) {
            const before = last < 0 ? values[at(f, j) + c]! : values[at(last, j) + c]!;
            values[at(g, j) + c] = before + share * (values[at(f, j) + c]! - before);
          }
        }
      }
      last = f;
    }
    if (last >= 0)
      for (let g = last + 1; g < frames; g++)
        for (let c = 0; c < 2; c++) values[at(g, j) + c] = values[at(last, j) + c]!;
  }
  for (let j = 0; j < count; j++) {
    let isSeen = false;
    for (let f = 0; f < frames && !isSeen; f++) isSeen = values[at(f, j) + 2]! >= SEEN;
    if (isSeen) continue;
    for (let f = 0; f < frames; f++) {
      let x = 0;
      let y = 0;
      let n = 0;
      for (let k = 0; k < count; k++)
        if (values[at(f, k) + 2]! >= SEEN) {
          x += values[at(f, k)]!;
          y += values[at(f, k) + 1]!;
          n++;
        }
      values[at(f, j)] = n ? x / n : 0;
      values[at(f, j) + 1] = n ? y / n : 0;
    }
  }
  return motion;
}

/** How a window is varied: see MotionSettings. `mirror` swaps left and right. */
export type MotionVariation = {
  mirror: boolean;
  /** Radians. */
  rotation: number;
  scaleX: number;
  scaleY: number;
  /** Duration of the window in the motion, as a factor. */
  speed: number;
  /** Standard deviation of noise on joints, in torso lengths. */
  noise: number;
  /** Shift of the start in seconds. */
  shiftSec: number;
  /** Draws of a normal distribution. */
  normal: () => number;
};

/** A gap-free motion resampled to the frames of a window, by linear interpolation; beyond its ends the nearest frame is held. */
export function sampleMotion(motion: Motion, startSec: number, frameRateHz: number, frames: number, speed = 1): Motion {
  const size = motion.joints.length * MOTION_VALUES;
  const last = frameCount(motion) - 1;
  const values = new Float32Array(frames * size);
  for (let f = 0; f < frames; f++) {
    const position = Math.max(0, Math.min(last, (startSec + (f / frameRateHz) * speed) * motion.frameRateHz));
    const from = Math.floor(position);
    const share = position - from;
    const a = from * size;
    const b = Math.min(last, from + 1) * size;
    for (let i = 0; i < size; i++)
      values[f * size + i] = motion.values[a + i]! * (1 - share) + motion.values[b + i]! * share;
  }
  return { joints: motion.joints, frameRateHz, values };
}

/** Share of the frames between two times, as far as the motion goes, in which somebody is seen. */
export function seenShare(motion: Motion, startSec: number, endSec: number): number {
  const { joints, values, frameRateHz } = motion;
  const frames = frameCount(motion);
  const [from, to] = [
    Math.max(0, Math.round(startSec * frameRateHz)),
    Math.min(frames, Math.round(endSec * frameRateHz)),
  ];
  let seen = 0;
  for (let f = from; f < to; f++) {
    let isSeen = false;
    for (let j = 0; j < joints.length && !isSeen; j++)
      isSeen = values[(f * joints.length + j) * MOTION_VALUES + 2]! >= SEEN;
    if (isSeen) seen++;
  }
  return seen / Math.max(1, to - from);
}

const median = (list: number[]): number => list.sort((a, b) => a - b)[list.length >> 1] ?? 0;

/** Centre (between the hips, else of all joints) and size (torso, else twice the spread) of the body in each frame. */
export function bodyFrames(motion: Motion): { centres: Float32Array; size: number } {
  const { joints, values } = motion;
  const frames = frameCount(motion);
  const find = (name: string) => joints.indexOf(name);
  const hips = [find('left_hip'), find('right_hip')].filter((j) => j >= 0);
  const shoulders = [find('left_shoulder'), find('right_shoulder')].filter((j) => j >= 0);
  const all = joints.map((_, j) => j);
  const centres = new Float32Array(frames * 2);
  const sizes: number[] = [];
  const middle = (f: number, of: readonly number[], c: number) =>
    of.reduce((sum, j) => sum + values[(f * joints.length + j) * MOTION_VALUES + c]!, 0) / of.length;
  const base = hips.length ? hips : all;
  for (let f = 0; f < frames; f++) {
    const x = middle(f, base, 0);
    const y = middle(f, base, 1);
    centres[2 * f] = x;
    centres[2 * f + 1] = y;
    if (hips.length && shoulders.length) {
      // A body seen from above or bent double has a short torso in the picture: the spread of all joints keeps the scale honest.
      const torso = Math.hypot(middle(f, shoulders, 0) - x, middle(f, shoulders, 1) - y);
      sizes.push(torso);
    } else {
      const spread = all.reduce((sum, j) => {
        const at = (f * joints.length + j) * MOTION_VALUES;
        return sum + Math.hypot(values[at]! - x, values[at + 1]! - y);
      }, 0);
      sizes.push((2 * spread) / all.length);
    }
  }
  return { centres, size: Math.max(1e-4, median(sizes)) };
}

/**
 * Features of one window: body-centred, scaled by the torso, with the body itself as one more joint at the end.
 * @param motion gap-free, the joints of the model. @param startSec may be negative for a clip that is centred.
 * @param out shape [frames, joints + 1, 7], written from `at`: x, y about the hips of each frame; x, y about the window's median hips; velocity
 * (torso lengths per 0.1 s) x, y; visibility.
 */
export function writeWindow(
  motion: Motion,
  startSec: number,
  frameRateHz: number,
  frames: number,
  variation: MotionVariation | null,
  out: Float32Array,
  at: number,
): void {
  const count = motion.joints.length;
  const speed = variation?.speed ?? 1;
  const window = sampleMotion(motion, startSec + (variation?.shiftSec ?? 0), frameRateHz, frames, speed);
  const { centres, size } = bodyFrames(window);
  const midX = median(Array.from({ length: frames }, (_, f) => centres[2 * f]!));
  const midY = median(Array.from({ length: frames }, (_, f) => centres[2 * f + 1]!));
  const mirror = variation?.mirror ? mirrorOf(motion.joints) : null;
  const cos = Math.cos(variation?.rotation ?? 0) / size;
  const sin = Math.sin(variation?.rotation ?? 0) / size;
  const scaleX = (variation?.scaleX ?? 1) * (mirror ? -1 : 1);
  const scaleY = variation?.scaleY ?? 1;
  const noise = variation?.noise ?? 0;
  const turnX = (x: number, y: number) => scaleX * (cos * x - sin * y);
  const turnY = (x: number, y: number) => scaleY * (sin * x + cos * y);
  const stride = (count + 1) * WINDOW_CHANNELS;
  const perStep = frameRateHz / 10;
  for (let f = 0; f < frames; f++) {
    const cx = centres[2 * f]! - midX;
    const cy = centres[2 * f + 1]! - midY;
    for (let j = 0; j <= count; j++) {
      const to = at + f * stride + j * WINDOW_CHANNELS;
      let x = cx;
      let y = cy;
      let seen = 1;
      if (j < count) {
        const source = (f * count + (mirror ? mirror[j]! : j)) * MOTION_VALUES;
        x = window.values[source]! - midX;
        y = window.values[source + 1]! - midY;
        seen = window.values[source + 2]!;
        if (noise > 0) {
          x += noise * size * variation!.normal();
          y += noise * size * variation!.normal();
        }
      }
      out[to] = j < count ? turnX(x - cx, y - cy) : 0;
      out[to + 1] = j < count ? turnY(x - cx, y - cy) : 0;
      out[to + 2] = turnX(x, y);
      out[to + 3] = turnY(x, y);
      out[to + 6] = seen >= SEEN ? 1 : 0;
    }
  }
  // Velocity: central differences of the position in the window.
  for (let f = 0; f < frames; f++) {
    const before = Math.max(0, f - 1);
    const after = Math.min(frames - 1, f + 1);
    const span = Math.max(1, after - before);
    for (let j = 0; j <= count; j++) {
      const index = (frame: number) => at + frame * stride + j * WINDOW_CHANNELS;
      for (let c = 0; c < 2; c++) {
        const change = ((out[index(after) + 2 + c]! - out[index(before) + 2 + c]!) / span) * perStep;
        out[index(f) + 4 + c] = Math.max(-4, Math.min(4, 3 * change));
      }
    }
  }
  for (let i = at; i < at + frames * stride; i++) out[i] = Math.max(-6, Math.min(6, out[i]!));
}

/** Neighbourhood matrix of a model's joints and the body node at the end, rows normalised: shape [n, n]. Each joint is its own neighbour. */
export function adjacencyOf(joints: readonly string[]): Float32Array {
  const n = joints.length + 1;
  const matrix = new Float32Array(n * n);
  for (let i = 0; i < n; i++) matrix[i * n + i] = 1;
  for (const [a, b] of bonesOf(joints)) {
    matrix[a * n + b] = 1;
    matrix[b * n + a] = 1;
  }
  for (let j = 0; j < n - 1; j++) matrix[j * n + n - 1] = /hip|shoulder/.test(joints[j]!) ? 1 : 0;
  for (let i = 0; i < n; i++) {
    const sum = matrix.subarray(i * n, (i + 1) * n).reduce((a, b) => a + b, 0);
    for (let j = 0; j < n; j++) matrix[i * n + j]! /= sum;
  }
  return matrix;
}
