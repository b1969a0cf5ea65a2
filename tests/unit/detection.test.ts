/** Object detection: annotation files, boxes through views, average precision as COCO defines it, what becomes of detections. */
import { nameOnce } from '../../src/domain/boxes.ts';
import { readClassLists } from '../helpers/annotations.ts';
import { describe, expect, it } from 'vitest';
import {
  clipRect,
  intersectionOverUnion,
  suppressOverlaps,
  voteBoxes,
  type Detection,
} from '../../src/domain/boxes.ts';
import { collectPictureAnnotations } from '../../src/dataset/annotations/collect.ts';
import { placeBoxes } from '../../src/dataset/annotations/place.ts';
import { readYoloSet } from '../../src/dataset/annotations/yolo.ts';
import {
  averagePrecision,
  bootstrapInterval,
  bestThreshold,
  buildDetectionReport,
  findErrors,
  meanAveragePrecision,
  scoresAt,
  type ScoredPicture,
} from '../../src/evaluation/index.ts';
import { formatReport } from '../../src/evaluation/index.ts';
import { boxesInView, decodeView, mergeViews, tileRegions, viewOf } from '../../src/features/index.ts';
import { smallerSize } from '../../src/features/picture/stream-views.ts';
import { readPictureHeader } from '../../src/features/picture/decode-picture.ts';
import { Tracker } from '../../src/preview/index.ts';
import { planBoxes, recommendInput, resolveCopies, writeConfig } from '../../src/training/index.ts';
import { writeTargets } from '../../src/training/detection/detector-examples.ts';
import { findBoxFindings } from '../../src/dataset/index.ts';
import { readSettings } from '../helpers/records.ts';
import type { MediaItem } from '../../src/domain/project.ts';

const collect = (files: Record<string, string>, pictures: string[]) =>
  collectPictureAnnotations(
    Object.entries(files).map(([path, text]) => ({ path, text })),
    pictures,
  );

describe('one object', () => {
  const box = (classIndex: number, score: number, x = 0.2) => ({
    x,
    y: 0.2,
    width: 0.2,
    height: 0.2,
    classIndex,
    score,
  });
  it('has one name, the surest; what stands beside or inside it keeps its own', () => {
    expect(nameOnce([box(1, 0.6), box(0, 0.9), box(1, 0.5, 0.45)]).map(({ score }) => score)).toEqual([0.9, 0.5]);
    const inside = { ...box(1, 0.6), x: 0.25, y: 0.25, width: 0.1, height: 0.1 };
    expect(nameOnce([box(0, 0.9), inside])).toHaveLength(2);
  });
  it('is counted once in what a report shows, while average precision knows every class', () => {
    const picture = {
      itemId: 'a',
      path: 'a',
      width: 100,
      height: 100,
      truth: [{ ...box(1, 1), classIndex: 1 }],
      found: [box(0, 0.9), box(1, 0.6)],
    };
    const report = buildDetectionReport([picture], ['four', 'five'], {
      sourceId: 's',
      part: 'testing',
      createdAtMs: 0,
    });
    expect(report.pictures[0]!.found.map(({ classIndex }) => classIndex)).toEqual([0]);
    expect(report.classes[1]!.ap50).toBe(1);
  });
});

describe('annotation files of pictures', () => {
  it('Create ML: both dialects, the centre of the box, unknown keys ignored', () => {
    const box = { x: 50, y: 40, width: 20, height: 10 };
    for (const [nameKey, listKey] of [
      ['image', 'annotations'],
      ['imagefilename', 'annotation'],
    ] as const) {
      const { notes, remarks } = collect(
        {
          'set/annotations.json': JSON.stringify([
            {
              [nameKey]: 'a.jpg',
              uniqueIdentifier: 7,
              [listKey]: [{ label: 'cat', coordinates: box, confidence: 1 }],
            },
            { [nameKey]: 'b.jpg', [listKey]: [] },
            { [nameKey]: 'gone.jpg', [listKey]: [] },
          ]),
        },
        ['set/a.jpg', 'set/b.jpg'],
      );
      expect(notes.get('set/a.jpg')!.boxes).toEqual([
        { label: 'cat', x: 40, y: 35, width: 20, height: 10, unit: 'pixels' },
      ]);
      // Named without boxes: looked at, and empty.
      expect(notes.get('set/b.jpg')!.boxes).toEqual([]);
      expect(remarks.map((remark) => remark.reason)).toEqual(['There is no picture gone.jpg among the files.']);
    }
  });

  it('COCO: ids, categories, sizes; crowds and lost images are listed', () => {
    const { notes, remarks } = collect(
      {
        'labels.json': JSON.stringify({
          images: [{ id: 1, file_name: 'images/a.jpg', width: 200, height: 100 }],
          categories: [{ id: 3, name: 'dog' }],
          annotations: [
            { id: 1, image_id: 1, category_id: 3, bbox: [10, 20, 30, 40] },
            { id: 2, image_id: 9, category_id: 3, bbox: [0, 0, 1, 1] },
            { id: 3, image_id: 1, category_id: 3, bbox: [0, 0, 9, 9], iscrowd: 1 },
          ],
        }),
      },
      ['images/a.jpg'],
    );
    expect(notes.get('images/a.jpg')).toEqual({
      picture: 'images/a.jpg',
      width: 200,
      height: 100,
      isPartial: true,
      boxes: [{ label: 'dog', x: 10, y: 20, width: 30, height: 40, unit: 'pixels' }],
    });
    expect(remarks).toHaveLength(2);
  });

  it('YOLO: names of data.yaml in three spellings, boxes and outlines, an empty file means no objects', () => {
    expect(readYoloSet({ path: 'data.yaml', text: "names: ['one', two]\nnc: 2\n" })!.names).toEqual(['one', 'two']);
    expect(readYoloSet({ path: 'data.yaml', text: 'nc: 2\nnames:\n  - one\n  - two\n' })!.names).toEqual([
      'one',
      'two',
    ]);
    expect(readYoloSet({ path: 'data.yaml', text: 'names:\n  0: one\n  2: three\n' })!.names).toEqual([
      'one',
      'class 1',
      'three',
    ]);
    const { notes } = collect(
      {
        'data.yaml': 'names: [one, two]\n',
        'labels/train/a.txt': '1 0.5 0.5 0.2 0.4\n0 0.1 0.1 0.3 0.1 0.3 0.2 0.1 0.2\n',
        'labels/train/b.txt': '',
        'README.txt': 'Boxes of dice.\n',
      },
      ['images/train/a.jpg', 'images/train/b.jpg', 'images/val/a.jpg'],
    );
    const [first, second] = notes.get('images/train/a.jpg')!.boxes;
    expect(first).toMatchObject({ label: 'two', unit: 'ratio', width: 0.2, height: 0.4 });
    expect(first!.x).toBeCloseTo(0.4);
    expect(second).toMatchObject({ label: 'one', x: 0.1, y: 0.1 });
    expect(second!.width).toBeCloseTo(0.2);
    expect(notes.get('images/train/b.jpg')!.boxes).toEqual([]);
    expect(notes.has('images/val/a.jpg')).toBe(false);
  });

  it('Pascal VOC: one object or many, the picture beside the file, lists of ImageSets give the parts', () => {
    const voc = (objects: string) =>
      `<annotation><filename>other.jpg</filename><size><width>100</width><height>50</height></size>${objects}</annotation>`;
    const object = (name: string) =>
      `<object><name>${name}</name><bndbox><xmin>10</xmin><ymin>5</ymin><xmax>30</xmax><ymax>25</ymax></bndbox></object>`;
    const { notes, parts } = collect(
      {
        'set/Annotations/a.xml': voc(object('RBC')),
        'set/Annotations/b.xml': voc(object('RBC') + object('1')),
        'set/Annotations/c.xml': voc(''),
        'set/ImageSets/Main/train.txt': 'a\nb\n',
        'set/ImageSets/Main/test.txt': 'c\n',
        'set/ImageSets/Main/trainval.txt': 'a\nb\n',
      },
      ['set/JPEGImages/a.jpg', 'set/JPEGImages/b.jpg', 'set/JPEGImages/c.jpg'],
    );
    expect(notes.get('set/JPEGImages/a.jpg')!.boxes).toEqual([
      { label: 'RBC', x: 10, y: 5, width: 20, height: 20, unit: 'pixels' },
    ]);
    expect(notes.get('set/JPEGImages/b.jpg')!.boxes.map((box) => box.label)).toEqual(['RBC', '1']);
    expect(notes.get('set/JPEGImages/c.jpg')!.boxes).toEqual([]);
    expect(Object.fromEntries(parts)).toEqual({
      'set/JPEGImages/a.jpg': 'training',
      'set/JPEGImages/b.jpg': 'training',
      'set/JPEGImages/c.jpg': 'testing',
    });
  });

  it('CSV: corners, sizes, no header, rows without box', () => {
    const corners = collect(
      { 'a.csv': 'filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,100,50,cat,10,5,30,25\nb.jpg,100,50,,,,,\n' },
      ['a.jpg', 'b.jpg'],
    ).notes;
    expect(corners.get('a.jpg')).toMatchObject({ width: 100, height: 50 });
    expect(corners.get('a.jpg')!.boxes[0]).toMatchObject({ x: 10, y: 5, width: 20, height: 20, unit: 'pixels' });
    expect(corners.get('b.jpg')!.boxes).toEqual([]);
    const sizes = collect({ 'a.csv': 'image,label,x,y,width,height\na.jpg,cat,10,5,30,25\n' }, ['a.jpg']).notes;
    expect(sizes.get('a.jpg')!.boxes[0]).toMatchObject({ x: 10, y: 5, width: 30, height: 25 });
    const plain = collect({ 'a.csv': 'img/a.jpg,10,5,30,25,cat\n' }, ['img/a.jpg']).notes;
    expect(plain.get('img/a.jpg')!.boxes[0]).toMatchObject({ label: 'cat', width: 20, height: 20 });
  });

  it('the same name in two folders: the picture beside the file is meant, and a tie is said', () => {
    const file = JSON.stringify([{ image: 'a.jpg', annotations: [] }]);
    const near = collect({ 'one/annotations.json': file }, ['one/a.jpg', 'two/a.jpg']);
    expect([...near.notes.keys()]).toEqual(['one/a.jpg']);
    expect(near.remarks).toEqual([]);
    const tie = collect({ 'annotations.json': file }, ['one/a.jpg', 'two/a.jpg']);
    expect(tie.remarks[0]!.reason).toContain('2 pictures are called a.jpg');
  });

  it('broken JSON is said and nothing else is lost', () => {
    const { remarks, used } = collect({ 'annotations.json': '[{' }, ['a.jpg']);
    expect(remarks[0]!.reason).toContain('not valid JSON');
    expect(used.has('annotations.json')).toBe(true);
  });
});

describe('boxes of a note', () => {
  const place = (box: object, size = {}) =>
    placeBoxes(
      {
        picture: 'a',
        width: null,
        height: null,
        boxes: [{ label: 'cat', unit: 'pixels' as const, x: 10, y: 10, width: 20, height: 20, ...box }],
        ...size,
      },
      100,
      50,
    );
  const sides = ({ boxes: [box] }: ReturnType<typeof placeBoxes>) =>
    [box!.x, box!.y, box!.width, box!.height].map((value) => Number(value.toFixed(6)));
  it('are ratios, clipped at the edge, and what cannot be one is left out with its reason', () => {
    expect(sides(place({}))).toEqual([0.1, 0.2, 0.2, 0.4]);
    const cut = place({ x: 90, width: 30 });
    expect(cut.boxes[0]!.x + cut.boxes[0]!.width).toBeCloseTo(1);
    expect(cut.remarks[0]).toMatchObject({ isKept: true });
    for (const bad of [{ width: 0 }, { height: -4 }, { x: NaN }, { x: 200 }, { width: 0.2 }])
      expect(place(bad)).toMatchObject({ boxes: [], remarks: [{ isKept: false }] });
  });
  it('are scaled when the picture was resized, and taken as they are when the size makes no sense', () => {
    expect(sides(place({}, { width: 200, height: 100 }))).toEqual([0.05, 0.1, 0.1, 0.2]);
    expect(sides(place({}, { width: 70, height: 100 }))).toEqual([0.1, 0.2, 0.2, 0.4]);
    expect(sides(place({ x: 70 }, { width: 20, height: 10 }))[0]).toBe(0.7);
  });
});

describe('geometry', () => {
  it('overlap, clipping, suppression', () => {
    expect(intersectionOverUnion({ x: 0, y: 0, width: 2, height: 1 }, { x: 1, y: 0, width: 2, height: 1 })).toBeCloseTo(
      1 / 3,
    );
    expect(clipRect({ x: -1, y: 0.5, width: 0.5, height: 1 })).toBeNull();
    const at = (x: number, score: number, classIndex = 0): Detection => ({
      x,
      y: 0,
      width: 0.2,
      height: 0.2,
      score,
      classIndex,
    });
    const voted = voteBoxes([at(0.02, 0.9)], [at(0.02, 0.9), at(0, 0.9), at(0.5, 0.9)]);
    expect(voted[0]!.x).toBeCloseTo(0.01);
    expect(voted[0]).toMatchObject({ score: 0.9 });
    const kept = suppressOverlaps([at(0, 0.5), at(0.01, 0.9), at(0.01, 0.7, 1), at(0.5, 0.3)], 0.5);
    expect(kept.map(({ score }) => score)).toEqual([0.9, 0.7, 0.3]);
  });

  it('mirroring a view mirrors its boxes; a part shows them larger; parts cover the picture', () => {
    const box = { x: 0.1, y: 0.2, width: 0.2, height: 0.1 };
    const whole = { x: 0, y: 0, width: 1, height: 1 };
    const view = { region: whole, mirror: true, angle: 0, colour: null };
    const [mirrored] = boxesInView([box], view, 1.5);
    expect(mirrored!.x).toBeCloseTo(0.7);
    expect(mirrored!.width).toBeCloseTo(0.2);
    const [larger] = boxesInView([box], { ...view, mirror: false, region: { ...whole, width: 0.5, height: 0.5 } }, 1.5);
    expect(larger!.width).toBeCloseTo(0.4);
    // Turned by a quarter a box of a square picture changes its sides.
    const [turned] = boxesInView([box], { ...view, mirror: false, angle: Math.PI / 2 }, 1);
    expect(turned!.width).toBeCloseTo(0.1);
    expect(turned!.height).toBeCloseTo(0.2);
    const tiles = tileRegions(3);
    expect(tiles).toHaveLength(9);
    expect(Math.max(...tiles.map((tile) => tile.x + tile.width))).toBeCloseTo(1);
    const variation = { mirror: true, crop: true, colour: true, rotate: true, seed: 3 };
    const input = { kind: 'ssd-mobilenet' as const, pixels: 320, tiles: 1 };
    expect(viewOf('h', input, 0, 2, variation)).toEqual(viewOf('h', input, 0, 2, variation));
    expect(viewOf('h', input, 0, 1, variation)).not.toEqual(viewOf('h', input, 0, 2, variation));
  });

  it('what is written as target is read back as the same box', () => {
    const side = 40;
    const classCount = 2;
    const box = { x: 0.3, y: 0.4, width: 0.2, height: 0.1, classIndex: 1 };
    const cells = side * side;
    const batch = {
      classes: new Float32Array(cells * classCount),
      distances: new Float32Array(cells * 4),
      positive: new Float32Array(cells),
      counted: new Float32Array(cells),
    };
    writeTargets(batch, 0, [box], side, [1, 1], 0, 0, side);
    const scale = 2;
    const values = new Float32Array(cells * (classCount + 4)).fill(-9);
    for (let cell = 0; cell < cells; cell++) {
      if (batch.positive[cell]! === 0) continue;
      values[cell * 6 + 1] = 3;
      for (let i = 0; i < 4; i++) values[cell * 6 + 2 + i] = Math.log(batch.distances[cell * 4 + i]! / scale);
    }
    const found = decodeView({ values, side, classCount, scale }, 0.5);
    expect(found.length).toBeGreaterThanOrEqual(2);
    const [merged, ...rest] = mergeViews([{ candidates: found, region: tileRegions(1)[0]! }], 0.5);
    expect(rest).toEqual([]);
    expect(merged!.classIndex).toBe(1);
    expect(intersectionOverUnion(merged!, box)).toBeGreaterThan(0.999);
  });

  it('a slow device looks at smaller pictures, but never much smaller than those of training', () => {
    expect([smallerSize(640, 640), smallerSize(480, 640), smallerSize(480, 480), smallerSize(320, 320)]).toEqual([
      480,
      null,
      null,
      null,
    ]);
  });

  it('an object cut by a tile is one object', () => {
    const [left, right] = tileRegions(2);
    const object = { x: 0.45, y: 0.1, width: 0.1, height: 0.1 };
    const inTile = (region: typeof left & object): Detection => {
      const x = Math.max(0, (object.x - region.x) / region.width);
      const end = Math.min(1, (object.x + object.width - region.x) / region.width);
      return { x, y: 0.1, width: end - x, height: 0.16, classIndex: 0, score: 0.8 };
    };
    const views = [left!, right!].map((region) => ({ candidates: [inTile(region as never)], region }));
    expect(mergeViews(views, 0.55)).toHaveLength(1);
  });

  it('a tracked object keeps its number, and vanishes a moment after it is gone', () => {
    const tracker = new Tracker();
    const at = (x: number): Detection => ({ x, y: 0.1, width: 0.2, height: 0.2, classIndex: 0, score: 0.6 });
    expect(tracker.push([at(0.1)], 0)).toEqual([]);
    const [first] = tracker.push([at(0.12)], 0.1);
    const [second] = tracker.push([at(0.14)], 0.2);
    expect(second!.id).toBe(first!.id);
    expect(tracker.push([], 0.3)).toHaveLength(1);
    expect(tracker.push([], 0.9)).toEqual([]);
  });
});

/**
 * The example pycocotools documents its matching with, computed by hand: two pictures, one class, three objects. Found by falling score: right, wrong, right.
 * Precision at the found ones 1, 1/2, 2/3 and made non-increasing 1, 2/3, 2/3; recall 1/3, 1/3, 2/3. Of the 101 recall points 34 (0 to 0.33) read 1,
 * 33 (0.34 to 0.66) read 2/3 and 34 read 0: (34 + 33 · 2/3) / 101 = 56/101.
 */
const picture = (
  truth: [number, number, number?][],
  found: [number, number, number, number?][],
  itemId = 'p',
): ScoredPicture => ({
  itemId,
  path: `${itemId}.jpg`,
  width: 100,
  height: 100,
  truth: truth.map(([x, y, classIndex = 0]) => ({ x, y, width: 0.2, height: 0.2, classIndex })),
  found: found.map(([x, y, score, classIndex = 0]) => ({ x, y, width: 0.2, height: 0.2, score, classIndex })),
});

describe('average precision', () => {
  const pictures = [
    picture(
      [
        [0.1, 0.1],
        [0.5, 0.5],
      ],
      [
        [0.1, 0.1, 0.9],
        [0.8, 0.8, 0.8],
      ],
      'a',
    ),
    picture([[0.3, 0.3]], [[0.3, 0.3, 0.7]], 'b'),
  ];
  it('is that of the COCO evaluation, worked out by hand', () => {
    expect(averagePrecision(pictures, 0, 0.5)).toBeCloseTo(56 / 101, 10);
  });
  it('is 1 for perfect boxes, 0 for none, null without objects', () => {
    const perfect = [picture([[0.1, 0.1]], [[0.1, 0.1, 0.3]])];
    expect(averagePrecision(perfect, 0, 0.95)).toBe(1);
    expect(averagePrecision([picture([[0.1, 0.1]], [])], 0, 0.5)).toBe(0);
    expect(averagePrecision(perfect, 1, 0.5)).toBeNull();
    expect(meanAveragePrecision(perfect, 2, 0.5)).toBe(1);
  });
  it('a second box on one object is wrong, and a box shifted by a third counts at 0.5 only', () => {
    const twice = [
      picture(
        [[0.1, 0.1]],
        [
          [0.1, 0.1, 0.9],
          [0.11, 0.1, 0.95],
        ],
      ),
    ];
    // The surer of the two takes the object; the other comes after full recall and costs nothing.
    expect(averagePrecision(twice, 0, 0.5)).toBe(1);
    const shifted = [picture([[0.1, 0.1]], [[0.15, 0.1, 0.9]])];
    expect(averagePrecision(shifted, 0, 0.55)).toBe(1);
    expect(averagePrecision(shifted, 0, 0.65)).toBe(0);
    const report = buildDetectionReport(shifted, ['x'], { sourceId: 's', part: 'testing', createdAtMs: 0 });
    // IoU 0.6: right at 0.50, 0.55 and 0.60 of the ten overlaps.
    expect(report.map50).toBe(1);
    expect(report.map).toBeCloseTo(0.3, 10);
    expect(report.bySize).toEqual({ small: expect.closeTo(0.3, 10) as number, medium: null, large: null });
    const about = { project: '<P>', model: 'm', facts: [] };
    expect(formatReport(report, 'csv', about).split('\n')[2]).toMatch(/^p\.jpg,found,x,0\.9000/);
    expect(formatReport(report, 'html', about)).toContain('&lt;P&gt;');
  });
  it('has an interval over whole pictures: narrower with more of them, and the same for the same', () => {
    const found = picture([[0.1, 0.1]], [[0.1, 0.1, 0.9]]);
    const missed = picture([[0.1, 0.1]], [[0.6, 0.6, 0.8]]);
    const half = (count: number) => Array.from({ length: count }, (_, i) => (i % 2 ? found : missed));
    expect(bootstrapInterval([found, found], 1, 0.5)).toEqual([1, 1]);
    expect(bootstrapInterval([], 1, 0.5)).toEqual([0, 1]);
    const [few, many] = [bootstrapInterval(half(10), 1, 0.5), bootstrapInterval(half(200), 1, 0.5)];
    for (const [low, high] of [few, many]) {
      const ap = averagePrecision(half(10), 0, 0.5)!;
      expect([low < ap, high > ap]).toEqual([true, true]);
    }
    expect(many[1] - many[0]).toBeLessThan(0.5 * (few[1] - few[0]));
    expect(bootstrapInterval(half(10), 1, 0.5)).toEqual(few);
    const report = buildDetectionReport(half(10), ['x'], { sourceId: 's', part: 'testing', createdAtMs: 0 });
    expect(report.map50Interval).toEqual(few);
    expect(formatReport(report, 'html', { project: 'P', model: 'm', facts: [] })).toContain('95 % interval');
  });
  it('does not change when classes change places', () => {
    const swap = (c: number) => 1 - c;
    const two = [
      picture(
        [
          [0.1, 0.1, 0],
          [0.5, 0.5, 1],
        ],
        [
          [0.1, 0.1, 0.9, 0],
          [0.1, 0.1, 0.95, 1],
          [0.52, 0.5, 0.5, 1],
        ],
      ),
    ];
    const swapped = two.map((one) => ({
      ...one,
      truth: one.truth.map((box) => ({ ...box, classIndex: swap(box.classIndex) })),
      found: one.found.map((box) => ({ ...box, classIndex: swap(box.classIndex) })),
    }));
    expect(averagePrecision(swapped, 1, 0.5)).toBe(averagePrecision(two, 0, 0.5));
    expect(averagePrecision(swapped, 0, 0.5)).toBe(averagePrecision(two, 1, 0.5));
  });
  it('counts at a threshold and names every error', () => {
    expect(scoresAt(pictures, 0.75)).toMatchObject({ right: 1, found: 2, truth: 3, precision: 0.5 });
    expect(bestThreshold(pictures)).toBeLessThanOrEqual(0.7);
    const mixed = picture(
      [
        [0.1, 0.1, 0],
        [0.5, 0.1, 0],
        [0.1, 0.6, 0],
        [0.6, 0.6, 0],
      ],
      [
        [0.1, 0.1, 0.9, 0],
        [0.1, 0.1, 0.8, 0],
        [0.5, 0.1, 0.8, 1],
        [0.2, 0.6, 0.8, 0],
        [0.3, 0.35, 0.8, 0],
      ],
    );
    expect(findErrors(mixed, () => 0.5).map(({ kind }) => kind)).toEqual([
      'duplicate',
      'wrong-class',
      'poor-box',
      'background',
      'missed',
    ]);
  });
});

const item = (n: number, boxes: [string, number][], isDone = true, part: MediaItem['part'] = 'training') =>
  ({
    id: `i${n}`,
    projectId: 'p',
    name: `${n}.jpg`,
    path: `${n}.jpg`,
    hash: `h${n}`,
    bytes: 1,
    part,
    recording: `file:${n}`,
    session: 's',
    addedAtMs: n,
    media: { kind: 'picture', width: 640, height: 480 },
    label: {
      kind: 'boxes',
      isDone,
      boxes: boxes.map(([classId, size], i) => ({
        id: `${n}-${i}`,
        classId,
        x: 0.1,
        y: 0.1,
        width: size,
        height: size,
      })),
    },
  }) satisfies MediaItem;
const classes = [
  { id: 'a', name: 'A', color: 1 },
  { id: 'b', name: 'B', color: 2 },
];

describe('settings of pictures', () => {
  it('take the sizes their problem takes, and come back as they went', () => {
    expect(() => readSettings({ vision: { pixels: 224 } }, 'detection')).toThrow('vision.pixels');
    expect(() => readSettings({ vision: { pixels: 640 } }, 'picture')).toThrow('vision.pixels');
    const settings = readSettings({ vision: { pixels: 64, mirror: false }, head: 'hidden' }, 'picture');
    expect(settings).toMatchObject({ modality: { pixels: 64, mirror: false }, problem: { head: 'hidden' } });
    expect(readSettings(writeConfig(settings), 'picture')).toEqual(settings);
    const boxes = readSettings({ vision: { pixels: 480, tiles: 2 } }, 'detection');
    expect(readSettings(writeConfig(boxes), 'detection')).toEqual(boxes);
  });
});

describe('a run of a detector', () => {
  const settings = readSettings({}, 'detection');
  it('takes annotated pictures, sets whole pictures aside, and says what is left out', () => {
    const items = [
      ...Array.from({ length: 20 }, (_, n) => item(n, n % 4 ? [['a', 0.2]] : [['b', 0.3]])),
      item(30, [], false),
      item(31, [], true, 'testing'),
    ];
    const { data, advice } = planBoxes(items, classes, settings);
    // All are learnt from: some of them after they have been judged.
    expect([data.training.length, data.validation.length]).toEqual([20, 0]);
    const held = data.folds!.filter((fold) => fold === 0).length;
    expect([held > 0, held < 8, data.folds!.length]).toEqual([true, true, 20]);
    // Whoever lets validation end a run, or has validation pictures, has these for nothing else.
    const patient = planBoxes(items, classes, { ...settings, patience: 5 }).data;
    expect([patient.folds, patient.training.length + patient.validation.length]).toEqual([undefined, 20]);
    expect(patient.validation.length).toBe(held);
    const own = planBoxes([...items, item(40, [['a', 0.2]], true, 'validation')], classes, settings).data;
    expect([own.folds, own.validation, own.training.length]).toEqual([undefined, ['i40'], 20]);
    expect(data.classNames).toEqual(['A', 'B']);
    expect(advice.map(({ kind }) => kind)).toContain('unlabelled');
    expect(() => planBoxes([item(1, [])], classes, settings)).toThrowError(/no boxes/);
    // Of one group nothing is set aside.
    const alone = planBoxes(
      Array.from({ length: 8 }, (_, n) => ({ ...item(n, [['a', 0.2]]), recording: 'film' })),
      classes,
      settings,
    ).data;
    expect([alone.training.length, alone.validation, alone.folds]).toEqual([8, [], undefined]);
    // One class is enough: the background is the other.
    expect(planBoxes([item(1, [['a', 0.2]])], classes, settings).data.training).toEqual(['i1']);
  });
  it('looks closer when boxes are small, and makes fewer copies of large sets', () => {
    const of = (size: number) => Array.from({ length: 8 }, (_, n) => item(n, [['a', size]]));
    expect(recommendInput(of(0.3))).toEqual({ kind: 'ssd-mobilenet', pixels: 320, tiles: 1 });
    expect(recommendInput(of(0.08))).toEqual({ kind: 'ssd-mobilenet', pixels: 480, tiles: 1 });
    expect(recommendInput(of(0.06)).pixels).toBe(640);
    const large = of(0.02).map((one) => ({ ...one, media: { kind: 'picture' as const, width: 4000, height: 3000 } }));
    expect(recommendInput(large).tiles).toBeGreaterThan(1);
    expect(resolveCopies(settings, { kind: 'ssd-mobilenet', pixels: 320, tiles: 1 }, 100).copies).toBe(5);
    expect(resolveCopies(settings, { kind: 'ssd-mobilenet', pixels: 640, tiles: 2 }, 1000).copies).toBe(1);
  });
  it('health names boxes drawn twice, tiny ones, and what is not done', () => {
    const twice = item(1, [
      ['a', 0.2],
      ['a', 0.2],
    ]);
    const findings = findBoxFindings([twice, item(2, [['a', 0.005]]), item(3, [], false)], classes).map(({ id }) => id);
    expect(findings).toEqual(expect.arrayContaining(['few-b', 'unlabelled', 'tiny', 'twice']));
  });
});

describe('picture files', () => {
  it('say their kind and size', () => {
    const png = new Uint8Array(24);
    png.set([0x89, 0x50, 0x4e, 0x47]);
    new DataView(png.buffer).setUint32(16, 20_000);
    new DataView(png.buffer).setUint32(20, 10);
    expect(readPictureHeader(png)).toEqual({ type: 'image/png', width: 20_000, height: 10 });
    const jpeg = new Uint8Array([
      0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc0, 0, 11, 8, 0, 50, 0, 100, 1, 1, 0x11, 0, 0, 0, 0,
    ]);
    expect(readPictureHeader(jpeg)).toEqual({ type: 'image/jpeg', width: 100, height: 50 });
    expect(readPictureHeader(new TextEncoder().encode('hello world, no picture'))).toBeNull();
  });
});

describe('lists of classes', () => {
  const files = (given: Record<string, string>) =>
    Object.entries(given).map(([path, text]) => ({ path, blob: new Blob([text]) }));
  const read = async (given: Record<string, string>) => {
    const remarks: string[] = [];
    const found = await readClassLists(files(given), [], ({ reason }) => void remarks.push(reason));
    return { ...found, remarks };
  };
  const classOf = ({ name }: Awaited<ReturnType<typeof read>>, path: string) =>
    name(path, [{ label: null } as never], 'folder', () => {})[0]!.className;

  it('name the class of a picture, and its part, over the folder it lies in', async () => {
    const found = await read({
      'set/images/a.jpg': '',
      'set/images/b.jpg': '',
      'set/labels.csv': '\uFEFFimage_path,label,split\nimages/a.jpg, Cat ,test\nb,Dog,\n',
    });
    expect([...found.used]).toEqual(['set/labels.csv']);
    expect([classOf(found, 'set/images/a.jpg'), classOf(found, 'set/images/b.jpg')]).toEqual(['Cat', 'Dog']);
    expect([found.partOf('set/images/a.jpg'), found.partOf('set/images/b.jpg')]).toEqual(['testing', null]);
    expect(classOf(found, 'set/images/c.jpg')).toBe('folder');
    expect(found.remarks).toEqual([]);
  });
  it('say what cannot be used: lost pictures, two classes, lines without any, other tables', async () => {
    const found = await read({
      'a.jpg': '',
      'l.csv': 'file,class\na.jpg,Cat\na.jpg,Dog\ngone.jpg,Cat\n,Cat\n',
      'boxes.csv': 'filename,class,xmin,ymin,xmax,ymax\na.jpg,Cat,1,2,3,4\n',
      'x.csv': '1,2\n3,4\n',
    });
    expect(classOf(found, 'a.jpg')).toBe('Cat');
    expect(found.remarks).toEqual([
      'Line 3 calls a.jpg Dog; it was Cat before, which was kept.',
      'Line 5 names no file.',
      'These are not among the files: gone.jpg.',
      'It has no column of files and column of classes with names this app knows.',
      'It has no column of files and column of classes with names this app knows.',
    ]);
  });
});
