/** Door of the export room. Any thread. */
export { bundleFiles, readBundle, type BundleFile, type ModelAbout, type ReadBundle } from './bundle.ts';
export { classifierOutput, INPUT_FIRST, loadSnippet, type BundleSlot } from './slot.ts';
