/** Defects that HOUSE.md found in the house before, each as a test that failed there; those of state classes are in state.test.ts, of threads in rpc.test.ts, of archives in migration.test.ts. */
import 'fake-indexeddb/auto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Store } from '../../src/dataset/index.ts';
import type { ModelArtifact } from '../../src/domain/model.ts';
import { withClass } from '../../src/domain/label.ts';
import type { MediaItem, ModelSource } from '../../src/domain/project.ts';
import { evaluateSource, type EvaluationContract } from '../../src/evaluation/ui.ts';
import { bundleFiles, readBundle } from '../../src/export/index.ts';
import type { FeaturesContract } from '../../src/features/contract.ts';
import { MOTION_VALUES, type Motion } from '../../src/features/index.ts';
import { TASK } from '../../src/tasks/index.ts';
import { MOVEMENT_SEGMENTS } from '../../src/app/modalities/movement/stretches.ts';
import { removeSegment, segmentsOf } from '../../src/app/segments/segments.ts';
import { MotionFile } from '../../src/app/modalities/movement/motion-file.svelte.ts';
import { newSource } from '../../src/app/workbench.svelte.ts';
import { tapSamples } from '../../src/media/outside.ts';
import { deferred, fakeWorker } from '../helpers/fakes.ts';
import { makeItem } from '../helpers/records.ts';

const project = {
  id: 'p',
  name: 'P',
  kind: 'sound' as const,
  classes: [{ id: 'a', name: 'A', color: 1 }],
  createdAtMs: 1,
  openedAtMs: 1,
  nextColor: 2,
  isSample: false,
};
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const movement = {
  kind: 'movement' as const,
  source: 'video' as const,
  startSec: 0,
  endSec: 1,
  durationSec: 1,
  fileSec: 1,
  frameRateHz: 10,
  width: 8,
  height: 8,
  codec: 'vp9',
};

describe('the segments of a video', () => {
  it('are taken away to the last, and the video stays, whole and without a class', () => {
    const clip = (id: string, startSec: number, endSec: number) =>
      withClass({ ...makeItem({ id }), hash: 'v', media: { ...movement, startSec, endSec, fileSec: 10 } }, 'c');
    const [a, b] = [clip('1', 1, 3), clip('2', 4, 6)];
    expect(removeSegment(MOVEMENT_SEGMENTS, a, [a, b])).toEqual([{ store: 'items', before: a, after: null }]);
    const [last] = removeSegment(MOVEMENT_SEGMENTS, b, [b]);
    const { segments, whole } = segmentsOf(MOVEMENT_SEGMENTS, [last!.after as MediaItem], 'v');
    expect([segments, whole?.id, whole && MOVEMENT_SEGMENTS.stretchOf(whole)]).toMatchObject([
      [],
      '2',
      { startSec: 0, endSec: 10, durationSec: 10 },
    ]);
  });
});

describe('a project that comes in (3)', () => {
  it.each(['before', 'after'])(
    'has its files, though a collection of garbage that began %s it took the same content',
    async (order) => {
      const store = await Store.open(`defect-3-${order}`);
      const item = makeItem({ id: '1' });
      const content = { hash: item.hash, blob: new Blob(['sound']) };
      await store.putQuietly({ project: { ...project, id: 'old' } });
      await store.commit(
        'old',
        'Added',
        'g',
        [{ store: 'items', before: null, after: { ...item, projectId: 'old' } }],
        {
          blobs: [content],
        },
      );
      await store.commit('old', 'Deleted', 'h', [
        { store: 'items', before: { ...item, projectId: 'old' }, after: null },
      ]);
      await store.sealDeletions('old');
      // The content is still there when the project begins to come in, and garbage.
      const whole = { project, items: [item], sources: [], reports: [], weights: [], blobs: [content], pictures: [] };
      const runs = [() => store.addProject(whole), () => store.collectGarbage()];
      await Promise.all((order === 'after' ? runs : runs.reverse()).map((run) => run()));
      expect(await (await store.loadBlob(item.hash))?.text()).toBe('sound');
      store.close();
    },
  );
});

describe('the features of a model (6)', () => {
  it('are read from the model, not derived again from the examples of today', async () => {
    vi.stubGlobal('navigator', { hardwareConcurrency: 1 });
    const media = {
      kind: 'movement' as const,
      source: 'video' as const,
      ...{ startSec: 0, endSec: 2, durationSec: 2, fileSec: 2, width: 1, height: 1, codec: '' },
    };
    const items = ['1', '2'].map((id) => ({
      ...makeItem({ id }),
      // Today's examples would be looked at 30 times a second.
      media: { ...media, source: 'landmarks' as const, frameRateHz: 30, joints: ['a', 'b'] },
    }));
    const source: ModelSource = {
      ...newSource('p', 'Model 1', TASK.action.defaults([])),
      data: { training: [], validation: ['1', '2'], hashes: [], classIds: ['a'], classNames: ['A'] },
    };
    const asked: unknown[] = [];
    const features = fakeWorker<FeaturesContract>({
      extract({ request }) {
        asked.push(request);
        return Promise.resolve({ extracted: 0, cached: 2, audioSec: 0, seconds: 0, failed: [] });
      },
    });
    const evaluation = fakeWorker<EvaluationContract>({
      describeModel: () => Promise.resolve({ kind: 'landmarks', frameRateHz: 12 } as never),
      evaluate: () => Promise.resolve({ kind: 'class' } as never),
    });
    const clients = { features: features.client, helper: null, evaluation: evaluation.client };
    await evaluateSource(clients, TASK.action, source, items, 'validation');
    expect(asked).toMatchObject([{ frameRateHz: 12 }]);
  });
});

describe('an exported model (7)', () => {
  it('keeps how unlike things are told, and its calibration, on the way out and back', async () => {
    const artifact: ModelArtifact = {
      topology: '{"class_name":"Functional"}',
      weightSpecs: [{ name: 'w', shape: [1, 2], dtype: 'float32' }],
      weights: Float32Array.of(1, 2).buffer,
      classes: [
        { id: 'a', name: 'Dog', color: 1 },
        { id: 'b', name: 'Cat', color: 2 },
      ],
      preprocessing: {
        kind: 'picture-embedding',
        network: 'mobilenet-v2',
        networkFiles: ['00'],
        pixels: 224,
        mean: 0,
        deviation: 1,
        shape: [2],
      },
      novelty: { centres: [[1, 2]], deviations: [0.5, 0.5], limit: 1.5 },
    };
    const calibration = {
      ...{ temperature: 1.5, clipCount: 20, errorBefore: 0.2, errorAfter: 0.1, isOn: true },
      ...{ precision: 0.9, falseAlarmsPerMin: null, thresholds: { a: 0.7, b: null } },
    };
    const about = { name: '', author: '', description: '', licence: '', version: '' };
    const answering = { threshold: 0.8, smoothingSec: 0, holdOffSec: 2, overlap: 0.4 };
    const list = bundleFiles(TASK.picture.bundle, artifact, about, [], 'test', [], calibration, answering);
    const files = new Map(list.map(({ path, blob }) => [path, blob]));
    const slots = Object.values(TASK).map(({ bundle }) => bundle);
    const back = await readBundle(slots, (path) => Promise.resolve(files.get(path) ?? null));
    expect(back.slot).toBe(TASK.picture.bundle);
    expect(back.model.novelty).toEqual(artifact.novelty);
    expect(back.answering).toEqual(answering);
    const [dog, cat] = back.model.classes;
    expect(back.calibration).toEqual({ temperature: 1.5, thresholds: { [dog!.id]: 0.7, [cat!.id]: null } });
  });

  it('closes its audio when listening cannot begin', async () => {
    const close = vi.fn(() => Promise.resolve());
    vi.stubGlobal(
      'AudioContext',
      class {
        audioWorklet = { addModule: () => Promise.reject(new Error('blocked')) };
        close = close;
      },
    );
    vi.stubGlobal('location', { protocol: 'https:' });
    await expect(tapSamples({} as MediaStream, () => {})).rejects.toThrow('blocked');
    expect(close).toHaveBeenCalledOnce();
  });
});

describe('the file of a clip (8)', () => {
  it('is the one asked last, however late the others answer or fail', async () => {
    const made: string[] = [];
    const gone: string[] = [];
    vi.stubGlobal('URL', {
      createObjectURL: (blob: Blob) => made[made.push(`blob:${blob.type}`) - 1],
      revokeObjectURL: (url: string) => gone.push(url),
    });
    const landmarks = new Map(['slow', 'broken', 'new'].map((hash) => [hash, deferred<Motion | null>()]));
    const errors: unknown[] = [];
    const file = new MotionFile({
      loadMotion: ({ hash }) => landmarks.get(hash)!.promise,
      loadBlob: async (hash) => new Blob([], { type: hash }),
      onError: (error) => void errors.push(error),
    });
    const about = (hash: string) => ({ hash, info: { ...movement, source: 'video' as const }, ratesHz: [] });
    const motion = (rate: number): Motion => ({
      joints: ['nose', 'left_wrist'],
      frameRateHz: rate,
      values: Float32Array.from({ length: 2 * 2 * MOTION_VALUES }, (_, i) => i),
    });
    const opened = ['slow', 'broken', 'new'].map((hash) => file.open(about(hash)));
    landmarks.get('new')!.resolve(motion(10));
    await opened[2];
    landmarks.get('slow')!.resolve(motion(25));
    landmarks.get('broken')!.reject(new Error('gone'));
    await Promise.all(opened);
    expect([file.motion?.frameRateHz, file.url, errors, made]).toEqual([10, 'blob:new', [], ['blob:new']]);
    // The frame nearest to a time, never beyond the last.
    expect(file.poseAt(9)![0]).toBe(2 * MOTION_VALUES);
    file[Symbol.dispose]();
    expect([file.motion, file.url]).toEqual([null, null]);
    // Its address ends once what showed it has left the page.
    await vi.waitFor(() => expect(gone).toEqual(['blob:new']));
  });
});

describe('an edit (10)', () => {
  it('reads no changes of earlier edits', async () => {
    const store = await Store.open('defect-10');
    await store.putQuietly({ project });
    const reads: string[] = [];
    for (const method of ['get', 'getAll', 'openCursor'] as const) {
      const original = IDBObjectStore.prototype[method] as (...args: unknown[]) => IDBRequest;
      vi.spyOn(IDBObjectStore.prototype, method).mockImplementation(function (
        this: IDBObjectStore,
        ...args: unknown[]
      ) {
        reads.push(this.name);
        return original.apply(this, args) as never;
      });
    }
    for (let n = 0; n < 5; n++)
      await store.commit('p', `Edit ${n}`, `g${n}`, [
        { store: 'items', before: null, after: makeItem({ id: `${n}` }) },
      ]);
    expect(reads).not.toContain('history');
    expect(reads.length).toBeGreaterThan(0);
    store.close();
  });
});
