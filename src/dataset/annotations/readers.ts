/** The readers of annotations by task, loaded with their parsers when files come in. Any thread. */
import type { ReadAnnotations } from './reader.ts';

const lazily =
  (load: () => Promise<ReadAnnotations>): ReadAnnotations =>
  async (...asked) =>
    (await load())(...asked);

/** Boxes in pictures, every format. */
export const readBoxFiles = lazily(async () => (await import('./boxes.ts')).readBoxFiles);
/** Segments of videos. */
export const readMotionFiles = lazily(async () => (await import('./motion.ts')).readMotionFiles);
/** Lists of files and classes. */
export const readClassLists = lazily(async () => (await import('./class-lists.ts')).readClassLists);
/** Frames of OpenPose as sequences. */
export { joinFrames } from './openpose.ts';
