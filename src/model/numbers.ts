/** Small maths of classifiers. Any thread; pure. */

/** Normalises in place: (x − mean) / deviation. */
export function normalise(values: Float32Array, { mean, deviation }: { mean: number; deviation: number }): void {
  for (let i = 0; i < values.length; i++) values[i] = (values[i]! - mean) / deviation;
}

/** Position of the largest of `length` values from `at`. */
export function argMax(values: ArrayLike<number>, at: number, length: number): number {
  let best = 0;
  for (let i = 1; i < length; i++) if (values[at + i]! > values[at + best]!) best = i;
  return best;
}
