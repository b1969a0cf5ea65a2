/** media and features: resampling, WAV, log-mel, windows. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  applyBandGains,
  copyWindow,
  LOG_MEL_SPEC,
  SILENCE_LOG_MEL,
  windowFrames,
  windowStarts,
} from '../../src/features/index.ts';
import { extractLogMel, LogMelStream } from '../../src/features/sound/log-mel.ts';
import { encodeWav, resample, Resampler } from '../../src/media/index.ts';
import { expectClose } from '../helpers/expect-close.ts';
import { noise, rms, tone } from '../helpers/signals.ts';

describe('changing bands', () => {
  const pcm = new Float32Array([...tone(440, 0.5), ...tone(3000, 0.5)]);
  const rows = Math.floor((pcm.length - 400) / 160) + 1;
  it('by nothing changes nothing', () => {
    const same = applyBandGains(pcm, new Float32Array(rows * 64));
    for (let i = 400; i < pcm.length - 400; i++) expect(Math.abs(same[i]! - pcm[i]!)).toBeLessThan(1e-5);
  });
  it('silences high bands and keeps the ones below', () => {
    // Band 34 of 64 is centred near 1.9 kHz.
    const gains = new Float32Array(rows * 64).map((_, i) => (i % 64 >= 34 ? -12 : 0));
    const low = applyBandGains(pcm, gains);
    expect(rms(low.subarray(1000, 7000))).toBeCloseTo(rms(pcm.subarray(1000, 7000)), 2);
    expect(rms(low.subarray(9000, 15000))).toBeLessThan(0.01);
  });
});

describe('resampling', () => {
  const middle = (pcm: Float32Array) => pcm.subarray(2000, pcm.length - 2000);
  it('takes a 10 kHz tone at 48 kHz down by more than 60 dB', () => {
    const out = middle(resample(tone(10000, 1, 48000), 48000, 16000));
    expect(20 * Math.log10(rms(out) / rms(tone(10000, 1, 48000)))).toBeLessThan(-60);
  });
  it('also from 44.1 kHz, where the filter has 160 phases', () => {
    const out = middle(resample(tone(10000, 1, 44100), 44100, 16000));
    expect(20 * Math.log10(rms(out) / rms(tone(10000, 1, 44100)))).toBeLessThan(-60);
  });
  it.each([48000, 44100, 22050, 8000, 11025, 96000])(
    'keeps a 1 kHz tone from %i Hz: right level, right time',
    (rate) => {
      const out = resample(tone(1000, 1, rate), rate, 16000);
      expect(out.length).toBe(16000);
      expectClose(out.subarray(2000, 14000), tone(1000, 1).subarray(2000, 14000), 0.002);
    },
  );
  it('gives the same in blocks of any size', () => {
    const input = noise(0.5, 1, 44100);
    const whole = resample(input, 44100, 16000);
    const resampler = new Resampler(44100, 16000);
    const parts: number[] = [];
    for (let at = 0, size = 1; at < input.length; at += size, size = (size * 7) % 1501)
      parts.push(...resampler.push(input.subarray(at, at + size)));
    parts.push(...resampler.flush());
    expectClose(parts, whole, 1e-6);
  });
  it('passes equal rates through', () => {
    const input = noise(0.1, 2);
    expect(resample(input, 16000, 16000)).toEqual(input);
  });
  it('handles less than a filter length and nothing at all', () => {
    expect(resample(new Float32Array(3).fill(0.1), 48000, 16000).length).toBe(1);
    expect(resample(new Float32Array(0), 48000, 16000).length).toBe(0);
  });
});

describe('WAV', () => {
  it('holds the samples, clamped, in 16 bits', async () => {
    const bytes = new DataView(await encodeWav(Float32Array.of(0, 1, -1, 2, 0.5), 44100).arrayBuffer());
    expect(bytes.byteLength).toBe(54);
    expect(bytes.getUint32(24, true)).toBe(44100);
    expect([0, 1, 2, 3, 4].map((i) => bytes.getInt16(44 + 2 * i, true))).toEqual([0, 32767, -32767, 32767, 16384]);
  });
});

describe('log-mel', () => {
  /** The signal of tools/golden/log_mel.py. */
  function goldenSignal(count: number): Float32Array {
    let state = 12345;
    return Float32Array.from({ length: count }, (_, n) => {
      state = Number((1103515245n * BigInt(state) + 12345n) % 2147483648n);
      const t = n / 16000;
      return (
        0.4 * Math.sin(2 * Math.PI * 440 * t) +
        0.2 * Math.sin(2 * Math.PI * 3000 * t * (1 + t)) +
        0.05 * (state / 2147483648 - 0.5)
      );
    });
  }
  it('agrees with the reference implementation of the same formula', () => {
    const golden = JSON.parse(readFileSync(new URL('../golden/log-mel.json', import.meta.url), 'utf8')) as {
      samples: number;
      tolerance: number;
      rows: number[][];
    };
    const rows = extractLogMel(goldenSignal(golden.samples));
    expect(golden.rows.length).toBe(6);
    expectClose(rows, golden.rows.flat(), golden.tolerance);
  });
  it('has one row of 64 bands per hop', () => {
    expect(extractLogMel(tone(440, 1)).length).toBe(98 * 64);
    expect(extractLogMel(new Float32Array(15600)).length).toBe(96 * 64);
  });
  it('is ln(0.001) everywhere in silence', () => {
    expectClose(extractLogMel(new Float32Array(800)), new Float32Array(3 * 64).fill(SILENCE_LOG_MEL), 1e-6);
  });
  it('puts a higher tone into a higher band', () => {
    const loudest = (hz: number) => {
      const row = extractLogMel(tone(hz, 0.1)).subarray(64, 128);
      return row.indexOf(Math.max(...row));
    };
    expect(loudest(300)).toBeLessThan(loudest(1000));
    expect(loudest(1000)).toBeLessThan(loudest(5000));
  });
  it('gives the same in blocks as in one piece, and pads a tiny sound to one row', () => {
    const pcm = noise(0.3, 5);
    const stream = new LogMelStream();
    const parts: number[] = [];
    for (let at = 0; at < pcm.length; at += 333) parts.push(...stream.push(pcm.subarray(at, at + 333)));
    expectClose(parts, extractLogMel(pcm), 1e-6);
    expect(extractLogMel(new Float32Array(10)).length).toBe(64);
  });
});

describe('windows', () => {
  it('have 96 frames at 0.975 s, as YAMNet', () => {
    expect(windowFrames(0.975, 0.5)).toEqual({ windowFrames: 96, hopFrames: 49 });
    expect(windowFrames(15, 0.9)).toEqual({ windowFrames: 1498, hopFrames: 150 });
  });
  it('centre a clip that is shorter', () => {
    expect(windowStarts(40, { windowFrames: 96, hopFrames: 48 })).toEqual([-28]);
    const out = new Float32Array(96 * 64);
    copyWindow(new Float32Array(40 * 64).fill(1), -28, 96, out, 0);
    expect(out[27 * 64]).toBeCloseTo(SILENCE_LOG_MEL);
    expect(out[28 * 64]).toBe(1);
    expect(out[67 * 64 + 63]).toBe(1);
    expect(out[68 * 64]).toBeCloseTo(SILENCE_LOG_MEL);
  });
  it('end with the clip when much would be lost', () => {
    expect(windowStarts(200, { windowFrames: 96, hopFrames: 48 })).toEqual([0, 48, 96]);
    expect(windowStarts(230, { windowFrames: 96, hopFrames: 48 })).toEqual([0, 48, 96, 134]);
    expect(windowStarts(96, { windowFrames: 96, hopFrames: 48 })).toEqual([0]);
  });
  it('never lose a frame of a long clip at 0 % overlap, except less than a quarter window at the end', () => {
    for (const frames of [97, 150, 333, 1000]) {
      const starts = windowStarts(frames, { windowFrames: 96, hopFrames: 96 });
      expect(frames - (starts.at(-1)! + 96)).toBeLessThan(LOG_MEL_SPEC.bandCount);
    }
  });
});
