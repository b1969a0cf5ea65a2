/** Comparisons of numbers that never accept a NaN or an infinity. */
import { expect } from 'vitest';

/** Every value within `tolerance` of the expected one. */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const a = actual[i]!;
    if (!Number.isFinite(a) || Math.abs(a - expected[i]!) > tolerance)
      throw new Error(`value ${i}: ${a}, expected ${expected[i]} ± ${tolerance}`);
  }
}
