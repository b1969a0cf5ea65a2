/** Sounds on the page. Main thread. */
import type { TaskViews } from '../view.ts';

/** See the file header. */
export const SOUND_VIEWS: TaskViews = {
  art: () => import('../../app/modalities/sound/SoundArt.svelte'),
  recorder: { load: () => import('../../app/modalities/sound/RecordPanel.svelte'), isOnDemand: false },
  first: () => import('../../app/modalities/sound/first.svelte.ts'),
  editor: null,
  segments: () => import('../../app/modalities/sound/SoundSegments.svelte'),
  viewer: null,
  propose: () => import('../../app/modalities/sound/ProposeDialog.svelte'),
  hasSpectrum: true,
  settings: () => import('../../app/modalities/sound/SoundSections.svelte'),
  look: null,
  result: () => import('../../app/problems/classification/ClassificationResult.svelte'),
  preview: () => import('../../app/modalities/sound/SoundPreview.svelte'),
};
