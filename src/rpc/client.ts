/**
 * Calls into a worker. Main thread (or any thread that owns a worker). A call settles exactly once: reply, abort, crash,
 * undecodable message, failed post, close. The worker is started at the first call and again after a crash.
 */
import { abortError, fromWireError, StudioError } from '../kernel/errors.ts';
import type { Contract, FromWorker, Port, ToWorker } from './contract.ts';

/** A worker as the client needs it; `terminate` ends the thread. */
export type WorkerLike = Port & { terminate(): void };

/** Options of one call. `transfer` moves ownership of the named buffers to the worker. */
export type CallOptions<P> = { signal?: AbortSignal; onProgress?: (value: P) => void; transfer?: Transferable[] };

type Pending = {
  resolve: (value: never) => void;
  reject: (error: unknown) => void;
  onProgress: ((value: never) => void) | undefined;
  release: () => void;
};

/** How long a worker may take to notice an abort before its thread is ended. */
const ABORT_GRACE_MS = 2000;

/** Typed client of one worker. `C` names the jobs. */
export class WorkerClient<C extends Contract> {
  readonly #spawn: () => WorkerLike;
  readonly #protocol: string;
  #worker: WorkerLike | null = null;
  #pending = new Map<number, Pending>();
  #nextId = 1;

  /** @param protocol version of the app; the worker answers with its own, and a difference asks for a reload. */
  constructor(spawn: () => WorkerLike, protocol: string) {
    this.#spawn = spawn;
    this.#protocol = protocol;
  }

  /** Calls in flight. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  /**
   * Runs one job.
   * @throws StudioError of the job, `worker/crashed`, or an AbortError when `signal` is aborted.
   */
  call<M extends keyof C & string>(
    method: M,
    args: C[M]['args'],
    options: CallOptions<C[M]['progress']> = {},
  ): Promise<C[M]['result']> {
    const { signal, onProgress, transfer = [] } = options;
    if (signal?.aborted) return Promise.reject(abortError());
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const onAbort = () => this.#abort(id);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#pending.set(id, {
        resolve: resolve as (value: never) => void,
        reject,
        onProgress: onProgress as ((value: never) => void) | undefined,
        release: () => signal?.removeEventListener('abort', onAbort),
      });
      try {
        this.#post({ kind: 'call', id, method, args }, transfer);
      } catch (error) {
        this.#settle(id)?.reject(error);
      }
    });
  }

  /** Ends the worker and every call in flight with `reason`; the next call starts a new worker. */
  close(reason: unknown = abortError()): void {
    this.#worker?.terminate();
    this.#worker = null;
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(reason);
  }

  #post(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker ??= this.#start();
    this.#worker.postMessage(message, transfer);
  }

  #start(): WorkerLike {
    const worker = this.#spawn();
    const crash = (event: Event) => {
      if (this.#worker !== worker) return;
      this.close(new StudioError('worker/crashed', { details: { reason: (event as ErrorEvent).message ?? '' } }));
    };
    worker.addEventListener('message', (event) => {
      if (this.#worker === worker) this.#receive((event as MessageEvent<FromWorker>).data);
    });
    worker.addEventListener('error', crash);
    worker.addEventListener('messageerror', crash);
    worker.postMessage({ kind: 'hello', protocol: this.#protocol } satisfies ToWorker, []);
    return worker;
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'hello':
        if (message.protocol !== this.#protocol) this.close(new StudioError('worker/version-mismatch'));
        return;
      case 'progress':
        this.#pending.get(message.id)?.onProgress?.(message.value as never);
        return;
      case 'done':
        this.#settle(message.id)?.resolve(message.value as never);
        return;
      case 'failed': {
        const error = fromWireError(message.error);
        this.#settle(message.id)?.reject(error);
        return;
      }
    }
  }

  /** The caller hears of an abort at once; the worker gets {@link ABORT_GRACE_MS} to stop before it is replaced. */
  #abort(id: number): void {
    const pending = this.#settle(id);
    if (!pending) return;
    pending.reject(abortError());
    const worker = this.#worker;
    if (!worker) return;
    worker.postMessage({ kind: 'abort', id } satisfies ToWorker, []);
    const timer = setTimeout(() => {
      if (this.#worker === worker && this.#settle(id)) {
        this.close(new StudioError('worker/crashed', { details: { reason: 'no answer to a cancel' } }));
      }
    }, ABORT_GRACE_MS);
    const ignore = () => {};
    this.#pending.set(id, {
      resolve: ignore,
      reject: ignore,
      onProgress: undefined,
      release: () => clearTimeout(timer),
    });
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.release();
    return pending;
  }
}
