/** From window scores to what a person sees: smoothing, threshold, events. Any thread; pure. */
import type { WindowScores } from '../domain/model.ts';
import { formatCsv } from '../kernel/format.ts';

/** `kind` of a model reference that means YAMNet's own 521 classes instead of a trained model. */
export const KNOWN_SOUNDS = 'known-sounds';

/** A stretch in which one class was heard. `confidence` is the largest smoothed score in it. */
export type SoundEvent = { classIndex: number; startSec: number; endSec: number; confidence: number };

/**
 * Exponential smoothing of class scores over time.
 * After a step of the input the output has covered 63 % of it `smoothingSec` later; 0 = no smoothing.
 */
export class Smoother {
  #scores: Float32Array | null = null;

  /** @param stepSec time since the last scores. @returns owned by the smoother until the next push. */
  push(scores: Float32Array, stepSec: number, smoothingSec: number): Float32Array {
    const keep = smoothingSec > 0 ? Math.exp(-stepSec / smoothingSec) : 0;
    this.#scores = this.#scores ? this.#scores.map((old, i) => keep * old + (1 - keep) * scores[i]!) : scores.slice();
    return this.#scores;
  }

  reset(): void {
    this.#scores = null;
  }
}

/** One threshold for all classes, or one for each; a class whose threshold is above 1 is never heard. */
export type Threshold = number | readonly number[];

/** Index of the largest score and the score; -1 when it is below `threshold`. */
export function winner(scores: Float32Array, threshold: Threshold): { classIndex: number; confidence: number } {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if (scores[i]! > scores[best]!) best = i;
  const confidence = scores[best] ?? 0;
  const least = typeof threshold === 'number' ? threshold : (threshold[best] ?? 1);
  return { classIndex: confidence >= least ? best : -1, confidence };
}

/**
 * Joins windows into events: neighbouring windows with the same winner above the threshold become one. An event covers the
 * middle part of its windows (from hop to hop), so that events of different classes never overlap.
 * @param options `holdOffSec`: after an event began, another of the same class counts only this much later (a word is heard once).
 */
export function findEvents(
  windows: readonly WindowScores[],
  options: { threshold: Threshold; smoothingSec: number; holdOffSec?: number },
): SoundEvent[] {
  const events: SoundEvent[] = [];
  const smoother = new Smoother();
  windows.forEach((window, i) => {
    const previous = windows[i - 1];
    const next = windows[i + 1];
    const stepSec = previous ? window.startSec - previous.startSec : 0;
    const { classIndex, confidence } = winner(
      smoother.push(window.scores, stepSec, options.smoothingSec),
      options.threshold,
    );
    if (classIndex < 0) return;
    const middle = (a: WindowScores, b: WindowScores) => (a.startSec + a.endSec + b.startSec + b.endSec) / 4;
    const startSec = previous ? middle(previous, window) : Math.max(0, window.startSec);
    const endSec = next ? middle(window, next) : window.endSec;
    const last = events.at(-1);
    if (last && last.classIndex === classIndex && startSec - last.endSec < 1e-6) {
      last.endSec = endSec;
      last.confidence = Math.max(last.confidence, confidence);
    } else {
      events.push({ classIndex, startSec, endSec, confidence });
    }
  });
  const { holdOffSec = 0 } = options;
  if (holdOffSec <= 0) return events;
  const lastStart = new Map<number, number>();
  return events.filter(({ classIndex, startSec }) => {
    if (startSec - (lastStart.get(classIndex) ?? -Infinity) < holdOffSec) return false;
    lastStart.set(classIndex, startSec);
    return true;
  });
}

/**
 * Events of classes whose scores are independent of each other (YAMNet's own): each class that reaches the threshold has events of its own, which
 * may lie beside those of others. @param options as {@link findEvents}. @returns by start, then class.
 */
export function findIndependentEvents(
  windows: readonly WindowScores[],
  options: { threshold: number; smoothingSec: number },
): SoundEvent[] {
  const heard = new Set<number>();
  for (const { scores } of windows) scores.forEach((score, i) => score >= options.threshold && heard.add(i));
  return [...heard]
    .flatMap((classIndex) =>
      findEvents(
        windows.map((window) => ({ ...window, scores: Float32Array.of(window.scores[classIndex]!) })),
        options,
      ).map((event) => ({ ...event, classIndex })),
    )
    .sort((a, b) => a.startSec - b.startSec || a.classIndex - b.classIndex);
}

/** Events as CSV: start, end, label, confidence. */
export function eventsToCsv(events: readonly SoundEvent[], labels: readonly string[]): string {
  const rows = events.map((event) => [
    event.startSec.toFixed(3),
    event.endSec.toFixed(3),
    labels[event.classIndex] ?? '',
    event.confidence.toFixed(4),
  ]);
  return formatCsv([['start', 'end', 'label', 'confidence'], ...rows]);
}
