/** Door of the features room: the numbers of sound, any thread. Never reaches tfjs or a decoder. */
export { networkOf, NETWORKS, type Network, type NetworkId } from './networks/manifest.ts';
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
