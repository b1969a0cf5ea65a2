/** One camera being watched: frames in, landmarks, class scores and repetitions out. Worker thread. */
import { frameCount, motionOfPoses, MOTION_VALUES, pickJoints, fillGaps, type TimedPose } from '../features/index.ts';
import type { PoseEstimator } from '../features/jobs.ts';
import type { MovementPredictor } from '../model/jobs.ts';
import type { WatchProgress } from './contract.ts';
import { findRepetitions } from './repetitions.ts';

/** Longest time between predictions, in seconds. */
const MOST_STEP_SEC = 0.25;
/** Seconds of poses repetitions are looked for in; what lies before is counted for good. */
const HISTORY_SEC = 30;
const COUNT_RATE_HZ = 10;
/** Every n-th pixel is looked at for brightness. */
const LUMA_STRIDE = 64;

/** See the file header. */
export class Watcher {
  readonly #estimator: PoseEstimator;
  #predictor: MovementPredictor | null;
  #poses: TimedPose[] = [];
  #lastScoredSec = -Infinity;
  #counted = 0;
  #countFromSec = 0;

  constructor(estimator: PoseEstimator, predictor: MovementPredictor | null) {
    this.#estimator = estimator;
    this.#predictor = predictor;
    estimator.reset();
  }

  /** Runs another model from the next frame on. The old one is disposed. */
  replace(predictor: MovementPredictor | null): void {
    this.#predictor?.[Symbol.dispose]();
    this.#predictor = predictor;
    this.#lastScoredSec = -Infinity;
  }

  resetCounter(): void {
    this.#counted = 0;
    this.#countFromSec = this.#poses.at(-1)?.atSec ?? 0;
  }

  /** @param frame borrowed. @param atSec increasing. */
  async push(frame: ImageData, atSec: number): Promise<WatchProgress> {
    const { landmarks, personCount } = await this.#estimator.estimate(frame, atSec);
    const { joints } = this.#estimator;
    let values: Float32Array | null = null;
    if (landmarks) {
      values = new Float32Array(joints.length * MOTION_VALUES);
      landmarks.forEach(({ x, y, visibility }, j) =>
        values!.set([x / frame.height, y / frame.height, visibility], j * MOTION_VALUES),
      );
    }
    this.#poses.push({ atSec, values });
    let luma = 0;
    let pixels = 0;
    for (let at = 0; at < frame.data.length; at += 4 * LUMA_STRIDE) {
      luma += 0.299 * frame.data[at]! + 0.587 * frame.data[at + 1]! + 0.114 * frame.data[at + 2]!;
      pixels++;
    }
    return {
      atSec,
      aspect: frame.width / frame.height,
      pose: values?.slice() ?? null,
      personCount,
      luma: luma / pixels,
      window: await this.#score(atSec),
      repetitions: this.#count(atSec),
    };
  }

  async #score(atSec: number): Promise<WatchProgress['window']> {
    const predictor = this.#predictor;
    if (!predictor) return null;
    const { windowSec, hopSec, spec } = predictor;
    const firstSec = this.#poses[0]!.atSec;
    if (atSec - firstSec < windowSec || atSec - this.#lastScoredSec < Math.min(hopSec, MOST_STEP_SEC)) return null;
    const recent = this.#poses.filter((pose) => pose.atSec >= atSec - windowSec - 0.5);
    // Nobody there for most of the window: no answer is the honest one.
    if (recent.filter((pose) => pose.values).length < recent.length / 2) return null;
    this.#lastScoredSec = atSec;
    const startSec = atSec - windowSec;
    const motion = motionOfPoses(recent, this.#estimator.joints, startSec, spec.frameRateHz, spec.windowFrames);
    const scores = await predictor.predictAt(fillGaps(pickJoints(motion, spec.joints)), [0]);
    return { startSec, endSec: atSec, scores, novelty: null };
  }

  #count(atSec: number): number {
    const poses = this.#poses.filter((pose) => pose.atSec >= this.#countFromSec);
    const from = poses[0]?.atSec ?? atSec;
    if (poses.filter((pose) => pose.values).length < 8) return this.#counted;
    const frames = Math.max(2, Math.floor((atSec - from) * COUNT_RATE_HZ));
    const motion = motionOfPoses(poses, this.#estimator.joints, from, COUNT_RATE_HZ, frames);
    const found = frameCount(motion) > 4 ? findRepetitions(motion) : [];
    if (atSec - from > HISTORY_SEC) {
      this.#counted += found.length;
      this.#countFromSec = atSec;
      this.#poses = this.#poses.filter((pose) => pose.atSec >= atSec - 6);
      return this.#counted;
    }
    return this.#counted + found.length;
  }

  [Symbol.dispose](): void {
    this.replace(null);
  }
}
