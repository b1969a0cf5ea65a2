/** Jobs of the features worker. Type-only. */
import type { InspectedSound } from '../domain/project.ts';
import type { SampleSound } from '../media/index.ts';

/** Progress of extraction: clips done of those that were not cached. */
export type ExtractProgress = { done: number; total: number; audioSec: number };

/** See the file header. */
export type FeaturesContract = {
  /** Reads a whole file: readable? how loud, how long, small pictures, content hash. */
  inspectSound: { args: { blob: Blob }; progress: never; result: InspectedSound };
  /** A recorded take (mono, native rate; the buffer is transferred) to a WAV file, inspected. */
  inspectTake: { args: { pcm: Float32Array; sampleRateHz: number }; progress: never; result: InspectedSound };
  /** A sound of the sample project, made and inspected. */
  makeSample: { args: { kind: SampleSound; seed: number }; progress: never; result: InspectedSound };
  /** Computes and stores the log-mel spectrograms that are not cached yet. Clips that fail are listed, the rest go on. */
  extractLogMel: {
    args: { hashes: string[] };
    progress: ExtractProgress;
    result: {
      extracted: number;
      cached: number;
      audioSec: number;
      seconds: number;
      failed: { hash: string; reason: string }[];
    };
  };
  /** Cuts stretches out of a sound file as WAV files at its own rate, inspected; null for one that holds no sample. */
  cutSegments: {
    args: { blob: Blob; segments: { startSec: number; endSec: number }[] };
    progress: { done: number; total: number };
    result: (InspectedSound | null)[];
  };
  /** A stored sound as mono samples at 16 kHz, for drawing and playing. */
  loadPcm: { args: { hash: string }; progress: never; result: Float32Array };
};
