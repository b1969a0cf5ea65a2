/** Data sets leave in the forms other tools read, and what is written is read back to the same examples. */
import { readBoxFiles, readClassLists, readMotionFiles } from '../helpers/annotations.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { partsOfFolders, readStructure } from '../../src/dataset/structure.ts';
import { DATA_FORMATS, formatOf } from '../../src/dataset/saving/formats.ts';
import { animateFigure } from '../../src/features/movement/figure.ts';
import { formatLandmarks, formatLandmarkTable, readLandmarks } from '../../src/features/movement/landmark-files.ts';
import { taskOf } from '../../src/tasks/index.ts';
import { dataSetOf, safeName, type SetFile } from '../../src/dataset/saving/set.ts';
import { FORMS } from '../../src/dataset/index.ts';
import type { ImportRemark, PartStyle, SaveKey } from '../../src/dataset/index.ts';
import { isLabelled } from '../../src/domain/label.ts';
import { PARTS, type ClassLabel, type InspectedMedia, type MediaItem, type Part } from '../../src/domain/project.ts';
import { TASK_KINDS, TASKS, type Media, type TaskKind } from '../../src/domain/task.ts';

const NASTY = [
  'dog',
  'Katze',
  '犬',
  'a/b',
  '=1+1',
  'it\'s "it"',
  'x,y;z',
  'train',
  'audio',
  'caf\u00e9 & <b>',
  ' spaced name',
  'CON',
  '-5',
  '1',
  'class 1',
  'a.b.c',
  '_x_',
  'dog ',
];
const READERS = { classification: readClassLists, detection: readBoxFiles } as const;

type Spec = {
  name: string;
  classAt: number;
  part: Part;
  boxes: { classAt: number; x: number; y: number; width: number; height: number }[];
  isDone: boolean;
  group: number;
  stretches: number;
};

const mediaOf = (task: TaskKind, { stretches }: Spec, at: number): Media => {
  if (TASKS[task].modality === 'picture') return { kind: 'picture', width: 640, height: 480 };
  if (TASKS[task].modality === 'sound')
    return {
      kind: 'sound',
      durationSec: 1.5,
      sampleRateHz: 16000,
      channelCount: 1,
      codec: 'pcm',
      peakDb: -3,
      rmsDb: -9,
      clippedRatio: 0,
    };
  const whole = stretches === 0;
  return {
    kind: 'movement',
    source: 'video',
    startSec: whole ? 0 : at * 1.25,
    endSec: whole ? 8 : at * 1.25 + 1,
    durationSec: whole ? 8 : 1,
    fileSec: 8,
    frameRateHz: 25,
    width: 96,
    height: 72,
    codec: 'avc',
  };
};

/** Examples of a task, with names people have. */
function itemsOf(task: TaskKind, specs: readonly Spec[], classes: readonly ClassLabel[]): MediaItem[] {
  const isBoxes = TASKS[task].problem === 'detection';
  return specs.flatMap((spec, i) =>
    Array.from(
      { length: Math.max(1, TASKS[task].modality === 'movement' ? spec.stretches : 1) },
      (_, at): MediaItem => {
        const classId = classes[spec.classAt % classes.length]!.id;
        return {
          id: `${i}-${at}`,
          projectId: 'p',
          name: spec.name,
          path: `from/${spec.name}`,
          hash: `hash-${i}`,
          bytes: 10,
          media: mediaOf(task, spec, at),
          label: isBoxes
            ? {
                kind: 'boxes',
                isDone: spec.isDone,
                boxes: spec.isDone
                  ? spec.boxes.map(({ classAt, ...rect }, k) => ({
                      ...rect,
                      id: `${i}-${k}`,
                      classId: classes[classAt % classes.length]!.id,
                    }))
                  : [],
              }
            : { kind: 'class', classId },
          part: spec.part,
          recording: `group:${spec.group}`,
          session: 's',
          addedAtMs: 0,
        };
      },
    ),
  );
}

const ENDINGS: Record<string, string> = { sound: '.wav', movement: '.mp4', picture: '.jpg' };

/** Reads a written set as the import does: lists, folders, parts. */
async function readBack(task: TaskKind, files: readonly SetFile[], typeOf: (hash: string) => Media) {
  const remarks: ImportRemark[] = [];
  const paths = files.map((file) => ({
    path: file.path,
    blob: 'made' in file ? file.made : new Blob(['content' in file ? file.content : file.hash]),
  }));
  const read = TASKS[task].modality === 'movement' ? readMotionFiles : READERS[TASKS[task].problem];
  const annotations = await read(paths, [], (one) => remarks.push(one));
  const media = files.flatMap((file) => ('hash' in file && !annotations.used.has(file.path) ? [file] : []));
  const hasFolders = TASKS[task].problem === 'classification';
  const open = media.map(({ path }) => path).filter((path) => !annotations.hasClassOf(path));
  const structure = readStructure(open, hasFolders);
  const parts = partsOfFolders(
    media.map(({ path }) => path),
    open,
    hasFolders,
  );
  const [reading] = structure.readings;
  const found = media.flatMap(({ path, hash }) => {
    const one = { media: typeOf(hash), hash, label: null, name: null, notice: null } as unknown as InspectedMedia;
    const stretches = annotations.stretchesOf?.(path);
    const whole = stretches ? { ...one, label: stretches[0]!.label } : one;
    return annotations
      .name(path, [whole], reading!.classes.get(path) ?? null, (remark) => remarks.push(remark))
      .map((named) => ({
        hash,
        className: named.className,
        part: annotations.partOf(path) ?? parts.get(path) ?? 'training',
        group: annotations.groupOf(path),
        at: 'startSec' in named.media.media ? [named.media.media.startSec, named.media.media.endSec] : null,
        isDone: named.boxes?.isDone ?? null,
        boxes: (named.boxes?.list ?? []).map(({ label, ...rect }) => [
          label,
          ...Object.values(rect).map((side) => Math.round(side * 1e6) / 1e6),
        ]),
      }));
  });
  return { found, remarks };
}
type Found = Awaited<ReturnType<typeof readBack>>['found'][number];
const order = (a: Pick<Found, 'hash' | 'at'>, b: Pick<Found, 'hash' | 'at'>) =>
  a.hash.localeCompare(b.hash) || (a.at?.[0] ?? 0) - (b.at?.[0] ?? 0);

const box = fc.record({
  classAt: fc.nat(9),
  x: fc.integer({ min: 0, max: 60 }).map((value) => value / 100),
  y: fc.integer({ min: 0, max: 60 }).map((value) => value / 100),
  width: fc.integer({ min: 2, max: 40 }).map((value) => value / 100),
  height: fc.integer({ min: 2, max: 40 }).map((value) => value / 100),
});
const spec = (ending: string): fc.Arbitrary<Spec> =>
  fc.record({
    name: fc
      .constantFrom('a', 'b', 'A', 'photo 1', 'x%20y', 'über', '1', 'train', 'a.b', '0123abcd-z')
      .map((stem) => stem + ending),
    classAt: fc.nat(9),
    part: fc.constantFrom(...PARTS),
    boxes: fc.array(box, { maxLength: 3 }),
    isDone: fc.boolean(),
    group: fc.nat(4),
    stretches: fc.nat(3),
  });
/** Class names that cannot stand as folders are told by a list; these forms have none, as their tools take none. */
const NAMES_ARE_FOLDERS = new Set<SaveKey>(['create-ml-folders', 'teachable-machine']);
/** Names of their own in a set of folders: two classes at least, none that means something else. */
const PLAIN = ['dog', 'Katze', '犬', 'bird song'];

describe.each(
  TASK_KINDS.flatMap((task) =>
    taskOf(task)
      .saves.filter((key) => !key.startsWith('landmarks'))
      .flatMap((key) => (['folders', 'lists'] as PartStyle[]).map((parts) => [task, key, parts] as const)),
  ),
)('%s as %s, parts as %s', (task, key, parts) => {
  it('comes back as it went', async () => {
    const format = formatOf(key);
    const isPlain =
      TASKS[task].problem === 'classification' && TASKS[task].modality !== 'movement' && NAMES_ARE_FOLDERS.has(key);
    const names = isPlain
      ? PLAIN
      : key === 'audacity'
        ? NASTY.filter((name) => name === name.trim())
        : NASTY.map((name) => name.trim());
    const ending = ENDINGS[TASKS[task].modality]!;
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.constantFrom(...names), { minLength: 2, maxLength: 4 }),
        fc.array(spec(ending), { minLength: isPlain ? 8 : 1, maxLength: 12 }),
        async (classNames, specs) => {
          const classes = classNames.map((name, i) => ({ id: `c${i}`, name, color: i + 1 }));
          const all = isPlain ? specs.map((one, i) => ({ ...one, classAt: i })) : specs;
          const items = itemsOf(task, all, classes);
          const files = format.write(dataSetOf(items, classes, parts, () => ''));
          const taken = files.map(({ path }) => path.toLowerCase());
          expect(new Set(taken).size).toBe(taken.length);
          const mediaByHash = new Map(items.map((item) => [item.hash, item.media]));
          const { found, remarks } = await readBack(task, files, (hash) => {
            const media = mediaByHash.get(hash)!;
            return 'fileSec' in media
              ? { ...media, startSec: 0, endSec: media.fileSec, durationSec: media.fileSec }
              : media;
          });
          const label = new Map(classes.map(({ id: classId, name }) => [classId, name]));
          const expected = items.map((item) => ({
            hash: item.hash,
            className: item.label.kind === 'class' ? label.get(item.label.classId!)! : null,
            // A trainer would take what nobody has annotated for background: these forms say no part of it.
            part: (key === 'yolo' || key === 'voc') && !isLabelled(item) ? 'training' : item.part,
            at: 'startSec' in item.media ? [item.media.startSec, item.media.endSec] : null,
            isDone: item.label.kind === 'boxes' ? item.label.isDone : null,
            boxes:
              item.label.kind === 'boxes'
                ? item.label.boxes.map((one) => [
                    label.get(one.classId)!,
                    ...[one.x, one.y, one.width, one.height].map((side) => Math.round(side * 1e6) / 1e6),
                  ])
                : [],
          }));
          const shown = found.map(({ group: _group, ...one }) => one);
          expect(shown.sort(order)).toEqual(expected.sort(order));
          // Nothing is odd but that some pictures are to do.
          expect(remarks.filter(({ reason }) => !reason.includes('not annotated yet'))).toEqual([]);
        },
      ),
      { numRuns: 40, seed: 5 },
    );
  });
});

describe.each(['landmarks', 'landmarks-csv'] as const)('actions as %s', (key) => {
  it('come back with their joints, classes and parts, each stretch a file', async () => {
    const figure = animateFigure('Squat', 5);
    const classes = ['=Squat', 'Wave'].map((name, i) => ({ id: `c${i}`, name, color: i + 1 }));
    const base = { boxes: [], isDone: true, group: 0, name: 'video.mp4' };
    const items = itemsOf(
      'action',
      [
        { ...base, classAt: 0, part: 'training', stretches: 2 },
        { ...base, classAt: 1, part: 'testing', stretches: 0 },
      ],
      classes,
    );
    const nameOf = new Map(classes.map(({ id, name }) => [id, name]));
    const write = key === 'landmarks' ? formatLandmarks : formatLandmarkTable;
    const made = items.map(({ id, name, label }): [string, Blob] => {
      const className = label.kind === 'class' ? nameOf.get(label.classId!)! : null;
      return [id, new Blob([write({ ...figure, name, label: className })])];
    });
    const files = formatOf(key).write(dataSetOf(items, classes, 'folders', () => '', new Map(made)));
    const ending = key === 'landmarks' ? 'json' : 'csv';
    expect(files.map(({ path }) => path)).toEqual([
      `training/_Squat/video 0.0.${ending}`,
      `training/_Squat/video 1.3.${ending}`,
      `testing/Wave/video (2).${ending}`,
      'labels.csv',
    ]);
    const paths = files.map((file) => ({
      path: file.path,
      blob: 'made' in file ? file.made : new Blob(['content' in file ? file.content : '']),
    }));
    const said: string[] = [];
    const lists = await readMotionFiles(paths, [], ({ reason }) => said.push(reason));
    for (const [i, { path, blob }] of paths.slice(0, 3).entries()) {
      const [read] = readLandmarks(await blob.text(), path);
      const { joints, values } = read!.motion;
      expect([lists.used.has(path), lists.partOf(path), read!.label]).toEqual([
        false,
        i < 2 ? 'training' : 'testing',
        i < 2 ? '=Squat' : 'Wave',
      ]);
      expect(joints).toEqual(figure.motion.joints);
      expect(read!.motion.frameRateHz).toBeCloseTo(figure.motion.frameRateHz, 3);
      expect(Math.max(...values.map((value, at) => Math.abs(value - figure.motion.values[at]!)))).toBeLessThan(2e-4);
    }
    expect(said).toEqual([]);
  });
});

describe('written files have the fields their tools document', () => {
  const classes = ['cat', 'dog'].map((name, i) => ({ id: `c${i}`, name, color: i + 1 }));
  const base = { classAt: 1, group: 0, stretches: 0, isDone: true };
  const boxes = [{ classAt: 1, x: 0.25, y: 0.25, width: 0.25, height: 0.5 }];
  const items = itemsOf(
    'detection',
    [
      { ...base, name: 'a.jpg', part: 'training', boxes },
      { ...base, name: 'b.jpg', part: 'validation', boxes: [] },
    ],
    classes,
  );
  const written = (key: SaveKey, parts: PartStyle = 'folders') =>
    Object.fromEntries(
      formatOf(key)
        .write(dataSetOf(items, classes, parts, () => ''))
        .map((file) => [file.path, 'content' in file ? file.content : '']),
    );
  it('COCO (cocodataset.org/#format-data)', () => {
    const files = written('coco');
    expect(Object.keys(files).sort()).toEqual([
      'annotations/instances_train.json',
      'annotations/instances_val.json',
      'train/a.jpg',
      'val/b.jpg',
    ]);
    expect(JSON.parse(files['annotations/instances_train.json']!)).toEqual({
      info: { description: 'Saved by Understudy', version: '1.0' },
      licenses: [],
      images: [{ id: 1, file_name: 'a.jpg', width: 640, height: 480 }],
      annotations: [
        { id: 1, image_id: 1, category_id: 2, bbox: [160, 120, 160, 240], area: 38400, iscrowd: 0, segmentation: [] },
      ],
      categories: [
        { id: 1, name: 'cat', supercategory: '' },
        { id: 2, name: 'dog', supercategory: '' },
      ],
    });
  });
  it('YOLO (docs.ultralytics.com/datasets/detect)', () => {
    const files = written('yolo');
    expect(files['data.yaml']).toBe('train: images/train\nval: images/val\nnc: 2\nnames:\n  0: cat\n  1: dog\n');
    expect([files['labels/train/a.txt'], files['labels/val/b.txt']]).toEqual(['1 0.375 0.5 0.25 0.5\n', '']);
  });
  it('Pascal VOC (devkit, Annotations and ImageSets)', () => {
    const files = written('voc');
    expect(files['ImageSets/Main/train.txt']).toBe('a\n');
    expect(files['Annotations/a.xml']!.replace(/\s+/g, '')).toBe(
      '<annotation><folder>JPEGImages</folder><filename>a.jpg</filename><size><width>640</width><height>480</height><depth>3</depth></size><segmented>0</segmented><object><name>dog</name><pose>Unspecified</pose><truncated>0</truncated><difficult>0</difficult><bndbox><xmin>160</xmin><ymin>120</ymin><xmax>320</xmax><ymax>360</ymax></bndbox></object></annotation>',
    );
  });
  it('Create ML (Apple, Building an object detector data source)', () => {
    const coordinates = { x: 240, y: 240, width: 160, height: 240 };
    expect(JSON.parse(written('create-ml-apple')['training/annotations.json']!)).toEqual([
      { imagefilename: 'a.jpg', annotation: [{ label: 'dog', coordinates }] },
    ]);
    expect(JSON.parse(written('create-ml-boxes')['validation/annotations.json']!)).toEqual([
      { image: 'b.jpg', annotations: [] },
    ]);
  });
  it('Label Studio (labelstud.io/guide/tasks) and CSV', () => {
    const [task] = JSON.parse(written('label-studio')['tasks.json']!) as {
      data: object;
      annotations: { result: object[] }[];
    }[];
    expect(task!.data).toEqual({ image: 'images/training/a.jpg' });
    expect(task!.annotations[0]!.result[0]).toMatchObject({
      type: 'rectanglelabels',
      from_name: 'label',
      to_name: 'image',
      original_width: 640,
      original_height: 480,
      value: { x: 25, y: 25, width: 25, height: 50, rotation: 0, rectanglelabels: ['dog'] },
    });
    expect(written('box-csv')['annotations.csv']).toBe(
      'filename,width,height,class,xmin,ymin,xmax,ymax,set\nimages/a.jpg,640,480,dog,160,120,320,360,training\nimages/b.jpg,640,480,,,,,,validation\n',
    );
  });
});

describe('names', () => {
  it('are such as every file system takes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const safe = safeName(name);
        expect(safe).not.toMatch(/[\\/:*?"<>|\u0000-\u001f]|^\.|\.$/);
        expect(safe.length).toBeGreaterThan(0);
      }),
      { numRuns: 500, seed: 3 },
    );
  });
  it('of forms are known once for each task', () => {
    for (const task of TASK_KINDS) {
      const ids = taskOf(task).saves.map((key) => FORMS[key].id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.length).toBeGreaterThan(2);
    }
    expect(DATA_FORMATS.map(({ key }) => key).sort()).toEqual(Object.keys(FORMS).sort());
  });
});
