/**
 * Whatever a file holds, a reader answers in time: with what it read, or with a reason. `npm run test:faults` runs 5000 inputs for each; seeds and counts by
 * FAULT_SEED and FAULT_INPUTS.
 */
import { describe, expect, it } from 'vitest';
import { applyLists } from '../../src/dataset/annotations/apply.ts';
import type { ListKind } from '../../src/dataset/annotations/reader.ts';
import { readLists } from '../../src/dataset/annotations/readers.ts';
import { readArchive } from '../../src/dataset/project-archive.ts';
import { readStructure } from '../../src/dataset/structure.ts';
import type { InspectedMedia } from '../../src/domain/project.ts';
import { parseRoute } from '../../src/app/router.svelte.ts';
import { readLandmarks } from '../../src/features/movement/landmark-files.ts';
import { FormatError, readPytorch } from '../../src/formats/index.ts';
import { StudioError } from '../../src/kernel/errors.ts';
import { createRandom, type Random } from '../../src/kernel/random.ts';
import { mendSound } from '../../src/media/mend-sound.ts';
import { wavBytes } from '../helpers/microphone-file.ts';
import { tone } from '../helpers/signals.ts';
import { spoilBytes, spoilText } from '../helpers/hostile.ts';

const SEED = Number(process.env.FAULT_SEED ?? 1);
const COUNT = Number(process.env.FAULT_INPUTS ?? 100);
/** Milliseconds an input of at most 400 kB may take on a busy machine. */
const LIMIT_MS = 3000;

/** Runs a reader on spoilt inputs. @throws AssertionError for an answer that is no reason, or that comes late, with the input. */
async function attack<T>(name: string, make: (random: Random) => T, read: (input: T) => unknown): Promise<void> {
  for (let i = 0; i < COUNT; i++) {
    const input = make(createRandom(SEED, name, i));
    const started = performance.now();
    let failure: unknown = null;
    try {
      await read(input);
    } catch (error) {
      const isReason = error instanceof FormatError || (error instanceof StudioError && error.code !== 'bug');
      if (!isReason) failure = error;
    }
    const ms = performance.now() - started;
    if (failure || ms > LIMIT_MS)
      throw new Error(
        `${name}, seed ${SEED}, input ${i}, ${ms.toFixed(0)} ms: ${failure instanceof Error ? failure.stack : String(failure)}\n` +
          JSON.stringify(input).slice(0, 2000),
      );
  }
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
}

const json = (value: unknown) => JSON.stringify(value, null, 1);
const box = { x: 10, y: 20, width: 30, height: 40 };
const LISTS: Record<ListKind, Record<string, string>> = {
  boxes: {
    'annotations.json': json([
      { image: 'a.jpg', annotations: [{ label: 'dog', coordinates: box }] },
      { imagefilename: 'b.jpg', annotation: [{ label: 'cat', coordinates: box }] },
    ]),
    '_annotations.coco.json': json({
      images: [{ id: 1, file_name: 'a.jpg', width: 100, height: 80 }],
      categories: [{ id: 3, name: 'dog', supercategory: 'x' }],
      annotations: [{ id: 1, image_id: 1, category_id: 3, bbox: [1, 2, 30, 40], area: 1200, iscrowd: 0 }],
    }),
    'a.xml':
      '<annotation><filename>a.jpg</filename><size><width>100</width><height>80</height></size><object><name>dog</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>30</xmax><ymax>40</ymax></bndbox></object></annotation>',
    'annotations.xml':
      '<annotations><version>1.1</version><image id="0" name="a.jpg" width="100" height="80"><box label="dog" xtl="1" ytl="2" xbr="30" ybr="40" occluded="0"><attribute name="x">y</attribute></box></image></annotations>',
    'data.yaml': 'path: .\ntrain: images\nval: images\nnc: 2\nnames:\n  0: dog\n  1: cat\n',
    'labels/a.txt': '0 0.5 0.5 0.2 0.3\n1 0.25 0.25 0.1 0.1 0.3 0.3 0.4 0.2\n',
    'classes.txt': 'dog\ncat\n',
    'a.json': json({
      version: '5.0.1',
      shapes: [
        {
          label: 'dog',
          shape_type: 'rectangle',
          points: [
            [1, 2],
            [30, 40],
          ],
        },
      ],
      imagePath: 'a.jpg',
      imageHeight: 80,
      imageWidth: 100,
    }),
    'via.json': json({
      'a.jpg1': {
        filename: 'a.jpg',
        size: 1,
        regions: [{ shape_attributes: { name: 'rect', ...box }, region_attributes: { class: 'dog' } }],
      },
    }),
    'export.json': json([
      {
        image: '/data/upload/a.jpg',
        label: [
          {
            x: 1,
            y: 2,
            width: 10,
            height: 20,
            rotation: 0,
            rectanglelabels: ['dog'],
            original_width: 100,
            original_height: 80,
          },
        ],
      },
    ]),
    'boxes.csv':
      'filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,100,80,dog,1,2,30,40\nb.jpg,100,80,cat,5,6,20,30\n',
    'bounding_boxes.labels': json({
      version: 1,
      type: 'bounding-box-labels',
      boundingBoxes: { 'a.jpg': [{ label: 'dog', ...box }] },
    }),
    'metadata.jsonl': '{"file_name": "a.jpg", "objects": {"bbox": [[1, 2, 30, 40]], "categories": ["dog"]}}\n',
  },
  segments: {
    'labels.csv': 'video,label,start,end\na.mp4,jump,0.5,1.5\nb.mp4,run,00:00:02,00:00:03.5\n',
    'annotations.json': json([{ video: 'a.mp4', annotations: [{ label: 'jump', start: 0.5, end: 1.5 }] }]),
    'kinetics.csv': 'label,youtube_id,time_start,time_end,split\njump,a,0,2,train\n',
    'activity.json': json({
      version: '1',
      taxonomy: [],
      database: { a: { subset: 'training', duration: 9, annotations: [{ segment: [1, 2], label: 'jump' }] } },
    }),
    'a.txt': '0.5\t1.5\tjump\n2\t3\trun\n',
  },
  classes: {
    'meta.csv': 'filename,fold,target,category\na.wav,1,0,dog\nb.wav,2,1,cat\n',
    'labels.tsv': 'path\tsentence\ta\na.wav\tdog\t1\n',
    'info.labels': json({
      version: 1,
      files: [{ path: 'a.wav', category: 'training', label: { type: 'label', label: 'dog' } }],
    }),
    'testing_list.txt': 'dog/a.wav\ncat/b.wav\n',
    'metadata.jsonl': '{"file_name": "a.wav", "label": "dog"}\n',
    'a.TextGrid':
      'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0\nxmax = 2\ntiers? <exists>\nsize = 1\nitem []:\n    item [1]:\n        class = "IntervalTier"\n        name = "x"\n        xmin = 0\n        xmax = 2\n        intervals: size = 1\n        intervals [1]:\n            xmin = 0\n            xmax = 1\n            text = "dog"\n',
    'labels.json': json({ 'a.wav': 'dog', 'b.wav': { label: 'cat' } }),
  },
};
const picture = { kind: 'picture', width: 100, height: 80, orientation: 1 };
const video = {
  ...{ kind: 'movement', source: 'video', startSec: 0, endSec: 9, durationSec: 9, fileSec: 9, frameRateHz: 30 },
  ...{ width: 8, height: 8, codec: 'vp9' },
};
const sound = { kind: 'sound', durationSec: 9, sampleRateHz: 16000, channelCount: 1, codec: 'pcm' };
const MEDIA: Record<ListKind, [string[], object]> = {
  boxes: [['a.jpg', 'b.jpg', 'images/a.jpg'], picture],
  segments: [['a.mp4', 'b.mp4'], video],
  classes: [['a.wav', 'dog/a.wav', 'cat/b.wav'], sound],
};

describe.each(['boxes', 'segments', 'classes'] as const)('lists of %s', { timeout: 3_600_000 }, (kind) => {
  const others = Object.values(LISTS[kind]);
  it.each(Object.keys(LISTS[kind]))('like %s', async (path) => {
    const [paths, media] = MEDIA[kind];
    // What is spoilt is a list: by itself it is read.
    const whole = [
      { path, blob: new Blob([LISTS[kind][path]!]) },
      ...paths.map((each) => ({ path: each, blob: new Blob(['x']) })),
    ];
    expect([...(await readLists(kind, whole, [])).used]).toContain(path);
    await attack(
      `${kind}/${path}`,
      (random) => spoilText(LISTS[kind][path]!, others, random),
      async (text) => {
        const files = [
          { path, blob: new Blob([text]) },
          ...paths.map((each) => ({ path: each, blob: new Blob(['x']) })),
        ];
        const listed = await readLists(kind, files, []);
        const read = applyLists(listed, [], () => {});
        for (const each of paths) {
          const named = read.name(each, [{ media } as InspectedMedia], null, () => {});
          for (const { boxes, media: cut } of named) {
            for (const { x, y, width, height } of boxes?.list ?? [])
              expect(x >= 0 && y >= 0 && width > 0 && height > 0 && x + width <= 1.0001 && y + height <= 1.0001).toBe(
                true,
              );
            if ('startSec' in cut.media) expect(cut.media.endSec).toBeGreaterThan(cut.media.startSec);
          }
        }
      },
    );
  });
});

describe('other readers', { timeout: 3_600_000 }, () => {
  const point = (i: number) => ({ x: i / 40, y: 0.5, z: 0, visibility: 0.9 });
  const LANDMARKS: Record<string, string> = {
    'own.json': json({
      format: 'understudy-landmarks',
      version: 1,
      fps: 30,
      label: 'jump',
      joints: ['nose', 'left_hip'],
      frames: [
        [
          [0, 1, 1],
          [5, 5, 1],
        ],
        [
          [0, 2, 1],
          [5, 6, 1],
        ],
      ],
    }),
    'tasks.json': json({ fps: 30, frames: [{ landmarks: [Array.from({ length: 33 }, (_, i) => point(i))] }] }),
    'openpose.json': json({
      version: 1.3,
      people: [{ pose_keypoints_2d: Array.from({ length: 75 }, (_, i) => i % 5) }],
    }),
    'wide.csv': `frame,label,nose_x,nose_y,left_hip_x,left_hip_y\n0,jump,1,2,3,4\n1,jump,1,2,3,5\n`,
    'long.csv': 'video,frame,landmark,x,y,visibility\na,0,nose,0.1,0.2,1\na,0,left_hip,0.3,0.4,1\na,1,nose,0.1,0.2,1\n',
  };
  it.each(Object.keys(LANDMARKS))('landmarks like %s', async (name) => {
    await attack(
      name,
      (random) => spoilText(LANDMARKS[name]!, Object.values(LANDMARKS), random),
      (text) => readLandmarks(text, name),
    );
  });
  it('names and folders', async () => {
    const words = [
      'dog',
      'cat',
      'train',
      'val',
      'a',
      '0',
      '__proto__',
      'constructor',
      'person 1',
      '%',
      '.',
      '..',
      'é',
      'x'.repeat(300),
      'a'.repeat(30_000),
    ];
    await attack(
      'names',
      (random) =>
        Array.from({ length: 1 + random.int(60) }, () =>
          [...Array.from({ length: random.int(4) }, () => words[random.int(words.length)]!)]
            .concat(
              `${words[random.int(words.length)]}${['_', '.', '-', ' (', ''][random.int(5)]}${random.int(300)}.wav`,
            )
            .join('/'),
        ),
      (paths) => readStructure(paths),
    );
  });
  it('addresses', async () => {
    await attack(
      'addresses',
      (random) => spoilText('#/project/abc/data/training', ['#/diagnostics', '%E0%A4%A', '%', '/'], random),
      (hash) => parseRoute(hash),
    );
  });
  it('sounds whose headers lie', async () => {
    const wav = new Uint8Array(wavBytes(tone(300, 0.2), 16000));
    await attack(
      'wav',
      (random) => spoilBytes(wav, random, 60),
      (bytes) => mendSound(new Blob([bytes])),
    );
  });
  it('pickles', async () => {
    // PROTO 2, a dictionary of small things, STOP: not a file of PyTorch, but what its reader meets first.
    const pickle = Uint8Array.from([0x80, 2, 0x7d, 0x71, 0, 0x58, 1, 0, 0, 0, 97, 0x4b, 1, 0x73, 0x2e]);
    await attack(
      'pickle',
      (random) => spoilBytes(pickle, random),
      (bytes) => readPytorch(bytes.buffer),
    );
  });
  it('archives of projects', async () => {
    const item = {
      ...{ id: 'i', projectId: 'p', name: 'a.wav', path: 'a.wav', hash: 'h', bytes: 1, part: 'training' },
      ...{ recording: 'r', session: 's', addedAtMs: 1, label: { kind: 'class', classId: 'c' } },
      media: { ...sound, peakDb: -3, rmsDb: -20, clippedRatio: 0 },
    };
    const files: Record<string, string> = {
      'understudy.json': json({ format: 'understudy-project', version: 2, savedBy: '1', savedAtMs: 1 }),
      'project.json': json({
        project: {
          id: 'p',
          name: 'P',
          kind: 'sound',
          classes: [{ id: 'c', name: 'C', color: 1 }],
          createdAtMs: 1,
          openedAtMs: 1,
          nextColor: 2,
          isSample: false,
        },
        items: [item],
        sources: [],
        reports: [],
        media: [{ hash: 'h', path: 'media/C/a.wav', type: 'audio/wav' }],
        pictures: [{ hash: 'h', peaks: 0, spectrogram: 0 }],
        weights: [],
      }),
      'pictures.bin': '',
      'media/C/a.wav': 'x',
    };
    await attack(
      'archive',
      (random) => ({
        ...files,
        'project.json': spoilText(files['project.json']!, [files['understudy.json']!], random),
      }),
      (all) =>
        readArchive(async (path, type = '') =>
          path in all ? new Blob([(all as Record<string, string>)[path]!], { type }) : null,
        ),
    );
  });
});
