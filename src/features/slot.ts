/** What a task brings to the room features. Any thread; the functions of {@link FeatureRow} run in a worker. */
import type { Rect } from '../domain/boxes.ts';
import type { InspectedMedia, Part } from '../domain/project.ts';

/**
 * Features that are asked for: of files by their content, and whatever the task's own extraction needs beside. Plain data.
 * `isShared` lets two threads share the files.
 */
export type FeatureRequest = { hashes: readonly string[]; isShared?: boolean };

/** Progress of extraction: files done of those that were not cached. */
export type ExtractProgress = { done: number; total: number; audioSec: number };

/** What an extraction did; files that failed are listed. */
export type ExtractResult = {
  extracted: number;
  cached: number;
  audioSec: number;
  seconds: number;
  failed: { hash: string; reason: string }[];
};

/** One example of a sample project, made by the app itself. */
export type SampleExample = {
  media: InspectedMedia;
  name: string;
  path: string;
  part: Part;
  /** Its class, or the boxes in it. */
  className: string | null;
  boxes: (Rect & { label: string })[] | null;
};

/** What a task does in the features worker. */
export type FeatureRow = {
  /** One look at a file: readable? what is in it? A file may hold several examples. @throws StudioError `media/…`. */
  inspect(blob: Blob, name: string, signal: AbortSignal): Promise<InspectedMedia[]>;
  /** Computes and stores what is not cached yet. @param request of this task. @throws StudioError `network/…`. */
  extract(
    request: FeatureRequest,
    signal: AbortSignal,
    progress: (value: ExtractProgress) => void,
  ): Promise<Omit<ExtractResult, 'seconds'>>;
  /** @param n from 0. */
  makeSample(n: number): Promise<SampleExample>;
};
