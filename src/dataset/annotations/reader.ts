/** What the import asks of lists and annotation files, whatever the task. Any thread; plain records. */
import type { Rect } from '../../domain/boxes.ts';
import type { InspectedMedia, MediaItem, Part } from '../../domain/project.ts';
import { ERROR_CATALOGUE, type StudioError } from '../../kernel/errors.ts';
import type { PathFile } from '../path-file.ts';
import type { Stretch } from './label-tracks.ts';
import type { PictureNote } from './notes.ts';

/** A file that was not added (or added with a remark), why, and what to do where the reason does not say it. */
export type ImportRemark = {
  path: string;
  reason: string;
  isAdded: boolean;
  /** It came in, but not all of it: a box, a line was left out. */
  isPart?: boolean;
  advice?: string;
};

/** A file that cannot be used, in the words of the catalogue. */
export const refusal = (path: string, error: StudioError): ImportRemark => ({
  path,
  reason: error.message,
  isAdded: false,
  advice: ERROR_CATALOGUE[error.code].advice,
});

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

/** What a task's lists say: boxes in pictures, stretches of videos, or classes of files. */
export type ListKind = 'boxes' | 'segments' | 'classes';

/** One row of a list of videos: seconds; null = from the beginning, to the end. `line` counts from 1. */
export type MotionAnnotation = {
  video: string;
  label: string;
  startSec: number | null;
  endSec: number | null;
  line: number;
  part?: Part;
  group?: string;
};

/** What the lists among the files of an import say, by path: plain records, read in a worker. What a kind does not have is empty. */
export type Listed = {
  kind: ListKind;
  used: Set<string>;
  remarks: ImportRemark[];
  parts: Map<string, Part>;
  /** Part of what no list of parts names: lists of two leave the third to the rest. */
  restPart: Part | null;
  groups: Map<string, string>;
  classes: Map<string, string>;
  stretches: Map<string, readonly Stretch[]>;
  segments: Map<string, MotionAnnotation[]>;
  notes: Map<string, PictureNote>;
  /** There were lists alone: they are for the examples of the project. */
  isForProject: boolean;
};

/** Nothing said yet. */
export const nothingListed = (kind: ListKind): Listed => ({
  kind,
  used: new Set(),
  remarks: [],
  parts: new Map(),
  restPart: null,
  groups: new Map(),
  classes: new Map(),
  stretches: new Map(),
  segments: new Map(),
  notes: new Map(),
  isForProject: false,
});

/** Reads the lists among `files`. @param known paths of the examples of the project. */
export type ReadLists = (files: readonly PathFile[], known: readonly string[]) => Promise<Listed>;
