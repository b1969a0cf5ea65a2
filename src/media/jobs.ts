/** Door of the media room for workers and other rooms' jobs. */
export { cutSound, openSound, readOn, readSound, type OpenSound } from './decode-sound.ts';
export { openVideo, type OpenVideo, type VideoFacts, type VideoFrameAt } from './decode-video.ts';
