/** Object detection on the page. Main thread. */
import type { TaskViews } from '../view.ts';

/** See the file header. */
export const DETECTION_VIEWS: TaskViews = {
  art: () => import('../../app/problems/detection/BoxesArt.svelte'),
  recorder: { load: () => import('../../app/modalities/picture/StillsPanel.svelte'), isOnDemand: true },
  first: null,
  editor: () => import('../../app/problems/detection/Annotator.svelte'),
  segments: null,
  viewer: null,
  propose: null,
  hasSpectrum: false,
  settings: () => import('../../app/problems/detection/DetectionSections.svelte'),
  look: () => import('../../app/problems/detection/LookPanel.svelte'),
  result: () => import('../../app/problems/detection/DetectionResult.svelte'),
  preview: () => import('../../app/problems/detection/DetectionPreview.svelte'),
};
