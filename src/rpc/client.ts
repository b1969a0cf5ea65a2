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

/** How long a worker may take to notice an abort before it is asked whether it is alive. */
const ABORT_GRACE_MS = 2000;
/** Between two looks of the watchdog. */
const LOOK_MS = 1000;

/** How long things may take, in milliseconds. */
export type ClientTimes = {
  /** Silence of a worker that has calls in flight, counted while this thread runs, after which it hangs: longer than the longest step of any job. */
  hangMs: number;
  /** Without calls for so long a worker is ended; null = never. */
  idleMs: number | null;
};
const TIMES: ClientTimes = { hangMs: 180_000, idleMs: null };

/** Typed client of one worker. `C` names the jobs. */
export class WorkerClient<C extends Contract> {
  readonly #spawn: () => WorkerLike;
  readonly #protocol: string;
  #worker: WorkerLike | null = null;
  readonly #times: ClientTimes;
  #pending = new Map<number, Pending>();
  #nextId = 1;
  /** Calls that were cancelled and did not stop in time. */
  readonly #overdue = new Set<number>();
  /** Looks of the watchdog since the worker said anything. Looks are counted, not time: a device that slept is no worker that hangs. */
  #silentLooks = 0;
  #watchdog: ReturnType<typeof setInterval> | undefined;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;
  #wasBusy = false;
  /** Told when the first call begins and when the last one has ended. */
  onBusy: (isBusy: boolean) => void = () => {};

  /** @param protocol version of the app; the worker answers with its own, and a difference asks for a reload. */
  constructor(spawn: () => WorkerLike, protocol: string, times: Partial<ClientTimes> = {}) {
    this.#spawn = spawn;
    this.#protocol = protocol;
    this.#times = { ...TIMES, ...times };
  }

  /** Whether a thread is up. */
  get isStarted(): boolean {
    return this.#worker !== null;
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
    this.#watch();
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(reason);
  }

  #post(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker ??= this.#start();
    this.#worker.postMessage(message, transfer);
    this.#watch();
  }

  /** The watchdog looks while there are calls; without any the worker ends after a while. */
  #watch(): void {
    clearTimeout(this.#idleTimer);
    const isBusy = this.#worker !== null && this.#pending.size > 0;
    if (isBusy !== this.#wasBusy) this.onBusy((this.#wasBusy = isBusy));
    if (isBusy && this.#watchdog === undefined) {
      this.#silentLooks = 0;
      this.#watchdog = setInterval(() => this.#look(), Math.min(LOOK_MS, this.#times.hangMs / 4));
    }
    if (isBusy) return;
    clearInterval(this.#watchdog);
    this.#watchdog = undefined;
    if (this.#worker && this.#times.idleMs !== null)
      this.#idleTimer = setTimeout(() => this.close(), this.#times.idleMs);
  }

  #look(): void {
    const every = Math.min(LOOK_MS, this.#times.hangMs / 4);
    this.#silentLooks++;
    if (this.#silentLooks * every >= this.#times.hangMs) this.close(new StudioError('worker/hung'));
    else this.#worker?.postMessage({ kind: 'ping' } satisfies ToWorker, []);
  }

  #start(): WorkerLike {
    const worker = this.#spawn();
    const crash = (event: Event) => {
      if (this.#worker !== worker) return;
      this.close(new StudioError('worker/crashed', { details: { reason: (event as ErrorEvent).message ?? '' } }));
    };
    worker.addEventListener('message', (event) => {
      if (this.#worker !== worker) return;
      this.#silentLooks = 0;
      this.#receive((event as MessageEvent<FromWorker>).data);
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
      case 'pong':
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

  /**
   * The caller hears of an abort at once. A worker that does not stop within {@link ABORT_GRACE_MS} is replaced, unless other calls are in flight in it: those go on,
   * what the stopped job still sends is dropped, and a worker that hangs is found by the watchdog.
   */
  #abort(id: number): void {
    const pending = this.#settle(id);
    if (!pending) return;
    pending.reject(abortError());
    const worker = this.#worker;
    if (!worker) return;
    worker.postMessage({ kind: 'abort', id } satisfies ToWorker, []);
    const timer = setTimeout(() => {
      if (this.#worker === worker) this.#overdue.add(id);
      this.#dropOverdue();
    }, ABORT_GRACE_MS);
    const ignore = () => {};
    this.#pending.set(id, {
      resolve: ignore,
      reject: ignore,
      onProgress: undefined,
      release: () => clearTimeout(timer),
    });
    this.#watch();
  }

  /** Replaces the worker when nothing is left in it but jobs that do not stop. */
  #dropOverdue(): void {
    if (this.#worker && this.#pending.size > 0 && this.#overdue.size === this.#pending.size) this.close();
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    this.#overdue.delete(id);
    pending?.release();
    this.#watch();
    this.#dropOverdue();
    return pending;
  }
}
