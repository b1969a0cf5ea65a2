/** Analysis of a whole file by a model, as the page sees it. Main thread. A newer one replaces an older. */
import type { PathFile } from '../dataset/index.ts';
import { isAbort, toStudioError, type StudioError } from '../kernel/errors.ts';
import { Scope } from '../kernel/scope.ts';
import { decodeInPage, isUnread } from '../media/ui.ts';
import type { WorkerClient } from '../rpc/client.ts';
import type { ModelRef } from '../domain/model.ts';
import type { FileAnalysis, SoundPreview } from './contract.ts';

/** Where the analysis stands. */
export type FileState =
  | { kind: 'none' }
  | { kind: 'running'; file: PathFile; doneSec: number }
  | { kind: 'failed'; file: PathFile; error: StudioError }
  | { kind: 'done'; file: PathFile; analysis: FileAnalysis };

/** See the file header. */
export class FileSession implements Disposable {
  readonly #client: WorkerClient<SoundPreview>;
  #state = $state.raw<FileState>({ kind: 'none' });
  /** The newest work: what an older one still says is dropped. */
  #run: Scope | null = null;

  constructor(client: WorkerClient<SoundPreview>) {
    this.#client = client;
  }

  get state(): FileState {
    return this.#state;
  }

  /** Failures become the state `failed`. */
  async analyse(file: PathFile, model: ModelRef): Promise<void> {
    this.#run?.dispose();
    const run = new Scope();
    this.#run = run;
    const isCurrent = () => this.#run === run;
    this.#state = { kind: 'running', file, doneSec: 0 };
    try {
      const { blob } = file;
      const options = {
        signal: run.abortSignal(),
        onProgress: ({ doneSec }: { doneSec: number }) => {
          if (isCurrent()) this.#state = { kind: 'running', file, doneSec };
        },
      };
      const analysis = await this.#client.call('analyse', { blob, model }, options).catch(async (error: unknown) => {
        const decoded = isUnread(error) ? await decodeInPage(blob) : null;
        if (!decoded) throw error;
        return this.#client.call('analyse', { blob, decoded, model }, { ...options, transfer: [decoded.pcm.buffer] });
      });
      if (isCurrent()) this.#state = { kind: 'done', file, analysis };
    } catch (error) {
      if (isCurrent())
        this.#state = isAbort(error) ? { kind: 'none' } : { kind: 'failed', file, error: toStudioError(error) };
    } finally {
      run.dispose();
    }
  }

  cancel(): void {
    this.#run?.dispose();
  }

  [Symbol.dispose](): void {
    this.cancel();
  }
}
