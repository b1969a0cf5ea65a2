/**
 * One tab at a time may change a project (Web Locks). Main thread. A second tab looks on until it takes over; the first then becomes the
 * one that looks on. Where the browser has no Web Locks, every tab may write, as before.
 */

/** Whether this tab holds the right to change one project. */
export class ProjectLock implements Disposable {
  readonly #name: string;
  readonly #onLost: () => void;
  #isHeld = $state(false);
  #release: (() => void) | null = null;
  #isDisposed = false;

  /** @param onLost another tab took over. */
  constructor(projectId: string, onLost: () => void) {
    this.#name = `understudy/project/${projectId}`;
    this.#onLost = onLost;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Asks for the lock. @param isSteal takes it from the tab that has it. @returns whether this tab has it now. */
  acquire(isSteal = false): Promise<boolean> {
    if (!navigator.locks) {
      this.#isHeld = true;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      navigator.locks
        .request(this.#name, isSteal ? { steal: true } : { ifAvailable: true }, (lock) => {
          if (this.#isDisposed) {
            resolve(false);
            return undefined;
          }
          this.#isHeld = lock !== null;
          resolve(this.#isHeld);
          return lock ? new Promise<void>((release) => (this.#release = release)) : undefined;
        })
        .catch(() => {
          // The lock was stolen.
          this.#isHeld = false;
          this.#onLost();
        });
    });
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#isHeld = false;
    this.#release?.();
    this.#release = null;
  }
}
