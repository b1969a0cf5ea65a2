/** training: plans, settings, batches, the loop. */
import { describe, expect, it } from 'vitest';
import { classIdOf } from '../../src/domain/label.ts';
import type { AugmentSettings } from '../../src/domain/settings.ts';
import { modalityOf } from '../../src/domain/task.ts';
import { SILENCE_LOG_MEL, windowFrames } from '../../src/features/index.ts';
import { createRandom } from '../../src/kernel/random.ts';
import {
  fit,
  scheduledRate,
  stagedRate,
  type FitOptions,
  type FitState,
  type Trainable,
} from '../../src/training/fit.ts';
import { StudioError } from '../../src/kernel/errors.ts';
import { accuracyOf, crossValidate, judgedBy, packFolds, unpackFolds } from '../../src/training/cross-validate.ts';
import type { PreparedRun } from '../../src/training/slot.ts';
import {
  automaticIterations,
  DEFAULT_SOUND_SETTINGS,
  listWindows,
  planSounds,
  tellValidation,
} from '../../src/training/index.ts';
import { plainerSound, withSoundAlgorithm } from '../../src/training/sound/sound-settings.ts';
import { assembleBatch, drawVariations, shiftedStart, type ClipWindow } from '../../src/training/sound/batches.ts';
import { classWeights } from '../../src/training/classification/examples.ts';
import { makeItem, ofClass, readSettings } from '../helpers/records.ts';

const classes = ['a', 'b'].map((id, i) => ({ id, name: id.toUpperCase(), color: i + 1 }));
const items = Array.from({ length: 40 }, (_, i) => makeItem({ id: `${i}`, classId: 'ab'[i % 2]! }));

describe('a plan', () => {
  it('sets whole recordings aside, before any window is cut', () => {
    const grouped = items.map((item, i) => ({ ...item, recording: `r${Math.floor(i / 4)}` }));
    const { data } = planSounds(grouped, classes, DEFAULT_SOUND_SETTINGS);
    const recordings = (ids: string[]) => new Set(ids.map((id) => grouped.find((item) => item.id === id)!.recording));
    const shared = [...recordings(data.training)].filter((name) => recordings(data.validation).has(name));
    expect(data.validation.length).toBeGreaterThan(0);
    expect(shared).toEqual([]);
  });
  it('of few clips on a pretrained network loses none to validation: whole recordings are folds', () => {
    const transfer = { ...DEFAULT_SOUND_SETTINGS, algorithm: 'transfer-learning' as const };
    const grouped = items.map((item, i) => ({ ...item, recording: `r${Math.floor(i / 4)}` }));
    const { data, advice } = planSounds(grouped, classes, transfer);
    expect([data.training.length, data.validation.length]).toEqual([40, 0]);
    const folds = data.folds!;
    expect(new Set(folds)).toEqual(new Set([0, 1, 2, 3]));
    for (const name of new Set(grouped.map(({ recording }) => recording)))
      expect(new Set(grouped.flatMap((item, i) => (item.recording === name ? [folds[i]] : []))).size).toBe(1);
    expect(advice.map(({ kind }) => kind)).not.toContain('no-validation');
    expect(tellValidation(data, transfer, ['clip', 'clips'])).toMatch(/cross-validation/);
    const aside = planSounds(grouped, classes, DEFAULT_SOUND_SETTINGS).data;
    expect(tellValidation(aside, DEFAULT_SOUND_SETTINGS, ['clip', 'clips'])).toMatch(/Some are set aside.*, or,/);
    const full = { ...DEFAULT_SOUND_SETTINGS, algorithm: 'full-network' as const };
    expect(tellValidation(aside, full, ['clip', 'clips'])).toBe(
      ` ${aside.validation.length} clips more are set aside for validation.`,
    );
    // What a class has only once is trained on and never judged.
    const lonely = [...grouped, makeItem({ id: 'only', classId: 'c' })];
    const three = planSounds(lonely, [...classes, { id: 'c', name: 'C', color: 3 }], transfer).data;
    expect(three.folds![three.training.indexOf('only')]).toBe(-1);
    // With many clips, an own part, or a network from nothing, some are set aside as before.
    const many = Array.from({ length: 401 }, (_, i) => makeItem({ id: `m${i}`, classId: 'ab'[i % 2]! }));
    expect(planSounds(many, classes, transfer).data.folds).toBeUndefined();
    const own = items.map((item, i) => (i < 6 ? { ...item, part: 'validation' as const } : item));
    expect(planSounds(own, classes, transfer).data.folds).toBeUndefined();
    expect(planSounds(own, classes, transfer).data.validation.length).toBe(6);
    expect(planSounds(items, classes, DEFAULT_SOUND_SETTINGS).data.folds).toBeUndefined();
  });
  it('never touches testing clips', () => {
    const { data } = planSounds(
      items.map((item, i) => (i < 10 ? { ...item, part: 'testing' as const } : item)),
      classes,
      DEFAULT_SOUND_SETTINGS,
    );
    expect([...data.training, ...data.validation].some((id) => Number(id) < 10)).toBe(false);
  });
  it('refuses no clips and one class, naming it', () => {
    expect(() => planSounds([], classes, DEFAULT_SOUND_SETTINGS)).toThrow(
      expect.objectContaining({ code: 'training/no-examples' }),
    );
    expect(() =>
      planSounds(
        items.filter((item) => classIdOf(item) === 'a'),
        classes,
        DEFAULT_SOUND_SETTINGS,
      ),
    ).toThrow(/only one class with clips, A/);
  });
  it('warns of a class with one clip, an unlabelled clip, an empty class and a window longer than every clip', () => {
    const few = [
      ...items.slice(0, 9).map((item) => ({ ...item, label: ofClass('a') })),
      makeItem({ id: 'b1', classId: 'b' }),
      makeItem({ id: 'n', classId: null }),
    ];
    const { advice, data } = planSounds(few, [...classes, { id: 'c', name: 'C', color: 3 }], {
      ...DEFAULT_SOUND_SETTINGS,
      modality: { ...modalityOf(DEFAULT_SOUND_SETTINGS, 'sound'), windowSec: 5 },
    });
    expect(advice.map(({ kind }) => kind).sort()).toEqual(['empty-class', 'long-window', 'small-class', 'unlabelled']);
    expect(data.training).toContain('b1');
    expect(data.classNames).toEqual(['A', 'B']);
  });
  it('uses the own validation source when told to', () => {
    const own = items.map((item, i) => (i < 6 ? { ...item, part: 'validation' as const } : item));
    const { data } = planSounds(own, classes, { ...DEFAULT_SOUND_SETTINGS, validation: 'own' });
    expect(data.validation.sort()).toEqual(['0', '1', '2', '3', '4', '5']);
  });
});

describe('settings', () => {
  it('fill in what is missing', () => {
    expect(readSettings(null)).toEqual(DEFAULT_SOUND_SETTINGS);
    expect(readSettings({ windowSec: 2, augment: { mixup: false } })).toMatchObject({
      modality: {
        windowSec: 2,
        augment: { mixup: false, gain: modalityOf(DEFAULT_SOUND_SETTINGS, 'sound').augment.gain },
      },
    });
  });
  it.each([
    [{ windowSec: 20 }, 'windowSec'],
    [{ overlapRatio: 0.95 }, 'overlapRatio'],
    [{ algorithm: 'magic' }, 'algorithm'],
    [{ augment: { mixup: 1 } }, 'augment.mixup'],
    [{ wingspan: 3 }, 'wingspan'],
  ])('refuse %j and name the key', (config, key) => {
    expect(() => readSettings(config)).toThrow(key);
  });
  it('choose fewer passes over more windows', () => {
    expect(automaticIterations(50)).toBe(120);
    expect(automaticIterations(1350)).toBe(30);
    expect(automaticIterations(600)).toBe(60);
  });
});

describe('batches', () => {
  const window = windowFrames(0.975, 0.5);
  const clips = [
    { itemId: 'long', hash: 'l', classIndex: 0, frames: 300 },
    { itemId: 'short', hash: 's', classIndex: 1, frames: 40 },
  ];
  const spectra: Record<string, Float32Array> = {
    l: new Float32Array(300 * 64).fill(-1),
    s: new Float32Array(40 * 64).fill(-2),
  };
  const off = { specAugment: false, timeShift: false, gain: false, mixup: false, backgroundClassId: null };
  const options = (augment: AugmentSettings, seed = 1) => ({
    window,
    classCount: 2,
    weights: [1, 1],
    augment,
    mean: -3,
    random: createRandom(seed, 'batch', 1, 1),
    spectrum: async (clip: { hash: string }) => spectra[clip.hash]!,
    background: [] as ClipWindow['clip'][],
  });

  const assemble = (windows: ClipWindow[], given: ReturnType<typeof options>) =>
    assembleBatch(drawVariations(windows, given), { ...given, windowFrames: window.windowFrames });

  it('are plain copies when nothing is varied', async () => {
    const windows = listWindows(clips, window);
    const batch = await assemble(windows, options(off));
    expect([...batch.targets]).toEqual([...windows.flatMap(({ clip }) => (clip.classIndex === 0 ? [1, 0] : [0, 1]))]);
    expect(new Set(batch.inputs.subarray(0, 96 * 64))).toEqual(new Set([-1]));
  });
  it('are the same for the same seed, iteration and step', async () => {
    const all = { specAugment: true, timeShift: true, gain: true, mixup: true, backgroundClassId: null };
    const windows = listWindows(clips, window);
    const one = await assemble(windows, options(all));
    expect(await assemble(windows, options(all))).toEqual(one);
    expect((await assemble(windows, options(all, 2))).inputs).not.toEqual(one.inputs);
  });
  it('mix classes with their shares, and powers, not logarithms', async () => {
    const windows = [1, 2, 3].flatMap(() => [
      { clip: clips[0]!, start: 0 },
      { clip: clips[1]!, start: -28 },
    ]);
    const batch = await assemble(windows, options({ ...off, mixup: true }, 3));
    for (let i = 0; i < windows.length; i++)
      expect(batch.targets[2 * i]! + batch.targets[2 * i + 1]!).toBeCloseTo(1, 5);
    const mixed = batch.targets.findIndex((value) => value > 0 && value < 1);
    expect(mixed).toBeGreaterThanOrEqual(0);
    expect(Math.max(...batch.inputs)).toBeLessThanOrEqual(-1 + 1e-5);
  });
  it('never cut outside a long clip nor lose part of a short one', () => {
    const random = createRandom(1, 'shift');
    for (let i = 0; i < 200; i++) {
      const long = shiftedStart({ clip: clips[0]!, start: 196 }, window, random);
      expect(long).toBeGreaterThanOrEqual(0);
      expect(long).toBeLessThanOrEqual(300 - 96);
      const short = shiftedStart({ clip: clips[1]!, start: -28 }, window, random);
      expect(short).toBeLessThanOrEqual(0);
      expect(short + 96).toBeGreaterThanOrEqual(40);
    }
  });
  it('mask at most two bands of time and of frequency', async () => {
    const batch = await assemble([{ clip: clips[0]!, start: 0 }], options({ ...off, specAugment: true }, 4));
    const masked = [...batch.inputs].filter((value) => value === -3).length;
    expect(masked).toBeGreaterThan(0);
    expect(masked).toBeLessThanOrEqual(2 * 12 * 96 + 2 * 19 * 64);
    expect([...batch.inputs].every((value) => value === -3 || value === -1)).toBe(true);
  });
  it('add the background without changing the class', async () => {
    const loud = { itemId: 'n', hash: 'n', classIndex: 1, frames: 200 };
    const spectrum = async (clip: { hash: string }) =>
      clip.hash === 'n' ? new Float32Array(200 * 64).fill(3) : spectra[clip.hash]!;
    const batch = await assemble(
      Array.from({ length: 20 }, () => ({ clip: clips[0]!, start: 0 })),
      { ...options({ ...off, backgroundClassId: 'n' }), spectrum, background: [loud] },
    );
    expect(Math.max(...batch.inputs)).toBeGreaterThan(0);
    expect([...batch.inputs].some((value) => value === -1)).toBe(true);
    expect(batch.targets.filter((_, i) => i % 2 === 0).every((value) => value === 1)).toBe(true);
  });
  it('weigh small classes more, and absent ones not at all', () => {
    const weights = classWeights([30, 10, 0], true);
    expect(weights[1]! / weights[0]!).toBeCloseTo(3);
    expect(weights[2]).toBe(0);
    expect((30 * weights[0]! + 10 * weights[1]!) / 40).toBeCloseTo(1);
    expect(SILENCE_LOG_MEL).toBeCloseTo(Math.log(0.001));
  });
});

describe('the loop', () => {
  /** One weight that moves by the learning rate; validation prefers the value 0.5. */
  class Toy implements Trainable {
    readonly stepCount = 4;
    weight = 0;
    steps = 0;
    log: string[] = [];
    async step(iteration: number, step: number, learningRate: number) {
      this.log.push(`${iteration}/${step}`);
      this.weight = Math.fround(this.weight + learningRate);
      this.steps++;
      return { loss: 1 / (1 + this.steps), correct: 1, count: 2 };
    }
    async validate() {
      return { loss: Math.abs(this.weight - 0.5), accuracy: 0.5 };
    }
    saveWeights = async () => Float32Array.of(this.weight);
    saveModel = async () => Float32Array.of(this.weight);
    loadWeights = (weights: Float32Array) => void (this.weight = weights[0]!);
    saveOptimiser = async () => ({ moments: Float32Array.of(this.steps), stepCount: this.steps });
    loadOptimiser = (state: { stepCount: number }) => void (this.steps = state.stepCount);
    [Symbol.dispose]() {}
  }
  const options = (patch: Partial<FitOptions> = {}): FitOptions => ({
    iterations: 10,
    learningRate: 0.05,
    patience: 0,
    holdOut: null,
    checkpointEveryMs: { betweenIterations: Infinity, withinIteration: Infinity },
    signal: new AbortController().signal,
    wantsPause: () => false,
    wantsSnapshot: () => false,
    onStep: () => {},
    onIteration: () => {},
    onCheckpoint: async () => {},
    onSnapshot: async () => {},
    ...patch,
  });

  it('trains in two stages: what is held out is judged at the end of the first, and the last weights of the second are kept', async () => {
    const judged: number[] = [];
    const points: (number | null)[] = [];
    const toy = new Toy();
    const run = (patch: Partial<FitOptions> = {}, resume: FitState | null = null, of = toy) =>
      fit(
        of,
        options({
          holdOut: { iterations: 6, onEnd: async ([weight]) => void judged.push(weight!) },
          onIteration: ({ validationLoss }) => void points.push(validationLoss),
          ...patch,
        }),
        resume,
      );
    const whole = await run();
    expect(points.map((loss) => loss !== null)).toEqual([...Array(6).fill(true), ...Array(4).fill(false)]);
    expect(judged.length).toBe(1);
    expect(whole.state).toMatchObject({ bestIteration: 10, iteration: 10, bestWeights: whole.state.weights });
    expect(judged[0]).toBeLessThan(whole.state.weights[0]!);
    // Paused in either stage it comes to the same weights, and judges once.
    for (const at of [4, 8]) {
      judged.length = 0;
      const paused = new Toy();
      const first = await run({ wantsPause: () => paused.steps >= at * paused.stepCount }, null, paused);
      const second = await run({}, first.state, new Toy());
      expect([second.state.weights[0], judged.length]).toEqual([whole.state.weights[0], 1]);
    }
  });
  it('lets the learning rate fall in each stage, and starts the second lower', () => {
    const rates = Array.from({ length: 100 }, (_, i) => stagedRate(1, i, 100, 70));
    expect(Math.max(...rates.slice(0, 70))).toBeGreaterThan(0.95);
    expect([rates[69]! < 0.05, rates[70]! > 0.35, rates[70]! < 0.41, rates[99]! < 0.02]).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(stagedRate(1, 50, 100, null)).toBe(scheduledRate(1, 0.5));
    expect(stagedRate(1, 50, 100, 100)).toBe(scheduledRate(1, 0.5));
  });

  /** A graphics processor that is lost after so many steps: what it computes then never ends, or is anything. */
  class Lost extends Toy {
    readonly #after: number;
    readonly #how: 'silent' | 'wrong' | 'broken';
    #reject!: (error: unknown) => void;
    #isLost = false;
    readonly watch = {
      lost: new Promise<never>((_, reject) => (this.#reject = reject)),
      assertAlive: () => {
        if (this.#isLost) throw new StudioError('gpu/device-lost');
      },
      release() {},
    };
    constructor(after: number, how: 'silent' | 'wrong' | 'broken') {
      super();
      this.#after = after;
      this.#how = how;
      this.watch.lost.catch(() => {});
    }
    override async step(iteration: number, step: number, rate: number) {
      if (this.steps < this.#after) return super.step(iteration, step, rate);
      this.#isLost = true;
      if (this.#how === 'wrong') return { loss: 0, correct: 0, count: 1 };
      setTimeout(() => this.#reject(new StudioError('gpu/device-lost')), 5);
      // As WebGPU ends what is being read from a device that is gone.
      if (this.#how === 'broken') throw new DOMException('gone', 'AbortError');
      return new Promise<never>(() => {});
    }
  }
  it.each(['silent', 'wrong', 'broken'] as const)(
    'ends when its engine is lost (%s), and keeps nothing of it',
    async (how) => {
      for (const wrap of [(lost: Lost) => lost, (lost: Lost) => judgedBy(lost, () => null)]) {
        const kept: number[] = [];
        const run = fit(
          wrap(new Lost(5, how)),
          options({
            checkpointEveryMs: { betweenIterations: 0, withinIteration: 0 },
            onCheckpoint: async ({ stepCount }) => void kept.push(stepCount),
          }),
          null,
        );
        await expect(run).rejects.toMatchObject({ code: 'gpu/device-lost' });
        expect(Math.max(...kept)).toBe(5);
      }
    },
  );

  it('keeps the weights of the best validation, not the last', async () => {
    const end = await fit(new Toy(), options(), null);
    expect(end.reason).toBe('completed');
    expect(end.state.bestIteration).toBeLessThan(10);
    expect(Math.abs(end.state.bestWeights[0]! - 0.5)).toBeLessThan(Math.abs(end.state.weights[0]! - 0.5));
  });
  it('stops when validation no longer improves', async () => {
    const end = await fit(new Toy(), options({ patience: 2 }), null);
    expect(end.reason).toBe('converged');
    expect(end.state.iteration).toBe(end.state.bestIteration + 2);
  });
  it('goes on after a pause in the middle of an iteration exactly as if nothing had happened', async () => {
    const whole = new Toy();
    const points: unknown[] = [];
    await fit(whole, options({ onIteration: (point) => points.push(point) }), null);
    const first = new Toy();
    const resumed: unknown[] = [];
    let steps = 0;
    const paused = await fit(
      first,
      options({ wantsPause: () => steps >= 14, onStep: () => steps++, onIteration: (point) => resumed.push(point) }),
      null,
    );
    expect(paused).toMatchObject({ reason: 'paused', state: { iteration: 3, step: 2 } });
    const second = new Toy();
    const end = await fit(
      second,
      options({ onIteration: (point) => resumed.push(point) }),
      structuredClone(paused.state) as FitState,
    );
    expect(second.weight).toBeCloseTo(whole.weight, 6);
    expect([...first.log, ...second.log]).toEqual(whole.log);
    expect(resumed).toEqual(points);
    expect(end.state.iteration).toBe(10);
  });
  it('ends with a usable state when aborted', async () => {
    const controller = new AbortController();
    let steps = 0;
    const end = await fit(
      new Toy(),
      options({ signal: controller.signal, onStep: () => void (++steps === 6 && controller.abort()) }),
      null,
    );
    expect(end).toMatchObject({ reason: 'stopped', state: { iteration: 1, step: 2 } });
  });
  it('fails when the loss is not a number', async () => {
    const toy = new Toy();
    toy.step = async () => ({ loss: NaN, correct: 0, count: 1 });
    await expect(fit(toy, options(), null)).rejects.toMatchObject({ code: 'training/diverged' });
  });
  it('works with a single iteration', async () => {
    const seen: number[] = [];
    await fit(new Toy(), options({ iterations: 1, onIteration: (point) => seen.push(point.iteration) }), null);
    expect(seen).toEqual([1]);
  });
  it('warms up and cools down', () => {
    expect(scheduledRate(1, 0)).toBeLessThan(0.1);
    expect(scheduledRate(1, 0.05)).toBeGreaterThan(0.95);
    expect(scheduledRate(1, 1)).toBeCloseTo(0.01);
  });
});

describe('cross-validation', () => {
  /** One weight that moves by the learning rate; its loss is least at 0.5, and a fold's examples are right while it is above 0.2. */
  const makeRun = (held: readonly string[], seen: string[][], training: readonly string[]): PreparedRun => {
    seen.push([...training]);
    let weight = 0;
    const scores = new Float32Array(held.length * 4);
    const trainable: Trainable = {
      stepCount: 1,
      step: async () => ({ loss: 1 - (weight += 0.1), correct: 1, count: 1 }),
      async validate() {
        // Two windows an example, two classes.
        for (let i = 0; i < scores.length; i += 2) scores.set([weight, 1 - weight], i);
        return { loss: (weight - 0.5) ** 2, accuracy: weight > 0.2 ? 1 : 0 };
      },
      saveWeights: async () => Float32Array.of(weight),
      saveModel: async () => Float32Array.of(weight),
      loadWeights: ([value]) => (weight = value!),
      saveOptimiser: async () => ({ moments: new Float32Array(0), stepCount: 0 }),
      loadOptimiser() {},
      [Symbol.dispose]() {},
    };
    return {
      makeTrainable: () => trainable,
      novelty: { centres: [], deviations: [], limit: held.length },
      held: { clipOf: held.flatMap((_, i) => [i, i]), scoresOf: () => scores },
    } as unknown as PreparedRun;
  };
  const data = {
    ...{ training: ['a', 'b', 'c', 'd', 'e'], folds: [0, 1, 0, 1, -1], validation: [] },
    ...{ hashes: [], classIds: ['x', 'y'], classNames: ['X', 'Y'] },
  };

  it('judges each example by a model that never saw it, and finds the iteration all folds agree on', async () => {
    const seen: string[][] = [];
    const ratios: number[] = [];
    const found = (await crossValidate(data, async ({ training, validation }) => makeRun(validation, seen, training), {
      iterations: 9,
      learningRate: 1,
      signal: new AbortController().signal,
      progress: (at) => ratios.push(at),
    }))!;
    expect(seen).toEqual([
      ['b', 'd', 'e'],
      ['a', 'c', 'e'],
    ]);
    expect(found.best).toBe(5);
    expect([...found.scores.keys()].sort()).toEqual(['a', 'b', 'c', 'd']);
    expect([...found.scores.get('c')!].map((value) => Number(value.toFixed(3)))).toEqual([0.5, 0.5, 0.5, 0.5]);
    expect(found.points.map(({ accuracy }) => accuracy).slice(0, 4)).toEqual([0, 0, 1, 1]);
    expect(found.noveltyLimit).toBe(2);
    expect([Math.max(...ratios), ratios.every((at, i) => at >= (ratios[i - 1] ?? 0))]).toEqual([1, true]);
    // A checkpoint keeps what a resumed run is judged by.
    const kept = unpackFolds(packFolds(found))!;
    expect(kept.points.map(({ loss }) => loss.toFixed(5))).toEqual(found.points.map(({ loss }) => loss.toFixed(5)));
    expect(unpackFolds({ mean: 1 })).toBeNull();
    // The run on all examples keeps the weights of that iteration.
    const whole = makeRun([], [], []).makeTrainable();
    const end = await fit(
      judgedBy(whole, (iteration) => found.points[iteration - 1] ?? null),
      {
        ...{ iterations: 9, learningRate: 1, patience: 0, holdOut: null, signal: new AbortController().signal },
        checkpointEveryMs: { betweenIterations: Infinity, withinIteration: Infinity },
        ...{ wantsPause: () => false, wantsSnapshot: () => false, onStep() {}, onIteration() {} },
        ...{ onCheckpoint: async () => {}, onSnapshot: async () => {} },
      },
      null,
    );
    expect(end.state.bestIteration).toBe(5);
    expect(end.state.bestWeights[0]).toBeCloseTo(0.5);
  });

  it('tries settings nobody changed in their plain form too, and leaves alone what was chosen', () => {
    const transfer = withSoundAlgorithm(DEFAULT_SOUND_SETTINGS, 'transfer-learning');
    expect(plainerSound(transfer)).toEqual({ ...transfer, copies: 0 });
    expect(plainerSound({ ...transfer, copies: 5 })).toBeNull();
    expect(plainerSound({ ...transfer, copies: 0 })).toBeNull();
    expect(plainerSound(withSoundAlgorithm(DEFAULT_SOUND_SETTINGS, 'full-network'))).toBeNull();
    const scores = new Map([
      // The mean over the windows decides.
      ['a', Float32Array.of(0.9, 0.1, 0.2, 0.8)],
      ['b', Float32Array.of(0.4, 0.6)],
      ['c', Float32Array.of(0.6, 0.4)],
      ['d', Float32Array.of(0.7, 0.3)],
    ]);
    const found = { points: [], noveltyLimit: null, best: 1, scores };
    expect(accuracyOf(found, (id) => (id === 'b' || id === 'd' ? 1 : 0), 2)).toBe(0.75);
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    const running = crossValidate(data, async ({ validation }) => makeRun(validation, [], []), {
      ...{ iterations: 9, learningRate: 1, signal: controller.signal },
      progress: (at) => at > 0.3 && controller.abort(),
    });
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
  });
});
