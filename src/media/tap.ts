/** The samples of a stream in a page that is not the app's: its worklet comes from memory, for such a page is one file or has no place for another. Main thread. */
import { Scope } from '../kernel/scope.ts';
import type { CaptureBlock } from './capture.ts';

/** Mono by the browser's own mixing, in blocks of eight render quanta. */
const WORKLET = `registerProcessor('tap', class extends AudioWorkletProcessor {
  #block = new Float32Array(1024);
  #filled = 0;
  process(inputs) {
    const channel = inputs[0][0];
    if (!channel) return true;
    this.#block.set(channel, this.#filled);
    this.#filled += channel.length;
    if (this.#filled === 1024) {
      this.port.postMessage({ pcm: this.#block.slice(), frame: currentFrame - 1024 + channel.length });
      this.#filled = 0;
    }
    return true;
  }
});`;

/** @param stream borrowed: it goes on when the tap is disposed. @param onBlock owns what it is given. */
export async function tapSamples(
  stream: MediaStream,
  onBlock: (block: CaptureBlock) => void,
): Promise<Disposable & { sampleRateHz: number }> {
  const scope = new Scope();
  try {
    const context = new AudioContext();
    scope.add(() => void context.close());
    // A page opened from disk has no origin that its blobs could share (Chromium); elsewhere policies forbid data: sooner than blob:.
    const isFromDisk = location.protocol === 'file:';
    const address = isFromDisk
      ? `data:text/javascript,${encodeURIComponent(WORKLET)}`
      : URL.createObjectURL(new Blob([WORKLET], { type: 'text/javascript' }));
    await context.audioWorklet.addModule(address).finally(() => {
      if (!isFromDisk) URL.revokeObjectURL(address);
    });
    // A page that was opened without a gesture starts suspended.
    await context.resume();
    const node = new AudioWorkletNode(context, 'tap', {
      channelCount: 1,
      channelCountMode: 'explicit',
      numberOfOutputs: 0,
    });
    node.port.onmessage = ({ data }: MessageEvent<CaptureBlock>) => onBlock(data);
    scope.add(() => (node.port.onmessage = null));
    context.createMediaStreamSource(stream).connect(node);
    return { sampleRateHz: context.sampleRate, [Symbol.dispose]: () => scope.dispose() };
  } catch (error) {
    scope.dispose();
    throw error;
  }
}
