/** Door of the media room for pages with an exported model. */
export { tapSamples } from './tap.ts';
