/** Saving and opening project archives, as the page sees it. Main thread. One at a time. */
import { isAbort, StudioError } from '../kernel/errors.ts';
import { Scope } from '../kernel/scope.ts';
import type { WorkerClient } from '../rpc/client.ts';
import type { ArchiveContract, SaveChoice } from './archive-contract.ts';

/** Where saving or opening stands; `total` 0 = not known yet. */
export type ArchiveState = { kind: 'idle' } | { kind: 'saving' | 'opening'; name: string; done: number; total: number };

/** How work is cancelled, and how it says how far it is. */
export type WorkOptions = {
  signal: AbortSignal;
  onProgress: (value: { done: number; total: number }) => void;
};

/** See the file header. */
export class ArchiveSession {
  readonly #client: WorkerClient<ArchiveContract>;
  #state = $state.raw<ArchiveState>({ kind: 'idle' });
  /** The newest work: what an older one still says is dropped. */
  #run: Scope | null = null;

  constructor(client: WorkerClient<ArchiveContract>) {
    this.#client = client;
  }

  get state(): ArchiveState {
    return this.#state;
  }

  cancel(): void {
    this.#run?.dispose();
  }

  /** @returns the archive; null when cancelled or when another is in work. @throws what the worker throws. */
  save(projectId: string, name: string, savedBy: string): Promise<Blob | null> {
    return this.#work('saving', name, (options) => this.#client.call('saveProject', { projectId, savedBy }, options));
  }

  /**
   * @param make makes files of examples that the form holds, with its own progress, before they are packed.
   * @returns the examples as a data set other tools read; null as {@link save}.
   */
  saveData(
    projectId: string,
    name: string,
    choice: SaveChoice,
    make: ((options: WorkOptions) => Promise<SaveChoice['made']>) | null = null,
  ): Promise<Blob | null> {
    return this.#work('saving', name, async (options) => {
      const made = (await make?.(options)) ?? [];
      return this.#client.call('saveDataSet', { projectId, choice: { ...choice, made } }, options);
    });
  }

  /** Stores the project of an archive. @returns the project; null as {@link save}. @throws StudioError `dataset/archive-…`, `dataset/not-an-archive`, `dataset/quota-exceeded`. */
  open(name: string, blob: Blob): Promise<ArchiveContract['openProject']['result'] | null> {
    if (blob.size === 0) throw new StudioError('dataset/not-an-archive');
    return this.#work('opening', name, (options) => this.#client.call('openProject', { blob }, options));
  }

  async #work<T>(
    kind: 'saving' | 'opening',
    name: string,
    work: (options: WorkOptions) => Promise<T>,
  ): Promise<T | null> {
    if (this.#state.kind !== 'idle') return null;
    const run = new Scope();
    this.#run = run;
    this.#state = { kind, name, done: 0, total: 0 };
    try {
      return await work({
        signal: run.abortSignal(),
        onProgress: ({ done, total }) => (this.#state = { kind, name, done, total }),
      });
    } catch (error) {
      if (isAbort(error)) return null;
      throw error;
    } finally {
      run.dispose();
      this.#state = { kind: 'idle' };
    }
  }
}
