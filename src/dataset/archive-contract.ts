/** Jobs of the archive worker. Type-only. */
import type { Listed, ListKind } from './annotations/reader.ts';
import type { PathFile } from './path-file.ts';

export type { PathFile } from './path-file.ts';

/** Forms a data set can leave in (saving/formats.ts). */
export type SaveKey =
  | 'folders'
  | 'create-ml-folders'
  | 'class-csv'
  | 'teachable-machine'
  | 'audacity'
  | 'create-ml-actions'
  | 'create-ml-actions-csv'
  | 'landmarks'
  | 'landmarks-csv'
  | 'create-ml-boxes'
  | 'create-ml-apple'
  | 'coco'
  | 'yolo'
  | 'voc'
  | 'box-csv'
  | 'label-studio';

/** How a set says which part an example is of: by the folder it lies in, or by a list of files. */
export type PartStyle = 'folders' | 'lists';

/** What is saved: in which form, and all examples or the given ones. */
export type SaveChoice = {
  format: SaveKey;
  parts: PartStyle;
  itemIds: string[] | null;
  /** Files made of examples, by their ids, where a form holds these and not the examples' own. */
  made?: [itemId: string, file: Blob][];
};

/** See the file header. */
export type ArchiveContract = {
  /** Unpacks a zip; each file is reported as it is ready. A listing unpacks only what says more of it: zips inside, and manifests. Encrypted and damaged entries are listed, the rest go on. */
  unzip: {
    args: { blob: Blob; isListing?: boolean };
    progress: { file: PathFile; done: number; total: number };
    result: { count: number; failed: { path: string; reason: string }[]; hint: string | null };
  };
  /** What the lists among the files of an import say. @param media paths of all other files: their content is not needed. */
  readLists: {
    args: { kind: ListKind; lists: PathFile[]; media: string[]; known: string[] };
    progress: never;
    result: Listed;
  };
  /** Packs a whole project into an archive (project-archive.ts). */
  saveProject: {
    args: { projectId: string; savedBy: string };
    progress: { done: number; total: number };
    result: Blob;
  };
  /** Stores the project of an archive; under new ids, as a copy, when this device has it already. */
  openProject: {
    args: { blob: Blob };
    progress: { done: number; total: number };
    result: { projectId: string; name: string; isCopy: boolean };
  };
  /** Packs the examples of a project as a data set other tools read (saving/formats.ts). */
  saveDataSet: {
    args: { projectId: string; choice: SaveChoice };
    progress: { done: number; total: number };
    result: Blob;
  };
  /** The same, file by file. */
  listDataSet: {
    args: { projectId: string; choice: SaveChoice };
    progress: { file: PathFile };
    result: { count: number };
  };
  /** Packs files; media that is compressed already is stored as it is. */
  zip: { args: { files: PathFile[] }; progress: { done: number; total: number }; result: Blob };
};
