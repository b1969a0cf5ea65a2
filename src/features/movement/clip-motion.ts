/** The landmarks of a clip from the cache, ready for windows. Worker thread. */
import type { MediaItem } from '../../domain/project.ts';
import { mediaOf } from '../../domain/task.ts';
import type { FeatureCache } from '../cache.ts';
import { cutMotion, fillGaps, pickJoints, type Motion } from './motion.ts';
import { BLAZEPOSE_JOINTS } from './skeleton.ts';
import { landmarkExtractor, poseExtractor, poseRate } from './spec.ts';

/**
 * @param joints those wanted, in order. @returns gap-free, at the rate it was measured at; owned by the caller.
 * @throws StudioError `features/clip-missing`.
 */
export async function loadClipMotion(
  cache: FeatureCache,
  item: MediaItem,
  frameRateHz: number,
  joints: readonly string[],
): Promise<Motion> {
  const info = mediaOf(item, 'movement');
  const isVideo = info.source === 'video';
  const values = await cache.get(item.hash, isVideo ? poseExtractor(frameRateHz) : landmarkExtractor());
  const motion: Motion = {
    joints: info.joints ?? BLAZEPOSE_JOINTS,
    frameRateHz: isVideo ? poseRate(frameRateHz, info.frameRateHz) : info.frameRateHz,
    values,
  };
  return fillGaps(pickJoints(cutMotion(motion, info.startSec, info.endSec), joints));
}
