/** Jobs of the features worker. Type-only. */
import type { InspectedMedia, InspectedMotion, InspectedSound, MotionInfo } from '../domain/project.ts';
import type { Rect } from '../domain/boxes.ts';
import type { SampleSound } from '../media/index.ts';
import type { Motion } from './motion/motion.ts';
import type { SampleAction } from './motion/figure.ts';
import type { EmbeddingNetworkId, NetworkId } from './networks/manifest.ts';
import type { NetworkStatus } from './networks/network-files.ts';
import type { ViewRequest } from './vision/extract-views.ts';
import type { VisionInput } from './vision/spec.ts';
import type { CopySettings, EmbeddingCut } from './sound/embedding-spec.ts';

/** Progress of extraction: clips done of those that were not cached. */
export type ExtractProgress = { done: number; total: number; audioSec: number };

/** What an extraction did; clips that failed are listed. */
export type ExtractResult = {
  extracted: number;
  cached: number;
  audioSec: number;
  seconds: number;
  failed: { hash: string; reason: string }[];
};

/** See the file header. */
export type FeaturesContract = {
  /** Reads a whole file: readable? how loud, how long, small pictures, content hash. */
  inspectSound: { args: { blob: Blob }; progress: never; result: InspectedSound };
  /** A recorded take (mono, native rate; the buffer is transferred) to a WAV file, inspected. */
  inspectTake: { args: { pcm: Float32Array; sampleRateHz: number }; progress: never; result: InspectedSound };
  /** A sound of the sample project, made and inspected. */
  makeSample: { args: { kind: SampleSound; seed: number }; progress: never; result: InspectedSound };
  /** Looks at a video, or at the sequences of a landmark file. */
  inspectMotion: { args: { blob: Blob; name: string }; progress: never; result: InspectedMotion[] };
  /** A clip of the action sample, made and inspected. */
  makeFigure: { args: { action: SampleAction; seed: number }; progress: never; result: InspectedMotion };
  /** Computes and stores landmarks that are not cached yet. Files that fail are listed, the rest go on. */
  extractMotion: {
    args: { files: { hash: string; kind: 'video' | 'landmarks' }[]; frameRateHz: number };
    progress: ExtractProgress;
    result: ExtractResult;
  };
  /** A picture of the detection sample, drawn and inspected. */
  makeDice: {
    args: { seed: number };
    progress: never;
    result: { picture: InspectedMedia; boxes: (Rect & { label: string })[] };
  };
  /** Looks at a picture, or takes pictures out of a video. */
  inspectPicture: { args: { blob: Blob; name: string }; progress: never; result: InspectedMedia[] };
  /** Computes and stores the features of views of pictures that are not cached yet. Files that fail are listed, the rest go on. */
  extractViews: { args: ViewRequest; progress: ExtractProgress; result: ExtractResult };
  /** Features of camera frames that come through `port` go out through `out`, in order, until aborted (`streamViews`). */
  streamViews: {
    args: { input: VisionInput; isAdaptive: boolean; port: MessagePort; out: MessagePort };
    progress: never;
    result: void;
  };
  /** Landmarks of a clip's file if they are known: of a landmark file, or computed before at one of these rates. */
  loadMotion: {
    args: { hash: string; info: MotionInfo; ratesHz: number[] };
    progress: never;
    result: Motion | null;
  };
  /** Computes and stores the log-mel spectrograms that are not cached yet. Clips that fail are listed, the rest go on. */
  extractLogMel: {
    args: { hashes: string[] };
    progress: ExtractProgress;
    result: ExtractResult;
  };
  /** Computes and stores the embeddings of a pretrained network that are not cached yet: of clips, and of varied copies. */
  extractEmbeddings: {
    args: {
      network: EmbeddingNetworkId;
      windowSec: number;
      overlapRatio: number;
      hashes: string[];
      copies: (CopySettings & { hashes: string[] }) | null;
    };
    progress: ExtractProgress;
    result: ExtractResult;
  };
  /** Cross-validated share of clips right with one softmax layer on cached embeddings (mean over a clip's windows). */
  probe: {
    args: { cut: EmbeddingCut; examples: { hash: string; classIndex: number; fold: number }[]; classCount: number };
    progress: never;
    result: number;
  };
  /** Where the pretrained networks are. */
  networkStatus: { args: null; progress: never; result: NetworkStatus[] };
  /** Downloads a network from its pinned address. Only when a person asked for it. */
  downloadNetwork: { args: { id: NetworkId }; progress: { done: number; total: number }; result: void };
  /** Stores a file of a network that a person chose. */
  storeNetworkFile: {
    args: { blob: Blob; name: string };
    progress: never;
    result: { id: NetworkId; isComplete: boolean };
  };
  /** The files of a network, checked. */
  loadNetwork: { args: { id: NetworkId }; progress: never; result: { path: string; blob: Blob }[] };
  removeNetwork: { args: { id: NetworkId }; progress: never; result: void };
  /** Cuts stretches out of a sound file as WAV files at its own rate, inspected; null for one that holds no sample. */
  cutSegments: {
    args: { blob: Blob; segments: { startSec: number; endSec: number }[] };
    progress: { done: number; total: number };
    result: (InspectedSound | null)[];
  };
};
