/** Door of the dataset room for the app: state classes. Main thread. */
export { ArchiveSession, type ArchiveState, type WorkOptions } from './archive-session.svelte.ts';
export { ImportSession, type ImportOptions, type ImportReport, type ImportState } from './import-session.svelte.ts';
export type { ImportQuestion } from './question.ts';
export { ProjectLock } from './project-lock.svelte.ts';
export { ProjectSession, type ProjectTools, type SaveState } from './project-session.svelte.ts';
