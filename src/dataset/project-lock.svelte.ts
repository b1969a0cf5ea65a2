/**
 * One tab at a time may change a project (Web Locks). Main thread. A second tab looks on until it takes over: it asks, the first one finishes what it writes and lets go;
 * only a tab that does not answer is robbed. Where the browser has no Web Locks, every tab may write, as before.
 */
import { browserLocks, waitFree } from '../kernel/locks.ts';
import { writingLock } from './writing-lock.ts';

/** How long the other tab may take to let go. */
const ANSWER_MS = 10_000;

/** The part of BroadcastChannel that is needed. */
type Channel = {
  postMessage(message: unknown): void;
  close(): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
};

/** Whether this tab holds the right to change one project. */
export class ProjectLock implements Disposable {
  readonly #projectId: string;
  readonly #name: string;
  readonly #onLost: () => Promise<void>;
  readonly #locks: LockManager | null;
  readonly #channel: Channel;
  readonly #answerMs: number;
  #isHeld = $state(false);
  #release: (() => void) | null = null;
  #isDisposed = false;

  /**
   * @param onLost another tab wants to take over, or has: what this tab is writing is to be finished. The lock is let go when it is done.
   * @param world locks and channel of the browser; tests hand in their own.
   */
  constructor(
    projectId: string,
    onLost: () => Promise<void>,
    world: { locks?: LockManager | null; openChannel?: (name: string) => Channel; answerMs?: number } = {},
  ) {
    this.#projectId = projectId;
    this.#name = `understudy/project/${projectId}`;
    this.#onLost = onLost;
    this.#locks = world.locks === undefined ? browserLocks() : world.locks;
    this.#answerMs = world.answerMs ?? ANSWER_MS;
    this.#channel = (world.openChannel ?? ((name) => new BroadcastChannel(name)))(this.#name);
    this.#channel.addEventListener('message', ({ data }) => {
      if (data === 'take-over' && this.#isHeld) void this.#letGo();
    });
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Asks for the lock when it is free. @returns whether this tab has it now. */
  acquire(): Promise<boolean> {
    return this.#request({ ifAvailable: true });
  }

  /** Takes the lock from the tab that has it, once that has finished writing. @returns whether this tab has it now. */
  async takeOver(): Promise<boolean> {
    this.#channel.postMessage('take-over');
    const isGiven = await this.#request({ signal: AbortSignal.timeout(this.#answerMs) }).catch(() => false);
    if (!isGiven && !(await this.#request({ steal: true }))) return false;
    // A thread of the other tab may still be storing its checkpoint.
    await waitFree(writingLock(this.#projectId), this.#answerMs, this.#locks);
    return !this.#isDisposed;
  }

  #request(options: LockOptions): Promise<boolean> {
    if (!this.#locks) {
      this.#isHeld = true;
      return Promise.resolve(true);
    }
    const locks = this.#locks;
    return new Promise((resolve, reject) => {
      let isAnswered = false;
      locks
        .request(this.#name, options, (lock) => {
          isAnswered = true;
          if (this.#isDisposed) {
            resolve(false);
            return undefined;
          }
          this.#isHeld = lock !== null;
          resolve(this.#isHeld);
          return lock ? new Promise<void>((release) => (this.#release = release)) : undefined;
        })
        .catch((error: unknown) => {
          if (!isAnswered) return reject(error instanceof Error ? error : new Error(String(error)));
          // The lock was taken away: this tab did not answer in time.
          this.#release = null;
          this.#isHeld = false;
          void this.#onLost().catch(() => {});
        });
    });
  }

  async #letGo(): Promise<void> {
    this.#isHeld = false;
    await this.#onLost().catch(() => {});
    this.#release?.();
    this.#release = null;
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#isHeld = false;
    this.#channel.close();
    this.#release?.();
    this.#release = null;
  }
}
