/** Door of the preview room for the app. Main thread. */
export { FileSession, type FileState } from './file-session.svelte.ts';
export { ListeningSession, type ListeningState } from './listening-session.svelte.ts';
export { ProposalSession, uncertaintyOf, type Proposal, type ProposalState } from './proposal-session.svelte.ts';
export { LiveCamera, type LiveState, type Look } from './live-camera.svelte.ts';
export { ObjectFiles, type LookedAt } from './object-files.svelte.ts';
export { watchObjects } from './watch-objects.ts';
export { WatchingSession } from './watching-session.svelte.ts';
export type {
  DetectionPreview,
  FileAnalysis,
  ListenProgress,
  MovementPreview,
  ObjectsSeen,
  SoundPreview,
  VideoAnalysis,
  WatchProgress,
} from './contract.ts';
