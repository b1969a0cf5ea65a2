/** Door of the export room for workers. */
export { addLayers, repeatBefore, standardise, toScores } from './layers.ts';
