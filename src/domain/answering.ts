/** How a model answers while it is used: chosen by a person in Preview, kept with its source, taken along by what is exported. Any thread; plain numbers. */

/**
 * `threshold`: least confidence of an answer, 0..1, where the calibration has none per class. `smoothingSec`: class scores of a stream are smoothed over this time.
 * `holdOffSec`: an answer that was given does not count again for so long. `overlap`: boxes of one class that share more of their area are one object (IoU).
 */
export type Answering = { threshold: number; smoothingSec: number; holdOffSec: number; overlap: number };

/** Before anybody chose. */
export const ANSWERING: Readonly<Answering> = { threshold: 0.5, smoothingSec: 0.5, holdOffSec: 1, overlap: 0.55 };
