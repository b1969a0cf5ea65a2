/** Every write of every step of the store is refused in turn: the step is whole or not there, its error has a code, and the same step works afterwards. */
import 'fake-indexeddb/auto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Store, type Change } from '../../src/dataset/index.ts';
import { toStudioError } from '../../src/kernel/errors.ts';
import type { ModelSource, Project } from '../../src/domain/project.ts';
import type { Report } from '../../src/domain/report.ts';
import { SOUND } from '../../src/tasks/sound/index.ts';
import { makeItem } from '../helpers/records.ts';

const STORES = [
  ...['projects', 'items', 'sources', 'blobs', 'pictures', 'features', 'weights', 'reports', 'steps', 'history'],
  ...['preferences', 'networks'],
] as const;
const project: Project = {
  ...{ id: 'p', name: 'P', kind: 'sound', createdAtMs: 1, openedAtMs: 1, nextColor: 2, isSample: false },
  classes: [{ id: 'a', name: 'A', color: 1 }],
};
const source = { id: 's', projectId: 'p', name: 'Model 1', status: 'done', iteration: 3, settings: SOUND.defaults([]) };
const items = ['1', '2'].map((id) => makeItem({ id }));
const add = (item: (typeof items)[number]): Change => ({ store: 'items', before: null, after: item });
const blob = (hash: string) => ({ hash, blob: new Blob([hash]) });
const picture = (hash: string) => ({ hash, peaks: new Uint8Array(2), spectrogram: new Uint8Array(4) });
const features = (hash: string) => ({ hash, extractor: 'x', shape: [1], values: new Float32Array(1) });
const weights = (kind: string) => ({ sourceId: 's', kind, model: {} as never, state: null });
const report = (part: string) => ({ kind: 'class', sourceId: 's', part, items: [] }) as unknown as Report;

let count = 0;
const names = new Map<Store, string>();
/** A project with clips, a source with weights, a report, and a step that was undone. */
async function filled(): Promise<Store> {
  const name = `faults-${count++}`;
  const store = await Store.open(name);
  names.set(store, name);
  await store.putQuietly({ project, source: source as unknown as ModelSource });
  const [first, second] = items;
  await store.commit('p', 'Added', 'g', [add(first!)], {
    blobs: [blob(first!.hash)],
    pictures: [picture(first!.hash)],
  });
  await store.commit('p', 'Added', 'h', [add(second!)], {
    blobs: [blob(second!.hash)],
    pictures: [picture(second!.hash)],
  });
  await store.commit('p', 'Deleted', 'i', [{ store: 'items', before: second!, after: null }]);
  await store.saveFeatures(features(first!.hash));
  await store.updateSource('s', {}, [weights('best'), weights('checkpoint')]);
  await store.saveReport(report('testing'));
  return store;
}

const STEPS: Record<string, (store: Store) => Promise<unknown>> = {
  commit: (store) =>
    store.commit('p', 'Added', 'j', [add(makeItem({ id: '3' })), add(makeItem({ id: '4' }))], {
      blobs: [blob('hash-3'), blob('hash-4')],
      pictures: [picture('hash-3'), picture('hash-4')],
    }),
  'a commit after an undo': async (store) => {
    await store.undo('p');
    await store.commit('p', 'Added', 'j', [add(makeItem({ id: '5' }))]);
  },
  undo: (store) => store.undo('p'),
  putQuietly: (store) => store.putQuietly({ project: { ...project, name: 'Q' }, items: [makeItem({ id: '6' })] }),
  duplicateProject: (store) => store.duplicateProject('p', 'Copy').then(() => null),
  deleteProject: (store) => store.deleteProject('p'),
  sealDeletions: (store) => store.sealDeletions('p'),
  collectGarbage: async (store) => {
    await store.sealDeletions('p');
    await store.collectGarbage();
  },
  updateSource: (store) => store.updateSource('s', { iteration: 9 }, [weights('best'), weights('snapshot-3')], true),
  saveReport: (store) => store.saveReport(report('training')),
  saveFeatures: (store) => store.saveFeatures(features('hash-2')),
  savePreference: (store) => store.savePreference('k', 1),
  saveNetworkFile: (store) => store.saveNetworkFile('0'.repeat(64), new Blob(['x'])),
  removeNetworkFile: async (store) => {
    await store.saveNetworkFile('0'.repeat(64), new Blob(['x']));
    await store.removeNetworkFile('0'.repeat(64));
  },
};
/** Made of more than one transaction, each of which is whole: what is done when one fails stays done. */
const IN_PARTS = new Set(['a commit after an undo', 'collectGarbage', 'removeNetworkFile']);

/** All records, without the ids and times that are drawn anew. */
async function dump(store: Store): Promise<string> {
  const db = await openRaw(names.get(store)!);
  const all: Record<string, unknown> = {};
  for (const name of STORES) {
    const request = db.transaction(name).objectStore(name).getAllKeys();
    all[name] = await new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
  }
  const sources = db.transaction('sources').objectStore('sources').getAll();
  all.records = await new Promise((resolve) => (sources.onsuccess = () => resolve(sources.result)));
  db.close();
  return JSON.stringify(all);
}
const openRaw = (name: string) =>
  new Promise<IDBDatabase>((resolve) => {
    const request = indexedDB.open(name);
    request.onsuccess = () => resolve(request.result);
  });

/** Refuses the write with this number, counted from 0, as a disk without room does. @returns how many writes there were. */
function refuse(number: number): () => number {
  let writes = 0;
  for (const method of ['put', 'add', 'delete', 'clear'] as const) {
    const original = IDBObjectStore.prototype[method] as (...args: unknown[]) => IDBRequest;
    vi.spyOn(IDBObjectStore.prototype, method as 'put').mockImplementation(function (
      this: IDBObjectStore,
      ...args: unknown[]
    ) {
      const request = original.apply(this, args);
      if (writes++ === number) {
        const { transaction } = this;
        queueMicrotask(() => {
          Object.defineProperty(transaction, 'error', {
            value: new DOMException('no room', 'QuotaExceededError'),
            configurable: true,
          });
          transaction.abort();
        });
      }
      return request as IDBRequest<IDBValidKey>;
    });
  }
  return () => writes;
}

afterEach(() => void vi.restoreAllMocks());

describe('the store, refused a write of', { timeout: 60_000 }, () => {
  it.each(Object.keys(STEPS))('%s', async (name) => {
    const step = STEPS[name]!;
    const reference = await filled();
    const before = await dump(reference);
    const counted = refuse(-1);
    await step(reference);
    const writes = counted();
    vi.restoreAllMocks();
    const after = await dump(reference);
    expect(writes).toBeGreaterThan(0);
    for (let number = 0; number < writes; number++) {
      const store = await filled();
      refuse(number);
      const failure = await step(store).then(
        () => null,
        (error: unknown) => toStudioError(error),
      );
      vi.restoreAllMocks();
      // The project is gone then; files that stay behind go later.
      if (name === 'deleteProject' && failure === null) {
        await store.collectGarbage();
        expect(await dump(store)).toBe(after);
        continue;
      }
      expect([number, failure?.code]).toEqual([number, 'dataset/quota-exceeded']);
      if (!IN_PARTS.has(name)) {
        expect(await dump(store), `write ${number}`).toBe(before);
        await step(store);
        if (name !== 'duplicateProject') expect(await dump(store), `write ${number}, again`).toBe(after);
      }
      store.close();
    }
    reference.close();
  });
});
