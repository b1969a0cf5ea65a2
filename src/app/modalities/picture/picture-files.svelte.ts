/** Pictures and videos a person chose to try a classifier on: one after the other, each with what it is or why it cannot be read. Main thread. */
import type { PathFile } from '../../../dataset/index.ts';
import type { ModelRef } from '../../../domain/model.ts';
import { isAbort, StudioError, toStudioError } from '../../../kernel/errors.ts';
import { Scope } from '../../../kernel/scope.ts';
import type { WorkerClient } from '../../../rpc/client.ts';
import type { PicturePreview } from '../../../tasks/picture/preview.ts';

/** A file that was looked at. `scores` of a video are the mean over its frames. */
export type TriedPicture = {
  path: string;
  blob: Blob;
  url: string;
  isVideo: boolean;
  scores: Float32Array | null;
  novelty: number | null;
  frames: { atSec: number; scores: Float32Array }[];
  error: StudioError | null;
};

/** Frames a second of a video that are looked at. */
const VIDEO_RATE_HZ = 2;

/** See the file header. Owns the addresses of the files; dispose it. */
export class PictureFiles implements Disposable {
  readonly #client: WorkerClient<PicturePreview>;
  #files = $state.raw<TriedPicture[]>([]);
  #running = $state.raw<{ path: string; done: number; total: number } | null>(null);
  #run: Scope | null = null;

  constructor(client: WorkerClient<PicturePreview>) {
    this.#client = client;
  }

  get files(): readonly TriedPicture[] {
    return this.#files;
  }
  get running(): { path: string; done: number; total: number } | null {
    return this.#running;
  }

  /** Looks at files in place of those before. */
  async run(files: readonly PathFile[], model: ModelRef): Promise<void> {
    this.#run?.dispose();
    const run = new Scope();
    this.#run = run;
    this.#drop();
    for (const [i, file] of files.entries()) {
      if (run.isDisposed) break;
      this.#running = { path: file.path, done: i, total: files.length };
      const tried = await this.#look(file, model, run);
      if (!tried) break;
      this.#files = [...this.#files, tried];
    }
    if (this.#run === run) this.#running = null;
    run.dispose();
  }

  async #look({ path, blob }: PathFile, model: ModelRef, run: Scope): Promise<TriedPicture | null> {
    const signal = run.abortSignal();
    const isVideo = blob.type.startsWith('video/') || /\.(mp4|mov|m4v|webm|mkv)$/i.test(path);
    const base: TriedPicture = {
      path,
      blob,
      url: URL.createObjectURL(blob),
      isVideo,
      scores: null,
      novelty: null,
      frames: [],
      error: null,
    };
    try {
      if (isVideo) {
        const { frames } = await this.#client.call(
          'classifyVideo',
          { model, blob, rateHz: VIDEO_RATE_HZ },
          {
            signal,
            onProgress: ({ done, total }) => {
              if (!run.isDisposed) this.#running = { path, done, total };
            },
          },
        );
        const mean = frames[0]?.scores.map(
          (_, c) => frames.reduce((sum, { scores }) => sum + scores[c]!, 0) / frames.length,
        );
        return { ...base, frames, scores: mean ?? null };
      }
      const bitmap = await createImageBitmap(blob).catch((cause: unknown) => {
        throw new StudioError(blob.size === 0 ? 'media/empty-file' : 'media/not-picture', { cause });
      });
      const seen = await this.#client.call('classifyPicture', { model, bitmap }, { signal, transfer: [bitmap] });
      return { ...base, ...seen };
    } catch (error) {
      if (!isAbort(error)) return { ...base, error: toStudioError(error) };
      URL.revokeObjectURL(base.url);
      return null;
    }
  }

  cancel(): void {
    this.#run?.dispose();
    this.#running = null;
  }

  #drop(): void {
    for (const { url } of this.#files) URL.revokeObjectURL(url);
    this.#files = [];
  }

  [Symbol.dispose](): void {
    this.cancel();
    this.#drop();
  }
}
