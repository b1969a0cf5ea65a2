/** Confidence: temperature, reliability, thresholds. Overconfident scores are made from known probabilities. */
import { describe, expect, it } from 'vitest';
import {
  answeredAt,
  applyTemperature,
  buildReport,
  calibrate,
  clipsFor,
  reliability,
  thresholdsFor,
  thresholdsForFalseAlarms,
} from '../../src/evaluation/index.ts';
import { fitTemperature, type ScoredExample } from '../../src/evaluation/calibration.ts';
import { createRandom } from '../../src/kernel/random.ts';

/** Labels drawn from honest probabilities; the scores say the same `sharpness` times as sure. */
function makeExamples(sharpness: number, count = 2000): ScoredExample[] {
  const random = createRandom(5, 'calibration');
  return Array.from({ length: count }, () => {
    const logits = [0, 1, 2].map(() => 2 * random.normal());
    const honest = applyTemperature(logits.map(Math.exp), 1);
    let at = random.next();
    const classIndex = honest.findIndex((value) => (at -= value) < 0);
    return { scores: [...applyTemperature(honest, 1 / sharpness)], classIndex: classIndex < 0 ? 2 : classIndex };
  });
}

describe('nothing', () => {
  it('stays nothing at every temperature', () => {
    expect([...applyTemperature([0, 0, 0], 0.4)]).toEqual([0, 0, 0]);
    expect([...applyTemperature([0, 0, 1], 2)].map((value) => Math.round(value))).toEqual([0, 0, 1]);
  });
});

describe('temperature', () => {
  it('is found again, for scores that are too sure and not sure enough', () => {
    expect(fitTemperature(makeExamples(3))).toBeCloseTo(3, 0);
    expect(fitTemperature(makeExamples(0.5))).toBeCloseTo(0.5, 1);
    expect(fitTemperature(makeExamples(1))).toBeCloseTo(1, 1);
  });
  it('keeps the order and the sum', () => {
    const scores = applyTemperature([0.7, 0.2, 0.1], 2.5);
    expect(scores[0]! > scores[1]! && scores[1]! > scores[2]!).toBe(true);
    expect(scores.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 6);
    expect([...applyTemperature([0.7, 0.2, 0.1], 1)].map((value) => value.toFixed(5))).toEqual([
      '0.70000',
      '0.20000',
      '0.10000',
    ]);
  });
  it('makes confidence honest', () => {
    const examples = makeExamples(3);
    expect(reliability(examples).error).toBeGreaterThan(0.1);
    expect(reliability(examples, fitTemperature(examples)).error).toBeLessThan(0.03);
  });
});

describe('thresholds', () => {
  it('allow so many false alarms per minute and no more', () => {
    const examples = makeExamples(1, 600).map((example) => ({ ...example, durationSec: 2 }));
    for (const perMinute of [0.5, 2]) {
      const thresholds = thresholdsForFalseAlarms(examples, 3, 1, perMinute);
      for (const [c, threshold] of thresholds.entries()) {
        const others = examples.filter(({ classIndex }) => classIndex !== c);
        const alarms = others.filter(({ scores }) => Math.max(...scores) === scores[c] && scores[c]! >= threshold);
        expect(alarms.length / ((others.length * 2) / 60)).toBeLessThanOrEqual(perMinute);
        expect(alarms.length).toBeGreaterThan(0);
      }
    }
  });
  it('are not made certain by clips of a class that was not learnt', () => {
    const about = { sourceId: 's', part: 'validation' as const, createdAtMs: 1 };
    const clips = Array.from({ length: 20 }, (_, i) => ({
      ...{ itemId: String(i), path: '', classIndex: i % 2 },
      windowScores: Float32Array.from(i % 2 ? [0.2, 0.8] : [0.8, 0.2]),
    }));
    const foreign = { ...clips[0]!, itemId: 'x', classIndex: 2 };
    expect(calibrate(buildReport([...clips, foreign], ['a', 'b'], about, ['c']))!.temperature).toBeGreaterThanOrEqual(
      1,
    );
  });
  it('say what is still answered, and how many examples they need', () => {
    const one = (classIndex: number, ...scores: number[]) => ({ classIndex, scores });
    const examples = [one(0, 0.9, 0.1), one(0, 0.6, 0.4), one(0, 0.2, 0.8), one(1, 0.1, 0.9), one(1, 0.7, 0.3)];
    expect(answeredAt(examples, [0.65, 0.85], 1)).toEqual({
      classes: [
        { count: 3, answered: 1, right: 1 },
        { count: 2, answered: 2, right: 1 },
      ],
      all: { count: 5, answered: 3, right: 2 },
    });
    expect(answeredAt(examples, [null, 0], 1).classes[0]).toEqual({ count: 3, answered: 1, right: 0 });
    expect([0.8, 0.9, 0.95, 0.99].map(clipsFor)).toEqual([5, 10, 20, 100]);
  });
  it('reach the wanted precision on the clips they were taken from, or say that none does', () => {
    const examples = makeExamples(1);
    const thresholds = thresholdsFor(examples, 3, 1, 0.9);
    for (const [c, threshold] of thresholds.entries()) {
      const answers = examples.filter(({ scores }) => {
        const values = applyTemperature(scores, 1);
        return Math.max(...values) === values[c] && values[c]! >= threshold!;
      });
      expect(answers.filter(({ classIndex }) => classIndex === c).length / answers.length).toBeGreaterThanOrEqual(0.9);
    }
    const wrong = examples.map((example) => ({ ...example, classIndex: 2 - example.classIndex || 1 }));
    expect(
      thresholdsFor(
        wrong.filter(({ classIndex }) => classIndex !== 0),
        3,
        1,
        0.99,
      )[0],
    ).toBeNull();
  });
});
