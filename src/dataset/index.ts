/** Door of the dataset room: the store, the split, what names say about labels. Any thread. */
export { HISTORY_DEPTH, Store, type NewContent, type ProjectRecords, type WholeProject } from './store.ts';
export {
  SCHEMA_VERSION,
  type Change,
  type EmbeddingPreprocessing,
  type LogMelPreprocessing,
  type ModelArtifact,
  type MotionPreprocessing,
  type VisionPreprocessing,
  type SoundPreprocessing,
  type Novelty,
  type Preprocessing,
  type StoredBlob,
  type StoredFeatures,
  type StoredPicture,
  type StoredWeights,
} from './schema.ts';
export { assignParts, groupOf, matchPattern, splitByGroup, type Grouping } from './split.ts';
export { fileName, isJunkPath, proposeLabels, proposePart } from './labels.ts';
export { findFindings, flagsOf, type ClipFlag, type Finding } from './health.ts';
export type { ArchiveContract, PathFile } from './archive-contract.ts';
