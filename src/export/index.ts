/** Door of the export room. Any thread. */
export { bundleFiles, inputSeconds, readBundle, type BundleFile, type ModelAbout } from './bundle.ts';
