/** Types of the thread boundary (ENGINEERING 3.4). Type-only; both sides import it. */
import type { WireError } from '../kernel/errors.ts';

/** One job a worker offers: what goes in, what is reported on the way, what comes out. */
export type JobTypes = { args: unknown; progress: unknown; result: unknown };

/** A worker's jobs by name. */
export type Contract = Record<string, JobTypes>;

/** Page to worker. */
export type ToWorker =
  | { kind: 'call'; id: number; method: string; args: unknown }
  | { kind: 'abort'; id: number }
  /** Are you alive? */
  | { kind: 'ping' }
  | { kind: 'hello'; protocol: string };

/** Worker to page. */
export type FromWorker =
  | { kind: 'progress'; id: number; value: unknown }
  | { kind: 'done'; id: number; value: unknown }
  | { kind: 'failed'; id: number; error: WireError }
  | { kind: 'pong' }
  | { kind: 'hello'; protocol: string };

/** What a job handler gets beside its arguments. */
export type JobContext<P> = {
  /** Aborted when the caller cancels. Check it between batches. */
  signal: AbortSignal;
  /** Reports to the caller; dropped after an abort. */
  progress: (value: P, transfer?: Transferable[]) => void;
  /** Marks a buffer of the result for transfer; ownership moves to the caller. */
  transfer: (...buffers: Transferable[]) => void;
};

/** Handlers of a contract, one per job. */
export type Jobs<C extends Contract> = {
  [M in keyof C]: (args: C[M]['args'], context: JobContext<C[M]['progress']>) => Promise<C[M]['result']>;
};

/** The part of Worker and MessagePort that the protocol needs. */
export type Port = {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: string, listener: EventListener): void;
};
