/** Movements in Node: landmark files, annotations, windows, repetitions, what the app chooses. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FileIndex } from '../../src/dataset/annotations/file-index.ts';
import { parseTime, readMotionAnnotations } from '../../src/dataset/annotations/motion.ts';
import type { MediaItem } from '../../src/domain/project.ts';
import { activeSpan, motionOfPoses, qualityHints } from '../../src/features/movement/activity.ts';
import { decodePeople, detectorAnchors, regionOf, sampleRegion } from '../../src/features/movement/blazepose.ts';
import { animateFigure, SAMPLE_ACTIONS } from '../../src/features/movement/figure.ts';
import { formatLandmarks, readLandmarks } from '../../src/features/movement/landmark-files.ts';
import {
  cutMotion,
  fillGaps,
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
    ['a wide CSV', 'time,left_wrist_x,left_wrist_y,nose_x,nose_y\n0,1,2,3,4\n0.04,1,2,3,4\n'],
    ['a long CSV', 'frame,joint,x,y,confidence\n0,nose,1,2,0.9\n0,neck,1,3,0.8\n1,nose,1,2,0.9\n'],
  ])('are read as %s', (_name, text) => {
    const [read] = readLandmarks(text, text.startsWith('{') || text.startsWith('[') ? 'x.json' : 'x.csv');
    expect(read!.motion.joints).toHaveLength(2);
    expect(frameCount(read!.motion)).toBeGreaterThan(0);
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
