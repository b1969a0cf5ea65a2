/** A trained model as data, and the numbers around it. Any thread; plain records. */
import type { ClassLabel } from './project.ts';

/** A trained model as data: what is exported, previewed and evaluated. */
export type ModelArtifact = {
  /** TensorFlow.js layers topology (JSON). */
  topology: string;
  weightSpecs: { name: string; shape: number[]; dtype: 'float32' }[];
  weights: ArrayBuffer;
  classes: ClassLabel[];
  preprocessing: Preprocessing;
  /** Where the training data lie among embeddings; models on a pretrained network only. */
  novelty?: Novelty;
};

/** Class centres, deviation per value, and the distance under which nearly all known sounds lie. */
export type Novelty = { centres: number[][]; deviations: number[]; limit: number };

/** Every number between a sound and the network's input, and between its output and a clip's label. */
export type Preprocessing = SoundPreprocessing | MovementPreprocessing | DetectorPreprocessing | PicturePreprocessing;

/** Of sound models. */
export type SoundPreprocessing = LogMelPreprocessing | EmbeddingPreprocessing;

/** What all sound models share. */
type SharedSoundPreprocessing = {
  sampleRateHz: number;
  windowSec: number;
  overlapRatio: number;
  /** Input = (feature − mean) / deviation. */
  mean: number;
  deviation: number;
  /** How windows become a clip: the mean of their class scores. */
  clipScore: 'mean';
  /** A window quieter than this (root mean square, 0 = full scale) is nothing the model knows: it has no scores. Models from before have none. */
  quietDb?: number;
};

/** Log-mel spectrogram windows, for the full network. */
export type LogMelPreprocessing = SharedSoundPreprocessing & {
  kind: 'log-mel';
  windowSamples: number;
  hopSamples: number;
  fftSize: number;
  bandCount: number;
  lowHz: number;
  highHz: number;
  logOffset: number;
  windowFrames: number;
  hopFrames: number;
};

/** Embeddings of a pretrained network: a window of samples becomes `shape` values. */
export type EmbeddingPreprocessing = SharedSoundPreprocessing & {
  kind: 'yamnet' | 'mn04' | 'speech-embedding';
  /** SHA-256 of the network's files, in the order of the manifest. */
  networkFiles: string[];
  windowSamples: number;
  hopSamples: number;
  shape: number[];
};

/** Windows of body landmarks (features/movement/motion.ts writes them). */
export type MovementPreprocessing = {
  kind: 'landmarks';
  windowSec: number;
  overlapRatio: number;
  mean: number;
  deviation: number;
  clipScore: 'mean';
  frameRateHz: number;
  windowFrames: number;
  hopFrames: number;
  /** The joints of the input in order; the body itself follows as one more. */
  joints: string[];
  /** [windowFrames, joints + 1, channels]. */
  shape: number[];
};

/** Squares of pictures: for detectors on SSD-MobileNet, and for those trained from nothing (`pixels`). */
export type DetectorPreprocessing = {
  kind: 'ssd-mobilenet' | 'pixels';
  pixels: number;
  tiles: number;
  /** Cells of the output that a predicted distance of 0 stands for. */
  scale: number;
  /** Input = (feature − mean) × factor, per channel of the three maps; of pixels one value a colour. */
  channelMean: number[];
  channelFactor: number[];
};

/** Whole pictures: embeddings of a pretrained network, or their pixels. */
export type PicturePreprocessing = {
  kind: 'picture-embedding' | 'picture-pixels';
  network: string | null;
  /** SHA-256 of the network's files, in the order of the manifest. */
  networkFiles: string[];
  pixels: number;
  /** Input = (value − mean) / deviation. */
  mean: number;
  deviation: number;
  shape: number[];
};

/** Scores of one window; `novelty` above 1 is unlike the training data. */
export type WindowScores = { startSec: number; endSec: number; scores: Float32Array; novelty: number | null };

/** Which weights of a model source: its best, or a snapshot. */
export type ModelRef = { sourceId: string; kind: string };
