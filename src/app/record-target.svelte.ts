/** The class that is recorded into: the one that is shown until the person chooses another, and the same from start to end of a recording. Main thread. */
import type { ClassLabel } from '../domain/project.ts';

/** See the file header. */
export class RecordTarget {
  readonly #classes: () => readonly ClassLabel[];
  readonly #shown: () => string | null;
  /** What was chosen, until another class is shown. */
  #chosen = $derived.by(() => this.#shown() ?? this.#classes()[0]?.id ?? '');
  #held = $state.raw<string | null>(null);

  /** @param classes of the project, and @param shown the id of the one that is shown, null = all; both reactive. */
  constructor(classes: () => readonly ClassLabel[], shown: () => string | null) {
    this.#classes = classes;
    this.#shown = shown;
  }

  /** Id of the class; '' = none, as of one that was deleted meanwhile. */
  get id(): string {
    const chosen = this.#chosen;
    const id = this.#held ?? chosen;
    return this.#classes().some((label) => label.id === id) ? id : '';
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
