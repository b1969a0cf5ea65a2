/** What the import asks of annotation files, whatever the task. Type-only. */
import type { Rect } from '../../domain/boxes.ts';
import type { InspectedMedia, MediaItem, Part } from '../../domain/project.ts';
import type { PathFile } from '../archive-contract.ts';
import type { Stretch } from './label-tracks.ts';

/** A file that was not added (or added with a remark), why, and what to do where the reason does not say it. */
export type ImportRemark = { path: string; reason: string; isAdded: boolean; advice?: string };

/** An example as its files name it: of a class (null = none named), or with boxes. `boxes` null = this task has none. */
export type Named = {
  media: InspectedMedia;
  className: string | null;
  boxes: { list: (Rect & { label: string })[]; isDone: boolean } | null;
};

/** What the annotation files of one import say. */
export type Annotations = {
  /** Files that were read: they are no examples. */
  used: ReadonlySet<string>;
  /**
   * The examples of a file. @param className what folders and names propose. @param remark takes what is odd.
   */
  name(
    path: string,
    found: readonly InspectedMedia[],
    className: string | null,
    remark: (remark: ImportRemark) => void,
  ): Named[];
  /** Whether they name the class of a file: folders are not asked then. */
  hasClassOf(path: string): boolean;
  /** Stretches of a recording that are examples of their own; absent or null = it is one example. */
  stretchesOf?(path: string): readonly Stretch[] | null;
  /** Part a list of files gives. */
  partOf(path: string): Part | null;
  /** What a list says belongs together: the recording, the person. */
  groupOf(path: string): string | null;
  /** Labels for examples that are in the project already: the files came without any of their own. */
  known: { item: MediaItem; boxes: (Rect & { label: string })[]; isDone: boolean }[];
};

/** Reads the annotation files among `files`. @param items of the project. */
export type ReadAnnotations = (
  files: readonly PathFile[],
  items: readonly MediaItem[],
  remark: (remark: ImportRemark) => void,
) => Promise<Annotations>;
