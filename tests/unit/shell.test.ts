/** The state of the shell in a browser that refuses: the address, keys, theme, room, updates, the player, the studio itself. */
import { fakeWorker } from '../helpers/fakes.ts';
import type { ArchiveContract } from '../../src/dataset/index.ts';
import { kindOfFiles } from '../../src/app/kind-of-files.ts';
import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Keys } from '../../src/app/keys.svelte.ts';
import { Updates } from '../../src/app/pwa.svelte.ts';
import { Router } from '../../src/app/router.svelte.ts';
import { StorageMeter } from '../../src/app/storage.svelte.ts';
import { Studio } from '../../src/app/studio.svelte.ts';
import { Workbench } from '../../src/app/workbench.svelte.ts';
import { Working } from '../../src/app/working.svelte.ts';
import { StudioError } from '../../src/kernel/errors.ts';
import { Player } from '../../src/media/ui.ts';
import { Theme } from '../../src/ui/theme.svelte.ts';
import { deferred, FakeLocks } from '../helpers/fakes.ts';
import { makeItem } from '../helpers/records.ts';

const worker = vi.hoisted(() => ({
  hooks: {} as { onNeedRefresh?: () => void; onOfflineReady?: () => void; onNeedReload?: () => void },
  reloads: [] as unknown[],
}));
vi.mock('virtual:pwa-register', () => ({
  registerSW: (hooks: typeof worker.hooks) => {
    worker.hooks = hooks;
    return async (reload?: boolean) => void worker.reloads.push(reload);
  },
}));

/** A page: address, theme of the system, and what it keeps. `refuses` = a browser that keeps nothing of this site. */
function page({ hash = '', isDark = false, refuses = false, kept = {} as Record<string, string> } = {}) {
  const location = { hash, reload: () => {} };
  const window = new EventTarget();
  const system = Object.assign(new EventTarget(), { matches: isDark });
  const refuse = () => {
    throw new DOMException('denied', 'SecurityError');
  };
  vi.stubGlobal('location', location);
  vi.stubGlobal('window', window);
  vi.stubGlobal('matchMedia', () => system);
  vi.stubGlobal('document', Object.assign(new EventTarget(), { documentElement: { dataset: {} } }));
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => (refuses ? refuse() : (kept[key] ?? null)),
    setItem: (key: string, value: string) => (refuses ? refuse() : void (kept[key] = value)),
  });
  vi.stubGlobal('Audio', SilentAudio);
  vi.stubGlobal('navigator', { locks: new FakeLocks().manager, hardwareConcurrency: 2, userAgent: 'test' });
  return {
    location,
    kept,
    system,
    move: (next: string) => {
      location.hash = next;
      window.dispatchEvent(new Event('hashchange'));
    },
  };
}

/** An audio element that plays at once and is heard of only by its state. */
class SilentAudio extends EventTarget {
  src = '';
  currentTime = 0;
  ended = false;
  isPlaying = false;
  async play() {
    this.isPlaying = true;
  }
  pause() {
    this.isPlaying = false;
  }
}

beforeEach(() => void page());
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('files dropped on the home page', () => {
  const blob = new Blob(['x']);
  const kind = (paths: string[], zips: Record<string, string[]> = {}) => {
    const archive = fakeWorker<ArchiveContract>({
      async unzip({ blob: zip }, { progress }) {
        const paths = zips[await zip.text()] ?? [];
        for (const path of paths)
          progress({
            file: { path, blob: new Blob([path === 'manifest.json' ? '{"type": "audio"}' : path]) },
            done: 1,
            total: 1,
          });
        return { count: paths.length, failed: [], hint: null };
      },
    }).client;
    return kindOfFiles(
      paths.map((path) => ({ path, blob: zips[path] ? new Blob([path]) : blob })),
      { archive },
    );
  };
  it('make a project of what they are', async () => {
    expect(await kind(['a.wav', 'b.mp3', 'labels.csv'])).toBe('sound');
    expect(await kind(['walk/a.mp4', 'run/b.mov'])).toBe('action');
    expect(await kind(['cat/a.jpg', 'dog/b.png'])).toBe('picture');
    expect(await kind(['a.jpg', 'b.jpg', 'a.xml', 'b.xml'])).toBe('detection');
    expect(await kind(['set.zip'], { 'set.zip': ['cat/a.jpg', 'dog/b.jpg', '__MACOSX/._a.wav'] })).toBe('picture');
    expect(await kind(['x.tm'], { 'x.tm': ['manifest.json', 'A-!-0', 'A-!-samples.json'] })).toBe('sound');
    expect(
      await kind(['outer.zip'], {
        'outer.zip': ['class_2.zip'],
        'class_2.zip': ['sample-1.webm', 'samples.json'],
      }),
    ).toBe('sound');
  });
});

describe('the address', () => {
  it('is followed, and a link that was cut in the middle of a sign leads to a page that says so', () => {
    const { move, location } = page({ hash: '#/project/p/train' });
    const router = new Router();
    expect(router.route).toEqual({ page: 'project', projectId: 'p', step: 'train', view: null });
    move('#/project/caf%C3');
    expect(router.route).toEqual({ page: 'unknown' });
    router.go('#/diagnostics');
    expect(location.hash).toBe('#/diagnostics');
  });
});

describe('keys', () => {
  const full = new StudioError('dataset/quota-exceeded');
  it('that cannot be kept are said, and hold until the page closes', async () => {
    const errors: unknown[] = [];
    const store = { loadPreference: async () => null, savePreference: () => Promise.reject(full) };
    const keys = new Keys(store, (error) => void errors.push(error));
    await keys.load();
    expect(keys.change('loop', 'Q')).toBeNull();
    await Promise.resolve();
    expect(errors).toEqual([full]);
    expect([keys.keys('loop'), keys.isChanged]).toEqual(['Q', true]);
    keys.reset();
    await Promise.resolve();
    expect(errors).toEqual([full, full]);
    expect(keys.keys('loop')).toBe('L');
  });
  it('of another version are left out, and taken ones are refused with their owner', async () => {
    const stored = { loop: 'X', vanished: 'Y', split: 3 };
    const store = { loadPreference: async <T>() => stored as T, savePreference: async () => {} };
    const keys = new Keys(store, () => {});
    await keys.load();
    expect([keys.keys('loop'), keys.keys('split')]).toEqual(['X', 'S']);
    expect(keys.change('split', 'X')).toBe('These keys are taken: Loop the segment.');
    expect(keys.change('split', 'Escape')).toMatch(/moves around/);
    // Another group may use the same key.
    expect(keys.change('hide', 'X')).toBeNull();
  });
});

describe('the theme', () => {
  it('follows the system until a person chooses', () => {
    const { system, kept } = page({ isDark: true });
    const theme = new Theme();
    expect(theme.isDark).toBe(true);
    system.dispatchEvent(Object.assign(new Event('change'), { matches: false }));
    expect(theme.isDark).toBe(false);
    theme.toggle();
    system.dispatchEvent(Object.assign(new Event('change'), { matches: false }));
    expect([theme.isDark, kept.theme]).toEqual([true, 'dark']);
    page({ kept });
    expect(new Theme().isDark).toBe(true);
  });
  it('can be switched where the browser keeps nothing of this site', () => {
    const { system } = page({ refuses: true });
    const theme = new Theme();
    theme.toggle();
    expect(theme.isDark).toBe(true);
    system.dispatchEvent(Object.assign(new Event('change'), { matches: false }));
    expect(theme.isDark).toBe(true);
  });
});

describe('the room', () => {
  it('is what was known last when the browser does not say, and protection is asked once', async () => {
    let isRefusing = false;
    let asked = 0;
    const storage = {
      estimate: async () => {
        if (isRefusing) throw new TypeError('private window');
        return { usage: 5, quota: 10 };
      },
      persisted: async () => asked > 0,
      persist: async () => ++asked > 0,
    };
    vi.stubGlobal('navigator', { storage });
    const meter = new StorageMeter();
    expect(meter.words).toBe('Not told by this browser');
    await meter.refresh();
    expect([meter.words.replaceAll('\u202f', ' '), meter.ratio, meter.isPersisted]).toEqual([
      '5 B of 10 B',
      0.5,
      false,
    ]);
    isRefusing = true;
    meter.protect();
    meter.protect();
    await vi.waitFor(() => expect([meter.ratio, meter.isPersisted, asked]).toEqual([0.5, true, 1]));
    vi.stubGlobal('navigator', {});
    meter.protect();
    await vi.waitFor(() => expect([meter.ratio, meter.isPersisted]).toEqual([0.5, false]));
  });

  it('is asked for once while the person has not answered, and again when they press', () => {
    let asked = 0;
    // Firefox: the question stays open for as long as the person likes.
    const persist = () => (asked++, new Promise<boolean>(() => {}));
    vi.stubGlobal('navigator', { storage: { persist, persisted: async () => false } });
    const meter = new StorageMeter();
    meter.protect();
    meter.protect();
    expect(asked).toBe(1);
    meter.protect(true);
    expect(asked).toBe(2);
  });
});

describe('updates', () => {
  it('wait for the person', async () => {
    const updates = new Updates(new Working([], {}));
    expect([updates.isWaiting, updates.isOfflineReady]).toEqual([false, false]);
    worker.hooks.onOfflineReady!();
    worker.hooks.onNeedRefresh!();
    expect([updates.isWaiting, updates.isOfflineReady, worker.reloads.length]).toEqual([true, true, 0]);
    await updates.apply();
    expect(worker.reloads).toEqual([true]);
  });
});

describe('a tab that works', () => {
  const thread = () => ({ onBusy: (_isBusy: boolean) => {} });
  it('is waited for by updates, and never reloaded by those of another tab', async () => {
    worker.reloads.length = 0;
    const locks = new FakeLocks();
    vi.stubGlobal('navigator', { locks: locks.manager });
    const reload = vi.fn();
    vi.stubGlobal('location', { hash: '', reload });
    const [training, camera] = [thread(), thread()];
    const working = new Working([training, camera], { locks: locks.manager });
    const updates = new Updates(working);
    training.onBusy(true);
    camera.onBusy(true);
    training.onBusy(false);
    expect([working.isBusy, locks.isHeld('understudy/working')]).toEqual([true, true]);
    const first = updates.apply();
    expect(updates.isStarting).toBe(true);
    updates.postpone();
    await first;
    expect([updates.isStarting, worker.reloads]).toEqual([false, []]);
    const second = updates.apply();
    worker.hooks.onNeedReload!();
    expect([updates.isReplaced, reload.mock.calls.length]).toEqual([true, 0]);
    camera.onBusy(false);
    await second;
    expect([working.isBusy, worker.reloads]).toEqual([false, [true]]);
    worker.hooks.onNeedReload!();
    expect(reload).toHaveBeenCalledOnce();
  });

  it('keeps the screen on after a moment, until it is done', async () => {
    vi.useFakeTimers();
    try {
      const held: { isOn: boolean }[] = [];
      const request = async () => {
        const screen = {
          isOn: true,
          get released() {
            return !screen.isOn;
          },
          release: async () => void (screen.isOn = false),
        };
        held.push(screen);
        return screen as never;
      };
      const training = thread();
      const working = new Working([training], { locks: null, wakeLock: { request } });
      training.onBusy(true);
      await vi.advanceTimersByTimeAsync(1000);
      training.onBusy(false);
      await vi.advanceTimersByTimeAsync(10_000);
      expect(held).toEqual([]);
      training.onBusy(true);
      await vi.advanceTimersByTimeAsync(3500);
      expect(held.map(({ isOn }) => isOn)).toEqual([true]);
      // A page that was hidden and is seen again asks again: the system has let go, or it has not.
      const seen = () => (
        Object.assign(document, { visibilityState: 'visible' }),
        document.dispatchEvent(new Event('visibilitychange'))
      );
      seen();
      await vi.advanceTimersByTimeAsync(0);
      expect(held.map(({ isOn }) => isOn)).toEqual([true, false]);
      held[0]!.isOn = false;
      seen();
      await vi.advanceTimersByTimeAsync(0);
      expect(held.map(({ isOn }) => isOn)).toEqual([false, false, true]);
      training.onBusy(false);
      await vi.advanceTimersByTimeAsync(0);
      expect([working.isBusy, held.some(({ isOn }) => isOn)]).toEqual([false, false]);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('the player', () => {
  it('does not play a sound that was read too late, nor speak of its failure', async () => {
    const audio = new SilentAudio();
    const files = new Map([
      ['slow', deferred<Blob | null>()],
      ['broken', deferred<Blob | null>()],
      ['good', deferred<Blob | null>()],
    ]);
    const errors: unknown[] = [];
    const player = new Player(
      (hash) => files.get(hash)!.promise,
      (error) => void errors.push(error),
      audio as never,
    );
    const slow = player.play('a', 'slow');
    const broken = player.play('b', 'broken');
    const good = player.play('c', 'good');
    files.get('good')!.resolve(new Blob(['x']));
    await good;
    files.get('slow')!.resolve(new Blob(['y']));
    files.get('broken')!.reject(new Error('gone'));
    await Promise.all([slow, broken]);
    expect([player.playing, audio.isPlaying, errors]).toEqual(['c', true, []]);
    await player.toggle('c', 'good');
    expect([player.playing, audio.isPlaying]).toEqual([null, false]);
    // Its own failure is shown.
    await player.play('b', 'broken');
    expect(errors).toHaveLength(1);
  });
});

describe('the studio', () => {
  async function start() {
    const studio = await Studio.create();
    const { id } = await studio.library.create('P', 'sound');
    await studio.store.putQuietly({
      project: { ...(await studio.store.loadProject(id)).project, classes: [{ id: 'a', name: 'A', color: 1 }] },
      items: [makeItem({ id: '1', projectId: id, classId: null })],
    });
    return { studio, id };
  }
  it('starts on a link that was cut, in a browser that keeps nothing but the database', async () => {
    page({ hash: '#/project/%E0', refuses: true });
    const { studio } = await start();
    expect(studio.router.route.page).toBe('unknown');
    studio.store.close();
  });
  it('brings files dropped on any page to Data, of a new project when none is open', async () => {
    const { studio } = await start();
    const blob = new Blob(['x']);
    await studio.drop([]);
    expect(location.hash).toBe('');
    await studio.drop([{ path: 'Birds/owl/1.wav', blob }]);
    const made = (await studio.store.listProjects()).find(({ name }) => name === 'Birds')!;
    expect(location.hash).toBe(`#/project/${made.id}/data`);
    expect([studio.takeDropped().length, studio.takeDropped().length]).toEqual([1, 0]);
    studio.store.close();
  });
  it('deletes the open project with everything that works on it', async () => {
    const { studio, id } = await start();
    const workbench = await studio.opener.open(id);
    expect(studio.workbench).toBe(workbench);
    await studio.deleteProject(id);
    expect(studio.workbench).toBeNull();
    await expect(studio.opener.open(id)).rejects.toMatchObject({ code: 'dataset/not-found' });
    studio.store.close();
  });
  it('offers the undo of a step that was stored, and says when something newer stands on it', async () => {
    const { studio, id } = await start();
    const workbench = await studio.opener.open(id);
    expect(workbench).toBeInstanceOf(Workbench);
    workbench.offerUndo('Nothing happened', null);
    expect(studio.notify.toast).toBeNull();
    const first = await workbench.project.relabel(['1'], 'a');
    workbench.offerUndo('Moved', first);
    expect(studio.notify.toast).toMatchObject({ text: 'Moved', action: { label: 'Undo' } });
    const second = await workbench.project.setPart(['1'], 'testing');
    expect(await workbench.takeBack(first!)).toBe(false);
    expect(studio.notify.toast!.text).toMatch(/^Something newer was changed\. Undo it first: /);
    expect(await workbench.takeBack(second!)).toBe(true);
    expect(studio.notify.toast!.text).toMatch(/^Undone: /);
    studio.opener.close();
    studio.store.close();
  });
});
