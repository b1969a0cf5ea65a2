/** Sounds the app makes itself, for its sample project. Any thread; pure, seeded: no recording has to be shipped. */
import { createRandom, type Random } from '../kernel/random.ts';
import { SOUND_RATE_HZ } from './rate.ts';

/** Four sounds that a person tells apart at once. */
export const SAMPLE_SOUNDS = ['Bell', 'Siren', 'Rain', 'Clock'] as const;

/** See {@link SAMPLE_SOUNDS}. */
export type SampleSound = (typeof SAMPLE_SOUNDS)[number];

const CLIP_SEC = 1.6;

/** Partials of a struck bell: ratio to the strike note and relative level (after Rossing, The Acoustics of Bells, 1984). */
const BELL_PARTIALS = [
  [0.5, 0.5],
  [1, 1],
  [1.2, 0.6],
  [1.5, 0.4],
  [2, 0.7],
  [2.67, 0.3],
  [4, 0.2],
] as const;

function bell(out: Float32Array, random: Random): void {
  const hz = 350 + 350 * random.next();
  const start = 0.1 + 0.4 * random.next();
  for (const [ratio, level] of BELL_PARTIALS) {
    const decaySec = (0.5 + 0.5 * random.next()) / Math.sqrt(ratio);
    const phase = 6.283 * random.next();
    for (let i = Math.round(start * SOUND_RATE_HZ); i < out.length; i++) {
      const t = i / SOUND_RATE_HZ - start;
      out[i]! += 0.2 * level * Math.exp(-t / decaySec) * Math.sin(2 * Math.PI * hz * ratio * t + phase);
    }
  }
}

function siren(out: Float32Array, random: Random): void {
  const low = 500 + 200 * random.next();
  const high = low * (1.6 + 0.5 * random.next());
  const swingHz = 0.8 + 1.2 * random.next();
  let phase = 0;
  const offset = random.next();
  for (let i = 0; i < out.length; i++) {
    const t = i / SOUND_RATE_HZ;
    const hz = low + (high - low) * (0.5 - 0.5 * Math.cos(2 * Math.PI * (swingHz * t + offset)));
    phase += (2 * Math.PI * hz) / SOUND_RATE_HZ;
    out[i]! += 0.3 * Math.sin(phase) + 0.08 * Math.sin(2 * phase);
  }
}

function rain(out: Float32Array, random: Random): void {
  let smooth = 0;
  const openness = 0.25 + 0.4 * random.next();
  for (let i = 0; i < out.length; i++) {
    smooth += openness * ((random.next() - 0.5) * 0.6 - smooth);
    out[i]! += smooth;
  }
  const dropCount = 20 + random.int(60);
  for (let drop = 0; drop < dropCount; drop++) {
    const at = random.int(out.length);
    const hz = 1500 + 4000 * random.next();
    const level = 0.05 + 0.15 * random.next();
    for (let i = at; i < Math.min(out.length, at + 160); i++) {
      const t = (i - at) / SOUND_RATE_HZ;
      out[i]! += level * Math.exp(-t * 700) * Math.sin(2 * Math.PI * hz * t);
    }
  }
}

function clock(out: Float32Array, random: Random): void {
  const everySec = 0.28 + 0.3 * random.next();
  const hz = 1800 + 1200 * random.next();
  for (let beat = 0, at = 0.2 * random.next(); at < CLIP_SEC; beat++, at += everySec) {
    const pitch = beat % 2 ? 0.8 : 1;
    const first = Math.round(at * SOUND_RATE_HZ);
    for (let i = first; i < Math.min(out.length, first + 500); i++) {
      const t = (i - first) / SOUND_RATE_HZ;
      out[i]! += 0.5 * Math.exp(-t * 260) * (Math.sin(2 * Math.PI * hz * pitch * t) + 0.5 * (random.next() - 0.5));
    }
  }
}

const MAKERS: Record<SampleSound, (out: Float32Array, random: Random) => void> = {
  Bell: bell,
  Siren: siren,
  Rain: rain,
  Clock: clock,
};

/**
 * One variation of a sound: pitch, tempo, level and a quiet room differ by seed.
 * @returns mono at 16 kHz, 1.6 s, within −1..1.
 */
export function synthesise(kind: SampleSound, seed: number): Float32Array {
  const random = createRandom(seed, 'sample', kind);
  const out = new Float32Array(Math.round(CLIP_SEC * SOUND_RATE_HZ));
  MAKERS[kind](out, random);
  const level = 0.5 + 0.5 * random.next();
  const room = 0.002 + 0.01 * random.next();
  for (let i = 0; i < out.length; i++) out[i] = Math.max(-1, Math.min(1, level * out[i]! + room * random.normal()));
  return out;
}
