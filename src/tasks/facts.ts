/** Small sums over examples, for the rows of the table. Any thread; pure. */
import { durationOf, type MediaItem } from '../domain/project.ts';
import { formatDuration } from '../kernel/format.ts';

/** Smallest and largest of values; of very many the first ten thousand. */
export const span = (values: readonly number[]): [low: number, high: number] => {
  const some = values.slice(0, 10_000);
  return [Math.min(...some), Math.max(...some)];
};

/** Length of clips together. */
export const totalDuration = (items: readonly MediaItem[]): string =>
  formatDuration(items.reduce((sum, item) => sum + durationOf(item), 0));
