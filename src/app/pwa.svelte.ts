/** The service worker: offline use, and updates that never interrupt. Main thread. */
import { registerSW } from 'virtual:pwa-register';

/** Whether the app works offline, and whether a newer version waits. */
export class Updates {
  #isOfflineReady = $state(false);
  #isWaiting = $state(false);
  readonly #update: (reload?: boolean) => Promise<void>;

  constructor() {
    this.#update = registerSW({
      onNeedRefresh: () => (this.#isWaiting = true),
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

  apply(): Promise<void> {
    return this.#update(true);
  }
}
