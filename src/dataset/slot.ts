/** What a task brings to the room dataset. Any thread. */
import type { InspectedMedia } from '../domain/project.ts';
import type { PathFile, SaveKey } from './archive-contract.ts';
import type { Stretch } from './annotations/label-tracks.ts';
import type { Listed, ListKind } from './annotations/reader.ts';

/** A word for one and for many. */
export type Noun = readonly [one: string, many: string];

/** Words and ways of a task's examples. */
export type DatasetSlot = {
  /** What an example is called. */
  example: Noun;
  /** What is counted of a class: examples, or boxes. */
  shown: Noun;
  /** Folders and names of files say classes; else the folder of a part may be the last one. */
  hasClassFolders: boolean;
  /** What its lists and annotation files say. */
  lists: ListKind;
  /** Forms its data sets leave in, the first is offered first. */
  saves: readonly SaveKey[];
  /** Puts files together that are one example. */
  join?: (files: readonly PathFile[]) => PathFile[];
};

/** What the import needs from workers. */
export type ImportTools = {
  /** What a file holds; a file of several landmark sequences, or a video that gives pictures, holds several examples. */
  inspect: (file: PathFile, signal: AbortSignal) => Promise<InspectedMedia[]>;
  /** What the lists among files say. @param known paths of the examples of the project. */
  readLists: (kind: ListKind, files: readonly PathFile[], known: string[], signal: AbortSignal) => Promise<Listed>;
  /** Stretches of a recording as examples of their own, in order; null for one that holds nothing. */
  cut: (file: PathFile, stretches: readonly Stretch[], signal: AbortSignal) => Promise<(InspectedMedia | null)[]>;
  unzip: (
    blob: Blob,
    onFile: (file: PathFile) => void,
    signal: AbortSignal,
  ) => Promise<{ failed: { path: string; reason: string }[]; hint: string | null }>;
};
