/** Segments of videos and landmark files: the stretch stands beside the file. Main thread; pure. */
import { mediaOf } from '../../../domain/task.ts';
import type { SegmentKind } from '../../segments/segments.ts';

/** See the file header. */
export const MOVEMENT_SEGMENTS: SegmentKind = {
  shortestSec: 0.2,
  stretchOf: (item) => mediaOf(item, 'movement'),
  withStretch: (item, { startSec, endSec }) => ({
    ...item,
    media: { ...mediaOf(item, 'movement'), startSec, endSec, durationSec: endSec - startSec },
  }),
};
