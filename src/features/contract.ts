/** Jobs of the features worker. Type-only. */
import type { SmallPicture } from '../domain/media.ts';
import type { InspectedMedia } from '../domain/project.ts';
import type { Stretch } from '../domain/stretch.ts';
import type { MediaOf, TaskKind } from '../domain/task.ts';
import type { FilmFrame } from './movement/film.ts';
import type { Motion } from './movement/motion.ts';
import type { NetworkId } from './networks/manifest.ts';
import type { NetworkStatus } from './networks/network-files.ts';
import type { VisionInput } from './picture/spec.ts';
import type { ExtractProgress, ExtractResult, FeatureRequest, SampleExample } from './slot.ts';
import type { EmbeddingCut } from './sound/embedding-spec.ts';
import type { InspectedSound } from './sound/inspect.ts';
import type { SoundTile } from './sound/tile.ts';

/** See the file header. */
export type FeaturesContract = {
  /** One look at a file, by the task of its project. */
  inspect: { args: { task: TaskKind; blob: Blob; name: string }; progress: never; result: InspectedMedia[] };
  /** Computes and stores features that are not cached yet. Files that fail are listed, the rest go on. */
  extract: {
    args: { task: TaskKind; request: FeatureRequest };
    progress: ExtractProgress;
    result: ExtractResult;
  };
  /** Example `n` of a sample project, made and inspected. */
  makeSample: { args: { task: TaskKind; n: number }; progress: never; result: SampleExample };
  /** A recorded take (mono, native rate; the buffer is transferred) to a WAV file, inspected. */
  inspectTake: { args: { pcm: Float32Array; sampleRateHz: number }; progress: never; result: InspectedSound };
  /** Features of camera frames that come through `port` go out through `out`, in order, until aborted (`streamViews`). */
  streamViews: {
    args: { input: VisionInput; isAdaptive: boolean; port: MessagePort; out: MessagePort };
    progress: never;
    result: void;
  };
  /** Landmarks of a clip's file if they are known: of a landmark file, or computed before at one of these rates. */
  loadMotion: {
    args: { hash: string; info: MediaOf<'movement'>; ratesHz: number[] };
    progress: never;
    result: Motion | null;
  };
  /** Small frames of a stored video along its time, each as progress (movement/film.ts). */
  readFilm: { args: { hash: string; count: number }; progress: FilmFrame; result: void };
  /** The landmarks of a clip as a file of its own; null when they are not known at this rate. */
  writeLandmarks: {
    args: {
      hash: string;
      info: MediaOf<'movement'>;
      rateHz: number;
      name: string;
      label: string | null;
      form: 'json' | 'csv';
    };
    progress: never;
    result: Blob | null;
  };
  /** Cross-validated share of clips right with one softmax layer on cached embeddings (mean over a clip's windows). */
  probe: {
    args: { cut: EmbeddingCut; examples: { hash: string; classIndex: number; fold: number }[]; classCount: number };
    progress: never;
    result: number;
  };
  /** Where the pretrained networks are. */
  networkStatus: { args: null; progress: never; result: NetworkStatus[] };
  /** Whether the runtime of the networks is kept for work without a connection. */
  isRuntimeKept: { args: null; progress: never; result: boolean };
  /** Keeps it, and the networks that lie beside the app. */
  keepOffline: { args: null; progress: { done: number; total: number }; result: void };
  /** Downloads a network from its pinned address. Only when a person asked for it. */
  downloadNetwork: { args: { id: NetworkId }; progress: { done: number; total: number }; result: void };
  /** Stores a file of a network that a person chose. */
  storeNetworkFile: {
    args: { blob: Blob; name: string };
    progress: never;
    result: { id: NetworkId; isComplete: boolean };
  };
  removeNetwork: { args: { id: NetworkId }; progress: never; result: void };
  /** Small picture of a stretch of a sound file. */
  drawStretch: { args: { file: Blob; stretch: Stretch }; progress: never; result: SmallPicture };
  /** A stretch of a sound file as a WAV file of its own. */
  cutStretch: { args: { file: Blob; stretch: Stretch }; progress: never; result: Blob };
  /** Picture of a part of a stored sound (sound/overview.ts). */
  readTile: {
    args: { hash: string; startSec: number; columnSec: number };
    progress: never;
    result: SoundTile;
  };
  /** Where something sounds in a stored recording. @param aboveDb louder than its quiet by so much. */
  findSounds: { args: { hash: string; aboveDb: number }; progress: { readSec: number }; result: Stretch[] };
  /** Cuts stretches out of a sound file as WAV files at its own rate, inspected; null for one that holds no sample. */
  cutSegments: {
    args: { blob: Blob; segments: { startSec: number; endSec: number }[] };
    progress: { done: number; total: number };
    result: (InspectedSound | null)[];
  };
};
