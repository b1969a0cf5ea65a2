/** media: real decoders of this browser on files it makes itself and on truncated ones. */
import { describe, expect, it } from 'vitest';
import { inspectSound } from '../../src/features/sound/inspect.ts';
import { encodeWav } from '../../src/media/index.ts';
import { readSound } from '../../src/media/jobs.ts';
import { rms, tone } from '../helpers/signals.ts';

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
