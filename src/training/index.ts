/** Door of the training room: planning and settings, any thread. */
export { planRun, type Advice, type RunPlan } from './plan.ts';
export { DEFAULT_SOUND_SETTINGS, networkOfAlgorithm, readSettings, withAlgorithm } from './settings.ts';
export { copySettings } from './copies.ts';
export { automaticIterations, listWindows } from './sound/batches.ts';
