/** Door of the training room: planning, settings and what a run asks for, any thread. */
export { estimateRun, tellEstimate, type Pace, type PastRun } from './estimate.ts';
export { adviseWindow, tellValidation, type Advice, type PlanRun, type RunPlan } from './plan.ts';
export { COMMON_DEFAULTS, readConfig, writeConfig } from './settings.ts';
export type { Prepare, PreparedRun, PrepareContext, Run, TrainingSlot } from './slot.ts';
export type { AlgorithmChoice, ChooseTools } from './choice.ts';
export { planClasses } from './classification/plan.ts';
export { automaticIterations, COMMON_BUDGET, MOVEMENT_BUDGET } from './classification/iterations.ts';
export { planBoxes } from './detection/plan.ts';
export {
  automaticDetectorIterations,
  DEFAULT_DETECTION_SETTINGS,
  examplesPerPicture,
  recommendInput,
  resolveCopies,
  resolveInput,
  UNFREEZE_FROM,
  withDetectorAlgorithm,
} from './detection/detection-settings.ts';
export { detectionRequest, detectionRequestOfModel, type DetectionRequest } from './detection/detection-features.ts';
export { planMovements } from './movement/plan.ts';
export {
  automaticWindowSec,
  DEFAULT_MOVEMENT_SETTINGS,
  jointsOf,
  resolveFrameRate,
  resolveJoints,
} from './movement/movement-settings.ts';
export {
  landmarkRequest,
  movementRequest,
  movementRequestOfModel,
  type MovementRequest,
} from './movement/movement-features.ts';
export { planSounds } from './sound/plan.ts';
export { plainerSound } from './sound/sound-settings.ts';
export {
  DEFAULT_SOUND_SETTINGS,
  fitWindow,
  networkOfAlgorithm,
  soundBudget,
  withSoundAlgorithm,
} from './sound/sound-settings.ts';
export { chooseAlgorithm } from './sound/choose-algorithm.ts';
export { listWindows } from './sound/batches.ts';
export { soundRequest, soundRequestOfModel, type SoundRequest } from './sound/sound-features.ts';
