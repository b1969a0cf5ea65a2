/** How unlike the training data a example is: distance of its embedding to the nearest class. Any thread; pure. */
import type { Novelty } from '../../domain/model.ts';
import { noveltyOf } from '../../model/index.ts';
import type { Examples } from './examples.ts';

/** Windows the centres are measured on, and the limit. */
const MOST_WINDOWS = 600;
/** Share of known windows that lie under the limit. */
const KNOWN_SHARE = 0.95;

/** Centres of the classes, deviations within them, and the limit from validation windows (from training windows when there are none). */
export async function measureNovelty(examples: Examples, classCount: number): Promise<Novelty> {
  const size = examples.shape.reduce((product, side) => product * side, 1);
  const read = async (part: 'training' | 'validation') => {
    const classes = examples[part];
    const stride = Math.max(1, Math.ceil(classes.length / MOST_WINDOWS));
    const rows: { classIndex: number; values: Float32Array }[] = [];
    for (let i = 0; i < classes.length; i += stride) {
      const values = new Float32Array(size);
      await examples.copy(part, i, values, 0);
      rows.push({ classIndex: classes[i]!, values });
    }
    return rows;
  };
  const training = await read('training');
  const counts = new Array<number>(classCount).fill(0);
  const sums = Array.from({ length: classCount }, () => new Float32Array(size));
  for (const { classIndex, values } of training) {
    counts[classIndex]!++;
    for (let i = 0; i < size; i++) sums[classIndex]![i] = sums[classIndex]![i]! + values[i]!;
  }
  const means = sums.map((sum, c) => sum.map((value) => value / Math.max(1, counts[c]!)));
  const variances = new Float32Array(size);
  for (const { classIndex, values } of training)
    for (let i = 0; i < size; i++)
      variances[i] = variances[i]! + (values[i]! - means[classIndex]![i]!) ** 2 / training.length;
  const typical = Math.sqrt(variances.reduce((sum, value) => sum + value, 0) / size);
  const round = (values: Float32Array) => Array.from(values, (value) => Number(value.toPrecision(5)));
  const novelty: Novelty = {
    centres: means.filter((_, c) => counts[c]! > 0).map(round),
    // A value that hardly ever changed must not decide alone.
    deviations: round(variances.map((value) => Math.sqrt(value) + 0.1 * typical + 1e-6)),
    limit: 1,
  };
  const known = examples.validation.length >= 20 ? await read('validation') : training;
  const distances = known.map(({ values }) => noveltyOf(values, novelty)).sort((a, b) => a - b);
  return { ...novelty, limit: Math.max(1e-6, distances[Math.floor((distances.length - 1) * KNOWN_SHARE)] ?? 1) };
}
