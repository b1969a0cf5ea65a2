/** Door of the features room: the numbers of sound, any thread. Never reaches tfjs or a decoder. */
export { networkOf, NETWORKS, type EmbeddingNetworkId, type Network, type NetworkId } from './networks/manifest.ts';
export type { NetworkStatus } from './networks/network-files.ts';
export {
  embeddingCut,
  embeddingExtractor,
  embeddingWindow,
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
export { FRAMES_PER_SEC, LOG_MEL_SPEC, logMelFrameCount, quantiseLogMel, SILENCE_LOG_MEL } from './sound/spec.ts';
export { copyWindow, windowFrames, windowSpanSec, windowStarts, type WindowFrames } from './sound/windows.ts';
export {
  BLAZEPOSE_JOINTS,
  bonesOf,
  canonicalJoint,
  chooseJoints,
  mirrorOf,
  sideOf,
  type JointChoice,
} from './motion/skeleton.ts';
export {
  adjacencyOf,
  bodyFrames,
  cutMotion,
  fillGaps,
  frameCount,
  MOTION_VALUES,
  pickJoints,
  sampleMotion,
  SEEN,
  WINDOW_CHANNELS,
  writeWindow,
  type Motion,
  type MotionVariation,
} from './motion/motion.ts';
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
} from './vision/spec.ts';
export type { FrameViews } from './vision/stream-views.ts';
export { isNearDuplicate, thumbprint } from './vision/near-duplicates.ts';
export { SAMPLE_OBJECTS } from './vision/objects.ts';
export { boxesInView, fromView, plainView, viewOf, ViewPainter, type View } from './vision/views.ts';
export { decodeView, mergeViews, type DetectorOutput } from './vision/detections.ts';
export { motionStarts, motionWindow, type MotionWindow } from './motion/spec.ts';
export { formatLandmarks, readLandmarks, type LandmarkSequence } from './motion/landmark-files.ts';
export { animateFigure, SAMPLE_ACTIONS, type SampleAction } from './motion/figure.ts';
export { activeSpan, activityOf, motionOfPoses, qualityHints, type TimedPose } from './motion/activity.ts';
