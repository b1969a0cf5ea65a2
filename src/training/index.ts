/** Door of the training room: planning and settings, any thread. */
export { planRun, type Advice, type RunPlan } from './plan.ts';
export {
  defaultSettings,
  DEFAULT_SOUND_SETTINGS,
  networkOfAlgorithm,
  readSettings,
  withAlgorithm,
} from './settings.ts';
export {
  automaticDetectorIterations,
  examplesPerPicture,
  recommendInput,
  resolveCopies,
  resolveInput,
  UNFREEZE_FROM,
} from './vision/vision-settings.ts';
export { copySettings } from './copies.ts';
export { automaticIterations, listWindows } from './sound/batches.ts';
export { automaticWindowSec, jointsOf, resolveFrameRate, resolveJoints } from './motion/motion-settings.ts';
