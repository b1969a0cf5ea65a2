/** Plays one sound at a time. Main thread. */

/** What the player needs: the stored file of a content hash. */
export type LoadSound = (hash: string) => Promise<Blob | null>;

/** See the file header. */
export class Player implements Disposable {
  readonly #load: LoadSound;
  readonly #onError: (error: unknown) => void;
  readonly #audio: HTMLAudioElement;
  #playing = $state<string | null>(null);
  #positionSec = $state(0);
  #url: string | null = null;
  #token = 0;

  constructor(load: LoadSound, onError: (error: unknown) => void, audio: HTMLAudioElement = new Audio()) {
    this.#load = load;
    this.#onError = onError;
    this.#audio = audio;
    audio.addEventListener('ended', () => this.stop());
    audio.addEventListener('timeupdate', () => (this.#positionSec = audio.currentTime));
  }

  /** Key of what is playing, or null. */
  get playing(): string | null {
    return this.#playing;
  }

  get positionSec(): number {
    return this.#positionSec;
  }

  /** Plays `key`, or stops it when it is playing. @returns after it began. */
  async toggle(key: string, hash: string, fromSec = 0): Promise<void> {
    if (this.#playing === key) return this.stop();
    await this.play(key, hash, fromSec);
  }

  /** Plays a stored sound from a position; what played before stops. Failures are shown. */
  async play(key: string, hash: string, fromSec = 0): Promise<void> {
    this.stop();
    const token = ++this.#token;
    try {
      const blob = await this.#load(hash);
      if (token !== this.#token || !blob) return;
      await this.playBlob(key, blob, fromSec);
    } catch (error) {
      if (token === this.#token) this.#onError(error);
    }
  }

  /** Plays a file that is not stored. */
  async playBlob(key: string, blob: Blob, fromSec = 0): Promise<void> {
    this.stop();
    this.#url = URL.createObjectURL(blob);
    this.#audio.src = this.#url;
    this.#playing = key;
    this.#audio.currentTime = fromSec;
    await this.#audio.play().catch((error: unknown) => {
      // A stop before the sound began is no failure.
      if (!(error instanceof DOMException && error.name === 'AbortError')) throw error;
    });
  }

  seek(sec: number): void {
    this.#audio.currentTime = sec;
    this.#positionSec = sec;
  }

  /** Plays several in order; stops at the first that is interrupted. */
  async playAll(sounds: readonly { key: string; hash: string }[]): Promise<void> {
    for (const { key, hash } of sounds) {
      await this.play(key, hash);
      const isFinished = await new Promise<boolean>((resolve) => {
        const check = setInterval(() => {
          if (this.#playing === key) return;
          clearInterval(check);
          resolve(this.#playing === null && this.#audio.ended);
        }, 50);
      });
      if (!isFinished) return;
    }
  }

  stop(): void {
    this.#token++;
    this.#audio.pause();
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.#url = null;
    this.#playing = null;
    this.#positionSec = 0;
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}
