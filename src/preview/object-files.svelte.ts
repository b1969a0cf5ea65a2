/** Objects in pictures and videos a person chose: looked at one after the other, each with what was found or why it cannot be read. Main thread. */
import type { PathFile } from '../dataset/index.ts';
import type { Detection } from '../domain/boxes.ts';
import { isAbort, StudioError, toStudioError } from '../kernel/errors.ts';
import { Scope } from '../kernel/scope.ts';
import type { WorkerClient } from '../rpc/client.ts';
import type { ModelRef } from '../domain/model.ts';
import type { DetectionPreview } from './contract.ts';

/** A file that was looked at. `found` of a picture, `frames` of a video; `url` is its content, width and height of a video are 0. */
export type LookedAt = {
  path: string;
  blob: Blob;
  url: string;
  isVideo: boolean;
  aspect: number;
  width: number;
  height: number;
  found: Detection[];
  frames: { atSec: number; found: Detection[] }[];
  durationSec: number;
  error: StudioError | null;
};

/** Frames a second of a video that are looked at. */
const VIDEO_RATE_HZ = 5;
/** Boxes under this are never asked for. */
const LEAST = 0.1;

/** See the file header. Owns the addresses of the files; dispose it. */
export class ObjectFiles implements Disposable {
  readonly #client: WorkerClient<DetectionPreview>;
  #files = $state.raw<LookedAt[]>([]);
  #running = $state.raw<{ path: string; done: number; total: number } | null>(null);
  #positions = $state.raw<Record<string, number>>({});
  /** The newest work: what an older one still says is dropped. */
  #run: Scope | null = null;

  constructor(client: WorkerClient<DetectionPreview>) {
    this.#client = client;
  }

  get files(): readonly LookedAt[] {
    return this.#files;
  }
  /** The file at hand; null when none is. */
  get running(): { path: string; done: number; total: number } | null {
    return this.#running;
  }

  /** Looks at files in place of those before. */
  async run(files: readonly PathFile[], model: ModelRef, overlap: number): Promise<void> {
    this.#run?.dispose();
    const run = new Scope();
    const signal = run.abortSignal();
    this.#run = run;
    this.#drop();
    for (const [i, file] of files.entries()) {
      if (signal.aborted) break;
      this.#running = { path: file.path, done: i, total: files.length };
      try {
        const looked = await this.#look(file, model, overlap, signal);
        if (signal.aborted) URL.revokeObjectURL(looked.url);
        else this.#files = [...this.#files, looked];
      } catch (error) {
        if (isAbort(error)) break;
        throw error;
      }
    }
    if (this.#run === run) this.#running = null;
    run.dispose();
  }

  async #look({ path, blob }: PathFile, model: ModelRef, overlap: number, signal: AbortSignal): Promise<LookedAt> {
    const isVideo = blob.type.startsWith('video/') || /\.(mp4|mov|m4v|webm|mkv)$/i.test(path);
    const nothing = { aspect: 1, width: 0, height: 0, found: [], frames: [], durationSec: 0, error: null };
    const base = { ...nothing, path, blob, url: URL.createObjectURL(blob), isVideo };
    try {
      if (isVideo) {
        const result = await this.#client.call(
          'detectVideo',
          { blob, model, rateHz: VIDEO_RATE_HZ, leastScore: LEAST, overlap },
          {
            signal,
            onProgress: ({ done, total }) => {
              if (!signal.aborted) this.#running = { path, done, total };
            },
          },
        );
        return { ...base, ...result };
      }
      const bitmap = await createImageBitmap(blob).catch((cause: unknown) => {
        throw new StudioError(blob.size === 0 ? 'media/empty-file' : 'media/not-picture', { cause });
      });
      const { width, height } = bitmap;
      const args = { model, bitmap, leastScore: LEAST, overlap };
      const found = await this.#client.call('detectOnce', args, { signal, transfer: [bitmap] });
      return { ...base, aspect: width / height, width, height, found };
    } catch (error) {
      if (!isAbort(error)) return { ...base, error: toStudioError(error) };
      URL.revokeObjectURL(base.url);
      throw error;
    }
  }

  /** Where a video is played. */
  positionOf(file: LookedAt): number {
    return this.#positions[file.path] ?? 0;
  }
  setPosition(file: LookedAt, atSec: number): void {
    this.#positions = { ...this.#positions, [file.path]: atSec };
  }

  /** What was found in a picture, or in the frame of a video nearest to where it is played. */
  foundOf(file: LookedAt): readonly Detection[] {
    if (!file.isVideo) return file.found;
    const atSec = this.positionOf(file);
    const distance = (frame: { atSec: number }) => Math.abs(frame.atSec - atSec);
    return (
      file.frames.reduce<LookedAt['frames'][number] | null>(
        (best, frame) => (!best || distance(frame) < distance(best) ? frame : best),
        null,
      )?.found ?? []
    );
  }

  cancel(): void {
    this.#run?.dispose();
    this.#running = null;
  }

  #drop(): void {
    for (const { url } of this.#files) URL.revokeObjectURL(url);
    this.#files = [];
    this.#positions = {};
  }

  [Symbol.dispose](): void {
    this.cancel();
    this.#drop();
  }
}
