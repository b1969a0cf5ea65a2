/** Segments of recordings and videos: their edges, the timeline they lie on, what the store makes of stretches of sounds. */
import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { slotsOf } from '../../src/app/modalities/movement/film.svelte.ts';
import { MOVEMENT_SEGMENTS } from '../../src/app/modalities/movement/stretches.ts';
import { drawColumns, SoundTiles } from '../../src/app/modalities/sound/sound-tiles.svelte.ts';
import { SOUND_SEGMENTS } from '../../src/app/modalities/sound/stretches.ts';
import {
  addSegment,
  addSegments,
  dragged,
  moveSegment,
  overlapsOf,
  removeSegment,
  segmentsOf,
  snapTo,
  splitSegment,
} from '../../src/app/segments/segments.ts';
import { around, marksOf, moved, showing, steepest, tilesOf, zoomed } from '../../src/app/segments/timeline.ts';
import { fileToDivide } from '../../src/app/data/shown.ts';
import { archiveFiles, readArchive } from '../../src/dataset/project-archive.ts';
import { dataSetFiles } from '../../src/dataset/saving/save.ts';
import { classesOfOneRecording, dividedOf, splitByGroup, Store, type Change } from '../../src/dataset/index.ts';
import { SOUND } from '../../src/tasks/sound/index.ts';
import { classIdOf } from '../../src/domain/label.ts';
import type { MediaItem } from '../../src/domain/project.ts';
import { Twins } from '../../src/dataset/twins.ts';
import { StudioError } from '../../src/kernel/errors.ts';
import { fileHashOf, stretchHash, stretchOfHash } from '../../src/domain/stretch.ts';
import { TILE_COLUMNS, type SoundTile } from '../../src/features/index.ts';
import { changeOf } from '../../src/features/movement/film.ts';
import { findSounds, LEVEL_SEC, LevelMeter } from '../../src/features/sound/find-sounds.ts';
import { hashBlob } from '../../src/kernel/content-hash.ts';
import { makeItem, SOUND_PROJECT } from '../helpers/records.ts';

const kind = SOUND_SEGMENTS;
const recording = makeItem({
  id: 'r',
  path: 'day/long.mp3',
  classId: null,
  bytes: 10_000,
  sound: { durationSec: 100 },
});
const afterOf = (changes: Change[]) => changes.flatMap(({ after }) => (after ? [after as MediaItem] : []));
const stretch = (item: MediaItem) => {
  const { startSec, endSec } = kind.stretchOf(item);
  return [startSec, endSec];
};
const cut = (fromSec: number, toSec: number, classId: string | null = 'a') =>
  afterOf(addSegment(kind, recording, null, fromSec, toSec, classId)!.changes)[0]!;

describe('a stretch of a sound', () => {
  it('has an identity that names its file and its edges', () => {
    const hash = stretchHash('ab12', { startSec: 1.5, endSec: 12.3456 });
    expect(hash).toBe('ab12@1.500-12.346');
    expect([fileHashOf(hash), stretchOfHash(hash)]).toEqual([
      'ab12',
      { fileHash: 'ab12', startSec: 1.5, endSec: 12.346 },
    ]);
    expect([fileHashOf('ab12'), stretchOfHash('ab12'), stretchOfHash('ab12@x-y')]).toEqual(['ab12', null, null]);
  });
  it('is a clip called after its file and its beginning, in its share of the bytes', () => {
    const clip = cut(20, 10.00004);
    expect(clip).toMatchObject({
      name: 'long at 10.0 s.wav',
      path: 'day/long.mp3',
      hash: 'hash-r@10.000-20.000',
      bytes: 1000,
      recording: recording.recording,
      media: { durationSec: 10, stretch: { startSec: 10, endSec: 20, fileSec: 100 } },
    });
  });
});

describe('segments', () => {
  it('take the place of a recording without a class, and the last one that goes gives it back', () => {
    const { changes } = addSegment(kind, recording, recording, 1, 3, 'a')!;
    expect(changes.map(({ before, after }) => [before?.id ?? null, after === null])).toEqual([
      [null, false],
      ['r', true],
    ]);
    const [clip] = afterOf(changes);
    expect(segmentsOf(kind, [clip!], 'hash-r').whole).toBeNull();
    const [back] = afterOf(removeSegment(kind, clip!, [clip!]));
    expect(back).toMatchObject({ hash: 'hash-r', name: 'long.mp3', media: { durationSec: 100 } });
    expect(back!.media).not.toHaveProperty('stretch');
    expect(classIdOf(back!)).toBeNull();
    expect(segmentsOf(kind, [back!], 'hash-r')).toMatchObject({ segments: [], whole: { id: clip!.id } });
  });
  it('are found by their file, in order of time; a whole file with a class is one', () => {
    const [a, b] = [cut(50, 60), cut(2, 4)];
    expect(segmentsOf(kind, [a, b, makeItem({ id: 'other' })], 'hash-r').segments.map(({ id }) => id)).toEqual([
      b.id,
      a.id,
    ]);
    const labelled = makeItem({ id: 'w', hash: 'hash-r', sound: { durationSec: 100 } });
    expect(segmentsOf(kind, [labelled], 'hash-r').segments).toEqual([labelled]);
  });
  it('move inside their file, and never become too short', () => {
    const clip = cut(10, 20);
    expect(stretch(afterOf(moveSegment(kind, clip, 15, 25))[0]!)).toEqual([15, 25]);
    expect(stretch(afterOf(moveSegment(kind, clip, -5, 5))[0]!)).toEqual([0, 10]);
    expect(stretch(afterOf(moveSegment(kind, clip, 10, 10.01))[0]!)).toEqual([9.96, 10.01]);
    expect(moveSegment(kind, clip, 10, 20)).toEqual([]);
  });
  it('keep their length at the ends of the file, and a name that a person gave', () => {
    const last = cut(90, 100);
    expect(moveSegment(kind, last, 90.02, 100.02)).toEqual([]);
    expect(moveSegment(kind, cut(0, 2), -0.02, 1.98)).toEqual([]);
    const named = { ...cut(10, 20), name: 'owl' };
    expect(afterOf(moveSegment(kind, named, 12, 22))[0]!.name).toBe('owl');
    expect(afterOf(moveSegment(kind, cut(10, 20), 12, 22))[0]!.name).toBe('long at 12.0 s.wav');
  });
  it('of a background sound are examples', () => {
    const mixed = { ...recording, part: 'background' as const };
    expect(afterOf(addSegment(kind, mixed, mixed, 1, 3, 'a')!.changes)[0]!.part).toBe('training');
  });
  it('say that their file is there when it comes again', () => {
    const said: string[] = [];
    const twins = new Twins([cut(10, 20)], [{ id: 'a', name: 'A', color: 1 }], 'clip');
    const again = { hash: 'hash-r', media: recording.media, name: null, notice: null } as never;
    expect(
      twins.leaveOut(
        'long.mp3',
        [{ media: again, className: 'A', boxes: null }],
        ({ reason }) => void said.push(reason),
      ),
    ).toEqual([]);
    expect(said).toEqual(['Already in the project (long at 10.0 s.wav)']);
  });
  it('are not made where there is nothing to learn', () => {
    expect(addSegment(kind, recording, null, 5, 5.01, 'a')).toBeNull();
    expect(addSegments(kind, recording, recording, [{ startSec: 5, endSec: 5.01 }], null)).toBeNull();
    const many = addSegments(
      kind,
      recording,
      recording,
      [1, 2, 3].map((sec) => ({ startSec: sec, endSec: sec + 0.5 })),
      null,
    )!;
    expect([many.ids.length, many.changes.length]).toEqual([3, 4]);
  });
  it('are split where the play head stands', () => {
    const clip = cut(10, 20);
    expect(afterOf(splitSegment(kind, [clip], 12)).map(stretch)).toEqual([
      [10, 12],
      [12, 20],
    ]);
    expect(splitSegment(kind, [clip], 30)).toEqual([]);
  });
  it('are dragged by an edge or whole, and stick to what is near', () => {
    const from = { startSec: 10, endSec: 20 };
    const free = (sec: number) => sec;
    expect(dragged(from, 'start', 2, 100, 0.05, free)).toEqual({ startSec: 12, endSec: 20 });
    expect(dragged(from, 'start', 30, 100, 0.05, free)).toEqual({ startSec: 19.95, endSec: 20 });
    expect(dragged(from, 'end', -30, 100, 0.05, free)).toEqual({ startSec: 10, endSec: 10.05 });
    expect(dragged(from, 'both', 95, 100, 0.05, free)).toEqual({ startSec: 90, endSec: 100 });
    const [a, b] = [cut(10, 20), cut(30, 40)];
    expect(snapTo(kind, [a, b], b.id, [], 20.1)).toBe(20);
    expect(snapTo(kind, [a, b], b.id, [], 20.1, 0.05)).toBe(20.1);
    expect(snapTo(kind, [a, b], a.id, [15], 15.05)).toBe(15);
  });
  it('say where two classes lie on each other', () => {
    const [a, b, c] = [cut(10, 20, 'a'), cut(19, 25, 'b'), cut(24, 30, 'b')];
    expect(overlapsOf(kind, [a, b, c])).toEqual([[a, b]]);
    expect(overlapsOf(kind, [a, cut(20.05, 22, 'b'), cut(5, 15, null)])).toEqual([]);
  });
  it('of a video stand beside its file', () => {
    const video = {
      ...recording,
      media: { ...makeMovement(), startSec: 0, endSec: 10, fileSec: 10, durationSec: 10 },
    } as MediaItem;
    const [clip] = afterOf(addSegment(MOVEMENT_SEGMENTS, video, video, 2, 4, 'a')!.changes);
    expect(clip).toMatchObject({ hash: 'hash-r', media: { startSec: 2, endSec: 4, durationSec: 2, fileSec: 10 } });
  });
  it('begin with the longest file that waits', () => {
    const files = [
      makeItem({ id: '1', sound: { durationSec: 500 } }),
      makeItem({ id: '2', classId: null, sound: { durationSec: 5 } }),
      makeItem({ id: '3', classId: null, sound: { durationSec: 50 } }),
    ];
    expect(fileToDivide(files).id).toBe('3');
    expect(fileToDivide(files.slice(0, 1)).id).toBe('1');
  });
});

const makeMovement = () => ({
  kind: 'movement' as const,
  source: 'video' as const,
  frameRateHz: 10,
  width: 8,
  height: 8,
  codec: 'vp9',
});

describe('segments in a split', () => {
  const grouping = { keepTogether: 'recording', groupPattern: '' } as const;
  const of = (recordingName: string, count: number, classId: string) =>
    Array.from({ length: count }, (_, n) => ({
      ...cut(n * 5, n * 5 + 1, classId),
      id: `${recordingName}${classId}${n}`,
      recording: recordingName,
    }));
  it('of the only recording of a class go by blocks of its time: neighbours stay together', () => {
    const items = [...of('day', 20, 'a'), ...of('day', 20, 'b')];
    expect([...classesOfOneRecording(items)]).toEqual([['day', ['a', 'b']]]);
    const folds = splitByGroup(dividedOf(items), [0.8, 0.2], 1, grouping);
    expect(new Set(folds.values()).size).toBe(2);
    // Both classes of one moment, and the two next to each other in a block of ten seconds.
    for (const item of items) {
      const n = Number(/\d+$/.exec(item.id)![0]);
      expect(folds.get(item.id)).toBe(folds.get(`daya${n}`));
      if (n % 2) expect(folds.get(item.id)).toBe(folds.get(`daya${n - 1}`));
    }
  });
  it('go by recording where a class has several', () => {
    const items = [...of('monday', 20, 'a'), ...of('tuesday', 10, 'a')];
    expect(classesOfOneRecording(items).size).toBe(0);
    const folds = splitByGroup(dividedOf(items), [0.6, 0.4], 1, grouping);
    expect(new Set([...folds].map(([id, fold]) => `${id.replace(/\d+$/, '')} ${fold}`)).size).toBe(2);
  });
  it('stay together where an example is all of the recording', () => {
    const whole = makeItem({ id: 'w', classId: 'b', recording: 'day', sound: { durationSec: 100 } });
    const items = [...of('day', 20, 'a'), whole, ...of('night', 4, 'b')];
    expect(classesOfOneRecording(items).size).toBe(0);
    const folds = splitByGroup(dividedOf(items), [0.8, 0.2], 1, grouping);
    expect(new Set(items.filter(({ recording: r }) => r === 'day').map(({ id }) => folds.get(id))).size).toBe(1);
  });
  it('are said to stand on both sides', () => {
    const classes = ['a', 'b'].map((id, i) => ({ id, name: id.toUpperCase(), color: i + 1 }));
    const plan = (items: MediaItem[]) => SOUND.plan(items, classes, SOUND.defaults(items));
    const { data, advice } = plan([...of('day', 12, 'a'), ...of('day', 12, 'b')]);
    expect(data.folds ?? data.validation).not.toEqual([]);
    expect(advice.find(({ kind: what }) => what === 'one-recording')?.text).toMatch(
      /^A, B come from one recording each\./,
    );
    const whole = [...Array(8).keys()].map((n) => makeItem({ id: `w${n}`, classId: n % 2 ? 'a' : 'b' }));
    expect(plan(whole).advice.map(({ kind: what }) => what)).not.toContain('one-recording');
  });
});

describe('the timeline', () => {
  it('zooms around a moment, and not out of the file', () => {
    expect(zoomed({ fromSec: 0, toSec: 100 }, 0.5, 20, 100)).toEqual({ fromSec: 10, toSec: 60 });
    expect(zoomed({ fromSec: 10, toSec: 60 }, 4, 20, 100)).toEqual({ fromSec: 0, toSec: 100 });
    const close = zoomed({ fromSec: 50, toSec: 50.2 }, 0.001, 50.1, 100);
    expect(close.toSec - close.fromSec).toBeCloseTo(0.1);
  });
  it('scrolls inside the file, and follows the play head by pages', () => {
    expect(moved({ fromSec: 0, toSec: 10 }, 95, 100)).toEqual({ fromSec: 90, toSec: 100 });
    const view = { fromSec: 0, toSec: 10 };
    expect(showing(view, 5, 100)).toBe(view);
    expect(showing(view, 11, 100)).toEqual({ fromSec: 10, toSec: 20 });
    expect(around(10, 12, 100)).toEqual({ fromSec: 8, toSec: 14 });
  });
  it('has marks that people read: never more than there is room for', () => {
    expect(marksOf({ fromSec: 0, toSec: 10_800 }, 10).map(({ text }) => text)).toEqual([
      '0:00',
      '30:00',
      '1:00:00',
      '1:30:00',
      '2:00:00',
      '2:30:00',
      '3:00:00',
    ]);
    expect(marksOf({ fromSec: 1.02, toSec: 1.25 }, 6).map(({ text }) => text)).toEqual([
      '0:01.05',
      '0:01.10',
      '0:01.15',
      '0:01.20',
      '0:01.25',
    ]);
  });
  it('is drawn from tiles that have a column for each pixel and cover it', () => {
    for (const [fromSec, toSec] of [
      [0, 10_800],
      [5000, 5010],
      [7, 7.3],
    ] as const) {
      const tiles = tilesOf({ fromSec, toSec }, 1000, TILE_COLUMNS);
      const { columnSec } = tiles[0]!;
      expect(columnSec).toBeLessThanOrEqual(Math.max(0.005, (toSec - fromSec) / 1000));
      expect(tiles[0]!.startSec).toBeLessThanOrEqual(fromSec);
      expect(tiles.at(-1)!.startSec + columnSec * TILE_COLUMNS).toBeGreaterThanOrEqual(toSec);
      expect(tiles.length).toBeLessThanOrEqual(10);
    }
  });
  it('knows where a sound begins and ends', () => {
    const peaks = [2, 2, 2, 200, 190, 180, 5, 2];
    expect(steepest(peaks, 0.1, 10, 10.25, 0.2, 'rise')).toBeCloseTo(10.3);
    expect(steepest(peaks, 0.1, 10, 10.5, 0.2, 'fall')).toBeCloseTo(10.6);
    expect(steepest([5, 5, 5, 5], 0.1, 0, 0.2, 0.2, 'rise')).toBe(0.2);
  });
});

describe('tiles of a recording', () => {
  const tile = (value: number): SoundTile => ({
    peaks: new Uint8Array(TILE_COLUMNS).fill(value),
    spectrogram: new Uint8Array(TILE_COLUMNS * 64).fill(value),
  });
  it('are read for what is looked at now, each once, and drawn', async () => {
    const asked: number[] = [];
    let answer = () => {};
    const tiles = new SoundTiles(
      (_hash, startSec) => {
        asked.push(startSec);
        return new Promise((resolve) => (answer = () => resolve(tile(asked.length))));
      },
      (error) => expect.unreachable(String(error)),
    );
    const near = { fromSec: 0, toSec: 2 };
    const far = { fromSec: 1000, toSec: 1002 };
    tiles.want('h', near, 400);
    expect(tiles.isWaiting).toBe(true);
    // Looked away while the first is read: of the rest of it nothing is read.
    tiles.want('h', far, 400);
    const settle = async () => {
      answer();
      await new Promise((resolve) => setTimeout(resolve));
    };
    for (let i = 0; i < 4; i++) await settle();
    expect([asked[0], asked.slice(1).every((sec) => sec > 900)]).toEqual([0, true]);
    expect(tiles.isWaiting).toBe(false);
    const count = asked.length;
    tiles.want('h', far, 400);
    expect(asked.length).toBe(count);
    const columns = tiles.columnsOf(far, 400);
    expect(columns.every((column) => column !== null)).toBe(true);
    const pixels = drawColumns(
      columns,
      10,
      new Uint32Array(256).map((_, i) => i),
      7777,
      8888,
    );
    expect(pixels.length).toBe(400 * 74);
    expect([pixels[0]! > 0, pixels.includes(7777), pixels.includes(8888)]).toEqual([true, true, true]);
    // Another recording: nothing of the first is shown.
    tiles.want('other', near, 400);
    expect(tiles.columnsOf(far, 400).every((column) => column === null)).toBe(true);
  });
});

describe('a film', () => {
  const frame = (atSec: number) => ({ atSec, width: 16, height: 12, pixels: new Uint8ClampedArray(768), change: 0 });
  it('shows in each slot the frame nearest to its middle, as wide as frames are', () => {
    const frames = [5, 15, 25, 35].map(frame);
    const slots = slotsOf(frames, { fromSec: 0, toSec: 40 }, 160, 30);
    expect(slots.map(({ x, width, frame: { atSec } }) => [x, width, atSec])).toEqual([
      [0, 40, 5],
      [40, 40, 15],
      [80, 40, 25],
      [120, 40, 35],
    ]);
    expect(slotsOf(frames, { fromSec: 10, toSec: 20 }, 160, 30).map((slot) => slot.frame.atSec)).toEqual([
      15, 15, 15, 15,
    ]);
    expect(slotsOf([], { fromSec: 0, toSec: 40 }, 160, 30)).toEqual([]);
  });
  it('says how much changes: nothing, or all of it', () => {
    const [black, white] = [new Uint8ClampedArray(64), new Uint8ClampedArray(64).fill(255)];
    expect([changeOf(black, black), changeOf(black, white)]).toEqual([0, expect.closeTo(1, 6)]);
  });
});

describe('sounds in a recording', () => {
  const rate = 1000;
  const meter = (parts: [sec: number, level: number][]) => {
    const levels = new LevelMeter(rate);
    for (const [sec, level] of parts)
      levels.push(Float32Array.from({ length: sec * rate }, (_, i) => level * Math.sin(i * 1.7)));
    return levels.levels;
  };
  it('are what is louder than its quiet; a short pause belongs to them, a click is none', () => {
    const levels = meter([
      [2, 0.001],
      [1, 0.3],
      [0.2, 0.001],
      [0.5, 0.3],
      [2, 0.001],
      [0.02, 0.3],
      [2, 0.001],
      [1, 0.2],
      [1, 0.001],
    ]);
    expect(levels.length).toBe(Math.floor(9.72 / LEVEL_SEC + 1e-6));
    const found = findSounds(levels, 12);
    expect(found.length).toBe(2);
    expect(found[0]!.startSec).toBeCloseTo(1.95, 1);
    expect(found[0]!.endSec).toBeCloseTo(3.75, 1);
    expect(found[1]!.startSec).toBeCloseTo(7.67, 1);
  });
  it('are none in silence, in even noise, and in nothing', () => {
    expect(findSounds([], 12)).toEqual([]);
    expect(findSounds(meter([[5, 0]]), 12)).toEqual([]);
    expect(findSounds(meter([[5, 0.1]]), 12)).toEqual([]);
  });
  it('are found between digital silence too', () => {
    expect(
      findSounds(
        meter([
          [2, 0],
          [1, 0.1],
          [2, 0],
        ]),
        12,
      ).length,
    ).toBe(1);
  });
});

describe('the store', () => {
  const project = SOUND_PROJECT;
  const picture = { peaks: new Uint8Array(2), spectrogram: new Uint8Array(64) };
  const tools = {
    cut: async (file: Blob, { startSec, endSec }: { startSec: number; endSec: number }) =>
      file.slice(startSec, endSec, 'audio/wav'),
    draw: async () => picture,
  };
  async function withSegments(name: string) {
    const store = await Store.open(name, undefined, tools);
    await store.putQuietly({ project });
    const file = new Blob(['0123456789'.repeat(10)], { type: 'audio/mpeg' });
    const hash = await hashBlob(file);
    const whole = { ...recording, hash };
    await store.commit('p', 'Import', 'i', [{ store: 'items', before: null, after: whole }], {
      blobs: [{ hash, blob: file }],
      pictures: [{ hash, ...picture }],
    });
    const made = addSegments(
      kind,
      whole,
      whole,
      [
        { startSec: 2, endSec: 5 },
        { startSec: 10, endSec: 14 },
      ],
      'a',
    )!;
    await store.commit('p', 'Cut', 'c', made.changes);
    return { store, hash, items: (await store.loadProject('p')).items };
  }
  it('cuts a stretch out of its file when it is asked for, and draws it once', async () => {
    const { store, items } = await withSegments('stretches-1');
    expect(await Promise.all(items.map(async ({ hash }) => (await store.loadBlob(hash))!.text()))).toEqual([
      '234',
      '0123',
    ]);
    expect(await Promise.all(items.map(({ hash }) => store.loadType(hash)))).toEqual(['audio/wav', 'audio/wav']);
    expect((await store.loadPictures(items.map(({ hash }) => hash))).size).toBe(2);
    const other = await Store.open('stretches-1');
    expect((await other.loadPictures(items.map(({ hash }) => hash))).size).toBe(2);
  });
  it('shows what can be drawn beside a stretch that cannot, and draws each once', async () => {
    const { items } = await withSegments('stretches-6');
    let asked = 0;
    const draw = async (_file: Blob, { startSec }: { startSec: number }) => {
      asked++;
      if (startSec === 2) throw new StudioError('media/damaged');
      return picture;
    };
    const store = await Store.open('stretches-6', undefined, { cut: tools.cut, draw });
    const hashes = items.map((item) => item.hash);
    const [once, twice] = await Promise.all([store.loadPictures(hashes), store.loadPictures(hashes)]);
    expect([[...once.keys()], [...twice.keys()], asked]).toEqual([[hashes[1]], [hashes[1]], 2]);
  });
  it('lets go of features of a stretch that nobody has looked at', async () => {
    const { store, items } = await withSegments('stretches-7');
    const [first] = items as [MediaItem];
    const feature = (item: MediaItem) => ({ hash: item.hash, extractor: 'e', shape: [1], values: new Float32Array(1) });
    for (const item of items) await store.saveFeatures(feature(item));
    await store.commit('p', 'Moved', 'm', moveSegment(kind, first, 3, 6));
    await store.collectGarbage();
    expect(await store.missingFeatures([first.hash], 'e')).toEqual([]);
    await store.deleteProject('p');
    expect(
      (
        await store.missingFeatures(
          items.map(({ hash }) => hash),
          'e',
        )
      ).length,
    ).toBe(2);
  });
  it('keeps the file while a segment or an undo step has it, and lets go of what belongs to a stretch', async () => {
    const { store, hash, items } = await withSegments('stretches-2');
    await store.loadPictures(items.map((item) => item.hash));
    expect(await store.collectGarbage()).toBe(0);
    const [first, second] = items as [MediaItem, MediaItem];
    await store.commit('p', 'Moved', 'm', moveSegment(kind, first, 3, 6));
    await store.sealDeletions('p');
    expect(await store.collectGarbage()).toBe(0);
    expect(await store.loadBlob(hash)).not.toBeNull();
    await store.deleteProject('p');
    expect([await store.loadBlob(hash), await store.loadBlob(second.hash)]).toEqual([null, null]);
    expect((await store.loadPictures([second.hash])).size).toBe(0);
  });
  it('writes segments as WAV files of their class, and keeps the recording once in an archive', async () => {
    const { store, hash, items } = await withSegments('stretches-3');
    const saved = await dataSetFiles(store, 'p', {
      format: 'folders',
      parts: 'folders',
      itemIds: null,
    });
    const sounds = saved.filter(({ path }) => path.endsWith('.wav'));
    expect(
      await Promise.all(sounds.map(async ({ path, read }) => [path.split('/').at(-1), await (await read()).text()])),
    ).toEqual([
      ['long at 2.0 s.wav', '234'],
      ['long at 10.0 s.wav', '0123'],
    ]);
    const tracked = await dataSetFiles(store, 'p', { format: 'audacity', parts: 'folders', itemIds: null });
    expect(
      await Promise.all(tracked.map(async ({ path, read }) => [path.split('/').at(-1), (await read()).size])),
    ).toEqual([
      ['long.mp3', 100],
      ['long.txt', expect.any(Number)],
    ]);
    expect(await (await tracked[1]!.read()).text()).toMatch(/^2\.0+\t5\.0+\tA\n10\.0+\t14\.0+\tA\n$/);
    await store.loadPictures(items.map((item) => item.hash));
    const files = new Map((await archiveFiles(store, 'p', 'test', 1)).map((file) => [file.path, file]));
    expect([...files.keys()].filter((path) => path.startsWith('media/'))).toEqual(['media/A/long.mp3']);
    const back = await readArchive(async (path) => (await files.get(path)?.read()) ?? null);
    expect(back.items).toEqual(items);
    expect(back.blobs.map((one) => one.hash)).toEqual([hash]);
    const elsewhere = await Store.open('stretches-4', undefined, { cut: tools.cut });
    await elsewhere.addProject(back);
    expect((await elsewhere.loadPictures(items.map((item) => item.hash))).size).toBe(2);
    expect(await (await elsewhere.loadBlob(items[1]!.hash))!.text()).toBe('0123');
  });
  it('refuses an archive with a stretch of nothing', async () => {
    const { store } = await withSegments('stretches-5');
    const files = new Map((await archiveFiles(store, 'p', 'test', 1)).map((file) => [file.path, file]));
    const spoilt = (await (await files.get('project.json')!.read()).text()).replace('@2.000-5.000', '@5.000-2.000');
    const read = readArchive(async (path) =>
      path === 'project.json' ? new Blob([spoilt]) : ((await files.get(path)?.read()) ?? null),
    );
    await expect(read).rejects.toMatchObject({ code: 'dataset/archive-damaged' });
  });
});
