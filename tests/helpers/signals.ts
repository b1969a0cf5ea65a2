/** Made-up sounds for tests. */
import { createRandom } from '../../src/kernel/random.ts';

/** A sine of `hz` for `sec` at `rateHz`, amplitude 0.5. */
export function tone(hz: number, sec: number, rateHz = 16000): Float32Array {
  return Float32Array.from(
    { length: Math.round(sec * rateHz) },
    (_, n) => 0.5 * Math.sin((2 * Math.PI * hz * n) / rateHz),
  );
}

/** Seeded white noise. */
export function noise(sec: number, seed: number, rateHz = 16000): Float32Array {
  const random = createRandom(seed, 'noise');
  return Float32Array.from({ length: Math.round(sec * rateHz) }, () => 0.4 * (random.next() * 2 - 1));
}

/** Root mean square. */
export function rms(pcm: Float32Array): number {
  return Math.sqrt(pcm.reduce((sum, value) => sum + value * value, 0) / pcm.length);
}
