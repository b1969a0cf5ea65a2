/** Whole pictures on the page. Main thread. */
import type { TaskViews } from '../view.ts';

/** See the file header. */
export const PICTURE_VIEWS: TaskViews = {
  art: () => import('../../app/modalities/picture/PictureArt.svelte'),
  recorder: { load: () => import('../../app/modalities/picture/StillsPanel.svelte'), isOnDemand: true },
  first: () => import('../../app/modalities/picture/first.svelte.ts'),
  editor: null,
  segments: null,
  viewer: () => import('../../app/modalities/picture/PictureViewer.svelte'),
  propose: null,
  hasSpectrum: false,
  settings: () => import('../../app/modalities/picture/PictureSections.svelte'),
  look: null,
  result: () => import('../../app/problems/classification/ClassificationResult.svelte'),
  preview: () => import('../../app/modalities/picture/PicturePreview.svelte'),
};
