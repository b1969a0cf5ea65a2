/** A file on its way in or out. Type-only. */

/** A file with its path inside a folder or zip. `fault`: why the system does not give its content. */
export type PathFile = { path: string; blob: Blob; fault?: string };
