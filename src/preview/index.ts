/** Door of the preview room: events and smoothing, any thread. */
export { Tracker, type Track } from './tracks.ts';
export { findRepetitions } from './repetitions.ts';
export {
  eventsToCsv,
  findEvents,
  findIndependentEvents,
  KNOWN_SOUNDS,
  Smoother,
  winner,
  type SoundEvent,
  type Threshold,
} from './events.ts';
