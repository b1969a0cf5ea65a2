/** Movements in Node: landmark files, annotations, windows, repetitions, what the app chooses. */
import { readMotionFiles } from '../helpers/annotations.ts';
import fc from 'fast-check';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FileIndex } from '../../src/dataset/annotations/file-index.ts';
import { parseTime, readMotionAnnotations } from '../../src/dataset/annotations/motion.ts';
import { joinFrames } from '../../src/dataset/index.ts';
import { StudioError } from '../../src/kernel/errors.ts';
import type { InspectedMedia, MediaItem } from '../../src/domain/project.ts';
import { activeSpan, motionOfPoses, qualityHints } from '../../src/features/movement/activity.ts';
import { decodePeople, detectorAnchors, regionOf, sampleRegion } from '../../src/features/movement/blazepose.ts';
import { animateFigure, SAMPLE_ACTIONS } from '../../src/features/movement/figure.ts';
import { formatLandmarks, readLandmarks } from '../../src/features/movement/landmark-files.ts';
import {
  cutMotion,
  fillGaps,
  seenShare,
  frameCount,
  pickJoints,
  WINDOW_CHANNELS,
  writeWindow,
  type Motion,
} from '../../src/features/movement/motion.ts';
import {
  BLAZEPOSE_JOINTS,
  bonesOf,
  canonicalJoint,
  chooseJoints,
  mirrorOf,
} from '../../src/features/movement/skeleton.ts';
import { motionStarts, motionWindow } from '../../src/features/movement/spec.ts';
import { findRepetitions } from '../../src/preview/repetitions.ts';
import { automaticWindowSec, resolveFrameRate, resolveJoints } from '../../src/training/movement/movement-settings.ts';
import { ACTION } from '../../src/tasks/action/index.ts';

describe('joints', () => {
  it('are known under the names people give them', () => {
    for (const name of ['left_wrist', 'Left Wrist', 'leftWrist', 'LWrist', 'l_wrist', 'wrist_l', 'Wrist Left'])
      expect(canonicalJoint(name)).toBe('left_wrist');
    expect(canonicalJoint('mouth_left')).toBe('mouth_left');
    expect(canonicalJoint('Face')).toBe('nose');
  });
  it('are mirrored in pairs, and bones join neighbours', () => {
    const mirror = mirrorOf(BLAZEPOSE_JOINTS);
    expect(mirror[11]).toBe(12);
    expect(mirror[0]).toBe(0);
    expect(mirror.every((j, i) => mirror[j] === i)).toBe(true);
    expect(bonesOf(BLAZEPOSE_JOINTS)).toContainEqual([13, 15]);
    expect(chooseJoints(BLAZEPOSE_JOINTS, 'body')).toHaveLength(17);
    expect(chooseJoints(BLAZEPOSE_JOINTS, 'upper-body')).not.toContain('left_knee');
    // Another skeleton keeps what it has.
    expect(chooseJoints(['neck', 'belly', 'nose'], 'body')).toEqual(['neck', 'belly', 'nose']);
  });
});

describe('landmark files', () => {
  const figure = animateFigure('Squat', 5);
  it('come back as they were written', () => {
    const [read] = readLandmarks(formatLandmarks({ ...figure, name: 'one', label: 'Squat' }), 'one.json');
    expect(read).toMatchObject({ name: 'one', label: 'Squat' });
    expect(read!.motion.joints).toEqual(figure.motion.joints);
    expect(read!.motion.frameRateHz).toBeCloseTo(15, 3);
    const worst = Math.max(...read!.motion.values.map((value, i) => Math.abs(value - figure.motion.values[i]!)));
    expect(worst).toBeLessThan(2e-4);
  });
  it.each([
    [
      'a list of frames of points',
      JSON.stringify([
        [
          [10, 20],
          [30, 40],
        ],
        null,
        [
          [11, 20],
          [30, 41],
        ],
      ]),
    ],
    [
      'MediaPipe results',
      JSON.stringify({
        fps: 25,
        frames: [
          {
            landmarks: [
              { x: 0.1, y: 0.2, visibility: 0.9 },
              { x: 0.3, y: 0.4 },
            ],
          },
        ],
      }),
    ],
    ['frames by joint name', JSON.stringify({ frames: [{ LWrist: [1, 2], RWrist: [3, 4] }] })],
    [
      'several sequences',
      JSON.stringify({
        joints: ['a', 'b'],
        sequences: [
          {
            label: 'x',
            frames: [
              [
                [1, 2],
                [3, 4],
              ],
            ],
          },
        ],
      }),
    ],
    [
      'people of estimatePoses',
      JSON.stringify([
        [
          {
            score: 0.9,
            keypoints: [
              { x: 1, y: 2, score: 0.9, name: 'nose' },
              { x: 3, y: 4, name: 'left_eye' },
            ],
          },
        ],
      ]),
    ],
    [
      'results of MediaPipe Tasks',
      JSON.stringify([
        {
          landmarks: [
            [
              { x: 0.1, y: 0.2, z: 0 },
              { x: 0.3, y: 0.4, z: 0 },
            ],
          ],
          worldLandmarks: [],
        },
      ]),
    ],
    [
      'PoseNet',
      JSON.stringify([
        {
          keypoints: [
            { part: 'nose', position: { x: 1, y: 2 }, score: 1 },
            { part: 'leftEye', position: { x: 3, y: 4 }, score: 1 },
          ],
        },
      ]),
    ],
    [
      'ml5: people of a frame, each with its pose',
      JSON.stringify([
        [
          {
            pose: {
              score: 0.9,
              keypoints: [
                { part: 'nose', position: { x: 1, y: 2 }, score: 1 },
                { part: 'leftEye', position: { x: 3, y: 4 }, score: 1 },
              ],
            },
            skeleton: [],
          },
        ],
      ]),
    ],
    [
      'ml5: one pose a frame',
      JSON.stringify([
        {
          pose: {
            keypoints: [
              { part: 'nose', position: { x: 1, y: 2 }, score: 1 },
              { part: 'leftEye', position: { x: 3, y: 4 } },
            ],
          },
        },
      ]),
    ],
    [
      'OpenPose',
      JSON.stringify({
        openpose: [{ people: [{ pose_keypoints_2d: [1, 2, 1, 3, 4, 1, 5, 6, 0] }] }],
        joints: ['a', 'b', 'c'].slice(0, 3),
      }),
    ],
    ['a wide CSV', 'time,left_wrist_x,left_wrist_y,nose_x,nose_y\n0,1,2,3,4\n0.04,1,2,3,4\n'],
    ['a long CSV', 'frame,joint,x,y,confidence\n0,nose,1,2,0.9\n0,neck,1,3,0.8\n1,nose,1,2,0.9\n'],
    ['a long CSV by name', 'frame,name,x,y\n0,nose,1,2\n0,neck,1,3\n1,nose,1,2\n1,neck,1,3\n'],
  ])('are read as %s', (_name, text) => {
    const [read] = readLandmarks(text, text.startsWith('{') || text.startsWith('[') ? 'x.json' : 'x.csv');
    expect(read!.motion.joints).toHaveLength(_name === 'OpenPose' ? 3 : 2);
    expect(frameCount(read!.motion)).toBeGreaterThan(0);
  });
  it('of detectors have the first person of every frame, by the names of its joints', () => {
    const people = [
      {
        keypoints: [
          { x: 1, y: 2, name: 'nose' },
          { x: 3, y: 4, name: 'left_wrist' },
        ],
      },
      { keypoints: [] },
    ];
    const [poses] = readLandmarks(JSON.stringify([people, people, []]), 'x.json');
    expect(poses!.motion.joints).toEqual(['nose', 'left_wrist']);
    expect(frameCount(poses!.motion)).toBe(3);
    const tasks = { landmarks: [BLAZEPOSE_JOINTS.map((_, i) => ({ x: i / 40, y: 0.5, visibility: 1 }))] };
    expect(readLandmarks(JSON.stringify([tasks, tasks]), 'x.json')[0]!.motion.joints).toEqual([...BLAZEPOSE_JOINTS]);
    const openpose = { people: [{ pose_keypoints_2d: Array.from({ length: 75 }, (_, i) => i + 1) }] };
    const [body] = readLandmarks(JSON.stringify({ openpose: [openpose, openpose] }), 'x.json');
    expect(body!.motion.joints.slice(0, 5)).toEqual(['nose', 'neck', 'right_shoulder', 'right_elbow', 'right_wrist']);
    expect(body!.motion.joints).toHaveLength(25);
  });
  it('of a table are a sequence for each video, whatever the column is called, and for each class in it', () => {
    const rows = ['a,jump', 'a,jump', 'b,jump', 'b,jump', 'c,rest', 'c,rest', 'c,jump', 'c,jump'];
    for (const column of ['video', 'filename', 'clip_id', 'video_name', 'id', 'source']) {
      const text = `${column},label,nose_x,nose_y,neck_x,neck_y\n${rows.map((row) => `${row},1,2,3,4`).join('\n')}\n`;
      const found = readLandmarks(text, 'x.csv');
      expect(
        found.map(({ name, label, recording, motion }) => [name, label, recording, frameCount(motion)]),
        column,
      ).toEqual([
        ['a', 'jump', 'a', 2],
        ['b', 'jump', 'b', 2],
        ['c', 'rest', 'c', 2],
        ['c 2', 'jump', 'c', 2],
      ]);
    }
  });
  it('of COCO keypoints are sequences by the names of their pictures', () => {
    const image = (id: number, name: string) => ({ id, file_name: name, width: 100, height: 50 });
    const keypoints = [10, 20, 2, 30, 40, 0];
    const whole = {
      images: [image(1, 'walk_001.jpg'), image(2, 'walk_002.jpg'), image(3, 'run_001.jpg')],
      annotations: [1, 2, 3].map((id) => ({ id, image_id: id, category_id: 1, keypoints })),
      categories: [{ id: 1, name: 'person', keypoints: ['nose', 'left_eye'] }],
    };
    const found = readLandmarks(JSON.stringify(whole), 'person_keypoints.json');
    expect(found.map(({ name, motion }) => [name, frameCount(motion), motion.joints])).toEqual([
      ['walk', 2, ['nose', 'left_eye']],
      ['run', 1, ['nose', 'left_eye']],
    ]);
    expect(found[0]!.motion.values[5]).toBe(0);
  });
  it('of MediaPipe as tables: numbered columns, and none at all', () => {
    const row = (label: string, values: number) =>
      [label, ...Array.from({ length: values }, (_, i) => (i % 7) / 10)].join(',');
    const head = `class,${Array.from({ length: 33 }, (_, i) => `x${i + 1},y${i + 1},z${i + 1},v${i + 1}`).join(',')}`;
    const numbered = readLandmarks([head, row('jump', 132), row('jump', 132), row('rest', 132)].join('\n'), 'x.csv');
    expect(numbered.map(({ label, motion }) => [label, frameCount(motion), motion.joints[11]])).toEqual([
      ['jump', 2, 'left_shoulder'],
      ['rest', 1, 'left_shoulder'],
    ]);
    const plain = readLandmarks(
      [`up_1.jpg,${row('up', 99)}`, `down_1.jpg,${row('down', 99)}`].join('\n'),
      'fitness.csv',
    );
    expect(plain.map(({ label }) => label)).toEqual(['up', 'down']);
  });
  it('as flat numbers have two to four a joint; of many people the best of each picture', () => {
    for (const each of [2, 3, 4]) {
      const flat = Array.from({ length: 33 * each }, (_, i) =>
        i % each === each - 1 && each > 2 ? 1 : 0.1 + (i % 50) / 100,
      );
      const [read] = readLandmarks(JSON.stringify({ frames: [flat, flat] }), 'x.json');
      expect(read!.motion.joints).toEqual([...BLAZEPOSE_JOINTS]);
    }
    const person = (image: string, x: number, score: number) => ({
      image_id: image,
      score,
      keypoints: Array.from({ length: 51 }, (_, i) => (i % 3 === 0 ? x : i % 3 === 1 ? 5 : 1)),
    });
    const people = ['1.jpg', '2.jpg'].flatMap((image) => [person(image, 10, 2), person(image, 90, 1)]);
    const [read] = readLandmarks(JSON.stringify(people).replace('"score":2', '"score":NaN'), 'alphapose-results.json');
    expect(frameCount(read!.motion)).toBe(2);
    const commas = 'time;a_x;a_y;b_x;b_y\n0,0;1,5;2,5;3;4\n0,1;1,5;2,5;3;4\n';
    expect(readLandmarks(commas, 'x.csv')[0]!.motion.joints).toEqual(['a', 'b']);
  });
  it('of OpenPose, a file for each frame, are put together', async () => {
    const frame = (n: number) => new Blob([JSON.stringify({ people: [{ pose_keypoints_2d: Array(75).fill(n) }] })]);
    const files = joinFrames([
      { path: 'jump/clip_000000000010_keypoints.json', blob: frame(10) },
      { path: 'jump/clip_000000000002_keypoints.json', blob: frame(2) },
      { path: 'jump/other.json', blob: new Blob(['{}']) },
    ]);
    expect(files.map(({ path }) => path)).toEqual(['jump/other.json', 'jump/clip.json']);
    const [read] = readLandmarks(await files[1]!.blob.text(), 'clip.json');
    expect(frameCount(read!.motion)).toBe(2);
    expect(read!.motion.values[0]).toBeLessThan(read!.motion.values[75]!);
  });
  it('never fail but with a reason, whatever they hold', () => {
    const keys = [
      'frames',
      'landmarks',
      'keypoints',
      'people',
      'poses',
      'joints',
      'sequences',
      'x',
      'y',
      'position',
      'name',
      'images',
      'annotations',
      'categories',
      'image_id',
      'fps',
      'width',
      '__proto__',
      'pose_keypoints_2d',
      'label',
    ];
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom<unknown>(1, 0, -3, 1e300, 'nose', '', null, true),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom(...keys), tie('value'), { maxKeys: 5 }),
      ),
    }));
    const cells = fc.array(
      fc.constantFrom(
        'x1',
        'y1',
        'x2',
        'y2',
        'nose_x',
        'nose_y',
        'frame',
        'joint',
        'x',
        'y',
        'label',
        '1',
        '0.5',
        '-',
        ',',
        ',',
        '\n',
        '\n',
        '# fps=30',
        '"',
      ),
      { maxLength: 40 },
    );
    const text = fc.oneof(
      value.map((one) => JSON.stringify(one)),
      cells.map((list) => list.join('')),
    );
    fc.assert(
      fc.property(text, fc.constantFrom('x.json', 'x.csv'), (content, name) => {
        try {
          readLandmarks(content, name);
        } catch (error) {
          if (!(error instanceof StudioError)) throw error;
        }
        try {
          readMotionAnnotations(content, name);
        } catch (error) {
          throw new Error('annotations', { cause: error });
        }
      }),
      { numRuns: 2000, seed: 11 },
    );
    const started = performance.now();
    expect(() =>
      readLandmarks(`frame,joint,x,y\n${Array.from({ length: 50_000 }, (_, i) => `0,j${i},1,2`).join('\n')}`, 'x.csv'),
    ).toThrow(/50000 joints/);
    expect(() =>
      readLandmarks(
        JSON.stringify({ joints: Array.from({ length: 100_000 }, (_, i) => `j${i}`), frames: [[[1, 2]]] }),
        'x.json',
      ),
    ).toThrow(/joints/);
    expect(performance.now() - started).toBeLessThan(2000);
  });
  it('take their rate from the time column, and unseen points as unseen', () => {
    const [read] = readLandmarks('time,a_x,a_y,b_x,b_y\n0,5,5,0,0\n0.04,5,6,1,1\n0.08,5,7,1,1\n', 'x.csv');
    expect(read!.motion.frameRateHz).toBeCloseTo(25, 3);
    expect(read!.motion.values[5]).toBe(0);
    expect(read!.motion.values[2]).toBe(1);
  });
  it.each([
    ['not json', 'x.json'],
    ['{}', 'x.json'],
    ['{"frames": []}', 'x.json'],
    ['a,b\n1,2\n', 'x.csv'],
    ['', 'x.csv'],
  ])('are refused with a reason: %s', (text, name) => {
    expect(() => readLandmarks(text, name)).toThrow(/holds no landmark sequence/);
  });
});

describe('annotation files', () => {
  it.each([
    ['3', 3],
    ['3.5', 3.5],
    ['01:30', 90],
    ['1:2.25', 62.25],
    ['1:59:5.8', 7145.8],
    [' 0:04 ', 4],
    [7, 7],
  ])('take the time %s', (text, sec) => expect(parseTime(text)).toBeCloseTo(sec, 6));
  it('read CSV with spaces, and list what cannot be used', () => {
    const found = readMotionAnnotations(
      'video, label, start, end\na.mov, Jump, 0:01, 0:03\n b.mov ,Run, , 5\nc.mov,Run,,\nd.mov,Run,9,3\n,Run,1,2\n',
      'a.csv',
    )!;
    expect(found.rows).toEqual([
      { video: 'a.mov', label: 'Jump', startSec: 1, endSec: 3, line: 1 },
      { video: 'b.mov', label: 'Run', startSec: null, endSec: 5, line: 2 },
    ]);
    expect(found.faults.map(({ line }) => line)).toEqual([3, 4, 5]);
  });
  it('read the tables of BORIS and Kinetics, wrapped lists, commas, and leave landmarks alone', () => {
    const boris =
      'Observation id,Media file name,Total length,FPS,Subject,Behavior,Behavioral category,Behavior type,Start (s),Stop (s),Duration (s)\nobs1,videos/v.mp4,4.3,10,No focal subject,jump,,STATE,0.5,1.5,1.0\nobs1,videos/v.mp4,4.3,10,x,blink,,POINT,2,2,0\n';
    expect(readMotionAnnotations(boris, 'events.csv')).toEqual({
      rows: [{ video: 'videos/v.mp4', label: 'jump', startSec: 0.5, endSec: 1.5, line: 1 }],
      faults: [{ line: 2, reason: 'It is a moment (2 s), not a stretch.' }],
    });
    const events =
      'Media file name,Behavior,Behavior type,Time\nv.mp4,jump,START,0.5\nv.mp4,rest,START,2\nv.mp4,jump,STOP,1.5\nv.mp4,blink,POINT,1\nv.mp4,rest,STOP,3\n';
    expect(readMotionAnnotations(events, 'events.csv')).toMatchObject({
      rows: [
        { label: 'jump', startSec: 0.5, endSec: 1.5 },
        { label: 'rest', startSec: 2, endSec: 3 },
      ],
      faults: [{ reason: 'It is a moment (1 s), not a stretch.' }],
    });
    const frames = 'video,label,start_frame,end_frame\nv.mp4,jump,30,60\n';
    expect(readMotionAnnotations(frames, 'a.csv')).toMatchObject({
      rows: [],
      faults: [{ reason: expect.stringMatching(/frames/) as string }],
    });
    expect(
      readMotionAnnotations(frames.replace('end_frame', 'end_frame,fps').replace('60', '60,30'), 'a.csv')!.rows[0],
    ).toMatchObject({ startSec: 1, endSec: 2 });
    const kinetics = 'label,youtube_id,time_start,time_end,split\njump,v,0,2,train\n';
    expect(readMotionAnnotations(kinetics, 'train.csv')!.rows[0]).toMatchObject({
      video: 'v',
      endSec: 2,
      part: 'training',
    });
    expect(readMotionAnnotations('Video;Label;Start;End\r\nv.mp4;jump;0,5;1,5\r\n', 'a.csv')!.rows[0]).toMatchObject({
      startSec: 0.5,
      endSec: 1.5,
    });
    for (const key of ['videos', 'annotations', 'data'])
      expect(
        readMotionAnnotations(JSON.stringify({ [key]: [{ video: 'v.mp4', label: 'jump' }] }), 'a.json')!.rows,
      ).toHaveLength(1);
    expect(readMotionAnnotations('video,label,frame,nose_x,nose_y\na.mp4,jump,0,1,2\n', 'x.csv')).toBeNull();
    expect(readMotionAnnotations(JSON.stringify([{ video: 'a', label: 'b', frames: [] }]), 'x.json')).toBeNull();
  });
  it('beside videos cut them: Kinetics’ trimmed files, tracks of ELAN and Audacity', async () => {
    const read = async (files: Record<string, string>) => {
      const said: string[] = [];
      const given = Object.entries(files).map(([path, text]) => ({ path, blob: new Blob([text]) }));
      const found = await readMotionFiles(given, [], ({ path, reason }) => said.push(`${path}: ${reason}`));
      const media = { kind: 'movement', startSec: 0, endSec: 9, fileSec: 9, durationSec: 9 };
      const of = (path: string) =>
        found.name(path, [{ media } as unknown as InspectedMedia], null, ({ reason }) => said.push(reason));
      return {
        said,
        part: found.partOf,
        of: (path: string) =>
          of(path).map((one) => [
            one.className,
            'startSec' in one.media.media && [one.media.media.startSec, one.media.media.endSec],
          ]),
      };
    };
    const trimmed = await read({
      'x.csv': 'label,youtube_id,time_start,time_end,split\njump,abc,12,22,val\n',
      'abc_000012_000022.mp4': '',
    });
    expect([trimmed.of('abc_000012_000022.mp4'), trimmed.part('abc_000012_000022.mp4'), trimmed.said]).toEqual([
      [['jump', [0, 9]]],
      'validation',
      [],
    ]);
    const elan = await read({
      'e.txt': 'default\t\t00:00:00.500\t0.5\t00:00:01.500\t1.5\t00:00:01.000\t1.0\tjump\n',
      'v.mp4': '',
    });
    expect(elan.of('v.mp4')).toEqual([['jump', [0.5, 1.5]]]);
    const audacity = await read({ 'v.txt': '0,5\t1,5\tjump\n3.0\t4.0\trest\n', 'v.mp4': '', 'w.mp4': '' });
    expect(audacity.of('v.mp4')).toEqual([
      ['jump', [0.5, 1.5]],
      ['rest', [3, 4]],
    ]);
  });
  it.each([
    ['a list of videos', [{ video: 'v.mp4', annotations: [{ label: 'jump', start: 0, end: 2 }] }]],
    ['lists by the name of a video', { 'v.mp4': [{ label: 'jump', start: 0, end: 2 }] }],
    ['clips of one key', { clips: [{ clip: 'v.mp4', label: 'jump', start: 0, end: 2 }] }],
    [
      'ActivityNet',
      {
        version: '1.3',
        taxonomy: [{ nodeName: 'jump' }],
        database: { 'v.mp4': { annotations: [{ label: 'jump', segment: [0, 2] }], subset: 'validation' } },
      },
    ],
  ])('with their rows inside: %s', (name, whole) => {
    const found = readMotionAnnotations(JSON.stringify(whole), 'x.json');
    expect(found).toEqual({
      rows: [
        {
          video: 'v.mp4',
          label: 'jump',
          startSec: 0,
          endSec: 2,
          line: 1,
          ...(name === 'ActivityNet' ? { part: 'validation' } : {}),
        },
      ],
      faults: [],
    });
  });
  it('with videos of their own inside another key are a list like any other', () => {
    const rows = [{ clip: 7, video: 'v.mp4', label: 'jump', start: 0, end: 2 }];
    for (const whole of [rows, { data: rows }])
      expect(readMotionAnnotations(JSON.stringify(whole), 'x.json')?.rows[0]).toMatchObject({ video: 'v.mp4' });
    expect(readMotionAnnotations(JSON.stringify({ export: { annotations: rows } }), 'x.json')).toBeNull();
  });
  it('without times mean whole videos; other files are none', () => {
    expect(readMotionAnnotations('[{"video":"a.mp4","label":"x"}]', 'a.json')!.rows[0]).toMatchObject({
      startSec: null,
    });
    expect(readMotionAnnotations('{"frames":[]}', 'a.json')).toBeNull();
    expect(readMotionAnnotations('x,y\n1,2\n', 'a.csv')).toBeNull();
  });
  it('find their videos', () => {
    const paths = ['set/Walk/One.MP4', 'set/two.mov'];
    const index = new FileIndex(paths);
    expect(index.find('one.mp4', '')?.path).toBe(paths[0]);
    expect(index.find('walk/one.mp4', '')?.path).toBe(paths[0]);
    expect(index.find('two', '')?.path).toBe(paths[1]);
    expect(index.find('three.mp4', '')).toBeNull();
  });
});

describe('windows of movement', () => {
  const { motion } = animateFigure('Jumping jack', 3);
  const filled = fillGaps(pickJoints({ ...motion, values: motion.values.slice() }, motion.joints));
  const size = (motion.joints.length + 1) * WINDOW_CHANNELS;
  const windowOf = (given: Motion, mirror = false) => {
    const out = new Float32Array(20 * size);
    const plain = { rotation: 0, scaleX: 1, scaleY: 1, speed: 1, noise: 0, shiftSec: 0, normal: () => 0 };
    writeWindow(given, 0, 10, 20, mirror ? { ...plain, mirror } : null, out, 0);
    return out;
  };
  it('do not depend on where and how large the body is', () => {
    const moved = { ...filled, values: filled.values.map((value, i) => (i % 3 === 2 ? value : value * 2.5 + 0.7)) };
    const [a, b] = [windowOf(filled), windowOf(moved)];
    expect(Math.max(...a.map((value, i) => Math.abs(value - b[i]!)))).toBeLessThan(1e-3);
  });
  it('mirrored twice are the same', () => {
    const once = windowOf(filled, true);
    expect(Math.max(...once.map((value, i) => Math.abs(value - windowOf(filled)[i]!)))).toBeGreaterThan(0.1);
    const flipped = { ...filled, values: filled.values.map((value, i) => (i % 3 === 0 ? 1.3 - value : value)) };
    const mirror = mirrorOf(filled.joints);
    const swapped = { ...flipped, values: flipped.values.slice() };
    const count = filled.joints.length;
    for (let f = 0; f < frameCount(filled); f++)
      for (let j = 0; j < count; j++)
        swapped.values.set(
          flipped.values.subarray((f * count + mirror[j]!) * 3, (f * count + mirror[j]!) * 3 + 3),
          (f * count + j) * 3,
        );
    const back = windowOf(swapped, true);
    const plain = windowOf(filled);
    expect(Math.max(...back.map((value, i) => Math.abs(value - plain[i]!)))).toBeLessThan(0.01);
  });
  it('fill gaps from before and after', () => {
    const gappy: Motion = {
      joints: ['a', 'b'],
      frameRateHz: 10,
      values: Float32Array.of(0, 0, 1, 5, 5, 1, 9, 9, 0, 5, 5, 1, 2, 4, 1, 5, 5, 1),
    };
    expect([...fillGaps(gappy).values.subarray(6, 8)]).toEqual([1, 2]);
    // Filling makes nobody appear.
    const alone = fillGaps({
      joints: ['a'],
      frameRateHz: 10,
      values: Float32Array.of(0, 0, 1, 9, 9, 0, 9, 9, 0, 2, 4, 1),
    });
    expect([seenShare(alone, 0, 0.4), seenShare(alone, 0.1, 0.3), seenShare(alone, -1, 0.1)]).toEqual([0.5, 0, 1]);
  });
  it('start every hop; a short clip is centred; a long rest gets its own', () => {
    const window = motionWindow(10, 2, 0.5);
    expect(motionStarts(1, window)).toEqual([-0.5]);
    expect(motionStarts(4, window)).toEqual([0, 1, 2]);
    expect(motionStarts(4.8, window).at(-1)).toBeCloseTo(2.8, 6);
  });
  it('are cut from files at their own rate', () => {
    expect(frameCount(cutMotion(motion, 1, 2))).toBe(15);
  });
});

describe('what a camera sees', () => {
  it('is resampled, trimmed and judged', () => {
    const { motion } = animateFigure('Squat', 8);
    const still = (atSec: number) => ({ atSec, values: motion.values.slice(0, motion.joints.length * 3) });
    const moving = Array.from({ length: frameCount(motion) }, (_, f) => ({
      atSec: 2 + f / 15,
      values: motion.values.slice(f * motion.joints.length * 3, (f + 1) * motion.joints.length * 3),
    }));
    const poses = [...Array.from({ length: 30 }, (_, f) => still(f / 15)), ...moving];
    const whole = motionOfPoses(poses, motion.joints, 0, 15, 30 + frameCount(motion));
    const { startSec } = activeSpan(whole);
    expect(startSec).toBeGreaterThan(1);
    expect(startSec).toBeLessThan(2.4);
    expect(activeSpan(whole, 1).startSec).toBeCloseTo(startSec - 0.75, 5);
    expect(qualityHints(null, BLAZEPOSE_JOINTS, 1, { luma: 20, personCount: 2 })).toEqual([
      'Too dark. Turn on a light.',
      'Two people in the picture.',
      'Nobody in the picture.',
    ]);
  });
});

describe('repetitions', () => {
  it.each([
    ['Squat', 11],
    ['Jumping jack', 12],
    ['Side step', 13],
  ] as const)('of %s are counted', (action, seed) => {
    const { motion } = animateFigure(action, seed);
    const seconds = frameCount(motion) / motion.frameRateHz;
    const found = findRepetitions(motion);
    // The figure's period is 0.8 to 2.1 s: what is counted must fit into the clip.
    expect(found.length).toBeGreaterThanOrEqual(1);
    expect(found.length).toBeLessThanOrEqual(Math.ceil(seconds / 0.75));
  });
  it('of a body that stands are none', () => {
    expect(findRepetitions(animateFigure('Stand', 21).motion)).toEqual([]);
  });
});

describe('the sample figure', () => {
  it('is the same for a seed, and another for another', () => {
    for (const action of SAMPLE_ACTIONS) {
      expect(animateFigure(action, 1).motion.values).toEqual(animateFigure(action, 1).motion.values);
      expect(animateFigure(action, 1).motion.values).not.toEqual(animateFigure(action, 2).motion.values);
    }
  });
});

describe('BlazePose arithmetic', () => {
  it('has 2254 anchors, centred in their cells', () => {
    const anchors = detectorAnchors();
    expect(anchors.length).toBe(2 * 2254);
    expect(anchors[0]).toBeCloseTo(0.5 / 28, 6);
    expect(anchors.at(-1)).toBeCloseTo(6.5 / 7, 6);
  });
  it('joins boxes that overlap and keeps those that do not', () => {
    const anchors = Float32Array.of(0.5, 0.5, 0.5, 0.5, 0.1, 0.1);
    const box = (size: number) => [0, 0, size, size, 0, 0, 0, -20, 0, 0, 0, 0];
    const people = decodePeople(
      Float32Array.from([...box(40), ...box(44), ...box(20)]),
      Float32Array.of(3, 3, 2),
      anchors,
      {
        width: 224,
        height: 224,
      },
    );
    expect(people).toHaveLength(2);
    expect(people[0]!.box.width).toBeCloseTo(42, 3);
  });
  it('turns an upright body by nothing, and samples what is there', () => {
    expect(regionOf([10, 20], [10, 10])).toEqual({ x: 10, y: 20, size: 25, rotation: 0 });
    const data = new Uint8ClampedArray(4 * 4 * 4).fill(255);
    const inside = sampleRegion({ width: 4, height: 4, data }, { x: 2, y: 2, size: 2, rotation: 0.7 }, 2, 0, 1);
    expect(Math.min(...inside)).toBeCloseTo(1, 5);
    expect(sampleRegion({ width: 4, height: 4, data }, { x: 90, y: 2, size: 2, rotation: 0 }, 2, -1, 1)[0]).toBe(-1);
  });
});

describe('what the app chooses', () => {
  const item = (durationSec: number, source: 'video' | 'landmarks', joints?: string[]): MediaItem =>
    ({
      label: { kind: 'class', classId: 'a' },
      media: {
        kind: 'movement',
        source,
        startSec: 0,
        endSec: durationSec,
        durationSec,
        fileSec: durationSec,
        frameRateHz: 30,
        width: 1,
        height: 1,
        codec: '',
        ...(joints ? { joints } : {}),
      },
    }) as MediaItem;
  it('follows from the clips', () => {
    expect(automaticWindowSec([1.2, 1.4, 5, 6].map((sec) => item(sec, 'video')))).toBe(1.4);
    expect(automaticWindowSec([20].map((sec) => item(sec, 'video')))).toBe(3);
    const settings = ACTION.defaults([item(1, 'landmarks')]);
    expect(resolveFrameRate(settings, [item(1, 'video')])).toBe(10);
    expect(resolveFrameRate(settings, [item(1, 'landmarks')])).toBe(30);
    expect(resolveJoints(settings, [item(1, 'landmarks', ['a', 'b', 'c']), item(1, 'landmarks', ['c', 'b'])])).toEqual([
      'b',
      'c',
    ]);
    expect(() =>
      resolveJoints(settings, [item(1, 'landmarks', ['a', 'b']), item(1, 'landmarks', ['c', 'd'])]),
    ).toThrow();
  });
});

describe('the reference landmarks', () => {
  it('are those of real frames', () => {
    const path = 'tests/golden/blazepose-lite.json';
    expect(existsSync(path)).toBe(true);
    const golden = JSON.parse(readFileSync(path, 'utf8')) as { lite: number[][] }[];
    expect(golden).toHaveLength(14);
    expect(golden.every(({ lite }) => lite.length === 33)).toBe(true);
  });
});
