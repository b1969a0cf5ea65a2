/** How long a run takes is told before it: from the runs before it. */
import { describe, expect, it } from 'vitest';
import type { MediaItem, ModelSource } from '../../src/domain/project.ts';
import { estimateRun, tellEstimate, type PastRun } from '../../src/training/index.ts';

const clips = (from: number, count: number, sec: number) =>
  Array.from({ length: count }, (_, i) => ({
    id: `${from + i}`,
    hash: `h${from + i}`,
    media: { kind: 'sound', durationSec: sec },
  })) as never as MediaItem[];
const run = (source: Partial<ModelSource>, work: Partial<PastRun['work']>): PastRun => ({
  source: { featureSec: 20, trainingSec: 30, iteration: 10, openedFrom: undefined, ...source } as ModelSource,
  work: { algorithm: 'transfer-learning', items: clips(0, 10, 2), exampleCount: 100, iterations: 10, ...work },
});
const next = (more: Partial<PastRun['work']> = {}) => ({
  ...{ algorithm: 'transfer-learning' as const, items: clips(0, 10, 2), exampleCount: 100, iterations: 10 },
  ...more,
});

describe('the estimate', () => {
  it('counts the features of new examples only, and every iteration', () => {
    expect(estimateRun(next(), [run({}, {})], null)).toEqual({ sec: 30, isOwn: true });
    // Five more clips of 2 s: 20 s of features were 20 s of sound.
    expect(estimateRun(next({ items: clips(0, 15, 2) }), [run({}, {})], null)!.sec).toBeCloseTo(40);
    expect(estimateRun(next({ iterations: 20 }), [run({}, {})], null)!.sec).toBeCloseTo(60);
  });
  it('takes the features from the run that had to make them, and the middle of the rest', () => {
    const runs = [
      run({}, {}),
      run({ featureSec: 0, trainingSec: 60 }, {}),
      run({ featureSec: 0, trainingSec: 33 }, {}),
    ];
    expect(estimateRun(next({ items: clips(100, 10, 2) }), runs, null)!.sec).toBeCloseTo(20 + 33);
  });
  it('does not learn from other algorithms, other devices and runs that were over at once', () => {
    const others = [
      run({}, { algorithm: 'whole-sounds' }),
      run({ openedFrom: 'model.zip' }, {}),
      run({ trainingSec: 1 }, {}),
    ];
    expect(estimateRun(next(), others, null)).toBeNull();
    // What the task knows stands in: 1000 examples; the features are there, of the run that was over at once.
    expect(estimateRun(next(), others, { unitSec: 1, exampleSec: 0.01 })).toEqual({ sec: 10, isOwn: false });
  });
  it('is told coarsely, and says whose it is', () => {
    expect(tellEstimate(null)).toBe('');
    expect(tellEstimate({ sec: 20, isOwn: true })).toBe('Takes less than a minute.');
    expect(tellEstimate({ sec: 130, isOwn: true })).toBe('Takes about 3 min.');
    expect(tellEstimate({ sec: 130, isOwn: false })).toContain('without a graphics processor');
  });
});
