/** How far a score could be from the truth by chance alone. Any thread; pure. */

/** 95 % of a normal distribution lie within so many deviations. */
const Z = 1.959964;
/** A score of fewer examples says little, and people are told so first. */
export const FEW_EXAMPLES = 30;

/**
 * Interval that holds the true share of right answers in 95 % of such trials (Wilson score interval).
 * @returns ratios 0..1; [0, 1] of nothing.
 * @see Wilson 1927, Probable inference, the law of succession, and statistical inference
 */
export function wilsonInterval(right: number, total: number): [low: number, high: number] {
  if (total === 0) return [0, 1];
  const share = right / total;
  const scale = 1 + Z ** 2 / total;
  const middle = (share + Z ** 2 / (2 * total)) / scale;
  const reach = (Z / scale) * Math.sqrt((share * (1 - share)) / total + Z ** 2 / (4 * total ** 2));
  return [Math.max(0, middle - reach), Math.min(1, middle + reach)];
}

/** An interval as people read it: "62 to 96 %". */
export const formatInterval = ([low, high]: readonly [number, number]): string =>
  `${Math.round(100 * low)} to ${Math.round(100 * high)} %`;
