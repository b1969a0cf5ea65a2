/** The one place that tells people of results and failures. Main thread. */
import { isAbort, toStudioError, type StudioError } from '../kernel/errors.ts';

/** What a message offers. */
export type Offer = { label: string; run: () => void };
/** A short message after a reversible act. */
export type Toast = { id: number; text: string; action: Offer | null };

/** How long a toast stays unless hovered or focused. */
const TOAST_MS = 8000;

/** One toast and one failure at a time; a cancelled operation is never shown. */
export class Notify {
  #toast = $state.raw<Toast | null>(null);
  #error = $state.raw<StudioError | null>(null);
  #nextId = 1;
  #timer: ReturnType<typeof setTimeout> | undefined;

  get toast(): Toast | null {
    return this.#toast;
  }
  get error(): StudioError | null {
    return this.#error;
  }

  say(text: string, action: Offer | null = null): void {
    this.#toast = { id: this.#nextId++, text, action };
    this.release();
  }

  /** Keeps the toast while the pointer or focus is on it. */
  hold(): void {
    clearTimeout(this.#timer);
  }

  release(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.#toast = null), TOAST_MS);
  }

  dismissToast(): void {
    this.#toast = null;
  }

  /** Shows a failure until it is dismissed. */
  fail = (error: unknown): void => {
    if (isAbort(error)) return;
    this.#error = toStudioError(error);
    if (this.#error.code === 'bug') console.error(error);
  };

  dismissError(): void {
    this.#error = null;
  }
}
