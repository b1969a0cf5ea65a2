/** How much room this browser gives, and how it is protected. Main thread. */
import { formatBytes } from '../kernel/format.ts';

/** The storage meter of the home page and the side bar. */
export class StorageMeter {
  #usedBytes = $state(0);
  #quotaBytes = $state(0);
  #isPersisted = $state(false);
  #isAsked = false;

  get usedBytes(): number {
    return this.#usedBytes;
  }
  get quotaBytes(): number {
    return this.#quotaBytes;
  }
  /** True when the browser will not clean up by itself. */
  get isPersisted(): boolean {
    return this.#isPersisted;
  }
  get ratio(): number {
    return this.#quotaBytes > 0 ? this.#usedBytes / this.#quotaBytes : 0;
  }

  /** In words; some browsers do not tell what they allow. */
  get words(): string {
    if (this.#quotaBytes > 0) return `${formatBytes(this.#usedBytes)} of ${formatBytes(this.#quotaBytes)}`;
    return this.#usedBytes > 0 ? formatBytes(this.#usedBytes) : 'Not told by this browser';
  }

  /** Measures again. A browser that refuses to say (private windows) leaves what was known. */
  async refresh(): Promise<void> {
    const estimate = await navigator.storage?.estimate?.().catch(() => null);
    if (estimate) {
      this.#usedBytes = estimate.usage ?? 0;
      this.#quotaBytes = estimate.quota ?? 0;
    }
    this.#isPersisted = (await navigator.storage?.persisted?.().catch(() => false)) ?? false;
  }

  /**
   * Asks for protection; sensible once there is something to protect: after the first clips were added. Waits for nobody: Firefox asks the person, who answers
   * when it suits. @param isPressed by the person: asked again where the answer was no.
   */
  protect(isPressed = false): void {
    const isAsking = !this.#isPersisted && (isPressed || !this.#isAsked);
    this.#isAsked = true;
    const asked = isAsking ? navigator.storage?.persist?.().catch(() => false) : undefined;
    void Promise.resolve(asked).then(() => this.refresh());
  }
}
