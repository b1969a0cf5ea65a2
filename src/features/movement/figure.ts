/** The sample of the action task: an articulated figure that moves, with natural variation. Any thread; pure. */
import { createRandom } from '../../kernel/random.ts';
import type { LandmarkSequence } from './landmark-files.ts';
import { MOTION_VALUES } from './motion.ts';
import { BLAZEPOSE_JOINTS, chooseJoints } from './skeleton.ts';

/** What the figure can do. */
export const SAMPLE_ACTIONS = ['Wave', 'Squat', 'Jumping jack', 'Side step', 'Stand'] as const;
/** One of {@link SAMPLE_ACTIONS}. */
export type SampleAction = (typeof SAMPLE_ACTIONS)[number];

const RATE_HZ = 15;
const JOINTS = chooseJoints(BLAZEPOSE_JOINTS, 'body');

/** Angles in radians from hanging straight down, outwards positive; lengths in units of the torso. */
type Posture = {
  armL: number;
  armR: number;
  elbowL: number;
  elbowR: number;
  legL: number;
  legR: number;
  /** 0 upright, 1 thighs level. */
  bend: number;
  lean: number;
  x: number;
  lift: number;
};

const REST: Posture = {
  armL: 0.15,
  armR: 0.15,
  elbowL: 0.1,
  elbowR: 0.1,
  legL: 0.08,
  legR: 0.08,
  bend: 0,
  lean: 0,
  x: 0,
  lift: 0,
};
const wave = (phase: number) => 0.5 - 0.5 * Math.cos(2 * Math.PI * phase);

function postureOf(action: SampleAction, phase: number, isOtherHand: boolean, strength: number): Posture {
  const swing = wave(phase) * strength;
  switch (action) {
    case 'Wave': {
      const [arm, elbow] = [2.1 + 0.15 * swing, 0.3 + 1.1 * swing];
      return isOtherHand ? { ...REST, armL: arm, elbowL: elbow } : { ...REST, armR: arm, elbowR: elbow };
    }
    case 'Squat':
      return {
        ...REST,
        bend: swing,
        armL: 0.2 + 1.2 * swing,
        armR: 0.2 + 1.2 * swing,
        legL: 0.2,
        legR: 0.2,
        lean: 0.2 * swing,
      };
    case 'Jumping jack':
      return {
        ...REST,
        armL: 0.2 + 2.6 * swing,
        armR: 0.2 + 2.6 * swing,
        legL: 0.05 + 0.4 * swing,
        legR: 0.05 + 0.4 * swing,
        lift: 0.25 * Math.abs(Math.sin(2 * Math.PI * phase)) * strength,
      };
    case 'Side step': {
      const x = Math.sin(2 * Math.PI * phase) * 0.7 * strength;
      return {
        ...REST,
        x,
        legL: 0.1 + 0.3 * swing,
        legR: 0.1 + 0.3 * (1 - swing),
        lean: 0.06 * Math.sin(2 * Math.PI * phase),
      };
    }
    case 'Stand':
      return {
        ...REST,
        lean: 0.03 * Math.sin(2 * Math.PI * phase),
        armL: 0.15 + 0.05 * swing,
        armR: 0.15 + 0.05 * swing,
      };
  }
}

/** One clip of the figure: 2 to 4 s, its own build, pace, strength, place and direction. Deterministic in `seed`. */
export function animateFigure(action: SampleAction, seed: number): LandmarkSequence {
  const random = createRandom(seed, 'figure', action);
  const between = (low: number, high: number) => low + (high - low) * random.next();
  const durationSec = between(2.4, 4);
  const periodSec = between(0.8, 1.4) * (action === 'Squat' ? 1.5 : action === 'Stand' ? 2 : 1);
  const strength = between(0.75, 1);
  const isOtherHand = random.next() < 0.5;
  const torso = between(0.2, 0.26);
  const build = {
    arm: between(0.52, 0.62),
    fore: between(0.48, 0.58),
    thigh: between(0.8, 0.95),
    shin: between(0.78, 0.92),
    hips: between(0.22, 0.3),
    shoulders: between(0.32, 0.42),
  };
  const turn = between(-0.5, 0.5);
  const centre = { x: between(0.5, 0.84), y: between(0.5, 0.6) };
  const start = random.next();
  const frames = Math.round(durationSec * RATE_HZ);
  const values = new Float32Array(frames * JOINTS.length * MOTION_VALUES);
  let drift = 0;
  for (let f = 0; f < frames; f++) {
    drift += between(-0.004, 0.004);
    const phase = start + f / RATE_HZ / periodSec + 0.03 * Math.sin(f / 7);
    const p = postureOf(action, phase, isOtherHand, strength);
    const points = new Map<string, [number, number]>();
    const drop = p.bend * 0.62 * build.thigh - p.lift;
    const hip: [number, number] = [p.x + drift, drop];
    const neck: [number, number] = [hip[0] + Math.sin(p.lean), hip[1] - Math.cos(p.lean)];
    points.set('nose', [neck[0] + 0.12 * Math.sin(turn), neck[1] - 0.42]);
    for (const side of ['left', 'right'] as const) {
      // The person's left is on the right of the picture.
      const s = (side === 'left' ? 1 : -1) * Math.cos(turn);
      const arm = side === 'left' ? p.armL : p.armR;
      const elbow = side === 'left' ? p.elbowL : p.elbowR;
      const leg = side === 'left' ? p.legL : p.legR;
      const shoulder: [number, number] = [neck[0] + s * build.shoulders, neck[1] + 0.08];
      const joint = (from: [number, number], angle: number, length: number): [number, number] => [
        from[0] + s * Math.sin(angle) * length,
        from[1] + Math.cos(angle) * length,
      ];
      const elbowAt = joint(shoulder, arm, build.arm);
      const wrist = joint(elbowAt, arm + elbow, build.fore);
      const hipAt: [number, number] = [hip[0] + s * build.hips, hip[1]];
      // Seen from the front a bent leg is a shorter one, its knee a little outwards.
      const knee = joint(hipAt, leg + 0.35 * p.bend, build.thigh * (1 - 0.55 * p.bend));
      const ankle: [number, number] = [
        hipAt[0] + s * Math.sin(leg) * (build.thigh + build.shin) * 0.9,
        0.95 * (build.thigh + build.shin) - p.lift,
      ];
      points.set(`${side}_shoulder`, shoulder);
      points.set(`${side}_elbow`, elbowAt);
      points.set(`${side}_wrist`, wrist);
      points.set(`${side}_index`, joint(wrist, arm + elbow, 0.16));
      points.set(`${side}_hip`, hipAt);
      points.set(`${side}_knee`, knee);
      points.set(`${side}_ankle`, ankle);
      points.set(`${side}_foot_index`, [ankle[0] + s * 0.12, ankle[1] + 0.1]);
    }
    JOINTS.forEach((name, j) => {
      const [x, y] = points.get(name)!;
      const at = (f * JOINTS.length + j) * MOTION_VALUES;
      values[at] = centre.x + torso * (x + between(-0.02, 0.02));
      values[at + 1] = centre.y + torso * (y - 0.4 + between(-0.02, 0.02));
      values[at + 2] = random.next() < 0.01 ? 0.1 : between(0.85, 1);
    });
  }
  return { name: null, label: action, aspect: 4 / 3, motion: { joints: JOINTS, frameRateHz: RATE_HZ, values } };
}
