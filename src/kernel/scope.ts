/** Lifetimes: everything a session starts is ended with it, last started first. Any thread. */

/** Scopes that were made and not ended, for tests: a suite fails when one is left. */
const open = new Set<Scope>();

/**
 * Collects clean-up functions. After `dispose`, late registrations run at once. A clean-up that throws keeps no other from running; the first error is thrown at the
 * end. A scope is also the token of a piece of work: what comes back late asks {@link isDisposed} and is dropped.
 */
export class Scope implements Disposable {
  #cleanups: (() => void)[] = [];
  #isDisposed = false;
  #controller: AbortController | null = null;

  constructor() {
    open.add(this);
  }

  /** How many scopes are open on this thread. */
  static get openCount(): number {
    return open.size;
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  /** Registers a clean-up; runs it at once when the scope is already gone. @returns a function that runs it now and forgets it. */
  add(cleanup: () => void): () => void {
    if (this.#isDisposed) {
      cleanup();
      return () => {};
    }
    this.#cleanups.push(cleanup);
    return () => {
      const at = this.#cleanups.indexOf(cleanup);
      if (at < 0) return;
      this.#cleanups.splice(at, 1);
      cleanup();
    };
  }

  /** Ends `resource` with the scope. @returns it. */
  own<T extends Disposable>(resource: T): T {
    this.add(() => resource[Symbol.dispose]());
    return resource;
  }

  /** A scope that ends with this one, or before. */
  child(): Scope {
    const scope = new Scope();
    const forget = this.add(() => scope.dispose());
    scope.add(forget);
    return scope;
  }

  /** Runs `callback` after `ms`, unless the scope is gone by then. @returns a function that calls it off. */
  timeout(ms: number, callback: () => void): () => void {
    const timer = setTimeout(() => {
      forget();
      callback();
    }, ms);
    const forget = this.add(() => clearTimeout(timer));
    return forget;
  }

  /** Aborted when the scope ends. */
  abortSignal(): AbortSignal {
    if (!this.#controller) {
      const controller = new AbortController();
      this.#controller = controller;
      this.add(() => controller.abort());
    }
    return this.#controller.signal;
  }

  /** addEventListener that is removed with the scope. */
  listen(target: EventTarget, type: string, listener: (event: never) => void, options?: AddEventListenerOptions): void {
    target.addEventListener(type, listener as EventListener, options);
    this.add(() => target.removeEventListener(type, listener as EventListener, options));
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    open.delete(this);
    const errors: unknown[] = [];
    for (const cleanup of this.#cleanups.splice(0).reverse()) {
      try {
        cleanup();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
