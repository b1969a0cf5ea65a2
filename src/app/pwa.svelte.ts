/** The service worker: offline use, and updates that never interrupt work in any tab. Main thread. */
import { registerSW } from 'virtual:pwa-register';
import { isAbort } from '../kernel/errors.ts';
import { browserLocks } from '../kernel/locks.ts';
import { WORKING_LOCK, type Working } from './working.svelte.ts';

/** Whether the app works offline, and whether a newer version waits. */
export class Updates {
  readonly #working: Working;
  #isOfflineReady = $state(false);
  #isWaiting = $state(false);
  #isReplaced = $state(false);
  #starting = $state.raw<AbortController | null>(null);
  readonly #update: (reload?: boolean) => Promise<void>;

  constructor(working: Working) {
    this.#working = working;
    this.#update = registerSW({
      onNeedRefresh: () => (this.#isWaiting = true),
      // Another tab started it, or this one. A tab that works goes on with what it has loaded.
      onNeedReload: () => {
        if (!this.#working.isBusy) return location.reload();
        this.#isReplaced = true;
      },
      onOfflineReady: () => (this.#isOfflineReady = true),
    });
    void navigator.serviceWorker?.ready.then(() => (this.#isOfflineReady = true));
  }

  get isOfflineReady(): boolean {
    return this.#isOfflineReady;
  }
  /** A newer version was downloaded; it starts when the person agrees or opens the app next time. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }
  /** It starts when no tab works any more. */
  get isStarting(): boolean {
    return this.#starting !== null;
  }
  /** It runs already, in another tab: this one is of the older version. */
  get isReplaced(): boolean {
    return this.#isReplaced;
  }

  /** Starts the newer version as soon as no tab works. */
  async apply(): Promise<void> {
    if (this.#starting) return;
    const starting = new AbortController();
    this.#starting = starting;
    try {
      const locks = browserLocks();
      if (!locks) return await this.#update(true);
      await locks.request(WORKING_LOCK, { signal: starting.signal }, () => this.#update(true));
    } catch (error) {
      if (!isAbort(error)) throw error;
    } finally {
      if (this.#starting === starting) this.#starting = null;
    }
  }

  /** Not now. */
  postpone(): void {
    this.#starting?.abort();
    this.#starting = null;
  }
}
