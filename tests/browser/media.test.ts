/** media: real decoders of this browser on files it makes itself and on truncated ones. */
import { AudioBufferSource, BufferTarget, OggOutputFormat, Output } from 'mediabunny';
import { describe, expect, it } from 'vitest';
import { commands } from 'vitest/browser';
import { inspectSound } from '../../src/features/sound/inspect.ts';
import { encodeWav } from '../../src/media/index.ts';
import { readTile } from '../../src/features/sound/overview.ts';
import { cutSound, openSound, readSound } from '../../src/media/jobs.ts';
import { decodeInPage } from '../../src/media/ui.ts';
import { rms, tone } from '../helpers/signals.ts';
import mp3Url from '../fixtures/tone-4s.mp3?url';

/** Records a tone with the browser's own encoder. */
async function recordOpus(sec: number): Promise<Blob> {
  const context = new AudioContext({ sampleRate: 48000 });
  const target = context.createMediaStreamDestination();
  const oscillator = context.createOscillator();
  oscillator.frequency.value = 1000;
  oscillator.connect(target);
  oscillator.start();
  const recorder = new MediaRecorder(target.stream, { mimeType: 'audio/webm;codecs=opus' });
  const parts: Blob[] = [];
  recorder.ondataavailable = (event) => parts.push(event.data);
  const stopped = new Promise((resolve) => (recorder.onstop = resolve));
  recorder.start();
  await new Promise((resolve) => setTimeout(resolve, sec * 1000));
  recorder.stop();
  await stopped;
  await context.close();
  return new Blob(parts, { type: 'audio/webm' });
}

async function read(blob: Blob) {
  const blocks: Float32Array[] = [];
  const result = await readSound(blob, (pcm) => void blocks.push(pcm));
  return { ...result, pcm: Float32Array.from(blocks.flatMap((block) => [...block])) };
}

describe('sound files', () => {
  it.each([8000, 11025, 22050, 44100, 48000, 96000])('of %i Hz become 16 kHz mono', async (rate) => {
    const { pcm, sound, readSec } = await read(encodeWav(tone(1000, 0.5, rate), rate));
    expect(sound.sampleRateHz).toBe(rate);
    expect(readSec).toBeCloseTo(0.5, 2);
    expect(Math.abs(pcm.length - 8000)).toBeLessThanOrEqual(1);
    expect(rms(pcm.subarray(1000, 7000))).toBeCloseTo(0.5 / Math.SQRT2, 2);
  });
  it('of the browser’s own recorder (WebM, Opus) are read', async () => {
    const { pcm, sound } = await read(await recordOpus(1));
    expect(sound.codec).toBe('opus');
    expect(pcm.length / 16000).toBeGreaterThan(0.7);
    expect(rms(pcm.subarray(4000, 10000))).toBeGreaterThan(0.1);
  });
  it('that are cut are kept as far as they go, with a notice', async () => {
    const whole = encodeWav(tone(500, 2), 16000);
    const found = await inspectSound(whole.slice(0, 32044));
    expect(found.media.durationSec).toBeCloseTo(1, 1);
    expect(found.notice).toMatch(/1\.0 s of 2\.0 s could be read and were kept/);
  });
  it('that hold no sound are refused with the reason', async () => {
    await expect(inspectSound(new Blob([]))).rejects.toMatchObject({ code: 'media/empty-file' });
    await expect(inspectSound(new Blob(['hello '.repeat(100)]))).rejects.toMatchObject({ code: 'media/not-audio' });
    await expect(inspectSound(encodeWav(new Float32Array(0), 16000))).rejects.toMatchObject({
      code: 'media/zero-length',
    });
  });
  it('are measured: level, clipping, pictures of bounded size', async () => {
    const found = await inspectSound(
      encodeWav(
        tone(440, 3).map((value) => value * 4),
        16000,
      ),
    );
    expect(found.media.peakDb).toBeCloseTo(0, 1);
    expect(found.media.clippedRatio).toBeGreaterThan(0.3);
    expect(found.picture.peaks.length).toBeLessThanOrEqual(240);
    expect(found.picture.peaks.length).toBeGreaterThan(100);
    expect(found.picture.spectrogram.length % 64).toBe(0);
    expect(found.picture.spectrogram.length / 64).toBeLessThanOrEqual(128);
    const quiet = await inspectSound(encodeWav(new Float32Array(16000), 16000));
    expect(quiet.media.peakDb).toBeLessThan(-100);
  });
  it('stop when cancelled', async () => {
    const controller = new AbortController();
    controller.abort();
    await expect(
      readSound(encodeWav(tone(440, 1), 16000), () => {}, { signal: controller.signal }),
    ).rejects.toMatchObject({ name: 'AbortError' });
  });
});

const mp3 = new Uint8Array(await (await fetch(mp3Url)).arrayBuffer());
const { readShared } = commands as unknown as {
  readShared: (path: string) => Promise<{ name: string; base64: string }[] | null>;
};
const flac = await readShared('data/sound-esc10/clips/dog');

const le32 = (value: number) => [value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >>> 24) & 255];
const ascii = (text: string) => [...text].map((letter) => letter.charCodeAt(0));
const chunk = (name: string, content: ArrayLike<number>, size = content.length) => [
  ...ascii(name),
  ...le32(size),
  ...Array.from(content),
];
const fmt = (tag: number, channels = 1, rate = 16000, bits = 16) => {
  const block = (channels * bits) / 8;
  return chunk('fmt ', [tag, tag >> 8, channels, 0, ...le32(rate), ...le32(rate * block), block, 0, bits, 0]);
};
/** A WAV file of chunks, with the length it claims. */
const wav = (chunks: number[][], claims?: number) => {
  const body = [...ascii('WAVE'), ...chunks.flat()];
  return new Blob([new Uint8Array([...ascii('RIFF'), ...le32(claims ?? body.length), ...body])]);
};
const pcm16 = (samples: Float32Array) =>
  Array.from(new Uint8Array(Int16Array.from(samples, (value) => value * 32767).buffer));
const second = pcm16(tone(440, 1));

/** Opus in Ogg from the browser's own encoder. */
async function encodeOgg(hz: number, sec: number): Promise<Blob> {
  const output = new Output({ format: new OggOutputFormat(), target: new BufferTarget() });
  const source = new AudioBufferSource({ codec: 'opus', bitrate: 32_000 });
  output.addAudioTrack(source);
  await output.start();
  const buffer = new AudioBuffer({ length: 48000 * sec, sampleRate: 48000, numberOfChannels: 1 });
  buffer.copyToChannel(new Float32Array(tone(hz, sec, 48000)), 0);
  await source.add(buffer);
  await output.finalize();
  return new Blob([output.target.buffer!]);
}

/** A FLAC file as packets of an Ogg stream (Ogg FLAC mapping 1.0): the headers, then everything else in pages. */
function wrapFlac(bytes: Uint8Array): Blob {
  const pages: number[] = [];
  const page = (content: ArrayLike<number>, flags: number) => {
    const lacing: number[] = [];
    for (let rest = content.length; ; rest -= 255) {
      lacing.push(Math.min(255, rest));
      if (rest < 255) break;
    }
    pages.push(
      ...ascii('OggS'),
      0,
      flags,
      ...Array<number>(8).fill(0),
      7,
      0,
      0,
      0,
      ...Array<number>(8).fill(0),
      lacing.length,
      ...lacing,
    );
    for (let i = 0; i < content.length; i++) pages.push(content[i]!);
  };
  page([0x7f, ...ascii('FLAC'), 1, 0, 0, 1, ...bytes.subarray(0, 42)], 2);
  for (let at = 42; at < bytes.length; at += 60_000) page(bytes.subarray(at, at + 60_000), 0);
  return new Blob([new Uint8Array(pages)]);
}

describe('stretches of sound files', () => {
  /** A sweep: any two moments of it differ. */
  const sweep = (sec: number, rate: number) =>
    Float32Array.from(
      { length: sec * rate },
      (_, i) => 0.5 * Math.sin((2 * Math.PI * (200 + (40 * i) / rate) * i) / rate),
    );
  const difference = (a: Float32Array, b: Float32Array) =>
    a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

  it('of a WAV file are its samples, to the sample', async () => {
    const pcm = sweep(20, 16000);
    const own = await read(await cutSound(encodeWav(pcm, 16000), { startSec: 12.25, endSec: 13.5 }));
    expect(own.pcm.length).toBe(20_000);
    expect(difference(own.pcm, pcm.subarray(196_000, 216_000))).toBeLessThan(1e-3);
  });
  it('of an MP3 are what the whole of it says there', async () => {
    const blob = new Blob([mp3]);
    const opened = await openSound(blob);
    const { sampleRateHz } = opened;
    const blocks: number[] = [];
    for await (const block of opened.blocks()) blocks.push(...block);
    opened.close();
    const own = await openSound(await cutSound(blob, { startSec: 1.5, endSec: 2.25 }));
    const samples: number[] = [];
    for await (const block of own.blocks()) samples.push(...block);
    own.close();
    expect(samples.length).toBe(Math.round(0.75 * sampleRateHz));
    const from = Math.round(1.5 * sampleRateHz);
    // A decoder that begins in the middle settles within a frame or two.
    const [a, b] = [samples, blocks.slice(from, from + samples.length)].map((list) =>
      Float32Array.from(list.slice(3000)),
    );
    expect(difference(a!, b!)).toBeLessThan(0.02);
  });
  it('after the end are refused', async () => {
    const late = cutSound(encodeWav(tone(440, 1, 16000), 16000), { startSec: 2, endSec: 3 });
    await expect(late).rejects.toMatchObject({ code: 'media/zero-length' });
  });
  it.each([0.01, 0.64])('are drawn in columns of %f s, loud where it is loud', async (columnSec) => {
    const pcm = new Float32Array(16000 * 60);
    pcm.set(tone(1000, 4, 16000), 16000 * 20);
    const sound = await openSound(encodeWav(pcm, 16000));
    const startSec = columnSec < 0.1 ? 19 : 0;
    const tile = await readTile(sound, startSec, columnSec);
    sound.close();
    const loud = [...tile.peaks].flatMap((peak, i) => (peak > 20 ? [startSec + i * columnSec] : []));
    expect(loud[0]).toBeGreaterThanOrEqual(20 - columnSec);
    expect(loud[0]).toBeLessThanOrEqual(20 + columnSec);
    expect(loud.at(-1)).toBeLessThanOrEqual(24);
    const at = Math.round((20.5 - startSec) / columnSec);
    const rows = [...tile.spectrogram.subarray(at * 64, at * 64 + 64)];
    expect(rows.indexOf(Math.max(...rows))).toBeGreaterThan(15);
    expect(Math.max(...tile.spectrogram.subarray(0, 64))).toBeLessThan(20);
  });
});

describe('the decoder of the page', () => {
  it('gives what the browser can read, and nothing of what it cannot', async () => {
    const found = await decodeInPage(encodeWav(tone(440, 1, 22050), 22050));
    expect(found!.pcm.length / found!.sampleRateHz).toBeCloseTo(1, 2);
    expect(rms(found!.pcm)).toBeCloseTo(0.5 / Math.SQRT2, 2);
    expect(await decodeInPage(new Blob(['hello']))).toBeNull();
  });
});

describe('sound files as programs write them', () => {
  it.each([
    ['a WAV of size 0 (the recorder lost power)', wav([fmt(1), chunk('data', second, 0)], 0)],
    ['a WAV of unknown size (sox, a pipe)', wav([fmt(1), chunk('data', second, 0x7ffff000)], 0x7ffff024)],
    ['a WAV of unknown size (ffmpeg, a pipe)', wav([fmt(1), chunk('data', second, 0xffffffff)], 0xffffffff)],
    ['a WAV with its sound first', wav([chunk('data', second), fmt(1)])],
    [
      'a WAV with an odd chunk and no pad byte',
      wav([[...ascii('LIST'), ...le32(9), ...ascii('INFOISFTa')], fmt(1), chunk('data', second)]),
    ],
    [
      'a WAV behind a tag',
      new Blob([
        new Uint8Array([...ascii('ID3'), 3, 0, 0, 0, 0, 0, 10, ...Array<number>(10).fill(0)]),
        encodeWav(tone(440, 1), 16000),
      ]),
    ],
  ])('%s is read whole', async (_name, blob) => {
    const found = await inspectSound(blob);
    expect(found.media.durationSec).toBeCloseTo(1, 2);
    expect(found.media.rmsDb).toBeCloseTo(-9, 0);
    expect(found.notice).toBeNull();
  });
  it.each([
    ['MP3 inside a WAV', wav([fmt(0x55), chunk('data', mp3)])],
    ['MP3 after zeros', new Blob([new Uint8Array(4096), mp3])],
    ['MP3 after bytes of something else', new Blob([Uint8Array.from({ length: 5000 }, (_, i) => 1 + (i % 199)), mp3])],
  ])('%s is read whole', async (_name, blob) => {
    const found = await inspectSound(blob);
    expect(found.media.durationSec).toBeGreaterThan(3.9);
    expect(found.media.durationSec).toBeLessThan(4.3);
    expect(found.media.codec).toBe('mp3');
    expect(found.notice).toBeNull();
  });
  it('a chained Ogg file has the length of all its links', async () => {
    const found = await inspectSound(new Blob([await encodeOgg(440, 2), await encodeOgg(880, 1)]));
    expect(found.media.durationSec).toBeGreaterThan(2.9);
    expect(found.media.durationSec).toBeLessThan(3.1);
    const single = await inspectSound(await encodeOgg(440, 2));
    expect(single.media.durationSec).toBeCloseTo(2, 1);
    expect(found.notice).toBeNull();
  });
  it('FLAC in a chained Ogg, and FLAC in a WAV, are read to the end', async (context) => {
    if (!flac) return context.skip('needs ../shared/data/sound-esc10');
    const bytes = Uint8Array.from(atob(flac[0]!.base64), (letter) => letter.charCodeAt(0));
    const plain = await read(new Blob([bytes]));
    const chained = await read(new Blob([wrapFlac(bytes), wrapFlac(bytes)]));
    expect(Math.abs(chained.pcm.length - 2 * plain.pcm.length)).toBeLessThan(3);
    expect((await read(wav([fmt(0xf1ac), chunk('data', bytes)]))).pcm).toEqual(plain.pcm);
  });
  it.each([0, 36, 1000])('a WAV that claims a length of %i in all is read whole', async (length) => {
    const bytes = new Uint8Array(await wav([fmt(1), chunk('data', second)]).arrayBuffer());
    new DataView(bytes.buffer).setUint32(4, length, true);
    expect((await inspectSound(new Blob([bytes]))).media.durationSec).toBeCloseTo(1, 2);
  });
  it('FLAC inside Ogg is the sound of the FLAC file', async (context) => {
    if (!flac) return context.skip('needs ../shared/data/sound-esc10');
    const bytes = Uint8Array.from(atob(flac[0]!.base64), (letter) => letter.charCodeAt(0));
    const [plain, wrapped] = [await read(new Blob([bytes])), await read(wrapFlac(bytes))];
    expect(wrapped.sound.codec).toBe('flac');
    expect(wrapped.pcm).toEqual(plain.pcm);
  });
  it.each([
    ['ADPCM', wav([fmt(0x11), chunk('data', second)])],
    ['GSM', wav([fmt(0x31), chunk('data', second)])],
    ['G.722', wav([fmt(0x28f), chunk('data', second)])],
    ['0x1234', wav([fmt(0x1234), chunk('data', second)])],
    ['DTS', new Blob([new Uint8Array([0x7f, 0xfe, 0x80, 0x01]), new Uint8Array(200)])],
    ['AMR', new Blob(['#!AMR\n', new Uint8Array(200)])],
    ['AIFF', new Blob(['FORM\0\0\x01\0AIFF', new Uint8Array(200)])],
    ['CAF', new Blob(['caff\0\x01\0\0', new Uint8Array(200)])],
    ['Windows Media', new Blob([new Uint8Array([0x30, 0x26, 0xb2, 0x75]), new Uint8Array(200)])],
    ['AC-3', new Blob([new Uint8Array([0x0b, 0x77]), new Uint8Array(200)])],
  ])('%s is named', async (name, blob) => {
    await expect(inspectSound(blob)).rejects.toMatchObject({
      code: 'media/codec-unsupported',
      message: expect.stringContaining(name) as string,
    });
  });
  it('samples that are no numbers are silence, and said', async () => {
    const samples = tone(440, 1);
    samples.fill(NaN, 2000, 2010);
    samples[3000] = Infinity;
    const bytes = new Uint8Array(new Float32Array(samples).buffer);
    const blob = wav([fmt(3, 1, 16000, 32), chunk('data', bytes)]);
    const found = await inspectSound(blob);
    expect(found.notice).toBe('11 samples are no numbers: silence was put there.');
    expect(found.media.peakDb).toBeCloseTo(-6, 0);
    expect((await read(blob)).pcm.every(Number.isFinite)).toBe(true);
  });
  it('two channels that cancel out are heard, and said', async () => {
    const one = tone(440, 1);
    const both = Float32Array.from({ length: 2 * one.length }, (_, i) => (i % 2 ? -1 : 1) * one[i >> 1]!);
    const found = await inspectSound(wav([fmt(1, 2), chunk('data', pcm16(both))]));
    expect(found.notice).toMatch(/opposite and cancel out/);
    expect(found.media.rmsDb).toBeCloseTo(-9, 0);
  });
  it('rates that no recording has are refused at once', async () => {
    const started = performance.now();
    await expect(inspectSound(wav([fmt(1, 1, 1_240_000_000), chunk('data', second)]))).rejects.toMatchObject({
      message: expect.stringMatching(/1,240,000,000 samples a second/) as string,
    });
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
