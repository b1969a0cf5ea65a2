/** What a format of data sets is: what it reads, and the files it is written as. Any thread; type-only. */
import type { Rect } from '../../domain/boxes.ts';
import type { Part } from '../../domain/project.ts';

/** A format's own table: what people and their tools write, and what becomes of it. `docs/formats.md` is made of these. */
export type FormatTable = {
  /** Name on the command line. */
  id: string;
  title: string;
  dialects: readonly (readonly [written: string, readAs: string])[];
};

/** A picture with its boxes as ratios of the upright picture, by class name. `path` inside the set that is written. */
export type LabelledPicture = {
  path: string;
  width: number;
  height: number;
  part: Part;
  boxes: readonly (Rect & { label: string })[];
};

/** A text file of a written data set. */
export type WrittenFile = { path: string; content: string };
