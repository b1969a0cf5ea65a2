/**
 * A model trained with Understudy, in your own page.
 *
 *     import { load, openMicrophone } from './understudy.js';
 *     const model = await load('./');
 *     if (model.kind === 'sound')
 *       for await (const { label, confidence } of model.listen(await openMicrophone())) console.log(label, confidence);
 */

/** `label` null: no class reaches its threshold. `novelty` above 1: unlike anything the model was trained on; null when it cannot tell. Scores are 0..1. */
export type Answer = {
  label: string | null;
  confidence: number;
  scores: Record<string, number>;
  novelty: number | null;
};
/** How watching and listening are ended from outside; `break` in the loop does it too. */
export type WatchOptions = { signal?: AbortSignal };

/** What all models have. */
export type Model = {
  readonly name: string;
  readonly labels: readonly string[];
  /** Frees its memory. */
  close(): void;
};

/** What a clip is, as a whole and from second to second. */
export type ClipAnswer = Answer & {
  windows: (Answer & { startSec: number; endSec: number })[];
  events: { label: string; startSec: number; endSec: number; confidence: number }[];
};
/** What is heard now; 0 dB is full scale. */
export type LiveSound = Answer & { atSec: number; levelDb: number };
/** Names sounds. */
export type SoundModel = Model & {
  readonly kind: 'sound';
  /** One channel, -1 to 1, at any rate: it is resampled, cut into windows, and their scores are averaged. */
  classify(samples: Float32Array, sampleRateHz: number): Promise<ClipAnswer>;
  /** A sound file the browser can decode; channels are mixed. */
  classifyFile(file: Blob): Promise<ClipAnswer>;
  /** About four answers a second. You stop the microphone. */
  listen(microphone: MediaStream, options?: WatchOptions): AsyncGenerator<LiveSound, void>;
};

/** `x` and `y` in ratios of the picture, `visibility` 0..1. */
export type BodyPoint = { joint: string; x: number; y: number; visibility: number };
/** What is seen now. `landmarks` null: nobody is in view. `repetitions`: since watching began. */
export type LiveAction = Answer & { atSec: number; landmarks: BodyPoint[] | null; repetitions: number };
/** Names and counts movements of a body. */
export type ActionModel = Model & {
  readonly kind: 'action';
  /** Landmarks that are connected, by their places in `landmarks`: for drawing. */
  readonly bones: readonly (readonly [number, number])[];
  /** A video element that plays, or a camera. */
  watch(from: HTMLVideoElement | MediaStream, options?: WatchOptions): AsyncGenerator<LiveAction, void>;
};

/** Box in ratios of the picture, from the top left corner. */
export type FoundObject = { label: string; confidence: number; x: number; y: number; width: number; height: number };
/** What is seen now; `id` of an object stays while it is seen. */
export type LiveObjects = { atSec: number; objects: (FoundObject & { id: number })[] };
/** Finds objects. */
export type ObjectModel = Model & {
  readonly kind: 'detection';
  /** An image, canvas, bitmap or file; best first. */
  detect(image: ImageBitmapSource): Promise<FoundObject[]>;
  watch(from: HTMLVideoElement | MediaStream, options?: WatchOptions): AsyncGenerator<LiveObjects, void>;
};

/** What is seen now. */
export type LivePicture = Answer & { atSec: number };
/** Names pictures. */
export type PictureModel = Model & {
  readonly kind: 'picture';
  /** An image, canvas, bitmap or file. */
  classify(image: ImageBitmapSource): Promise<Answer>;
  watch(from: HTMLVideoElement | MediaStream, options?: WatchOptions): AsyncGenerator<LivePicture, void>;
};

/** Loads an exported model from the folder it was unpacked to (an address, relative to the page), or from what gives its files; without either, the one in this page. */
export function load(
  where?: string | URL | ((path: string) => Promise<Blob | null>),
): Promise<SoundModel | ActionModel | ObjectModel | PictureModel>;
/** The microphone without echo cancelling and the like. You stop its tracks. */
export function openMicrophone(): Promise<MediaStream>;
/** The camera. You stop its tracks. */
export function openCamera(): Promise<MediaStream>;
