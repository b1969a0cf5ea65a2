/** The nouns every room speaks of: projects, classes, clips, model sources. Any thread; plain records that survive structured clone. */

import type { BoundingBox } from './boxes.ts';
import type { Calibration } from './report.ts';

/** What a project recognises. */
export type TaskKind = 'sound' | 'action' | 'detection';

/** The three data sources of a project. */
export type Part = 'training' | 'validation' | 'testing';

/** The parts in the order they are shown. */
export const PARTS: readonly Part[] = ['training', 'validation', 'testing'];

/** Where an example belongs: a part, or the background sounds that are only mixed into training examples. */
export type ItemPart = Part | 'background';

/** Value of `AugmentSettings.backgroundClassId` that stands for the background sounds. */
export const BACKGROUND_CLIPS = 'background-clips';

/** A class: `color` 1..10 is its place in the palette and is never re-assigned. */
export type ClassLabel = { id: string; name: string; color: number };

/** What is known of a sound file after one look at all of it. Levels in dB relative to full scale. */
export type SoundInfo = {
  durationSec: number;
  sampleRateHz: number;
  channelCount: number;
  codec: string;
  peakDb: number;
  rmsDb: number;
  /** Share of samples at full scale in runs of at least 3, 0..1. */
  clippedRatio: number;
};

/** Small pictures of a sound. */
export type SoundPicture = {
  /** Largest magnitude per column, 0..255, at most 240 columns. */
  peaks: Uint8Array;
  /** Shape [columns, 64]: log-mel from silence (0) to loud (255), at most 128 columns. */
  spectrogram: Uint8Array;
};

/** Small pictures of a clip: of a sound, or `poster`, a JPEG or PNG file of a video, a movement or a picture. */
export type SmallPicture = SoundPicture & { poster?: Uint8Array };

/** What is known of a clip of movement: a stretch of a video, or a landmark sequence. Times in seconds of its file. */
export type MotionInfo = {
  kind: 'video' | 'landmarks';
  startSec: number;
  endSec: number;
  durationSec: number;
  /** Length of the whole file. */
  fileSec: number;
  frameRateHz: number;
  /** Size of the picture as shown, in pixels. */
  width: number;
  height: number;
  codec: string;
  /** Joints of a landmark sequence; those of a video come from the pose network. */
  joints?: string[];
};

/** A video or landmark sequence after inspection. `name` and `label` when the file says them. */
export type InspectedMotion = {
  hash: string;
  blob: Blob;
  motion: MotionInfo;
  picture: SmallPicture;
  notice: string | null;
  name: string | null;
  label: string | null;
};

/** A sound file after inspection. `notice` tells what was kept of a cut file; `blob` is what is to be stored. */
export type InspectedSound = {
  hash: string;
  sound: SoundInfo;
  picture: SoundPicture;
  notice: string | null;
  blob: Blob;
};

/** What is known of a picture, upright, in pixels; and what is in it. */
export type ImageInfo = {
  width: number;
  height: number;
  boxes: BoundingBox[];
  /** Somebody looked at all of it: without boxes it shows none of the classes. Others are not trained on. */
  isAnnotated: boolean;
};

/** Any file after inspection: what it is by the task, and what it says of itself. */
export type InspectedMedia = {
  hash: string;
  blob: Blob;
  picture: SmallPicture;
  notice: string | null;
  sound?: SoundInfo;
  motion?: MotionInfo;
  image?: ImageInfo;
  name?: string | null;
  label?: string | null;
};

/** One example: a clip, later also a video or a picture. */
export type MediaItem = {
  id: string;
  projectId: string;
  /** Name shown to people; the file name without its folders. */
  name: string;
  /** Path inside the folder or zip it came from, or the name. */
  path: string;
  /** Content identity of the stored blob (kernel/content-hash). */
  hash: string;
  bytes: number;
  /** null = not labelled yet. */
  classId: string | null;
  part: ItemPart;
  /** Examples of one source recording share it; a split never separates them. */
  recording: string;
  /** Examples added in one go share it: one import, one hands-free recording. */
  session: string;
  addedAtMs: number;
  /** What the example is, by the task of its project: exactly one of these. */
  sound?: SoundInfo;
  motion?: MotionInfo;
  image?: ImageInfo;
};

/** Length of an example in seconds. */
export const durationOf = (item: Pick<MediaItem, 'sound' | 'motion'>): number =>
  item.sound?.durationSec ?? item.motion?.durationSec ?? 0;

/** Identity of an example's content: of its file, and of the stretch of it. */
export const contentKey = (item: Pick<MediaItem, 'hash' | 'motion'>): string =>
  item.motion && (item.motion.startSec > 0 || item.motion.endSec < item.motion.fileSec)
    ? `${item.hash}@${item.motion.startSec.toFixed(3)}-${item.motion.endSec.toFixed(3)}`
    : item.hash;

/** A project. Its items, model sources and history are records of their own. */
export type Project = {
  id: string;
  name: string;
  kind: TaskKind;
  classes: ClassLabel[];
  createdAtMs: number;
  openedAtMs: number;
  /** Next colour to give to a class, 1..10, cycling. */
  nextColor: number;
  /** Made by "Open sample". */
  isSample: boolean;
};

/** Where a model source stands. `paused` has a checkpoint; `interrupted` is found at start-up: the tab was closed while training. */
export type SourceStatus = 'untrained' | 'training' | 'paused' | 'done' | 'failed';

/** One point of the learning curve; ratios 0..1, null where not measured. */
export type CurvePoint = {
  iteration: number;
  trainingLoss: number;
  trainingAccuracy: number;
  validationLoss: number | null;
  validationAccuracy: number | null;
  /** Loss of object detectors by its parts: what is where, and how well boxes fit. */
  parts?: { classes: number; boxes: number };
};

/** The computing engine of tfjs. */
export type EngineName = 'webgpu' | 'webgl' | 'wasm' | 'cpu';

/** The names people read for engines (compute chip). */
export const ENGINE_TITLES: Record<EngineName, string> = {
  webgpu: 'WebGPU',
  webgl: 'WebGL',
  wasm: 'WebAssembly',
  cpu: 'Plain CPU',
};

/** The data a run was given, by item id; written at its start and never changed. */
export type RunData = {
  training: string[];
  validation: string[];
  /** Background sounds mixed in; absent in runs made before there were any. */
  background?: string[];
  hashes: string[];
  classIds: string[];
  classNames: string[];
};

/** A usable model kept during training. */
export type Snapshot = { iteration: number; takenAtMs: number; validationAccuracy: number | null };

/** A model source: one set of settings and the run they made. Settings are frozen once it was trained. */
export type ModelSource = {
  id: string;
  projectId: string;
  name: string;
  createdAtMs: number;
  status: SourceStatus;
  settings: TrainingSettings;
  /** What the settings resolved to: planned iterations after "automatic". */
  plannedIterations: number;
  iteration: number;
  bestIteration: number | null;
  curve: CurvePoint[];
  log: { atMs: number; text: string }[];
  snapshots: Snapshot[];
  engine: EngineName | null;
  device: string | null;
  featureSec: number;
  trainingSec: number;
  /** Of the training seconds, those spent on storing checkpoints. */
  checkpointSec?: number;
  trainedAtMs: number | null;
  data: RunData | null;
  /** Clip accuracy by part, 0..1, after evaluation. */
  scores: Partial<Record<Part, number>>;
  /** From the validation clips; absent before there was a score. */
  calibration?: Calibration | null;
  failure: string | null;
};

/** Ways to vary training examples; every one is seeded. */
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

/** How a sound classifier is trained. `automatic` tries the pretrained networks on board and takes what is best for the clips. */
export type Algorithm =
  | 'automatic'
  | 'transfer-learning'
  | 'spoken-words'
  | 'fine-tune'
  | 'full-network'
  | 'graph-network'
  | 'temporal-network';

/** What only action classifiers have. */
export type MotionSettings = {
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

/** What only object detectors have. */
export type VisionSettings = {
  /** Side in pixels of the square the network sees; null = chosen from the sizes of the boxes. */
  pixels: 320 | 480 | 640 | null;
  /** Pictures are cut into this many overlapping parts along each side; null = chosen from the sizes of the boxes. */
  tiles: 1 | 2 | 3 | null;
  /** Mirrors half of the copies. */
  mirror: boolean;
  /** Shows a smaller or larger part of the picture. */
  crop: boolean;
  /** Changes light and colours. */
  colour: boolean;
  /** Turns by up to 7 degrees. */
  rotate: boolean;
  /** Puts four pictures together; networks that train on pixels only. */
  mosaic: boolean;
  /** First block of MobileNetV2 that fine-tuning changes: 0 = all of it, 17 = none. Absent in runs from before there was the choice. */
  unfreezeFrom?: number;
};

/** Settings of the training of a classifier. Every value is a key of the headless runner's config. */
export type TrainingSettings = {
  algorithm: Algorithm;
  /** Length of a window, 0.5..15 s. */
  windowSec: number;
  /** Share of a window that the next one repeats, 0..0.9. */
  overlapRatio: number;
  /** Passes over the training windows; null = chosen from the amount of data. */
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
  balanceClasses: boolean;
  /** Stops after this many iterations without a better validation loss; 0 = never. */
  patience: number;
  augment: AugmentSettings;
  /** What is trained on a pretrained network's features: one layer, or one hidden layer before it. */
  head: 'linear' | 'hidden';
  /** Varied copies of each training clip whose features are computed too, 0..8. Pretrained networks only. */
  copies: number;
  /** Action classifiers only. */
  motion?: MotionSettings;
  /** Object detectors only. */
  vision?: VisionSettings;
  /** null = the fastest engine measured on this device. */
  engine: EngineName | null;
};
