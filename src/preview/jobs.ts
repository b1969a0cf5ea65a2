/** Door of the preview room for workers. A task hands in the jobs of its own preview (tasks/jobs.ts). */
export { createDetectionPreview } from './detection-jobs.ts';
export { createMovementPreview } from './movement-jobs.ts';
export { createSoundPreview } from './sound-jobs.ts';
