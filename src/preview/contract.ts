/** Jobs of the inference worker. Type-only. */
import type { Detection } from '../domain/boxes.ts';
import type { ModelRef, WindowScores } from '../domain/model.ts';
import type { VisionInput } from '../features/index.ts';

/** One report of live listening, about 15 per second. */
export type ListenProgress = {
  /** New spectrogram rows, shape [rows, 64], 0..255. */
  columns: Uint8Array;
  peakDb: number;
  rmsDb: number;
  /** Seconds since listening began. */
  atSec: number;
  /** Class scores of the newest windows, oldest first; empty between windows or without a model. */
  windows: WindowScores[];
  droppedSamples: number;
  /** Samples recorded so far of the take in flight; null when none is. */
  takeSec: number | null;
};

/** Predictions of a whole file. */
export type FileAnalysis = { durationSec: number; windows: WindowScores[]; columns: Uint8Array; seconds: number };

/** What one camera frame shows. */
export type WatchProgress = {
  /** Seconds since watching began. */
  atSec: number;
  /** Width / height of the picture. */
  aspect: number;
  /** Landmarks, shape [33, 3] as in a Motion; null = nobody. */
  pose: Float32Array | null;
  /** People seen, when the detector looked. */
  personCount: number | null;
  /** Mean brightness, 0..255. */
  luma: number;
  /** Class scores of the window that ends with this frame; null between windows. */
  window: WindowScores | null;
  /** Repetitions since the counter was reset. */
  repetitions: number;
};

/** Objects in one camera frame; `isReduced` when it was looked at with fewer `pixels` than in training, because this device is slow. */
export type ObjectsSeen = { atSec: number; pixels: number; isReduced: boolean; found: Detection[] };

/** A whole video analysed: landmarks at the model's rate, and every window. */
export type VideoAnalysis = {
  durationSec: number;
  aspect: number;
  frameRateHz: number;
  joints: readonly string[];
  /** Shape [frames, joints, 3]. */
  values: Float32Array;
  windows: WindowScores[];
  repetitions: { atSec: number; durationSec: number }[];
  /** Frames that showed nobody, and frames in which several people were seen. */
  emptyCount: number;
  crowdCount: number;
  seconds: number;
};

/** Sounds: live and files. */
export type SoundPreview = {
  /** Listens to a microphone port until aborted. `port` is transferred; it delivers blocks of the capture worklet. */
  listen: {
    args: { listenId: string; port: MessagePort; sampleRateHz: number; model: ModelRef | null };
    progress: ListenProgress;
    result: void;
  };
  /** Changes what a listening session runs, without stopping it. */
  switchModel: {
    args: { listenId: string; model: ModelRef | null };
    progress: never;
    result: { classNames: string[] };
  };
  /**
   * Records from a listening session: resolves with mono samples at the microphone's rate after `durationSec`, or when
   * `finishTake` is called. Aborting throws the take away.
   */
  recordTake: {
    args: { listenId: string; durationSec: number | null };
    progress: never;
    result: { pcm: Float32Array; sampleRateHz: number };
  };
  finishTake: { args: { listenId: string }; progress: never; result: void };
  /** Names of YAMNet's 521 classes, in the order of its scores. */
  knownLabels: { args: null; progress: never; result: string[] };
  /** What YAMNet hears in clips: its classes by mean score over each clip, best first. */
  hear: {
    args: { hashes: string[]; most: number };
    progress: { done: number; total: number };
    result: { hash: string; heard: { label: string; score: number }[] }[];
  };
  /** Analyses a whole file. `decoded`: its sound where only the browser itself reads it; mono. */
  analyse: {
    args: { blob: Blob; decoded?: { pcm: Float32Array; sampleRateHz: number }; model: ModelRef };
    progress: { doneSec: number; totalSec: number | null };
    result: FileAnalysis;
  };
};

/** Movements: live and files. */
export type MovementPreview = {
  /** Watches camera frames that come through a port (`{ bitmap, atSec }`, one at a time) until aborted. */
  watch: {
    args: { watchId: string; port: MessagePort; model: ModelRef | null };
    progress: WatchProgress;
    result: void;
  };
  switchWatched: { args: { watchId: string; model: ModelRef | null }; progress: never; result: void };
  /** Starts the repetition counter of a camera anew. */
  resetCounter: { args: { watchId: string }; progress: never; result: void };
  /** Analyses a whole video, or a landmark file. */
  analyseVideo: {
    args: { blob: Blob; name: string; model: ModelRef };
    progress: { done: number; total: number };
    result: VideoAnalysis;
  };
};

/** Objects: live, pictures and videos, proposals. */
export type DetectionPreview = {
  /** Finds objects in stored pictures, one after the other. @param model null = the pretrained network's own classes. */
  propose: {
    args: { model: ModelRef | null; hashes: string[]; leastScore: number };
    progress: { hash: string; found: Detection[]; labels: readonly string[]; done: number };
    result: void;
  };
  /** Finds objects in one picture that is not stored. The bitmap is transferred. */
  detectOnce: {
    args: { model: ModelRef; bitmap: ImageBitmap; leastScore: number; overlap: number };
    progress: never;
    result: Detection[];
  };
  /** Finds objects in the frames of a video, `rateHz` a second. */
  detectVideo: {
    args: { blob: Blob; model: ModelRef; rateHz: number; leastScore: number; overlap: number };
    progress: { done: number; total: number };
    result: { durationSec: number; aspect: number; frames: { atSec: number; found: Detection[] }[] };
  };
  /** What a detector looks at. */
  detectorInput: { args: { model: ModelRef }; progress: never; result: VisionInput };
  /** Finds objects in camera frames whose features come through a port (`FrameViews`) until aborted. */
  watchObjects: {
    args: { port: MessagePort; model: ModelRef; overlap: number };
    progress: ObjectsSeen;
    result: void;
  };
};
