/** Real videos in every container, turned, cut, without a picture: decoded at exact times in this browser. Needs ../shared. */
import {
  ALL_FORMATS,
  BlobSource,
  BufferTarget,
  Conversion,
  Input,
  MkvOutputFormat,
  MovOutputFormat,
  Mp4OutputFormat,
  Output,
  WebMOutputFormat,
  type OutputFormat,
} from 'mediabunny';
import { commands } from 'vitest/browser';
import { describe, expect, it } from 'vitest';
import { readFilm } from '../../src/features/movement/film.ts';
import { inspectMotion } from '../../src/features/movement/inspect-motion.ts';
import { StudioError } from '../../src/kernel/errors.ts';
import { encodeWav } from '../../src/media/index.ts';
import { openVideo } from '../../src/media/jobs.ts';
import noIndexUrl from '../fixtures/no-index.webm?url';
import { drawVideo } from '../helpers/draw-video.ts';

const { readShared } = commands as unknown as {
  readShared: (path: string) => Promise<{ name: string; base64: string }[] | null>;
};
const squats = await readShared('data/action-clips/squats.mp4');
const original = () =>
  new Blob([Uint8Array.from(atob(squats![0]!.base64), (char) => char.charCodeAt(0))], { type: 'video/mp4' });
const signal = new AbortController().signal;

async function convert(
  format: OutputFormat,
  video: object = {},
  trim?: { start: number; end: number },
  from: Blob = original(),
): Promise<Blob> {
  const target = new BufferTarget();
  const input = new Input({ source: new BlobSource(from), formats: ALL_FORMATS });
  const conversion = await Conversion.init({
    input,
    output: new Output({ format, target }),
    video,
    ...(trim ? { trim } : {}),
  });
  await conversion.execute();
  return new Blob([target.buffer!]);
}

describe.skipIf(!squats)('the film of a video', () => {
  it.each([8, 96])('of %i frames is spread over it, small, and says where something moves', async (count) => {
    const video = await openVideo(original());
    const frames = [];
    for await (const frame of readFilm(video, count)) frames.push(frame);
    const { durationSec } = video;
    video.close();
    expect(frames.length).toBe(count);
    frames.forEach(({ atSec, width, height, pixels }, i) => {
      expect(atSec).toBeCloseTo(((i + 0.5) * durationSec) / count, 3);
      expect([Math.max(width, height), pixels.length]).toEqual([96, width * height * 4]);
    });
    // Squats move most of the time (the same frame twice would say so in a third of them); the first frame has none before it.
    const moving = frames.slice(1).filter(({ change }) => change > 0.001).length;
    expect(moving / (count - 1)).toBeGreaterThan(0.55);
  });
});

const codeOf = (run: Promise<unknown>) =>
  run.then(
    () => 'fine',
    (error: unknown) => (error instanceof StudioError ? error.code : String(error)),
  );

describe('a variable frame rate', () => {
  it('gives the picture that is shown at each time, and its mean rate', { timeout: 30_000 }, async () => {
    const starts = [0, 0.1, 0.15, 0.2, 0.9, 1, 1.8, 1.9];
    const video = await openVideo(
      await drawVideo(starts, { width: 64, height: 64, lastSec: 0.1 }, (context, i) => {
        context.fillStyle = `rgb(${30 * i},${30 * i},${30 * i})`;
        context.fillRect(0, 0, 64, 64);
      }),
    );
    expect(video.durationSec).toBeCloseTo(2, 1);
    expect(video.frameRateHz).toBeCloseTo(starts.length / 2, 0);
    const times = [0, 0.12, 0.17, 0.5, 0.95, 1.5, 1.85, 1.95];
    const shown: number[] = [];
    for await (const { data } of video.framesAt(times, 64)) shown.push(Math.round(data[4 * (32 * 64 + 32)]! / 30));
    video.close();
    expect(shown).toEqual(times.map((atSec) => starts.findLastIndex((from) => from <= atSec)));
  });
});

it('a film without an index, whose later parts begin between key frames, is read to its end', async () => {
  // As Firefox records: the same packets with an index give the truth.
  const film = await (await fetch(noIndexUrl)).blob();
  const times = [0.2, 1, 1.5, 2, 2.5, 2.9];
  const framesOf = async (blob: Blob) => {
    const video = await openVideo(blob);
    const frames: string[] = [];
    for await (const { atSec, data } of video.framesAt(times, 64)) frames.push(`${atSec} ${data.join()}`);
    video.close();
    return frames;
  };
  const frames = await framesOf(film);
  expect(new Set(frames.map((frame) => frame.split(' ')[1])).size).toBe(times.length);
  expect(frames).toEqual(await framesOf(await convert(new Mp4OutputFormat(), {}, undefined, film)));
});

it('a codec nobody knows is named, and said to be the reason', { timeout: 30_000 }, async () => {
  const film = await drawVideo([0, 0.5], { width: 64, height: 64, lastSec: 0.5 }, (context) =>
    context.fillRect(0, 0, 30, 64),
  );
  const bytes = new Uint8Array(await film.arrayBuffer());
  const name = [...'avc1'].map((char) => char.charCodeAt(0));
  const at = bytes.findIndex((_, i) => name.every((byte, k) => bytes[i + k] === byte));
  expect(at).toBeGreaterThan(0);
  bytes.set(
    [...'zzzz'].map((char) => char.charCodeAt(0)),
    bytes.findLastIndex((_, i) => name.every((byte, k) => bytes[i + k] === byte)),
  );
  const error = await openVideo(new Blob([bytes])).then(
    () => null,
    (cause: unknown) => cause as StudioError,
  );
  expect(error?.code).toBe('media/video-codec-unsupported');
  expect(error?.message).toContain('cannot decode the video in the file');
});

describe.skipIf(!squats)('videos (skipped without ../shared/data)', () => {
  it.each([
    ['MP4', () => new Mp4OutputFormat(), {}],
    ['MOV', () => new MovOutputFormat(), {}],
    ['MKV', () => new MkvOutputFormat(), {}],
    ['WebM', () => new WebMOutputFormat(), { codec: 'vp8' }],
  ] as const)('%s gives the frames of its times', { timeout: 30_000 }, async (_name, format, options) => {
    const video = await openVideo(await convert(format(), { ...options }, { start: 0, end: 4 }));
    expect(video).toMatchObject({ width: 720, height: 1280 });
    expect(video.frameRateHz).toBeCloseTo(5, 0);
    const times: number[] = [];
    for await (const frame of video.framesAt([0, 0.5, 1.3, 3.1], 360)) {
      expect(Math.max(frame.width, frame.height)).toBe(360);
      times.push(frame.atSec);
    }
    video.close();
    expect(times).toEqual([0, 0.5, 1.3, 3.1]);
  });

  it('turned by a phone is shown upright', { timeout: 30_000 }, async () => {
    const turned = await convert(
      new Mp4OutputFormat({}),
      { rotate: 90, allowRotationMetadata: true },
      { start: 0, end: 2 },
    );
    const video = await openVideo(turned);
    expect([video.width, video.height, video.rotationDeg]).toEqual([1280, 720, 90]);
    const plain = await openVideo(original());
    const pixel = async (from: typeof video, x: number, y: number) => {
      for await (const frame of from.framesAt([0.5], 1280)) {
        const at = (Math.floor(y * frame.height) * frame.width + Math.floor(x * frame.width)) * 4;
        return [...frame.data.subarray(at, at + 3)];
      }
      return [];
    };
    // Turned clockwise, what was at the top left is at the top right.
    const [a, b] = [await pixel(plain, 0.1, 0.3), await pixel(video, 0.7, 0.1)];
    a.forEach((value, i) => expect(Math.abs(value - b[i]!)).toBeLessThan(24));
    video.close();
    plain.close();
    const [inspected] = await inspectMotion(turned, 'phone.mp4', signal);
    expect(inspected!.notice).toContain('turned by 90°');
    expect(inspected!.picture.poster!.length).toBeGreaterThan(500);
  });

  it('one frame, an empty file, sound only, no video and a cut file are told apart', { timeout: 30_000 }, async () => {
    const [short] = await inspectMotion(
      await convert(new Mp4OutputFormat(), {}, { start: 0, end: 0.1 }),
      'one.mp4',
      signal,
    );
    expect(short!.notice).toContain('hardly longer than one picture');
    expect(await codeOf(openVideo(new Blob([])))).toBe('media/empty-file');
    expect(await codeOf(openVideo(new Blob(['Dear video'])))).toBe('media/not-video');
    expect(await codeOf(openVideo(encodeWav(new Float32Array(16_000), 16_000)))).toBe('media/not-video');
    const whole = original();
    expect(await codeOf(inspectMotion(whole.slice(0, whole.size / 2), 'cut.mp4', signal))).toBe('media/damaged');
  });
});
