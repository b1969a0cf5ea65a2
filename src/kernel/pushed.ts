/** Values that are pushed by callbacks and read by `for await`. Any thread. */

/** See the file header. One reader; it ends with {@link end}, by an error given there, or when the reader stops. */
export class Pushed<T> {
  #values: T[] = [];
  #isEnded = false;
  #error: unknown = null;
  #wake: () => void = () => {};

  push(value: T): void {
    if (this.#isEnded) return;
    this.#values.push(value);
    this.#wake();
  }

  /** @param error what the reader is to be told; null = it is simply over. */
  end(error: unknown = null): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#error = error;
    this.#wake();
  }

  /** What was pushed, oldest first. @throws what {@link end} was given. */
  async *read(): AsyncGenerator<T, void> {
    for (;;) {
      while (this.#values.length > 0) yield this.#values.shift()!;
      if (this.#isEnded) {
        if (this.#error !== null) throw this.#error;
        return;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
