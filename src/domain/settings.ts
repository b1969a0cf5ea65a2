/** Settings of training, by what they belong to. Any thread; plain records. */

/** The computing engine of tfjs. */
export type EngineName = 'webgpu' | 'webgl' | 'wasm' | 'cpu';

/** The names people read for engines (compute chip). */
export const ENGINE_TITLES: Record<EngineName, string> = {
  webgpu: 'WebGPU',
  webgl: 'WebGL',
  wasm: 'WebAssembly',
  cpu: 'Plain CPU',
};

/** How a model is trained; a task offers some of them. `automatic` tries what is on board and takes what is best for the examples. */
export type Algorithm =
  | 'automatic'
  | 'transfer-learning'
  | 'whole-sounds'
  | 'spoken-words'
  | 'fine-tune'
  | 'full-network'
  | 'graph-network'
  | 'temporal-network';

/** What every task has. */
export type CommonSettings = {
  algorithm: Algorithm;
  /** Passes over the training examples; null = chosen from the amount of data. */
  iterations: number | null;
  batchSize: number;
  learningRate: number;
  seed: number;
  validation: 'automatic' | 'own' | 'none';
  /** Share of recordings for automatic validation, 0.05..0.5. */
  validationShare: number;
  keepTogether: 'recording' | 'session' | 'pattern';
  /** Regular expression for `pattern`: the first capture on the path names the group. */
  groupPattern: string;
  /** Stops after this many iterations without a better validation loss; 0 = never. */
  patience: number;
  /** Varied copies of each training example whose features are computed too, 0..8. Pretrained networks only. */
  copies: number;
  /** null = the fastest engine measured on this device. */
  engine: EngineName | null;
};

/** Value of `AugmentSettings.backgroundClassId` that stands for the background sounds. */
export const BACKGROUND_CLIPS = 'background-clips';

/** Ways to vary sounds; every one is seeded. */
export type AugmentSettings = {
  /** Masks bands of time and frequency (Park et al. 2019, SpecAugment). */
  specAugment: boolean;
  /** Cuts each window at another place, or moves a short clip inside its window. */
  timeShift: boolean;
  /** Changes loudness by up to ±6 dB. */
  gain: boolean;
  /** Mixes two examples and their classes (Zhang et al. 2018, mixup). */
  mixup: boolean;
  /** Adds a quieter example of this class, or of the background sounds ({@link BACKGROUND_CLIPS}), behind half of the examples; null = off. */
  backgroundClassId: string | null;
};

/** How a clip is cut into windows. */
export type WindowSettings = {
  /** Length of a window, 0.5..15 s. */
  windowSec: number;
  /** Share of a window that the next one repeats, 0..0.9. */
  overlapRatio: number;
};

/** What models of sounds have. */
export type SoundSettings = WindowSettings & { augment: AugmentSettings };

/** What models of movements have. */
export type MovementSettings = WindowSettings & {
  /** Frames per second movements are looked at, 2..60; null = chosen from the data. */
  frameRateHz: number | null;
  /** Which landmarks count. */
  joints: 'body' | 'upper-body' | 'all';
  /** Mirrors half of the examples, left and right swapped. */
  mirror: boolean;
  /** Moves joints a little. */
  noise: boolean;
  /** Turns and stretches the body a little. */
  turn: boolean;
  /** Slower and faster by up to a fifth. */
  speed: boolean;
};

/** What models of pictures have. */
export type PictureSettings = {
  /** Side in pixels of the square the network sees; null = chosen from the data. */
  pixels: number | null;
  /** Mirrors half of the copies. */
  mirror: boolean;
  /** Shows a smaller or larger part of the picture. */
  crop: boolean;
  /** Changes light and colours. */
  colour: boolean;
  /** Turns by up to 7 degrees. */
  rotate: boolean;
};

/** What classifiers have. */
export type ClassificationSettings = {
  /** Small classes weigh more in the loss. */
  balanceClasses: boolean;
  /** What is trained on a pretrained network's features: one layer, or one hidden layer before it. */
  head: 'linear' | 'hidden';
};

/** What object detectors have. */
export type DetectionSettings = {
  /** Pictures are cut into this many overlapping parts along each side; null = chosen from the sizes of the boxes. */
  tiles: 1 | 2 | 3 | null;
  /** Puts four pictures together; networks that train on pixels only. */
  mosaic: boolean;
  /** First block of MobileNetV2 that fine-tuning changes: 0 = all of it, 17 = none. Absent in runs from before there was the choice. */
  unfreezeFrom?: number;
};
