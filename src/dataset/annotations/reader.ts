/** What the import asks of annotation files, whatever the task. Type-only. */
import type { Rect } from '../../domain/boxes.ts';
import type { InspectedMedia, MediaItem, Part } from '../../domain/project.ts';
import type { PathFile } from '../archive-contract.ts';

/** A file that was not added (or added with a remark), and why. */
export type ImportRemark = { path: string; reason: string; isAdded: boolean };

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
  /** Part a list of files gives. */
  partOf(path: string): Part | null;
  /** Labels for examples that are in the project already: the files came without any of their own. */
  known: { item: MediaItem; boxes: (Rect & { label: string })[]; isDone: boolean }[];
};

/** Reads the annotation files among `files`. @param items of the project. */
export type ReadAnnotations = (
  files: readonly PathFile[],
  items: readonly MediaItem[],
  remark: (remark: ImportRemark) => void,
) => Promise<Annotations>;

/** Larger text files are data, not annotations. */
export const MOST_ANNOTATION_BYTES = 60e6;

/** No annotations: what folders and names say is all there is. */
export const readNone: ReadAnnotations = async () => ({
  used: new Set(),
  name: (_path, found, className) =>
    found.map((media) => ({ media, className: media.label ?? className, boxes: null })),
  hasClassOf: () => false,
  partOf: () => null,
  known: [],
});
