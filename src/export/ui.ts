/** Door of the export room for the app. Main thread. */
export type { Exported, ExportContract } from './contract.ts';
export { ExportSession, type ExportState, type ExportSubject, type Measured } from './export-session.svelte.ts';
