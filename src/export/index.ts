/** Door of the export room. Any thread. */
export { bundleFiles, readBundle, type BundleFile, type ModelAbout } from './bundle.ts';
