/**
 * Whether this tab works (a thread computes, records or watches). While it does, it holds a lock that other tabs see, and after a moment keeps the screen on: a device
 * that falls asleep stops what runs. Main thread.
 */
import { browserLocks } from '../kernel/locks.ts';

/** Held by every tab that works. */
export const WORKING_LOCK = 'understudy/working';
/** Shorter work does not keep a screen on. */
const AWAKE_AFTER_MS = 3000;

/** What tells when it is busy. */
type Busy = { onBusy: (isBusy: boolean) => void };

/** See the file header. */
export class Working {
  #isBusy = $state(false);
  readonly #busy = new Set<Busy>();
  readonly #locks: LockManager | null;
  readonly #wakeLock: WakeLock | undefined;
  #release = () => {};
  #screen: WakeLockSentinel | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param world locks and screen of the browser; tests hand in their own. */
  constructor(
    threads: readonly Busy[],
    world: { locks?: LockManager | null; wakeLock?: WakeLock | undefined } = {
      locks: browserLocks(),
      wakeLock: navigator.wakeLock,
    },
  ) {
    this.#locks = world.locks ?? null;
    this.#wakeLock = world.wakeLock;
    for (const thread of threads)
      thread.onBusy = (isBusy) => {
        if (isBusy) this.#busy.add(thread);
        else this.#busy.delete(thread);
        this.#update();
      };
    // A hidden page loses its hold of the screen.
    globalThis.document?.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible' && this.#isBusy) void this.#stayAwake();
    });
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  #update(): void {
    const isBusy = this.#busy.size > 0;
    if (isBusy === this.#isBusy) return;
    this.#isBusy = isBusy;
    clearTimeout(this.#timer);
    if (isBusy) {
      const held = new Promise<void>((resolve) => (this.#release = resolve));
      this.#locks?.request(WORKING_LOCK, { mode: 'shared' }, () => held).catch(() => {});
      this.#timer = setTimeout(() => void this.#stayAwake(), AWAKE_AFTER_MS);
    } else {
      this.#release();
      void this.#screen?.release().catch(() => {});
      this.#screen = null;
    }
  }

  async #stayAwake(): Promise<void> {
    // Refused on low battery, or where there is none: work goes on as long as the device does.
    const screen = await this.#wakeLock?.request('screen').catch(() => null);
    if (!screen) return;
    // Asked twice, or done meanwhile: one hold at most.
    if (!this.#isBusy || (this.#screen && !this.#screen.released)) return void screen.release().catch(() => {});
    this.#screen = screen;
  }
}
