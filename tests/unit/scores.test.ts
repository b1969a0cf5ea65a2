/** evaluation and preview: scores, events. */
import { describe, expect, it } from 'vitest';
import {
  buildReport,
  classScores,
  confusionOf,
  examplesOf,
  formatInterval,
  formatReport,
  meanOverWindows,
  tellForeign,
  wilsonInterval,
} from '../../src/evaluation/index.ts';
import { eventsToCsv, findEvents, Smoother, winner } from '../../src/preview/index.ts';
import { expectClose } from '../helpers/expect-close.ts';

const about = { sourceId: 's', part: 'testing' as const, createdAtMs: 1 };
const clip = (classIndex: number, ...windows: number[][]) => ({
  itemId: `${classIndex}-${windows.length}`,
  path: 'x',
  classIndex,
  windowScores: Float32Array.from(windows.flat()),
});

describe('scores', () => {
  it('follow the definitions of precision, recall and F1', () => {
    // Worked by hand: A 3 right of 4, one taken for B; B 2 right of 3, one taken for A; C never predicted.
    const pairs = [...'AAA'].map(() => ({ label: 'A', predicted: 'A' }));
    pairs.push(
      { label: 'A', predicted: 'B' },
      { label: 'B', predicted: 'B' },
      { label: 'B', predicted: 'B' },
      { label: 'B', predicted: 'A' },
      { label: 'C', predicted: 'A' },
    );
    const confusion = confusionOf(pairs, ['A', 'B', 'C']);
    expect(confusion.rows).toEqual([
      [3, 1, 0],
      [1, 2, 0],
      [1, 0, 0],
    ]);
    const [a, b, c] = classScores(confusion);
    expect(a).toMatchObject({ precision: 3 / 5, recall: 3 / 4, support: 4 });
    expect(a!.f1).toBeCloseTo(2 / 3);
    expect(b).toMatchObject({ precision: 2 / 3, recall: 2 / 3, support: 3 });
    expect(c).toEqual({ label: 'C', precision: null, recall: 0, f1: 0, support: 1 });
  });
  it('score a clip by the mean over its windows, and windows on their own', () => {
    // The first window is wrong, the clip is right.
    const report = buildReport([clip(0, [0.4, 0.6], [0.9, 0.1]), clip(1, [0.2, 0.8])], ['A', 'B'], about);
    expect(report).toMatchObject({ clipAccuracy: 1, windowCount: 3, chance: 0.5, macroF1: 1 });
    expect(report.windowAccuracy).toBeCloseTo(2 / 3);
    expect(report.items[0]!.confidence).toBeCloseTo(0.65);
  });
  it('count what the model has not learnt as wrong, and say so', () => {
    const report = buildReport([clip(0, [1, 0]), clip(1, [0, 1]), clip(2, [0.2, 0.8])], ['A', 'B'], about, ['C']);
    expect(report.clipAccuracy).toBeCloseTo(2 / 3);
    expect(report.confusion).toEqual({
      labels: ['A', 'B', 'C'],
      rows: [
        [1, 0, 0],
        [0, 1, 0],
        [0, 1, 0],
      ],
    });
    expect(report.classes[2]).toMatchObject({ label: 'C', recall: 0, support: 1 });
    expect(tellForeign(report, ['clip', 'clips'])).toMatchObject({
      title: 'This model has not learnt C',
      text: expect.stringContaining('1 clip of that class counts as wrong') as string,
    });
    // The table has a column for each score, and the temperature is found from what was learnt.
    const [head, ...rows] = formatReport(report, 'csv', { project: '', model: '', facts: [] }).trim().split(/\r?\n/);
    expect(rows.map((row) => row.split(',').length)).toEqual(rows.map(() => head!.split(',').length));
    expect(examplesOf(report)).toHaveLength(2);
    expect(tellForeign(buildReport([clip(0, [1, 0])], ['A', 'B'], about), ['clip', 'clips'])).toBeNull();
  });
  it('are 1 for perfect and 0 for always wrong answers', () => {
    expect(buildReport([clip(0, [1, 0]), clip(1, [0, 1])], ['A', 'B'], about)).toMatchObject({
      clipAccuracy: 1,
      macroF1: 1,
    });
    expect(buildReport([clip(0, [0, 1]), clip(1, [1, 0])], ['A', 'B'], about)).toMatchObject({
      clipAccuracy: 0,
      macroF1: 0,
    });
  });
  it('permute with the classes', () => {
    const clips = [clip(0, [0.6, 0.3, 0.1]), clip(1, [0.5, 0.4, 0.1]), clip(2, [0.1, 0.2, 0.7])];
    const order = [2, 0, 1];
    const permuted = clips.map((entry) => ({
      ...entry,
      classIndex: order.indexOf(entry.classIndex),
      windowScores: Float32Array.from(order.map((i) => entry.windowScores[i]!)),
    }));
    const a = buildReport(clips, ['A', 'B', 'C'], about);
    const b = buildReport(
      permuted,
      order.map((i) => 'ABC'[i]!),
      about,
    );
    expect(b.confusion.rows).toEqual(order.map((i) => order.map((j) => a.confusion.rows[i]![j]!)));
    expect(b.macroF1).toBeCloseTo(a.macroF1);
  });
  it('average unequal numbers of windows and classes', () => {
    expectClose(meanOverWindows(Float32Array.of(1, 0, 0, 0, 1, 0), 3), [0.5, 0.5, 0], 1e-9);
  });
});

describe('events', () => {
  const window = (startSec: number, ...scores: number[]) => ({
    startSec,
    endSec: startSec + 1,
    scores: Float32Array.from(scores),
    novelty: null,
  });
  it('count a word once within the hold-off, and take one threshold per class', () => {
    const heard = [window(0, 0.9, 0.1), window(1, 0.1, 0.6), window(2, 0.9, 0.1), window(4, 0.9, 0.1)];
    const starts = (holdOffSec: number) =>
      findEvents(heard, { threshold: [0.5, 0.7], smoothingSec: 0, holdOffSec }).map((event) => event.startSec);
    expect(starts(0)).toHaveLength(2);
    expect(starts(3)).toHaveLength(1);
  });
  it('join neighbours of one class and never overlap', () => {
    const events = findEvents(
      [window(0, 0.9, 0.1), window(0.5, 0.8, 0.2), window(1, 0.1, 0.9), window(1.5, 0.1, 0.9)],
      { threshold: 0.5, smoothingSec: 0 },
    );
    expect(events.map(({ classIndex, startSec, endSec }) => [classIndex, startSec, endSec])).toEqual([
      [0, 0, 1.25],
      [1, 1.25, 2.5],
    ]);
  });
  it('leave a gap where nothing is above the threshold', () => {
    const events = findEvents([window(0, 0.9, 0.1), window(0.5, 0.5, 0.5), window(1, 0.9, 0.1)], {
      threshold: 0.6,
      smoothingSec: 0,
    });
    expect(events.length).toBe(2);
  });
  it('are fewer when smoothed', () => {
    const flicker = Array.from({ length: 10 }, (_, i) =>
      window(i * 0.5, i % 3 === 1 ? 0.3 : 0.9, i % 3 === 1 ? 0.7 : 0.1),
    );
    expect(findEvents(flicker, { threshold: 0.5, smoothingSec: 2 }).length).toBeLessThan(
      findEvents(flicker, { threshold: 0.5, smoothingSec: 0 }).length,
    );
  });
  it('reach 63 % of a step after the smoothing time', () => {
    const smoother = new Smoother();
    smoother.push(Float32Array.of(0), 0, 1);
    let value = 0;
    for (let i = 0; i < 10; i++) value = smoother.push(Float32Array.of(1), 0.1, 1)[0]!;
    expect(value).toBeCloseTo(1 - Math.exp(-1), 4);
  });
  it('have no winner below the threshold', () => {
    expect(winner(Float32Array.of(0.4, 0.35, 0.25), 0.5).classIndex).toBe(-1);
  });
  it('write CSV that quotes names', () => {
    expect(eventsToCsv([{ classIndex: 0, startSec: 0, endSec: 1.5, confidence: 0.75 }], ['Dog, "big"'])).toBe(
      'start,end,label,confidence\n0.000,1.500,"Dog, ""big""",0.7500\n',
    );
  });
});

describe('an interval', () => {
  it('is that of the published tables', () => {
    // Wilson interval of 81 right of 263 (Newcombe 1998, Two-sided confidence intervals for the single proportion, table I, method 3).
    const [low, high] = wilsonInterval(81, 263);
    expect([low.toFixed(4), high.toFixed(4)]).toEqual(['0.2553', '0.3662']);
    expect(wilsonInterval(0, 20).map((value) => value.toFixed(4))).toEqual(['0.0000', '0.1611']);
    expect(wilsonInterval(1, 29).map((value) => value.toFixed(4))).toEqual(['0.0061', '0.1718']);
    expect(wilsonInterval(0, 0)).toEqual([0, 1]);
    expect(formatInterval([0.621, 0.958])).toBe('62 to 96 %');
  });
});
