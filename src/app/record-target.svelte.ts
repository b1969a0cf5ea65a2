/** The class that is recorded into: the one that is shown until the person chooses another, and the same from start to end of a recording. Main thread. */

/** See the file header. */
export class RecordTarget {
  readonly #shown: () => string;
  /** What was chosen, until another class is shown. */
  #chosen = $derived.by(() => this.#shown());
  #held = $state.raw<string | null>(null);

  /** @param shown id of the class that is shown, '' = none; reactive. */
  constructor(shown: () => string) {
    this.#shown = shown;
  }

  /** Id of the class; '' = no class. */
  get id(): string {
    const chosen = this.#chosen;
    return this.#held ?? chosen;
  }
  set id(id: string) {
    this.#chosen = id;
  }

  /** Keeps the class, whatever is shown meanwhile, until what is returned is disposed. */
  hold(): Disposable {
    this.#held = this.id;
    return { [Symbol.dispose]: () => (this.#held = null) };
  }
}
