/** Door of the model room: what needs no engine. Any thread. */
export { argMax, normalise } from './numbers.ts';
export { noveltyOf } from './novelty.ts';
export type { ClipScorer, Predictor, WindowPredictions } from './predictor.ts';
