/** Door of the preview room for pages with an exported model. */
export { Answerer, type Answer, type AnswerCalibration } from './answerer.ts';
export { findEvents } from './events.ts';
export { framesOf, type PlayedFrame } from './frames.ts';
export { Listener } from './listener.ts';
export { Tracker } from './tracks.ts';
export { Watcher } from './watcher.ts';
