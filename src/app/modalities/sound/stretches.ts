/** Segments of recordings: the identity of an example names its file and its edges (domain/stretch.ts). Main thread; pure. */
import type { MediaItem } from '../../../domain/project.ts';
import { fileHashOf, stretchHash } from '../../../domain/stretch.ts';
import { mediaOf } from '../../../domain/task.ts';
import type { SegmentKind } from '../../segments/segments.ts';

/** Edges are to the millisecond, as identities are. */
const toMs = (sec: number) => Math.round(sec * 1000) / 1000;

function stretchOf(item: MediaItem) {
  const { stretch, durationSec } = mediaOf(item, 'sound');
  return stretch ?? { startSec: 0, endSec: durationSec, fileSec: durationSec };
}

/** See the file header. Levels stay those of the file. */
export const SOUND_SEGMENTS: SegmentKind = {
  shortestSec: 0.05,
  stretchOf,
  withStretch(item, wanted) {
    const { fileSec, startSec: oldStart, endSec: oldEnd } = stretchOf(item);
    const [startSec, endSec] = [toMs(wanted.startSec), toMs(wanted.endSec)];
    const file = fileHashOf(item.hash);
    const { stretch: _old, ...media } = mediaOf(item, 'sound');
    const fileName = item.path.replace(/^.*\//, '');
    // What is cut out is a WAV file. A name that a person gave stays.
    const nameAt = (sec: number) => `${fileName.replace(/\.[^.]+$/, '')} at ${sec.toFixed(1)} s.wav`;
    const isNamed = item.name !== fileName && item.name !== nameAt(oldStart);
    const bytes = Math.round((item.bytes * (endSec - startSec)) / Math.max(1e-3, oldEnd - oldStart));
    if (startSec <= 0 && endSec >= toMs(fileSec))
      return {
        ...item,
        hash: file,
        name: isNamed ? item.name : fileName,
        bytes,
        media: { ...media, durationSec: fileSec },
      };
    return {
      ...item,
      hash: stretchHash(file, { startSec, endSec }),
      name: isNamed && item.hash !== file ? item.name : nameAt(startSec),
      bytes,
      media: { ...media, durationSec: endSec - startSec, stretch: { startSec, endSec, fileSec } },
    };
  },
};
