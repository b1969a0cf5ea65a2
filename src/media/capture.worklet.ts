/** The capture worklet: microphone samples to a MessagePort, in blocks. Audio thread; imports nothing. */

declare const currentFrame: number;
declare const sampleRate: number;
declare function registerProcessor(name: string, processor: unknown): void;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

/** Samples per message: eight render quanta, 21 ms at 48 kHz. */
const BLOCK = 1024;
/** Time a new context gets before its samples count. */
const SETTLE_SEC = 0.15;

class CaptureProcessor extends AudioWorkletProcessor {
  #out: MessagePort | null = null;
  #block = new Float32Array(BLOCK);
  #filled = 0;
  #frame = 0;
  #fromFrame: number | null = null;

  constructor() {
    super();
    this.port.onmessage = (event: MessageEvent<MessagePort>) => {
      this.#out = event.data;
    };
  }

  process(inputs: Float32Array[][]): boolean {
    const channels = inputs[0] ?? [];
    // A context that starts skips up to 30 ms of its clock (seen on Chromium 156): listening begins when it runs evenly.
    if (!this.#out) return true;
    this.#fromFrame ??= currentFrame + SETTLE_SEC * sampleRate;
    if (currentFrame < this.#fromFrame) return true;
    if (this.#filled > 0 && currentFrame !== this.#frame + this.#filled) this.#send();
    const length = channels[0]?.length ?? 128;
    if (this.#filled === 0) this.#frame = currentFrame;
    for (let i = 0; i < length; i++) {
      let sum = 0;
      for (const channel of channels) sum += channel[i]!;
      this.#block[this.#filled + i] = channels.length ? sum / channels.length : 0;
    }
    this.#filled += length;
    if (this.#filled >= BLOCK) this.#send();
    return true;
  }

  #send(): void {
    const pcm = this.#block.slice(0, this.#filled);
    this.#out?.postMessage({ pcm, frame: this.#frame }, [pcm.buffer]);
    this.#filled = 0;
  }
}

registerProcessor('capture', CaptureProcessor);
