/** Door of the export room. Any thread. */
export {
  bundleFiles,
  classesOf,
  codeOf,
  describeModel,
  descriptionSchema,
  readBundle,
  readDescription,
  type BundleFile,
  type ModelAbout,
  type ReadBundle,
} from './bundle.ts';
export { exampleFiles } from './examples.ts';
export { FORMS, formOf, formsOf, type Form, type FormatId } from './forms.ts';
export { openExported, type OpenTools } from './open-exported.ts';
export { handOverOf, snippetOf, type SnippetSubject } from './snippets.ts';
export { classifierOutput, type BundleSlot } from './slot.ts';
