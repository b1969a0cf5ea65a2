/** Lifetimes: everything a session starts is ended with it, last started first. Any thread. */

/** Collects clean-up functions. After `dispose`, late registrations run at once. */
export class Scope implements Disposable {
  #cleanups: (() => void)[] = [];
  #isDisposed = false;

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  /** Registers a clean-up; runs it at once when the scope is already gone. */
  add(cleanup: () => void): void {
    if (this.#isDisposed) cleanup();
    else this.#cleanups.push(cleanup);
  }

  /** addEventListener that is removed with the scope. */
  listen(target: EventTarget, type: string, listener: (event: never) => void, options?: AddEventListenerOptions): void {
    target.addEventListener(type, listener as EventListener, options);
    this.add(() => target.removeEventListener(type, listener as EventListener, options));
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    for (const cleanup of this.#cleanups.splice(0).reverse()) cleanup();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
