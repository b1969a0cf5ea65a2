/** How unlike the training data an example is. Any thread; pure. */
import type { Novelty } from '../domain/model.ts';

/**
 * Distance to the nearest class centre, in shared deviations per value, over the limit: above 1 is further than nearly all known sounds.
 * @param feature not normalised. Borrowed.
 */
export function noveltyOf(feature: Float32Array, { centres, deviations, limit }: Novelty): number {
  let nearest = Infinity;
  for (const centre of centres) {
    let sum = 0;
    for (let i = 0; i < feature.length; i++) sum += ((feature[i]! - centre[i]!) / deviations[i]!) ** 2;
    nearest = Math.min(nearest, sum / feature.length);
  }
  return Math.sqrt(nearest) / limit;
}
