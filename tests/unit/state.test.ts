/** State classes when things go wrong: commits that fail, results that come late, workers that die, a second tab. */
import { readLists } from '../../src/dataset/annotations/readers.ts';
import 'fake-indexeddb/auto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ImportSession, ProjectLock, ProjectSession } from '../../src/dataset/ui.ts';
import { ArchiveSession } from '../../src/dataset/ui.ts';
import type { ArchiveContract } from '../../src/dataset/archive-contract.ts';
import { writingLock } from '../../src/dataset/writing-lock.ts';
import { boxesOf, classIdOf } from '../../src/domain/label.ts';
import type { InspectedMedia, MediaItem, ModelSource, Project } from '../../src/domain/project.ts';
import type { ClassificationReport, Report } from '../../src/domain/report.ts';
import { calibrate, recordScore } from '../../src/evaluation/index.ts';
import { EvaluationSession, type EvaluationContract } from '../../src/evaluation/ui.ts';
import type { FeaturesContract } from '../../src/features/contract.ts';
import { NetworkSession } from '../../src/features/ui.ts';
import { StudioError } from '../../src/kernel/errors.ts';
import { holding } from '../../src/kernel/locks.ts';
import { Scope } from '../../src/kernel/scope.ts';
import { askForDevice, deviceError, DeviceWarnings } from '../../src/media/device.ts';
import type { Camera, Microphone } from '../../src/media/ui.ts';
import {
  FileSession,
  ListeningSession,
  LiveCamera,
  ObjectFiles,
  ProposalSession,
  WatchingSession,
  type DetectionPreview,
  type MovementPreview,
  type SoundPreview,
} from '../../src/preview/ui.ts';
import type { WorkerClient } from '../../src/rpc/client.ts';
import { taskOf } from '../../src/tasks/index.ts';
import { TrainingSession, type TrainingContract } from '../../src/training/ui.ts';
import { Library } from '../../src/app/library.svelte.ts';
import { Notify } from '../../src/app/notify.svelte.ts';
import { Opener } from '../../src/app/opener.svelte.ts';
import { Annotation } from '../../src/app/problems/detection/annotation.svelte.ts';
import { PictureFiles } from '../../src/app/modalities/picture/picture-files.svelte.ts';
import { newSource } from '../../src/app/workbench.svelte.ts';
import type { PicturePreview } from '../../src/tasks/picture/preview.ts';
import type { StorageMeter } from '../../src/app/storage.svelte.ts';
import type { Clients } from '../../src/app/workers.ts';
import { deferred, FakeLocks, fakeWorker, FaultyStore } from '../helpers/fakes.ts';
import { makeItem } from '../helpers/records.ts';

let count = 0;
const project: Project = {
  id: 'p',
  name: 'P',
  kind: 'sound',
  classes: ['a', 'b'].map((id, i) => ({ id, name: id.toUpperCase(), color: i + 1 })),
  createdAtMs: 1,
  openedAtMs: 1,
  nextColor: 3,
  isSample: false,
};
const items = ['1', '2', '3', '4'].map((id, i) => makeItem({ id, classId: 'ab'[i % 2]!, addedAtMs: i }));

async function open(given: Partial<Project> = {}, list: MediaItem[] = items) {
  const store = await FaultyStore.make(`state-${count++}`);
  await store.putQuietly({ project: { ...project, ...given }, items: list });
  const errors: unknown[] = [];
  const tools = { store, onError: (error: unknown) => void errors.push(error), slotOf: taskOf };
  return { store, errors, tools, session: await ProjectSession.open('p', tools) };
}
const labelsOf = (list: readonly MediaItem[]) => list.map((item) => `${item.id}${classIdOf(item)}`).join(' ');
/** What the page shows is what a page that is opened now would show. */
async function expectAgreement(session: ProjectSession, store: FaultyStore) {
  const { items: stored, project: record, sources } = await store.loadProject('p');
  expect(session.items).toEqual(stored);
  expect(session.project).toEqual(record);
  expect(session.sources).toEqual(sources);
}

afterEach(() => {
  vi.useRealTimers();
  expect(Scope.openCount, 'scopes left open').toBe(0);
});

describe('a project', () => {
  it('falls back to the database when a commit fails, with the edits that were queued behind it', async () => {
    const { session, store, errors } = await open();
    const gate = deferred();
    store.gate = gate.promise;
    store.failing.add('Relabelled 1 clip as B');
    const first = session.relabel(['1'], 'b');
    const second = session.setPart(['1'], 'testing');
    const third = session.remove(['2']);
    expect(labelsOf(session.items)).toBe('1b 3a 4b');
    expect(session.saveState).toBe('saving');
    gate.resolve();
    expect(await Promise.all([first, second, third])).toEqual([null, null, null]);
    await session.settle();
    expect(labelsOf(session.items)).toBe('1a 2b 3a 4b');
    expect(session.items[0]!.part).toBe('training');
    expect(session.saveState).toBe('failed');
    expect(errors.length).toBeGreaterThan(0);
    await expectAgreement(session, store);
    // What is done afterwards is stored again.
    expect(await session.relabel(['2'], 'a')).not.toBeNull();
    expect(session.saveState).toBe('saved');
    await expectAgreement(session, store);
    store.close();
  });

  it('falls back by itself when the database cannot be read either', async () => {
    const { session, store } = await open();
    store.failing.add('Relabelled 1 clip as B');
    vi.spyOn(store, 'loadProject').mockRejectedValue(new StudioError('dataset/unavailable'));
    await session.relabel(['1'], 'b');
    await session.settle();
    expect(labelsOf(session.items)).toBe('1a 2b 3a 4b');
    expect(session.saveState).toBe('failed');
    store.close();
  });

  it('keeps what training stored while a change of its run failed', async () => {
    const { session, store } = await open();
    const source = newSource('p', 'Model 1', taskOf('sound').defaults([]));
    await session.putSource('Added Model 1', source);
    const gate = deferred();
    store.gate = gate.promise;
    store.failing.add('Renamed');
    const renamed = session.putSource('Renamed', { ...source, name: 'Best' }).catch((error: unknown) => error);
    await session.saveSource(source.id, { iteration: 5 });
    gate.resolve();
    await renamed;
    await session.settle();
    expect(session.sources[0]).toMatchObject({ name: 'Model 1', iteration: 5 });
    await expectAgreement(session, store);
    store.close();
  });

  it('undoes with edits queued: memory and database stay one', async () => {
    const { session, store } = await open();
    await session.relabel(['1'], 'b');
    const gate = deferred();
    store.gate = gate.promise;
    const queued = session.setPart(['2'], 'testing');
    const undone = session.undo();
    // The same clip: memory must show what the database will hold.
    const more = session.setPart(['2'], 'validation');
    gate.resolve();
    await Promise.all([queued, undone, more]);
    await expectAgreement(session, store);
    expect(session.items.find(({ id }) => id === '2')!.part).toBe('validation');
    store.close();
  });

  it('takes back exactly the step that was offered, or says that something is newer', async () => {
    const { session, store } = await open();
    const step = await session.relabel(['1'], 'b');
    await session.setPart(['2'], 'testing');
    expect(await session.undo(step)).toBeNull();
    expect(labelsOf(session.items)).toBe('1b 2b 3a 4b');
    await session.undo();
    expect(await session.undo(step)).toBe('Relabelled 1 clip as B');
    await expectAgreement(session, store);
    store.close();
  });

  it('is changed by nobody who only looks on', async () => {
    const { session, store, errors } = await open();
    await session.setReadOnly(true);
    expect(await session.relabel(['1'], 'b')).toBeNull();
    expect(errors[0]).toMatchObject({ code: 'dataset/read-only' });
    await store.commit('p', 'Elsewhere', 'g', [{ store: 'items', before: items[0]!, after: null }]);
    await session.setReadOnly(false);
    expect(session.items.length).toBe(3);
    store.close();
  });
});

describe('an import', () => {
  const media = (hash: string): InspectedMedia => ({
    hash,
    notice: null,
    name: null,
    label: null,
    blob: new Blob([hash]),
    media: makeItem({ id: hash }).media,
    picture: { peaks: new Uint8Array(1), spectrogram: new Uint8Array(0) },
  });
  it('that is cancelled shows nothing of a file that is read late', async () => {
    const { session, store } = await open({}, []);
    const late = deferred<InspectedMedia[]>();
    const imports = new ImportSession(session, taskOf('sound'), {
      inspect: ({ path }, signal) =>
        path === 'A/slow.wav'
          ? late.promise
          : path === 'A/obedient.wav'
            ? new Promise<never>((_, reject) =>
                signal.addEventListener('abort', () => reject(new DOMException('off', 'AbortError'))),
              )
            : Promise.resolve([media(path)]),
      readLists,
      cut: () => Promise.resolve([]),
      unzip: () => Promise.resolve({ failed: [], hint: null }),
    });
    const files = ['A/slow.wav', 'A/obedient.wav', 'B/1.wav'].map((path) => ({ path, blob: new Blob(['x']) }));
    const run = imports.run(files, { classId: null, isFixed: false, part: 'training' });
    await vi.waitFor(() => expect(imports.state).toMatchObject({ kind: 'running', done: 1 }));
    imports.cancel();
    expect((await run).isCancelled).toBe(true);
    late.resolve([media('late')]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(imports.state.kind).toBe('done');
    await expectAgreement(session, store);
    store.close();
  });
  it('that meets a full disk says so and keeps what was there', async () => {
    const { session, store } = await open({}, []);
    store.failing.add('Added 1 clip');
    const imports = new ImportSession(session, taskOf('sound'), {
      inspect: ({ path }) => Promise.resolve([media(path)]),
      readLists,
      cut: () => Promise.resolve([]),
      unzip: () => Promise.resolve({ failed: [], hint: null }),
    });
    await imports.run([{ path: 'A/1.wav', blob: new Blob(['x']) }], {
      classId: null,
      isFixed: false,
      part: 'training',
    });
    expect(imports.state).toMatchObject({ kind: 'failed', error: { code: 'dataset/quota-exceeded' } });
    expect(session.items).toEqual([]);
    await expectAgreement(session, store);
    store.close();
  });
});

/** Tabs that hear each other. */
function openChannels() {
  const tabs = new Set<{ listener: (event: MessageEvent) => void }>();
  return () => {
    const me = { listener: (_event: MessageEvent) => {} };
    tabs.add(me);
    return {
      postMessage: (data: unknown) =>
        [...tabs].filter((tab) => tab !== me).forEach((tab) => tab.listener({ data } as MessageEvent)),
      close: () => void tabs.delete(me),
      addEventListener: (_type: 'message', listener: (event: MessageEvent) => void) => void (me.listener = listener),
    };
  };
}

describe('a second tab', () => {
  it('takes over only when the first has finished writing, and its worker too', async () => {
    const locks = new FakeLocks();
    const openChannel = openChannels();
    const written: string[] = [];
    const page = deferred();
    const worker = deferred();
    const world = { locks: locks.manager, openChannel, answerMs: 5000 };
    const first = new ProjectLock(
      'p',
      async () => {
        await page.promise;
        written.push('page');
      },
      world,
    );
    const second = new ProjectLock('p', () => Promise.resolve(), world);
    expect(await first.acquire()).toBe(true);
    expect(await second.acquire()).toBe(false);
    const writing = holding(
      writingLock('p'),
      async () => {
        await worker.promise;
        written.push('worker');
      },
      locks.manager,
    );
    const taken = second.takeOver().then((isTaken) => (written.push('second tab'), isTaken));
    // Far longer than the half second that was waited once.
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(written).toEqual([]);
    expect(first.isHeld).toBe(false);
    page.resolve();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(written).toEqual(['page']);
    worker.resolve();
    await writing;
    expect(await taken).toBe(true);
    expect(written).toEqual(['page', 'worker', 'second tab']);
    expect(second.isHeld).toBe(true);
    first[Symbol.dispose]();
    second[Symbol.dispose]();
  });
  it('robs a tab that does not answer, and a worker that holds on', async () => {
    const locks = new FakeLocks();
    const openChannel = openChannels();
    const world = { locks: locks.manager, openChannel, answerMs: 40 };
    let isTold = false;
    const first = new ProjectLock('p', () => ((isTold = true), new Promise(() => {})), world);
    const second = new ProjectLock('p', () => Promise.resolve(), world);
    await first.acquire();
    let isAborted = false;
    void holding(
      writingLock('p'),
      (lost) => new Promise<void>((resolve) => lost.addEventListener('abort', () => ((isAborted = true), resolve()))),
      locks.manager,
    );
    expect(await second.takeOver()).toBe(true);
    expect([isTold, isAborted, first.isHeld, second.isHeld]).toEqual([true, true, false, true]);
    second[Symbol.dispose]();
    first[Symbol.dispose]();
  });
  it('opens a project, looks on, and takes it over with what the first has written', async () => {
    const locks = new FakeLocks();
    vi.stubGlobal('navigator', { locks: locks.manager, hardwareConcurrency: 2 });
    vi.stubGlobal(
      'Audio',
      class extends EventTarget {
        pause() {}
      },
    );
    const { store } = await open();
    const idle = fakeWorker({}).client as never;
    const clients = {
      features: idle,
      helper: idle,
      eyes: idle,
      training: idle,
      evaluation: idle,
      sounds: idle,
      movements: idle,
      objects: idle,
      archive: idle,
    } as unknown as Clients;
    const [one, two] = [1, 2].map(() => new Opener({ store, clients, notify: new Notify() }));
    const first = await one!.open('p');
    const second = await two!.open('p');
    expect([first.project.isReadOnly, second.project.isReadOnly]).toEqual([false, true]);
    const gate = deferred();
    store.gate = gate.promise;
    const edit = first.project.relabel(['1'], 'b');
    const taken = two!.takeOver();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(second.project.isReadOnly).toBe(true);
    gate.resolve();
    await edit;
    await taken;
    expect([first.project.isReadOnly, second.project.isReadOnly]).toEqual([true, false]);
    expect(labelsOf(second.project.items)).toBe('1b 2b 3a 4b');
    one!.close();
    two!.close();
    vi.unstubAllGlobals();
    store.close();
  });
});

const report = (sourceId: string, part: ClassificationReport['part']): ClassificationReport => ({
  kind: 'class',
  sourceId,
  part,
  createdAtMs: 1,
  clipAccuracy: 0.5,
  windowAccuracy: 0.5,
  windowCount: 24,
  macroF1: 0.5,
  chance: 0.5,
  classes: [],
  confusion: {
    labels: ['A', 'B'],
    rows: [
      [6, 6],
      [6, 6],
    ],
  },
  items: Array.from({ length: 24 }, (_, i) => ({
    itemId: `${i}`,
    path: `${i}`,
    label: 'AB'[i % 2]!,
    predicted: 'AB'[(i >> 1) % 2]!,
    confidence: 0.6,
    scores: (i >> 1) % 2 ? [0.4, 0.6] : [0.6, 0.4],
  })),
});

describe('a score', () => {
  const source = newSource('p', 'Model 1', taskOf('sound').defaults([]));
  it('is remembered under the source and part that were scored, whatever is chosen meanwhile', () => {
    expect(recordScore(report('other', 'testing'), source, false, () => 1)).toBeNull();
    expect(recordScore(report(source.id, 'testing'), source, false, () => 1)).toEqual({ scores: { testing: 0.5 } });
    const validated = recordScore(report(source.id, 'validation'), source, false, () => 1)!;
    expect(validated.scores).toEqual({ validation: 0.5 });
    expect(validated.calibration).toMatchObject({ clipCount: 24 });
  });
  it('of a model that was trained on keeps the goal of false alarms', () => {
    const before = {
      ...calibrate(report(source.id, 'validation'))!,
      falseAlarmsPerMin: 1,
      thresholds: { a: 0.5, b: 0.5 },
    };
    const next = recordScore(report(source.id, 'validation'), { ...source, calibration: before }, true, () => 2)!;
    expect(next.calibration).toMatchObject({ falseAlarmsPerMin: 1, precision: null });
    expect(Object.keys(next.calibration!.thresholds!)).toEqual(['a', 'b']);
  });
});

const trained = (id: string): ModelSource => ({
  ...newSource('p', id, taskOf('sound').defaults([])),
  id,
  status: 'done',
  iteration: 3,
  bestIteration: 3,
  data: { training: ['1', '2'], validation: ['3', '4'], hashes: [], classIds: ['a', 'b'], classNames: ['A', 'B'] },
});

describe('an evaluation', () => {
  it('that was replaced says nothing, and one whose worker dies fails', async () => {
    let slow = deferred<Report>();
    let calls = 0;
    const evaluation = fakeWorker<EvaluationContract>({
      describeModel: () => Promise.resolve({ kind: 'log-mel', windowSec: 0.975, overlapRatio: 0.5 } as never),
      evaluate: ({ model, part }) => (calls++ === 0 ? slow.promise : Promise.resolve(report(model.sourceId, part))),
    });
    const features = fakeWorker<FeaturesContract>({
      extract: () => Promise.resolve({ extracted: 0, cached: 1, audioSec: 0, seconds: 0, failed: [] }),
    });
    vi.stubGlobal('navigator', { hardwareConcurrency: 1 });
    const clients = { features: features.client, helper: null, evaluation: evaluation.client };
    const session = new EvaluationSession(clients, taskOf('sound'));
    const first = session.run(trained('one'), items, 'validation');
    await vi.waitFor(() => expect(calls).toBe(1));
    const second = await session.run(trained('two'), items, 'training');
    slow.resolve(report('one', 'validation'));
    expect(await first).toBeNull();
    expect(second).toMatchObject({ sourceId: 'two', part: 'training' });
    expect(session.state).toMatchObject({ kind: 'done', report: { sourceId: 'two' } });
    calls = 0;
    slow = deferred();
    const third = session.run(trained('one'), items, 'validation');
    await vi.waitFor(() => expect(calls).toBe(1));
    evaluation.kill();
    expect(await third).toBeNull();
    expect(session.state).toMatchObject({ kind: 'failed', error: { code: 'worker/crashed' } });
    session[Symbol.dispose]();
    vi.unstubAllGlobals();
  });
});

describe('a run', () => {
  async function make(jobs: Partial<Parameters<typeof fakeWorker<TrainingContract>>[0]>) {
    vi.stubGlobal('navigator', { hardwareConcurrency: 1 });
    const many = Array.from({ length: 20 }, (_, i) => makeItem({ id: `i${i}`, classId: 'ab'[i % 2]! }));
    const { session, store } = await open({}, many);
    const source = newSource('p', 'Model 1', { ...taskOf('sound').defaults([]), algorithm: 'full-network' });
    await session.putSource('Added Model 1', source);
    const requests: unknown[] = [];
    const features = fakeWorker<FeaturesContract>({
      extract: ({ request }) => {
        requests.push(request);
        return Promise.resolve({ extracted: 1, cached: 0, audioSec: 0, seconds: 1, failed: [] });
      },
    });
    const training = fakeWorker<TrainingContract>(jobs as never);
    const clients = { features: features.client, helper: null, training: training.client };
    return { session, store, source, training, requests, run: new TrainingSession(session, taskOf('sound'), clients) };
  }
  it('whose worker dies waits at its checkpoint', async () => {
    const started = deferred();
    const { run, session, source, store, training } = await make({
      train: (_args, { progress }) => {
        progress({ kind: 'started', iteration: 2, plannedIterations: 9, engine: 'wasm', device: null } as never);
        started.resolve();
        return new Promise<never>(() => {});
      },
    });
    const ended = run.run(source);
    await started.promise;
    await vi.waitFor(() => expect(run.state).toMatchObject({ kind: 'training', iteration: 2 }));
    training.kill();
    expect(await ended).toBeNull();
    expect(run.state).toMatchObject({ kind: 'failed', error: { code: 'worker/crashed' } });
    expect(session.sources[0]).toMatchObject({ status: 'paused', iteration: 2 });
    run[Symbol.dispose]();
    store.close();
    vi.unstubAllGlobals();
  });
  it('whose graphics processor is lost goes on from its checkpoint, with the plan it had', async () => {
    const asked: Record<string, unknown>[] = [];
    const { run, source, session, store } = await make({
      train: async (args: Record<string, unknown>, { progress }: { progress: (value: unknown) => void }) => {
        asked.push(args);
        const lost = (engine: string) => new StudioError('gpu/device-lost', { details: { engine, reason: 'x' } });
        // Before anything was stored it begins again as it was asked.
        if (asked.length === 1) throw lost('webgpu');
        if (asked.length === 2) {
          progress({ kind: 'checkpoint', iteration: 3 });
          throw lost('webgl');
        }
        return { ...source, status: 'done' };
      },
    } as never);
    expect(await run.run(source, 4)).toMatchObject({ status: 'done' });
    expect(asked).toMatchObject([
      { moreIterations: 4, isFresh: true, avoid: [] },
      { moreIterations: 4, isFresh: true, avoid: ['webgpu'] },
      { moreIterations: 0, isFresh: false, avoid: ['webgpu', 'webgl'] },
    ]);
    expect(session.sources[0]).toMatchObject({ status: 'done' });
    run[Symbol.dispose]();
    store.close();
    vi.unstubAllGlobals();
  });
  it('that is left says nothing afterwards', async () => {
    const started = deferred();
    const { run, source, store } = await make({
      train: () => (started.resolve(), new Promise<never>(() => {})),
    });
    const ended = run.run(source);
    await started.promise;
    run[Symbol.dispose]();
    expect(await ended).toBeNull();
    expect(run.state.kind).not.toBe('failed');
    store.close();
    vi.unstubAllGlobals();
  });
});

describe('a camera', () => {
  const camera = () => {
    const made = {
      deviceId: 'd',
      label: '',
      stream: {},
      isOff: false,
      onWarnings: (listener: (warnings: string[]) => void) => void (made.warn = listener),
      warn: (_warnings: string[]) => {},
      [Symbol.dispose]: () => void (made.isOff = true),
    };
    return made as unknown as Camera & { isOff: boolean; warn: (warnings: string[]) => void };
  };
  const video = (play: () => Promise<void>) => () => ({ play, videoWidth: 0 }) as unknown as HTMLVideoElement;
  it('goes off when its picture cannot be played', async () => {
    const one = camera();
    const live = new LiveCamera(
      () => Promise.resolve(one),
      1,
      video(() => Promise.reject(new Error('no'))),
    );
    await live.open(null, () => Promise.resolve());
    expect(live.state).toMatchObject({ kind: 'failed' });
    expect(one.isOff).toBe(true);
    live[Symbol.dispose]();
  });
  it('that is held back says so, and no longer when it goes on or was left', async () => {
    const one = camera();
    const live = new LiveCamera(
      () => Promise.resolve(one),
      1,
      video(() => Promise.resolve()),
    );
    await live.open(null, () => new Promise(() => {}));
    expect(live.state).toMatchObject({ kind: 'on', warnings: [] });
    one.warn(['held back']);
    expect(live.state).toMatchObject({ kind: 'on', warnings: ['held back'] });
    one.warn([]);
    expect(live.state).toMatchObject({ kind: 'on', warnings: [] });
    live.stop();
    one.warn(['late']);
    expect(live.state).toEqual({ kind: 'off' });
    live[Symbol.dispose]();
  });
  it('that comes when the page was left goes off at once', async () => {
    const late = deferred<Camera>();
    const one = camera();
    const live = new LiveCamera(
      () => late.promise,
      1,
      video(() => Promise.resolve()),
    );
    const opening = live.open(null, () => Promise.resolve());
    live.stop();
    late.resolve(one);
    await opening;
    expect([one.isOff, live.state.kind]).toEqual([true, 'off']);
  });
  it('that is unplugged after another was opened leaves the new one on', async () => {
    const ends: (() => void)[] = [];
    const [one, two] = [camera(), camera()];
    const live = new LiveCamera(
      (_id, onEnded) => Promise.resolve(ends.push(onEnded) === 1 ? one : two),
      1,
      video(() => Promise.resolve()),
    );
    await live.open(null, () => Promise.resolve());
    await live.open(null, () => Promise.resolve());
    ends[0]!();
    expect(live.state.kind).toBe('on');
    expect([one.isOff, two.isOff]).toEqual([true, false]);
    ends[1]!();
    expect(live.state).toMatchObject({ kind: 'failed', error: { code: 'media/camera-unplugged' } });
    expect(two.isOff).toBe(true);
  });
  it('of movements is off when it cannot be opened', async () => {
    const watching = new WatchingSession(fakeWorker<MovementPreview>({}).client, () =>
      Promise.reject(new StudioError('media/camera-unplugged')),
    );
    await watching.start(null, null);
    expect(watching.state).toMatchObject({ kind: 'failed' });
    await watching.switchModel(null);
    watching[Symbol.dispose]();
  });
});

describe('a microphone', () => {
  const microphone = () => {
    const made = {
      deviceId: 'd',
      label: '',
      sampleRateHz: 16000,
      onWarnings: () => {},
      port: new MessageChannel().port1,
      isOff: false,
      [Symbol.dispose]: () => {
        made.isOff = true;
        made.port.close();
      },
    };
    return made as unknown as Microphone & { isOff: boolean };
  };
  it('that fails late ends its own run only', async () => {
    const finishing = deferred<null>();
    const { client } = fakeWorker<SoundPreview>({
      listen: () => new Promise<never>(() => {}),
      finishTake: () => finishing.promise as never,
    });
    // Ports are no part of what is tested, and do not survive the copy of the loopback.
    const plain = {
      call: (name: never, args: { port?: unknown }, options: object) =>
        client.call(name, { ...args, port: null } as never, { ...options, transfer: [] }),
    };
    const ends: (() => void)[] = [];
    const made = [microphone(), microphone()];
    const listening = new ListeningSession(plain as unknown as WorkerClient<SoundPreview>, (_id, onEnded) =>
      Promise.resolve(made[ends.push(onEnded) - 1]!),
    );
    await listening.start(null, null);
    ends[0]!();
    await listening.start(null, null);
    finishing.resolve(null);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(listening.state.kind).toBe('on');
    expect(made.map(({ isOff }) => isOff)).toEqual([true, false]);
    listening[Symbol.dispose]();
    expect(made[1]!.isOff).toBe(true);
    client.close();
  });
});

describe('files and proposals', () => {
  it('of an older file are dropped', async () => {
    const first = deferred<never>();
    let calls = 0;
    const sounds = fakeWorker<SoundPreview>({
      analyse: () => (calls++ === 0 ? first.promise : Promise.resolve({ windows: [2] } as never)),
    });
    const files = new FileSession(sounds.client);
    const file = (path: string) => ({ path, blob: new Blob([path]) });
    const one = files.analyse(file('one'), { sourceId: 's', kind: 'best' });
    await vi.waitFor(() => expect(calls).toBe(1));
    await files.analyse(file('two'), { sourceId: 's', kind: 'best' });
    first.resolve({ windows: [1] } as never);
    await one;
    expect(files.state).toMatchObject({ kind: 'done', file: { path: 'two' }, analysis: { windows: [2] } });
    files[Symbol.dispose]();
  });
  it('of a worker that dies are a failure that is said', async () => {
    const objects = fakeWorker<DetectionPreview>({ propose: () => new Promise<never>(() => {}) });
    const proposing = new ProposalSession(objects.client);
    const ended = proposing.propose(items, { ref: null, title: '', leastScore: 0.3 });
    await vi.waitFor(() => expect(objects.client.pendingCount).toBe(1));
    objects.kill();
    await ended;
    expect(proposing.state).toMatchObject({ kind: 'failed', error: { code: 'worker/crashed' } });
    proposing[Symbol.dispose]();
  });
  it('of objects: one that cannot be read says why, the others go on', async () => {
    const objects = fakeWorker<DetectionPreview>({
      detectVideo: ({ blob }) =>
        blob.size === 1
          ? Promise.reject(new StudioError('media/empty-file'))
          : Promise.resolve({ aspect: 2, durationSec: 1, frames: [] } as never),
    });
    const files = new ObjectFiles(objects.client);
    const video = (path: string, text: string) => ({ path, blob: new Blob([text], { type: 'video/mp4' }) });
    await files.run([video('a.mp4', 'x'), video('b.mp4', 'xy')], { sourceId: 's', kind: 'best' }, 0.5);
    expect(files.files.map(({ error }) => error?.code ?? null)).toEqual(['media/empty-file', null]);
    expect(files.running).toBeNull();
    files[Symbol.dispose]();
  });
  it('of pictures: those of an older choice are dropped, one that cannot be read says why', async () => {
    const slow = deferred<{ durationSec: number; frames: { atSec: number; scores: Float32Array; novelty: null }[] }>();
    let calls = 0;
    const pictures = fakeWorker<PicturePreview>({
      classifyVideo: ({ blob }) =>
        calls++ === 0
          ? slow.promise
          : blob.size === 1
            ? Promise.reject(new StudioError('media/empty-file'))
            : Promise.resolve({
                durationSec: 1,
                frames: [
                  { atSec: 0, scores: Float32Array.of(1, 0), novelty: null },
                  { atSec: 0.5, scores: Float32Array.of(0.5, 0.5), novelty: null },
                ],
              }),
    });
    const files = new PictureFiles(pictures.client);
    const video = (path: string, text: string) => ({ path, blob: new Blob([text], { type: 'video/mp4' }) });
    const model = { sourceId: 's', kind: 'best' };
    const first = files.run([video('old.mp4', 'xy')], model);
    await vi.waitFor(() => expect(calls).toBe(1));
    await files.run([video('a.mp4', 'x'), video('b.mp4', 'xy')], model);
    slow.resolve({ durationSec: 1, frames: [] });
    await first;
    expect(files.files.map(({ path, error }) => [path, error?.code ?? null])).toEqual([
      ['a.mp4', 'media/empty-file'],
      ['b.mp4', null],
    ]);
    expect([...files.files[1]!.scores!]).toEqual([0.75, 0.25]);
    expect(files.running).toBeNull();
    files[Symbol.dispose]();
  });
  it('of an archive: one at a time, and the next when it failed', async () => {
    const archive = fakeWorker<ArchiveContract>({ saveProject: () => new Promise<never>(() => {}) });
    const session = new ArchiveSession(archive.client);
    const first = session.save('p', 'P', 'test');
    expect(await session.save('p', 'P', 'test')).toBeNull();
    await vi.waitFor(() => expect(archive.client.pendingCount).toBe(1));
    archive.kill();
    await expect(first).rejects.toMatchObject({ code: 'worker/crashed' });
    expect(session.state.kind).toBe('idle');
  });
  it('of networks: a download that fails says why and is not there', async () => {
    let isKept = false;
    let state = 'absent';
    const features = fakeWorker<FeaturesContract>({
      networkStatus: () => Promise.resolve([{ id: 'yamnet', state }] as never),
      isRuntimeKept: () => Promise.resolve(isKept),
      keepOffline: () => {
        [isKept, state] = [true, 'stored'];
        return Promise.resolve();
      },
      downloadNetwork: () => Promise.reject(new StudioError('network/failed')),
    });
    const networks = new NetworkSession(features.client);
    await networks.download('yamnet');
    expect(networks.error).toMatchObject({ code: 'network/failed' });
    expect(networks.isPresent('yamnet')).toBe(false);
    // What lies beside the app only is missing without a connection.
    expect(networks.missing).toEqual({ isRuntimeKept: false, served: [] });
    state = 'served';
    await networks.refresh();
    expect(networks.missing).toEqual({ isRuntimeKept: false, served: ['yamnet'] });
    await networks.keepOffline();
    expect([networks.missing, networks.keeping, networks.error]).toEqual([null, null, null]);
  });
});

describe('the library', () => {
  it('makes, copies and lists projects, and leaves none behind when a sample fails', async () => {
    const store = await FaultyStore.make(`state-${count++}`);
    const features = fakeWorker<FeaturesContract>({
      makeSample: () => Promise.reject(new StudioError('media/empty-file')),
    });
    const notify = new Notify();
    const library = new Library({
      store,
      clients: { features: features.client, helper: null },
      archives: new ArchiveSession(fakeWorker<ArchiveContract>({}).client),
      storage: { refresh: () => Promise.resolve(), protect: () => {} } as StorageMeter,
      notify,
    });
    const made = await library.create('Mine', 'action');
    await library.duplicate(made);
    await library.duplicate(made);
    expect(library.cards!.map((card) => card.project.name).sort()).toEqual(['Mine', 'Mine copy', 'Mine copy 2']);
    await expect(library.createSample('sound')).rejects.toMatchObject({ code: 'media/empty-file' });
    await library.remove(made.id);
    expect(library.cards!.length).toBe(2);
    expect(library.cards!.every(({ count: n, bytes, first, best }) => n === 0 && bytes === 0 && !first && !best)).toBe(
      true,
    );
    notify.dismissToast();
    notify.release();
    store.close();
  });
});

describe('an annotation', () => {
  it('lets a box wait for its class, nudges as one step, and offers nothing when a deletion is not stored', async () => {
    const picture: MediaItem = {
      ...makeItem({ id: '1' }),
      media: { kind: 'picture', width: 100, height: 50 },
      label: { kind: 'boxes', boxes: [], isDone: false },
    };
    const { session, store, errors } = await open({ kind: 'detection', classes: [] }, [picture]);
    const offers: (string | null)[] = [];
    const proposing = new ProposalSession(fakeWorker<DetectionPreview>({}).client);
    const annotation = new Annotation({
      project: () => session,
      proposing: () => proposing,
      items: () => session.items,
      currentId: () => '1',
      pick: () => {},
      offerUndo: (_text, step) => void offers.push(step),
      say: () => {},
      hasNetwork: () => Promise.resolve(false),
    });
    expect(annotation.draw({ x: 0.1, y: 0.1, width: 0.2, height: 0.2 })).toBe(false);
    await annotation.nameClass('Cup', null);
    await session.settle();
    expect(boxesOf(session.items[0]!)).toMatchObject([{ x: 0.1, classId: session.project.classes[0]!.id }]);
    const [box] = boxesOf(session.items[0]!);
    annotation.select(box!.id);
    annotation.nudge(1, 0, false);
    annotation.nudge(0, 1, true);
    await session.settle();
    expect(boxesOf(session.items[0]!)[0]!.x).toBeCloseTo(0.11, 6);
    expect(boxesOf(session.items[0]!)[0]!.height).toBeCloseTo(0.22, 6);
    await session.undo();
    expect(boxesOf(session.items[0]!)).toEqual([box]);
    store.failing.add('Deleted a box of Cup');
    await annotation.remove(box!.id);
    expect(offers).toEqual([null]);
    expect(errors[0]).toMatchObject({ code: 'dataset/quota-exceeded' });
    await session.settle();
    expect(boxesOf(session.items[0]!)).toEqual([box]);
    proposing[Symbol.dispose]();
    store.close();
  });
});

describe('microphone and camera', () => {
  const refused = (name: string, message = '') => new DOMException(message, name);
  it('say who refuses in words of their own', () => {
    const said = (name: string, message?: string) => {
      const error = deviceError('camera', refused(name, message));
      return error instanceof StudioError ? error.code : String(error);
    };
    expect(said('NotAllowedError')).toBe('media/camera-denied');
    expect(said('NotFoundError')).toBe('media/camera-missing');
    expect(said('NotReadableError')).toBe('media/camera-in-use');
    expect(said('AbortError')).toBe('media/camera-in-use');
    expect(
      (deviceError('microphone', refused('NotAllowedError', 'Permission denied by system')) as Error).message,
    ).toMatch(/The system does not let this browser use the microphone/);
    const other = new Error('other');
    expect(deviceError('microphone', other)).toBe(other);
  });

  it('are replaced when the chosen one is gone, and not when it is in use', async () => {
    vi.stubGlobal('navigator', { mediaDevices: {} });
    const stream = {} as MediaStream;
    const asked: unknown[] = [];
    const answers = (first: Error) => (wanted: MediaTrackConstraints) => {
      asked.push(wanted);
      return wanted.deviceId ? Promise.reject(first) : Promise.resolve(stream);
    };
    expect(await askForDevice('microphone', 'old', answers(refused('OverconstrainedError')))).toEqual({
      stream,
      isOther: true,
    });
    expect(asked).toEqual([{ deviceId: { exact: 'old' } }, {}]);
    expect(await askForDevice('microphone', null, answers(refused('NotFoundError')))).toEqual({
      stream,
      isOther: false,
    });
    await expect(askForDevice('camera', 'one', answers(refused('NotReadableError')))).rejects.toMatchObject({
      code: 'media/camera-in-use',
    });
    vi.unstubAllGlobals();
  });

  it('that fall silent say so until they go on', () => {
    const track = Object.assign(new EventTarget(), { muted: false });
    const scope = new Scope();
    const heard: string[][] = [];
    const warnings = new DeviceWarnings('microphone', track as unknown as MediaStreamTrack, ['fixed'], scope);
    warnings.onWarnings((said) => heard.push(said));
    track.muted = true;
    track.dispatchEvent(new Event('mute'));
    warnings.say('paused', 'paused');
    track.muted = false;
    track.dispatchEvent(new Event('unmute'));
    expect(heard.map((said) => said.map((words) => words.slice(0, 23)))).toEqual([
      ['fixed'],
      ['fixed', 'The microphone is held '],
      ['fixed', 'The microphone is held ', 'paused'],
      ['fixed', 'paused'],
    ]);
    scope.dispose();
    track.dispatchEvent(new Event('mute'));
    expect(heard).toHaveLength(4);
  });
});
