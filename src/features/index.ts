/** Door of the features room: numbers and names of features, any thread. Never reaches tfjs or a decoder. */
export { networkOf, NETWORKS, type EmbeddingNetworkId, type Network, type NetworkId } from './networks/manifest.ts';
export type { NetworkStatus } from './networks/network-files.ts';
export type { FilmFrame } from './movement/film.ts';
export { TILE_COLUMNS, type SoundTile } from './sound/tile.ts';
export {
  embeddingCut,
  embeddingExtractor,
  embeddingWindow,
  rateOfNetwork,
  type CopySettings,
  type EmbeddingCut,
} from './sound/embedding-spec.ts';
export {
  cutPcmWindows,
  PcmWindows,
  sampleCut,
  windowCut,
  type PcmWindow,
  type WindowCut,
} from './sound/pcm-windows.ts';
export { applyBandGains } from './sound/band-gain.ts';
export {
  FRAMES_PER_SEC,
  LOG_MEL_EXTRACTOR,
  LOG_MEL_SPEC,
  logMelFrameCount,
  quantiseLogMel,
  SILENCE_LOG_MEL,
} from './sound/spec.ts';
export { copyWindow, windowFrames, windowSpanSec, windowStarts, type WindowFrames } from './sound/windows.ts';
export {
  BLAZEPOSE_JOINTS,
  bonesOf,
  canonicalJoint,
  chooseJoints,
  mirrorOf,
  sideOf,
  type JointChoice,
} from './movement/skeleton.ts';
export {
  adjacencyOf,
  bodyFrames,
  cutMotion,
  fillGaps,
  frameCount,
  MOTION_VALUES,
  pickJoints,
  sampleMotion,
  seenShare,
  SEEN,
  WINDOW_CHANNELS,
  writeWindow,
  type Motion,
  type MotionVariation,
} from './movement/motion.ts';
export {
  CELL_CENTRE,
  featureBytes,
  gridSides,
  PICTURE_SIZES,
  SSD_CHANNELS,
  STRIDE,
  tileRegions,
  viewExtractor,
  type ViewVariation,
  type VisionInput,
} from './picture/spec.ts';
export {
  EMBEDDED_PIXELS,
  EMBEDDING_SIZE,
  pictureExtractor,
  wholePicture,
  type PictureNetworkId,
} from './picture/embedding.ts';
export type { PictureEmbeddingRequest } from './picture/extract-embeddings.ts';
export type { FrameViews } from './picture/stream-views.ts';
export { isNearDuplicate, thumbprint } from './picture/near-duplicates.ts';
export { SAMPLE_OBJECTS } from './picture/objects.ts';
export { boxesInView, fromView, plainView, viewOf, ViewPainter, type View } from './picture/views.ts';
export { decodeBoxes, decodeView, mergeViews, type DetectorOutput } from './picture/detections.ts';
export { motionStarts, motionWindow, type MotionWindow } from './movement/spec.ts';
export { formatLandmarks, readLandmarks, type LandmarkSequence } from './movement/landmark-files.ts';
export { animateFigure, SAMPLE_ACTIONS, type SampleAction } from './movement/figure.ts';
export { activeSpan, activityOf, motionOfPoses, qualityHints, type TimedPose } from './movement/activity.ts';
export type { ViewRequest } from './picture/extract-views.ts';
export type { InspectedMovement } from './movement/inspect-motion.ts';
export type { InspectedSound } from './sound/inspect.ts';
export type { ExtractProgress, ExtractResult, FeatureRequest, SampleExample } from './slot.ts';
