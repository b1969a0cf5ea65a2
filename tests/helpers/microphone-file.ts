/** Real recordings joined into one WAV file that plays the fake microphone. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resample } from '../../src/media/resample.ts';

/** Samples and rate of a 16-bit PCM WAV file. */
export function readWav(path: string): { pcm: Float32Array; sampleRateHz: number } {
  const bytes = readFileSync(path);
  let at = 12;
  let sampleRateHz = 0;
  let channels = 1;
  while (at + 8 <= bytes.length) {
    const id = bytes.toString('ascii', at, at + 4);
    const size = bytes.readUInt32LE(at + 4);
    if (id === 'fmt ') {
      channels = bytes.readUInt16LE(at + 10);
      sampleRateHz = bytes.readUInt32LE(at + 12);
    }
    if (id === 'data') {
      const frames = Math.floor(Math.min(size, bytes.length - at - 8) / 2 / channels);
      return {
        pcm: Float32Array.from({ length: frames }, (_, i) => bytes.readInt16LE(at + 8 + 2 * channels * i) / 32768),
        sampleRateHz,
      };
    }
    at += 8 + size + (size % 2);
  }
  throw new Error(`${path} holds no sound`);
}

/** Bytes of a mono 16-bit WAV file. */
export function wavBytes(pcm: Float32Array, sampleRateHz: number): Buffer {
  const bytes = Buffer.alloc(44 + 2 * pcm.length);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(36 + 2 * pcm.length, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(sampleRateHz, 24);
  bytes.writeUInt32LE(2 * sampleRateHz, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(2 * pcm.length, 40);
  pcm.forEach((value, i) => bytes.writeInt16LE(Math.round(Math.max(-1, Math.min(1, value)) * 32767), 44 + 2 * i));
  return bytes;
}

/** @returns path of a 48 kHz file with the recordings one after the other, `gapSec` of silence between them. */
export function makeMicrophoneFile(paths: readonly string[], gapSec: number): string {
  const gap = new Float32Array(Math.round(gapSec * 48000));
  const parts = paths.flatMap((path) => {
    const { pcm, sampleRateHz } = readWav(path);
    return [resample(pcm, sampleRateHz, 48000), gap];
  });
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  const path = join(mkdtempSync(join(tmpdir(), 'understudy-mic-')), 'microphone.wav');
  writeFileSync(path, wavBytes(whole, 48000));
  return path;
}
