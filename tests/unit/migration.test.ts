/** Projects made by earlier builds: the database of version 2 and archives of version 1, one of each task, record by record. */
import 'fake-indexeddb/auto';
import { readFileSync } from 'node:fs';
import { BlobReader, BlobWriter, configure, ZipReader, type FileEntry } from '@zip.js/zip.js';
import { describe, expect, it } from 'vitest';
import { readArchive } from '../../src/dataset/project-archive.ts';
import { Store } from '../../src/dataset/index.ts';
import type { TaskKind } from '../../src/domain/task.ts';
import { oldDatabase, writeOldDatabase } from '../helpers/old-database.ts';

configure({ useWebWorkers: false });
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- records of another build are whatever they are
type Old = Record<string, any>;

/** An item of the earlier form, as it must be now; written without the code of the migration. */
function itemNow({ sound, motion, image, classId, ...rest }: Old): Old {
  if (image) {
    const { width, height, boxes, isAnnotated } = image as Old;
    return { ...rest, media: { kind: 'picture', width, height }, label: { kind: 'boxes', boxes, isDone: isAnnotated } };
  }
  const media = motion
    ? { ...motion, kind: 'movement', source: (motion as Old).kind as string }
    : { ...sound, kind: 'sound' };
  return { ...rest, media, label: { kind: 'class', classId: classId as string | null } };
}
function settingsNow(old: Old): Old {
  const { windowSec, overlapRatio, balanceClasses, augment, head, motion, vision, ...common } = old;
  if (vision) {
    const { tiles, mosaic, unfreezeFrom, ...picture } = vision as Old;
    return {
      ...common,
      modality: { kind: 'picture', ...picture },
      problem: { kind: 'detection', tiles, mosaic, ...(unfreezeFrom === undefined ? {} : { unfreezeFrom }) },
    };
  }
  return {
    ...common,
    modality: motion
      ? { kind: 'movement', windowSec, overlapRatio, ...motion }
      : { kind: 'sound', windowSec, overlapRatio, augment },
    problem: { kind: 'classification', balanceClasses, head: head ?? 'linear' },
  };
}
const sourceNow = (old: Old): Old => ({ ...old, settings: settingsNow(old.settings as Old) });
const reportNow = (old: Old): Old => ({ ...old, kind: old.kind === 'detection' ? 'boxes' : 'class' });
const changeNow = (side: Old | null, store: string): Old | null =>
  side === null ? null : store === 'items' ? itemNow(side) : store === 'sources' ? sourceNow(side) : side;
const byId = (list: readonly Old[]) => [...list].sort((a, b) => (a.id < b.id ? -1 : 1));

describe('a database of version 2', () => {
  const old = oldDatabase();
  const valuesOf = (store: string, projectId?: string) =>
    old[store]!.map(({ value }) => value as Old).filter((value) => !projectId || value.projectId === projectId);

  it('holds a project of each task, trained and scored', () => {
    expect(
      valuesOf('projects')
        .map(({ kind }) => kind as string)
        .sort(),
    ).toEqual(['action', 'detection', 'sound']);
    for (const store of ['items', 'sources', 'blobs', 'pictures', 'weights', 'reports', 'history'])
      expect(valuesOf(store).length, store).toBeGreaterThan(2);
  });

  it('opens with the same items, labels, runs and scores', async () => {
    await writeOldDatabase('old', old);
    const store = await Store.open('old');
    for (const project of valuesOf('projects')) {
      const now = await store.loadProject(project.id as string);
      expect(now.project).toEqual(project);
      expect(byId(now.items)).toEqual(byId(valuesOf('items', project.id as string).map(itemNow)));
      expect(byId(now.sources)).toEqual(byId(valuesOf('sources', project.id as string).map(sourceNow)));
      for (const { id } of now.sources) {
        const reports = valuesOf('reports').filter((report) => report.sourceId === id);
        expect(reports.length).toBeGreaterThan(0);
        expect(await store.loadReports(id)).toEqual(reports.map(reportNow));
        for (const weights of valuesOf('weights').filter(({ sourceId }) => sourceId === id))
          expect(await store.loadWeights(id, weights.kind as string)).toEqual(weights);
      }
      for (const item of now.items) {
        const blob = valuesOf('blobs').find(({ hash }) => hash === item.hash)!.blob as Blob;
        expect(await (await store.loadBlob(item.hash))!.arrayBuffer()).toEqual(await blob.arrayBuffer());
        expect((await store.loadPictures([item.hash])).size).toBe(1);
      }
    }
    store.close();
  });

  it('keeps every step of undo, which goes back to where it began', async () => {
    await writeOldDatabase('old-history', old);
    const store = await Store.open('old-history');
    for (const { id } of valuesOf('projects')) {
      const steps = valuesOf('history', id as string).sort((a, b) => (b.seq as number) - (a.seq as number));
      for (const step of steps) {
        expect((await store.historyState(id as string)).undo).toBe(step.label);
        const done = await store.undo(id as string);
        for (const [i, change] of [...(step.changes as Old[])].reverse().entries()) {
          // What training wrote since is kept by an undo of its source.
          if (change.store === 'sources') continue;
          expect(done!.changes[i]).toMatchObject({
            store: change.store as string,
            before: changeNow(change.before as Old, change.store as string),
            after: changeNow(change.after as Old, change.store as string),
          });
        }
      }
      const { items } = await store.loadProject(id as string);
      expect(items).toEqual([]);
      for (const _step of steps) await store.redo(id as string);
      expect(byId((await store.loadProject(id as string)).items)).toEqual(
        byId(valuesOf('items', id as string).map(itemNow)),
      );
    }
    store.close();
  });

  it('that is new already is opened as it is', async () => {
    await writeOldDatabase('old-twice', old);
    const first = await Store.open('old-twice');
    const [project] = await first.listProjects();
    const before = await first.loadProject(project!.id);
    first.close();
    const again = await Store.open('old-twice');
    expect(await again.loadProject(project!.id)).toEqual(before);
    again.close();
  });
});

describe('an archive of version 1', () => {
  async function open(kind: TaskKind) {
    const bytes = readFileSync(new URL(`../fixtures/${kind}-v1.understudy.zip`, import.meta.url));
    const reader = new ZipReader(new BlobReader(new Blob([new Uint8Array(bytes)])));
    const entries = new Map((await reader.getEntries()).map((entry) => [entry.filename, entry as FileEntry]));
    const file = async (path: string, type = '') =>
      entries.has(path) ? await entries.get(path)!.getData(new BlobWriter(type)) : null;
    const old = JSON.parse(await (await file('project.json'))!.text()) as Old;
    return { old, file };
  }
  it.each(['sound', 'action', 'detection'] as const)('of %s opens with the same records', async (kind) => {
    const { old, file } = await open(kind);
    expect('media' in old.items[0]).toBe(false);
    const whole = await readArchive(file);
    expect(whole.project).toEqual(old.project);
    expect(byId(whole.items)).toEqual(byId((old.items as Old[]).map(itemNow)));
    expect(byId(whole.sources)).toEqual(byId((old.sources as Old[]).map(sourceNow)));
    expect(whole.reports).toEqual((old.reports as Old[]).map(reportNow));
    expect(whole.blobs.length).toBe(new Set(whole.items.map(({ hash }) => hash)).size);
    expect(whole.weights.length).toBe((old.weights as Old[]).length);
    const store = await Store.open(`archive-${kind}`);
    await store.addProject(whole);
    expect(byId((await store.loadProject(whole.project.id)).items)).toEqual(byId(whole.items));
    store.close();
  });

  it.each([
    ['an item without a file', (old: Old) => (old.items[0].hash = 7)],
    ['a task nobody knows', (old: Old) => (old.project.kind = 'smell')],
    ['a part nobody knows', (old: Old) => (old.items[0].part = 'everything')],
    ['a run of another project', (old: Old) => (old.sources[0].projectId = 'other')],
    ['a score of another run', (old: Old) => (old.reports[0].sourceId = 'other')],
    ['a curve of words', (old: Old) => (old.sources[0].curve = ['up'])],
  ])('with %s is refused, and nothing is stored', async (_what, spoil) => {
    const { old, file } = await open('sound');
    spoil(old);
    const spoilt = (path: string, type?: string) =>
      path === 'project.json' ? Promise.resolve(new Blob([JSON.stringify(old)])) : file(path, type);
    await expect(readArchive(spoilt)).rejects.toMatchObject({ code: 'dataset/archive-damaged' });
  });
});
