/** From scores to one answer, as the app gives it: calibrated, smoothed over time, and none below the threshold. Any thread; pure. */
import type { Answering } from '../domain/answering.ts';
import { applyTemperature } from '../evaluation/index.ts';
import { Smoother, winner } from './events.ts';

/**
 * `label` null: no class reaches its threshold. `confidence` and `scores`: 0..1, calibrated where the model is. `novelty` above 1: unlike anything the model was
 * trained on, an answer is a guess; null when it cannot tell.
 */
export type Answer = {
  label: string | null;
  confidence: number;
  scores: Record<string, number>;
  novelty: number | null;
};

/** Temperature, and thresholds in the order of the labels (null: a class that is never sure enough). */
export type AnswerCalibration = { temperature: number; thresholds: readonly (number | null)[] | null };

/** See the file header. */
export class Answerer {
  readonly labels: readonly string[];
  readonly #calibration: AnswerCalibration | null;
  readonly #answering: Readonly<Answering>;
  readonly #smoother = new Smoother();
  #lastSec = 0;

  constructor(labels: readonly string[], calibration: AnswerCalibration | null, answering: Readonly<Answering>) {
    this.labels = labels;
    this.#calibration = calibration;
    this.#answering = answering;
  }

  /** Thresholds in the order of the labels, or one for all. */
  get thresholds(): number | number[] {
    const { thresholds } = this.#calibration ?? {};
    return thresholds ? this.labels.map((_, c) => thresholds[c] ?? Infinity) : this.#answering.threshold;
  }

  /** Calibrated scores. @param scores borrowed. */
  temper(scores: Float32Array): Float32Array {
    const temperature = this.#calibration?.temperature ?? 1;
    return temperature === 1 ? scores : applyTemperature(scores, temperature);
  }

  #tell(scores: Float32Array, novelty: number | null): Answer {
    const { classIndex, confidence } = winner(scores, this.thresholds);
    return {
      label: this.labels[classIndex] ?? null,
      confidence,
      scores: Object.fromEntries(this.labels.map((label, c) => [label, scores[c]!])),
      novelty,
    };
  }

  /** Of one example. @param scores softmax, borrowed. */
  answer(scores: Float32Array, novelty: number | null = null): Answer {
    return this.#tell(this.temper(scores), novelty);
  }

  /** Of the newest moment of a stream. @param atSec increasing until {@link reset}. */
  follow(scores: Float32Array, atSec: number, novelty: number | null = null): Answer {
    const smoothed = this.#smoother.push(this.temper(scores), atSec - this.#lastSec, this.#answering.smoothingSec);
    this.#lastSec = atSec;
    return this.#tell(smoothed, novelty);
  }

  /** Another stream begins. */
  reset(): void {
    this.#smoother.reset();
    this.#lastSec = 0;
  }
}
