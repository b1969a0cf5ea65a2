/**
 * BlazePose on LiteRT.js against the MediaPipe solution: landmarks of real frames. The reference numbers (tests/golden/blazepose-lite.json) were written by
 * tools/golden-pose.mjs with `@mediapipe/pose` 0.5.1675469404 in this browser. Needs ../shared.
 */
import { commands } from 'vitest/browser';
import { describe, expect, it } from 'vitest';
import { BlazePose } from '../../src/features/movement/pose-network.ts';
import { areClose } from '../../src/features/networks/litert.ts';
import { findRepetitions } from '../../src/preview/repetitions.ts';
import { POSE_PIXELS, posesOfVideo } from '../../src/features/movement/extract-poses.ts';
import type { Frame } from '../../src/features/movement/blazepose.ts';
import { openVideo } from '../../src/media/jobs.ts';
import { frameCount, MOTION_VALUES } from '../../src/features/index.ts';
import { drawVideo } from '../helpers/draw-video.ts';
import golden from '../golden/blazepose-lite.json';

const { readShared } = commands as unknown as {
  readShared: (path: string) => Promise<{ name: string; base64: string }[] | null>;
};
const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
const files = await readShared('data/action-clips');
const blobOf = async (name: string) => new Blob([bytesOf((await readShared(`data/action-clips/${name}`))![0]!.base64)]);
const load = async (path: string) => new Uint8Array(await (await fetch(path)).arrayBuffer());

async function still(blob: Blob): Promise<Frame> {
  const bitmap = await createImageBitmap(blob);
  const scale = Math.min(1, POSE_PIXELS / Math.max(bitmap.width, bitmap.height));
  const canvas = new OffscreenCanvas(Math.round(bitmap.width * scale), Math.round(bitmap.height * scale));
  const context = canvas.getContext('2d')!;
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

it('takes the numbers of a graphics processor only when they are right', () => {
  const expected = [new Float32Array([100, -40, 0.5]), new Float32Array([0])];
  expect(areClose(expected, [new Float32Array([100.3, -40.2, 0.6]), new Float32Array([0])])).toBe(true);
  expect(areClose(expected, [new Float32Array([100.3, -42, 0.5]), new Float32Array([0])])).toBe(false);
  expect(areClose(expected, [new Float32Array([100, -40, NaN]), new Float32Array([0])])).toBe(false);
  expect(areClose(expected, [new Float32Array([100, -40, 0.5])])).toBe(false);
});

describe.skipIf(!files)('BlazePose (skipped without ../shared/data)', () => {
  it('agrees with the MediaPipe solution on real frames', { timeout: 60_000 }, async () => {
    using pose = await BlazePose.fromFiles(
      await load('/models/blazepose/pose_detection.tflite'),
      await load('/models/blazepose/pose_landmark_lite.tflite'),
      false,
    );
    const errors: number[] = [];
    for (const { name, at, lite } of golden) {
      let frame: Frame | null = null;
      if (at === null) frame = await still(await blobOf(name));
      else {
        const video = await openVideo(await blobOf(name));
        for await (const found of video.framesAt([at], POSE_PIXELS)) frame = { ...found, data: found.data.slice() };
        video.close();
      }
      pose.reset();
      const { landmarks } = await pose.estimate(frame!, 0);
      expect(landmarks, `${name} at ${at}`).not.toBeNull();
      const { width, height } = frame!;
      const middle = (a: number, b: number) => ({
        x: ((lite[a]![0]! + lite[b]![0]!) / 2) * width,
        y: ((lite[a]![1]! + lite[b]![1]!) / 2) * height,
      });
      const [shoulders, hips] = [middle(11, 12), middle(23, 24)];
      const torso = Math.hypot(shoulders.x - hips.x, shoulders.y - hips.y);
      const seen = lite.flatMap(([x, y, visibility], j) =>
        visibility! > 0.5 ? [Math.hypot(landmarks![j]!.x - x! * width, landmarks![j]!.y - y! * height) / torso] : [],
      );
      errors.push(seen.reduce((sum, value) => sum + value, 0) / seen.length);
    }
    console.info('mean error per frame, in torso lengths:', errors.map((error) => error.toFixed(4)).join(' '));
    for (const error of errors) expect(error).toBeLessThan(0.03);
  });

  it('counts the repetitions of real movements', { timeout: 60_000 }, async () => {
    using pose = await BlazePose.fromFiles(
      await load('/models/blazepose/pose_detection.tflite'),
      await load('/models/blazepose/pose_landmark_lite.tflite'),
    );
    const count = async (name: string) => {
      const { motion } = await posesOfVideo(await blobOf(name), pose, 10, new AbortController().signal, () => {});
      return findRepetitions(motion).length;
    };
    // Two whole squats; the third is cut by the end of the video. Somebody who stands repeats nothing.
    expect(await count('squats.mp4')).toBe(2);
    expect(await count('stand.mp4')).toBe(0);
  });

  it('says that nobody is there, and how many are', { timeout: 60_000 }, async () => {
    using pose = await BlazePose.fromFiles(
      await load('/models/blazepose/pose_detection.tflite'),
      await load('/models/blazepose/pose_landmark_lite.tflite'),
    );
    const grey = { width: 320, height: 240, data: new Uint8ClampedArray(320 * 240 * 4).fill(120) };
    expect(await pose.estimate(grey, 0)).toEqual({ landmarks: null, personCount: 0 });
    pose.reset();
    const { landmarks, personCount } = await pose.estimate(await still(await blobOf('three_people.jpg')), 0);
    expect(landmarks).not.toBeNull();
    expect(personCount).toBeGreaterThan(1);
  });

  it('of somebody who leaves and comes back are missing in between', { timeout: 60_000 }, async () => {
    using pose = await BlazePose.fromFiles(
      await load('/models/blazepose/pose_detection.tflite'),
      await load('/models/blazepose/pose_landmark_lite.tflite'),
    );
    const original = await openVideo(await blobOf('stand.mp4'));
    const { width, height } = original;
    const person = new OffscreenCanvas(width, height);
    for await (const frame of original.framesAt([1], Math.max(width, height)))
      person.getContext('2d')!.putImageData(new ImageData(frame.data.slice(), frame.width, frame.height), 0, 0);
    original.close();
    const isThere = (second: number) => second !== 1;
    const times = Array.from({ length: 30 }, (_, i) => i / 10);
    const film = await drawVideo(times, { width: width & ~1, height: height & ~1, lastSec: 0.1 }, (context, i) => {
      context.fillStyle = 'grey';
      context.fillRect(0, 0, width, height);
      if (isThere(Math.floor(i / 10))) context.drawImage(person, 0, 0);
    });
    const { motion, emptyCount } = await posesOfVideo(film, pose, 10, new AbortController().signal, () => {});
    expect(emptyCount).toBe(10);
    const size = motion.joints.length * MOTION_VALUES;
    const seen = Array.from({ length: frameCount(motion) }, (_, f) =>
      motion.values.subarray(f * size, (f + 1) * size).some((value) => value !== 0),
    );
    expect(seen).toEqual(times.map((_, i) => isThere(Math.floor(i / 10))));
  });
});
