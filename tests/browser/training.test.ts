/** training and inference jobs on the real engines of this browser, on a real database, with made-up sounds. */
import * as tf from '@tensorflow/tfjs-core';
import '../../workers/wasm-files.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Store } from '../../src/dataset/index.ts';
import { classIdOf } from '../../src/domain/label.ts';
import type { MediaItem, ModelSource, Project } from '../../src/domain/project.ts';
import { modalityOf, type TrainingSettings } from '../../src/domain/task.ts';
import { applyTemperature } from '../../src/evaluation/index.ts';
import { findEvents } from '../../src/preview/index.ts';
import { createEvaluationJobs } from '../../src/evaluation/jobs.ts';
import { createFeaturesJobs, FeatureCache } from '../../src/features/jobs.ts';
import { encodeWav } from '../../src/media/index.ts';
import { findEngines, startEngine } from '../../src/model/jobs.ts';
import type { TrainingProgress } from '../../src/training/contract.ts';
import { createSoundPreview } from '../../src/preview/jobs.ts';
import { columnOf } from '../../src/tasks/jobs.ts';
import { DEFAULT_SOUND_SETTINGS } from '../../src/training/index.ts';
import { createTrainingJobs, timeStepOf } from '../../src/training/jobs.ts';
import { chooseEngine, selfTest } from '../../src/training/engine/engines.ts';
import { plainSoundRequest } from '../../src/training/sound/sound-features.ts';
import { createRandom } from '../../src/kernel/random.ts';
import { noise, tone } from '../helpers/signals.ts';
import { makeItem, ofClass } from '../helpers/records.ts';

const DATABASE = 'understudy-training-test';
let store: Store;
const context = () => ({ signal: new AbortController().signal, progress: () => {}, transfer: () => {} });
const features = createFeaturesJobs(async () => store, columnOf('features'));
const training = createTrainingJobs(async () => store, columnOf('training'));
const sounds = createSoundPreview(async () => store);
const judging = createEvaluationJobs(async () => store, columnOf('judge'), columnOf('inputs'));
const evaluate = async (
  args: Omit<Parameters<typeof judging.evaluate>[0], 'task'>,
  ...rest: [Parameters<typeof judging.evaluate>[1]]
) => {
  const report = await judging.evaluate({ task: 'sound', ...args }, ...rest);
  if (report.kind !== 'class') throw new Error('a report of a classifier was expected');
  return report;
};

const extract = (hashes: string[]) =>
  features.extract(
    { task: 'sound', request: plainSoundRequest({ ...DEFAULT_SOUND_SETTINGS, algorithm: 'full-network' }, hashes) },
    context(),
  );

const classes = ['hum', 'hiss', 'chirp'].map((name, i) => ({ id: name, name, color: i + 1 }));
const project: Project = {
  id: 'p',
  name: 'Test',
  kind: 'sound',
  classes,
  createdAtMs: 1,
  openedAtMs: 1,
  nextColor: 4,
  isSample: false,
};
/** Three sounds that a person can tell apart, with some noise in each. */
function make(kind: string, seed: number): Float32Array {
  const random = createRandom(seed, kind);
  const background = noise(1.1, seed);
  const low = tone(150 + 100 * random.next(), 1.1);
  return background.map((value, i) => {
    if (kind === 'hum') return 0.05 * value + low[i]!;
    if (kind === 'hiss') return 0.6 * value;
    const t = i / 16000;
    return 0.05 * value + 0.4 * Math.sin(2 * Math.PI * (1500 + 1500 * ((t * 3 + seed / 7) % 1)) * t);
  });
}

function makeSource(id: string, settings: Partial<TrainingSettings> = {}): ModelSource {
  return {
    id,
    projectId: 'p',
    name: id,
    createdAtMs: 1,
    status: 'untrained',
    settings: { ...DEFAULT_SOUND_SETTINGS, engine: 'wasm', ...settings },
    plannedIterations: 0,
    iteration: 0,
    bestIteration: null,
    curve: [],
    log: [],
    snapshots: [],
    engine: null,
    device: null,
    featureSec: 0,
    trainingSec: 0,
    trainedAtMs: null,
    data: null,
    scores: {},
    failure: null,
  };
}

const items: MediaItem[] = [];

beforeAll(async () => {
  await new Promise((resolve) => {
    const request = indexedDB.deleteDatabase(DATABASE);
    request.onsuccess = request.onerror = resolve;
  });
  store = await Store.open(DATABASE);
  await store.putQuietly({ project });
  for (const [c, { name }] of classes.entries()) {
    for (let n = 0; n < 12; n++) {
      const id = `${name}-${n}`;
      const item = makeItem({
        id,
        hash: id,
        path: `${name}/${n}.wav`,
        classId: name,
        part: n < 8 ? 'training' : 'testing',
      });
      items.push(item);
      await store.commit('p', 'Added', 'g', [{ store: 'items', before: null, after: item }], {
        blobs: [{ hash: id, blob: encodeWav(make(name, 100 * c + n), 16000) }],
      });
    }
  }
  const result = await extract(items.map((item) => item.hash));
  expect(result).toMatchObject({ extracted: 36, cached: 0, failed: [] });
});
afterAll(() => store.close());

const run = async (source: ModelSource) => {
  await store.updateSource(source.id, {});
  await store.putQuietly({ source });
  return training.train(
    { sourceId: source.id, projectId: 'p', moreIterations: 0, isFinishing: false, isFresh: false, avoid: [] },
    context(),
  );
};
const testIds = () => items.filter((item) => item.part === 'testing').map((item) => item.id);
const weightsOf = async (id: string) => new Float32Array((await store.loadWeights(id, 'best'))!.model.weights);

describe('features', () => {
  it('are computed once per content', async () => {
    expect(await extract(items.map((item) => item.hash))).toMatchObject({
      extracted: 0,
      cached: 36,
    });
  });
  it('of a file that is missing are reported, the others go on', async () => {
    const result = await extract(['gone', items[0]!.hash]);
    expect(result.failed).toEqual([{ hash: 'gone', reason: 'The stored sound of a clip is missing.' }]);
    expect(result.cached).toBe(1);
  });
});

describe('engines', () => {
  it('on this machine agree with the plain CPU engine', async () => {
    for (const fact of await findEngines()) {
      if (!fact.isPresent || fact.name === 'cpu') continue;
      await startEngine(fact.name);
      expect(await selfTest(), fact.name).toBeLessThan(1e-3);
    }
    expect((await findEngines()).find(({ name }) => name === 'wasm')?.isPresent).toBe(true);
  });
  it('are timed on a step of the job, which leaves nothing behind', async () => {
    const { plan, prepare } = columnOf('training').sound;
    const settings: TrainingSettings = { ...DEFAULT_SOUND_SETTINGS, algorithm: 'full-network' };
    const { signal } = new AbortController();
    const prepared = await prepare({
      ...{ settings, items, signal, data: plan(items, classes, settings).data, state: null },
      ...{ cache: new FeatureCache(store), backbone: () => Promise.reject(new Error('not called')) },
    });
    await startEngine('wasm');
    const before = tf.memory().numTensors;
    expect(await timeStepOf(prepared)).toBeGreaterThan(0);
    expect(tf.memory().numTensors).toBe(before);
  });
  it('that were right at the last run are tested again before the next: drivers change', async () => {
    const relu = tf.getKernel('Relu', 'wasm')!;
    const step = async () => 1;
    expect(await chooseEngine(null, step, 'wasm')).toMatchObject({ engine: 'wasm', timesMs: {} });
    tf.unregisterKernel('Relu', 'wasm');
    tf.registerKernel({
      ...relu,
      kernelFunc: (args) => {
        const { x } = args.inputs as { x: tf.TensorInfo };
        return tf.fill(x.shape, 3);
      },
    });
    try {
      await expect(chooseEngine('wasm', step, null)).rejects.toMatchObject({
        code: 'gpu/unavailable',
        details: { engine: 'wasm', reason: 'wrong numbers' },
      });
    } finally {
      tf.unregisterKernel('Relu', 'wasm');
      tf.registerKernel(relu);
    }
    expect(await selfTest()).toBeLessThan(1e-3);
  });
  it('give the gradients of a convolution for odd sizes and strides', async () => {
    const shapes = [
      { x: [2, 7, 5, 3], w: [3, 3, 3, 4], stride: 2, pad: 'same' },
      { x: [1, 6, 9, 2], w: [3, 5, 2, 3], stride: 1, pad: 'same' },
      { x: [2, 8, 8, 1], w: [2, 2, 1, 5], stride: 2, pad: 'valid' },
    ] as const;
    for (const { x, w, stride, pad } of shapes) {
      const results: Float32Array[] = [];
      for (const engine of ['cpu', 'wasm'] as const) {
        await startEngine(engine);
        const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
        const out = tf.tidy(() => {
          const input = tf.reshape(tf.sin(tf.range(0, size(x))), [...x]) as tf.Tensor4D;
          const filter = tf.reshape(tf.cos(tf.range(0, size(w))), [...w]) as tf.Tensor4D;
          const gradients = tf.grads((a, b) =>
            tf.sum(tf.square(tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, stride, pad))),
          )([input, filter]);
          return tf.concat(gradients.map((gradient) => tf.reshape(gradient, [-1])));
        });
        results.push((await out.data()) as Float32Array);
        out.dispose();
      }
      const [cpu, wasm] = results;
      const scale = Math.max(...cpu!.map(Math.abs));
      cpu!.forEach((value, i) => expect(Math.abs(wasm![i]! - value) / scale).toBeLessThan(1e-5));
    }
  });
});

describe('a run', () => {
  it('learns three sounds: far above chance on clips it never saw, and not from shuffled labels', async () => {
    const trained = await run(makeSource('learn', { iterations: 14 }));
    expect(trained).toMatchObject({ status: 'done', engine: 'wasm' });
    const report = await evaluate(
      { model: { sourceId: 'learn', kind: 'best' }, projectId: 'p', part: 'testing', itemIds: testIds() },
      context(),
    );
    expect(report.chance).toBeCloseTo(1 / 3);
    expect(report.clipAccuracy).toBeGreaterThanOrEqual(0.9);

    // The same with labels that mean nothing: it must not score well, or the test proves nothing.
    const order = createRandom(1, 'labels').shuffle(items.map(classIdOf));
    const honest = items;
    await store.putQuietly({ items: items.map((item, i) => ({ ...item, label: ofClass(order[i]!) })) });
    await run(makeSource('shuffled', { iterations: 14 }));
    const nonsense = await evaluate(
      { model: { sourceId: 'shuffled', kind: 'best' }, projectId: 'p', part: 'testing', itemIds: testIds() },
      context(),
    );
    expect(nonsense.clipAccuracy).toBeLessThan(0.75);
    await store.putQuietly({ items: honest });
  });

  it('with the same seed and engine ends with equal weights, with another seed not', async () => {
    await run(makeSource('a', { iterations: 3 }));
    await run(makeSource('b', { iterations: 3 }));
    await run(makeSource('c', { iterations: 3, seed: 8 }));
    expect(await weightsOf('b')).toEqual(await weightsOf('a'));
    expect(await weightsOf('c')).not.toEqual(await weightsOf('a'));
  });

  it.each(['wasm', 'cpu'] as const)(
    'that is paused and resumed ends with the weights of an uninterrupted one (%s)',
    async (engine) => {
      // A window of 0.5 s and few clips keep the plain CPU engine quick.
      const small: Partial<TrainingSettings> = {
        iterations: 2,
        engine,
        batchSize: 8,
        modality: { ...modalityOf(DEFAULT_SOUND_SETTINGS, 'sound'), windowSec: 0.5, overlapRatio: 0 },
      };
      const some = new Set(
        items.filter((item) => item.part === 'training' && Number(item.id.split('-')[1]) < 3).map((item) => item.id),
      );
      const honest = items;
      await store.putQuietly({
        items: items.map((item) =>
          some.has(item.id) || item.part === 'testing' ? item : { ...item, label: ofClass(null) },
        ),
      });
      await run(makeSource(`whole-${engine}`, small));
      const source = makeSource(`parts-${engine}`, small);
      await store.putQuietly({ source });
      let steps = 0;
      const paused = await training.train(
        { sourceId: source.id, projectId: 'p', moreIterations: 0, isFinishing: false, isFresh: false, avoid: [] },
        {
          ...context(),
          progress: (value) => {
            if (value.kind === 'step' && ++steps === 3)
              void training.control({ sourceId: source.id, action: 'pause' }, context());
          },
        },
      );
      expect(paused.status).toBe('paused');
      const resumed = await training.train(
        { sourceId: source.id, projectId: 'p', moreIterations: 0, isFinishing: false, isFresh: false, avoid: [] },
        context(),
      );
      expect(resumed).toMatchObject({ status: 'done', iteration: 2 });
      expect(resumed.curve.map(({ iteration }) => iteration)).toEqual([1, 2]);
      expect(await weightsOf(source.id)).toEqual(await weightsOf(`whole-${engine}`));
      await store.putQuietly({ items: honest });
    },
  );

  it.for(['webgl', 'webgpu'] as const)(
    'whose %s stops answering says so at once, and goes on from its checkpoint on another engine',
    async (engine, { skip }) => {
      skip(!(await findEngines()).some(({ name, isPresent }) => name === engine && isPresent), `no ${engine} here`);
      const source = makeSource(`lost-${engine}`, { iterations: 3, engine });
      await store.putQuietly({ source });
      const args = { sourceId: source.id, projectId: 'p', moreIterations: 0, isFinishing: false, isFresh: false };
      let lostAt = 0;
      const lose = () => {
        const { gpgpu, device } = tf.backend() as unknown as {
          gpgpu?: { gl: WebGL2RenderingContext };
          device?: GPUDevice;
        };
        gpgpu?.gl.getExtension('WEBGL_lose_context')!.loseContext();
        device?.destroy();
        lostAt = performance.now();
      };
      const progress = (value: TrainingProgress) => value.kind === 'checkpoint' && !lostAt && lose();
      await expect(training.train({ ...args, avoid: [] }, { ...context(), progress })).rejects.toMatchObject({
        code: 'gpu/device-lost',
        details: { engine },
      });
      expect(performance.now() - lostAt).toBeLessThan(5000);
      // The page ends the thread; here the engine is thrown away.
      tf.removeBackend(engine);
      const went = await training.train({ ...args, avoid: [engine] }, context());
      expect(went).toMatchObject({ status: 'done', iteration: 3, engine: 'wasm' });
      expect(went.curve.map(({ iteration }) => iteration)).toEqual([1, 2, 3]);
      expect(went.log.map(({ text }) => text).join()).toContain(`${engine} stopped answering: going on with wasm`);
    },
  );

  it('can be trained further, and takes snapshots that are models', async () => {
    const source = makeSource('more', { iterations: 2 });
    await store.putQuietly({ source });
    await training.train(
      { sourceId: 'more', projectId: 'p', moreIterations: 0, isFinishing: false, isFresh: false, avoid: [] },
      {
        ...context(),
        progress: (value) => {
          if (value.kind === 'iteration' && value.point.iteration === 1)
            void training.control({ sourceId: 'more', action: 'snapshot' }, context());
        },
      },
    );
    const more = await training.train(
      { sourceId: 'more', projectId: 'p', moreIterations: 3, isFinishing: false, isFresh: false, avoid: [] },
      context(),
    );
    expect(more).toMatchObject({ status: 'done', iteration: 5 });
    expect(more.snapshots.map(({ iteration }) => iteration)).toEqual([1]);
    const report = await evaluate(
      { model: { sourceId: 'more', kind: 'snapshot-1' }, projectId: 'p', part: 'testing', itemIds: testIds() },
      context(),
    );
    expect(report.items.length).toBe(12);
  });

  it('leaves no tensor behind: when it ends, is aborted, or fails', async () => {
    await startEngine('wasm');
    await run(makeSource('warm', { iterations: 1 }));
    const before = tf.memory().numTensors;
    await run(makeSource('leak', { iterations: 2 }));
    expect(tf.memory().numTensors).toBe(before);
    const source = makeSource('leak-abort', { iterations: 5 });
    await store.putQuietly({ source });
    const controller = new AbortController();
    const ended = await training.train(
      { sourceId: source.id, projectId: 'p', moreIterations: 0, isFinishing: false, isFresh: false, avoid: [] },
      {
        signal: controller.signal,
        transfer: () => {},
        progress: (value) => value.kind === 'step' && controller.abort(),
      },
    );
    expect(ended.status).toBe('paused');
    expect(tf.memory().numTensors).toBe(before);
    await expect(run(makeSource('leak-fail', { iterations: 5, learningRate: 1e30 }))).rejects.toMatchObject({
      code: 'training/diverged',
    });
    expect(tf.memory().numTensors).toBe(before);
    await evaluate(
      { model: { sourceId: 'leak', kind: 'best' }, projectId: 'p', part: 'testing', itemIds: testIds() },
      context(),
    );
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('a file', () => {
  it('is analysed with the windows its clip score is made of', async () => {
    const item = items.find((candidate) => candidate.id === 'hiss-9')!;
    const blob = (await store.loadBlob(item.hash))!;
    const analysis = await sounds.analyse({ blob, model: { sourceId: 'learn', kind: 'best' } }, context());
    const report = await evaluate(
      { model: { sourceId: 'learn', kind: 'best' }, projectId: 'p', part: 'testing', itemIds: [item.id] },
      context(),
    );
    expect(analysis.windows.length).toBe(report.windowCount);
    const mean = [0, 1, 2].map((c) =>
      analysis.windows.reduce((sum, window) => sum + window.scores[c]! / analysis.windows.length, 0),
    );
    mean.forEach((value, c) => expect(value).toBeCloseTo(report.items[0]!.scores[c]!, 5));
  });
  it('gives silence no name, and the sounds around it theirs', async () => {
    const sound = make('hum', 77);
    const pcm = new Float32Array(sound.length + 4 * 16_000);
    pcm.set(sound);
    const blob = encodeWav(pcm, 16000);
    const { windows } = await sounds.analyse({ blob, model: { sourceId: 'learn', kind: 'best' } }, context());
    const silent = windows.filter(({ startSec }) => startSec > 1.2);
    expect(silent.length).toBeGreaterThan(3);
    for (const { scores } of silent) expect([...scores]).toEqual([0, 0, 0]);
    expect(Math.max(...windows[0]!.scores)).toBeGreaterThan(0.5);
    const tempered = windows.map((window) => ({ ...window, scores: applyTemperature(window.scores, 1.5) }));
    for (const { startSec, endSec } of findEvents(tempered, { threshold: 0.3, smoothingSec: 0 }))
      expect([startSec < 1.2, endSec < 2.2]).toEqual([true, true]);
  });
});
