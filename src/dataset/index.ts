/** Door of the dataset room: the store, the split, what names say about labels. Any thread. */
export {
  HISTORY_DEPTH,
  Store,
  type StretchTools,
  type NewContent,
  type ProjectRecords,
  type WholeProject,
} from './store.ts';
export {
  SCHEMA_VERSION,
  type Change,
  type StoredBlob,
  type StoredFeatures,
  type StoredPicture,
  type StoredWeights,
} from './schema.ts';
export {
  assignParts,
  classesOfOneRecording,
  dividedOf,
  groupOf,
  isSlowPattern,
  matchPattern,
  splitByGroup,
  type Divided,
  type Grouping,
} from './split.ts';
export { fileName, isJunkPath, isListPath } from './labels.ts';
export { partOfWord } from './parts.ts';
export { findBoxFindings, findClassFindings, findFlagged, flagsOfClip, type ClipFlag, type Finding } from './health.ts';
export type { ImportRemark, ListKind } from './annotations/reader.ts';
export { joinFrames } from './annotations/openpose.ts';
export type { DatasetSlot, ImportTools, Noun } from './slot.ts';
export type { ArchiveContract, PartStyle, PathFile, SaveChoice, SaveKey } from './archive-contract.ts';
export { loadModel } from './load-model.ts';
export { writingLock } from './writing-lock.ts';
export { FORMS, type Form } from './saving/forms.ts';
