/** Actions on the page. Main thread. */
import type { TaskViews } from '../view.ts';

/** See the file header. */
export const ACTION_VIEWS: TaskViews = {
  art: () => import('../../app/modalities/movement/FigureArt.svelte'),
  recorder: { load: () => import('../../app/modalities/movement/CameraPanel.svelte'), isOnDemand: false },
  first: () => import('../../app/modalities/movement/first.svelte.ts'),
  editor: null,
  segments: () => import('../../app/modalities/movement/SegmentEditor.svelte'),
  viewer: () => import('../../app/modalities/movement/ClipViewer.svelte'),
  propose: null,
  hasSpectrum: false,
  settings: () => import('../../app/modalities/movement/MovementSections.svelte'),
  look: null,
  result: () => import('../../app/problems/classification/ClassificationResult.svelte'),
  preview: () => import('../../app/modalities/movement/ActionPreview.svelte'),
};
