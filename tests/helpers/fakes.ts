/** What state classes are tested on: a real store that fails when told to, real worker clients over fake workers, Web Locks of several tabs. */
import { Store, type Change } from '../../src/dataset/index.ts';
import { openDatabase } from '../../src/dataset/schema.ts';
import { StudioError } from '../../src/kernel/errors.ts';
import { WorkerClient, type ClientTimes } from '../../src/rpc/client.ts';
import type { Contract, Jobs } from '../../src/rpc/contract.ts';
import { serve } from '../../src/rpc/serve.ts';
import { loopback } from './loopback.ts';

/** Resolved by hand. */
export function deferred<T = void>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** The real store; commits whose label is in `failing` meet a full disk, and all of them wait for `gate`. */
export class FaultyStore extends Store {
  readonly failing = new Set<string>();
  gate: Promise<unknown> = Promise.resolve();

  static async make(name: string): Promise<FaultyStore> {
    return new FaultyStore(await openDatabase(name));
  }

  override async commit(
    projectId: string,
    label: string,
    group: string,
    changes: Change[],
    content = {},
  ): Promise<void> {
    await this.gate;
    if (this.failing.has(label)) throw new StudioError('dataset/quota-exceeded');
    await super.commit(projectId, label, group, changes, content);
  }
}

/** A client of a worker whose jobs are given. `kill` ends it as a crash does. */
export function fakeWorker<C extends Contract>(jobs: Partial<Jobs<C>>, times: Partial<ClientTimes> = {}) {
  const ends: ReturnType<typeof loopback>[] = [];
  const client = new WorkerClient<C>(
    () => {
      const end = loopback();
      ends.push(end);
      serve<C>(end.worker, jobs as Jobs<C>, 'test');
      return end.page;
    },
    'test',
    times,
  );
  return { client, ends, kill: () => ends.at(-1)!.page.emit('error', { message: 'killed' }) };
}

type Held = { release: () => void; steal: (error: Error) => void };
type Options = LockOptions & { signal?: AbortSignal };

/** Web Locks as several tabs see them: exclusive, in order, `ifAvailable`, `signal`, `steal`. */
export class FakeLocks {
  readonly #held = new Map<string, Held>();
  readonly #waiting = new Map<string, (() => void)[]>();

  isHeld(name: string): boolean {
    return this.#held.has(name);
  }

  request = async (name: string, ...rest: unknown[]): Promise<unknown> => {
    const work = rest.at(-1) as (lock: object | null) => unknown;
    const { ifAvailable, steal, signal } = (rest.length > 1 ? rest[0] : {}) as Options;
    if (steal) {
      const before = this.#held.get(name);
      this.#held.delete(name);
      before?.steal(new DOMException('stolen', 'AbortError'));
    }
    if (this.#held.has(name)) {
      if (ifAvailable) return work(null);
      await new Promise<void>((resolve, reject) => {
        const list = this.#waiting.get(name) ?? [];
        this.#waiting.set(name, [...list, resolve]);
        signal?.addEventListener('abort', () => {
          this.#waiting.set(
            name,
            this.#waiting.get(name)!.filter((other) => other !== resolve),
          );
          reject(signal.reason as Error);
        });
      });
    }
    const stolen = deferred<never>();
    stolen.promise.catch(() => {});
    const mine: Held = { release: () => {}, steal: stolen.reject };
    this.#held.set(name, mine);
    try {
      return await Promise.race([Promise.resolve(work({ name })), stolen.promise]);
    } finally {
      if (this.#held.get(name) === mine) {
        this.#held.delete(name);
        const [next, ...others] = this.#waiting.get(name) ?? [];
        this.#waiting.set(name, others);
        next?.();
      }
    }
  };

  /** As the browser's. */
  get manager(): LockManager {
    return this as unknown as LockManager;
  }
}
