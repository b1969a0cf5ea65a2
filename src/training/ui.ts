/** Door of the training room for the app. Main thread. */
export { TrainingSession, type TrainingState } from './training-session.svelte.ts';
export type { TrainingContract } from './contract.ts';
export type { GpuFact } from './engine/engines.ts';
export type { QuickLook } from './fit.ts';
