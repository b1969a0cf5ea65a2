/** Action models ready to run: on clips, on whole videos, on a camera. Worker thread. */
import type { ModelArtifact, MovementPreprocessing, WindowScores } from '../domain/model.ts';
import { durationOf, type MediaItem } from '../domain/project.ts';
import { frameCount, motionStarts, seenShare, writeWindow, type Motion } from '../features/index.ts';
import { loadClipMotion, type FeatureCache } from '../features/jobs.ts';
import { StudioError } from '../kernel/errors.ts';
import { WindowClassifier, type ClipScorer } from './predictor.ts';

/** Share of a window's frames that must show somebody. */
const LEAST_SEEN = 0.5;

/** A trained action model. Owns its network. */
export class MovementPredictor implements ClipScorer {
  readonly #classifier: WindowClassifier;
  readonly spec: MovementPreprocessing;

  private constructor(classifier: WindowClassifier, spec: MovementPreprocessing) {
    this.#classifier = classifier;
    this.spec = spec;
  }

  /** @throws StudioError `export/model-damaged`. */
  static async load(artifact: ModelArtifact): Promise<MovementPredictor> {
    const { preprocessing } = artifact;
    if (preprocessing.kind !== 'landmarks') throw new StudioError('export/model-damaged');
    return new MovementPredictor(await WindowClassifier.load(artifact), preprocessing);
  }

  get artifact(): ModelArtifact {
    return this.#classifier.artifact;
  }

  get classNames(): string[] {
    return this.#classifier.classNames;
  }

  /** Seconds under one window, and between windows. */
  get windowSec(): number {
    return this.spec.windowFrames / this.spec.frameRateHz;
  }
  get hopSec(): number {
    return this.spec.hopFrames / this.spec.frameRateHz;
  }

  /** Scores of windows that begin at `starts`. @param motion gap-free, the joints of the model. @returns shape [windows, classes]. */
  async predictAt(motion: Motion, starts: readonly number[]): Promise<Float32Array> {
    const { size } = this.#classifier;
    const features = new Float32Array(starts.length * size);
    const { frameRateHz, windowFrames } = this.spec;
    starts.forEach((start, i) => writeWindow(motion, start, frameRateHz, windowFrames, null, features, i * size));
    return this.#classifier.classify(features);
  }

  async predictClip(cache: FeatureCache, item: MediaItem): Promise<Float32Array> {
    const { frameRateHz, joints } = this.spec;
    const motion = await loadClipMotion(cache, item, frameRateHz, joints);
    return this.predictAt(motion, motionStarts(durationOf(item), this.spec));
  }

  /** Every window of a whole motion. */
  async predictMotion(motion: Motion): Promise<WindowScores[]> {
    const starts = motionStarts(frameCount(motion) / motion.frameRateHz, this.spec);
    const scores = await this.predictAt(motion, starts);
    const classCount = this.classNames.length;
    return starts.map((startSec, i) => ({
      startSec,
      endSec: startSec + this.windowSec,
      // Nobody there for most of the window: no answer is the honest one, as live.
      scores:
        seenShare(motion, startSec, startSec + this.windowSec) < LEAST_SEEN
          ? new Float32Array(classCount)
          : scores.slice(i * classCount, (i + 1) * classCount),
      novelty: null,
    }));
  }

  [Symbol.dispose](): void {
    this.#classifier[Symbol.dispose]();
  }
}
