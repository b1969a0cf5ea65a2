/** Jobs of the archive worker. Type-only. */

/** A file with its path inside a folder or zip. `fault`: why the system does not give its content. */
export type PathFile = { path: string; blob: Blob; fault?: string };

/** See the file header. */
export type ArchiveContract = {
  /** Unpacks a zip; each file is reported as it is ready. Encrypted and damaged entries are listed, the rest go on. */
  unzip: {
    args: { blob: Blob };
    progress: { file: PathFile; done: number; total: number };
    result: { count: number; failed: { path: string; reason: string }[] };
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
  /** Packs files; media that is compressed already is stored as it is. */
  zip: { args: { files: PathFile[] }; progress: { done: number; total: number }; result: Blob };
};
