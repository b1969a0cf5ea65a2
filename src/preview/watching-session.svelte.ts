/** A live camera: frames to the inference worker, landmarks and scores back. Main thread. Serves recording (no model) and preview. */
import type { Camera } from '../media/ui.ts';
import { newId } from '../kernel/clock.ts';
import { isAbort, StudioError, toStudioError } from '../kernel/errors.ts';
import type { WorkerClient } from '../rpc/client.ts';
import type { InferenceContract, ModelRef, WatchProgress } from './contract.ts';

/** Where watching stands. */
export type WatchingState =
  { kind: 'off' } | { kind: 'opening' } | { kind: 'on'; camera: Camera } | { kind: 'failed'; error: StudioError };

/** Longer side of the frames that are sent, in pixels. */
const FRAME_PIXELS = 640;

/** See the file header. Dispose it when the page is left: the camera goes off. */
export class WatchingSession implements Disposable {
  readonly #client: WorkerClient<InferenceContract>;
  readonly #open: (deviceId: string | null, onEnded: () => void) => Promise<Camera>;
  #state = $state.raw<WatchingState>({ kind: 'off' });
  #last = $state.raw<WatchProgress | null>(null);
  #frameRateHz = $state(0);
  #listeners = new Set<(progress: WatchProgress) => void>();
  #opening = 0;
  #run: { id: string; controller: AbortController; camera: Camera; video: HTMLVideoElement } | null = null;

  constructor(
    client: WorkerClient<InferenceContract>,
    open: (deviceId: string | null, onEnded: () => void) => Promise<Camera>,
  ) {
    this.#client = client;
    this.#open = open;
  }

  get state(): WatchingState {
    return this.#state;
  }
  get isOn(): boolean {
    return this.#state.kind === 'on';
  }
  /** The newest frame's findings. */
  get last(): WatchProgress | null {
    return this.#last;
  }
  /** Frames a second that get through. */
  get frameRateHz(): number {
    return this.#frameRateHz;
  }

  /** Calls `listener` with every frame's findings. @returns a function that ends it. */
  onReport(listener: (progress: WatchProgress) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Opens the camera and watches. Failures become the state `failed`. */
  async start(deviceId: string | null, model: ModelRef | null): Promise<void> {
    this.stop();
    const token = ++this.#opening;
    this.#state = { kind: 'opening' };
    try {
      const camera = await this.#open(deviceId, () => this.#fail(new StudioError('media/camera-unplugged')));
      if (token !== this.#opening) {
        camera[Symbol.dispose]();
        return;
      }
      const video = document.createElement('video');
      video.muted = true;
      video.playsInline = true;
      video.srcObject = camera.stream;
      await video.play();
      const channel = new MessageChannel();
      const run = { id: newId(), controller: new AbortController(), camera, video };
      this.#run = run;
      this.#state = { kind: 'on', camera };
      let previousSec = 0;
      const startedAt = performance.now();
      const send = async () => {
        if (this.#run !== run) return;
        if (video.videoWidth === 0) return void setTimeout(() => void send(), 30);
        const scale = Math.min(1, FRAME_PIXELS / Math.max(video.videoWidth, video.videoHeight));
        const bitmap = await createImageBitmap(video, {
          resizeWidth: Math.round(video.videoWidth * scale),
          resizeHeight: Math.round(video.videoHeight * scale),
        }).catch(() => null);
        if (this.#run !== run) return bitmap?.close();
        if (!bitmap) return void setTimeout(() => void send(), 100);
        channel.port1.postMessage({ bitmap, atSec: (performance.now() - startedAt) / 1000 }, [bitmap]);
      };
      this.#client
        .call(
          'watch',
          { watchId: run.id, port: channel.port2, model },
          {
            signal: run.controller.signal,
            transfer: [channel.port2],
            onProgress: (progress) => {
              if (this.#run !== run) return;
              const stepSec = progress.atSec - previousSec;
              previousSec = progress.atSec;
              this.#frameRateHz = this.#frameRateHz ? 0.9 * this.#frameRateHz + 0.1 / stepSec : 1 / stepSec;
              this.#last = progress;
              for (const listener of this.#listeners) listener(progress);
              // The next frame goes when this one is done, and never faster than the camera's 30 a second.
              setTimeout(() => void send(), Math.max(0, 33 - progress.processMs));
            },
          },
        )
        .catch((error: unknown) => {
          if (!isAbort(error) && this.#run === run) this.#fail(toStudioError(error));
        });
      void send();
    } catch (error) {
      if (token === this.#opening) this.#state = { kind: 'failed', error: toStudioError(error) };
    }
  }

  async switchModel(model: ModelRef | null): Promise<void> {
    if (this.#run) await this.#client.call('switchWatched', { watchId: this.#run.id, model });
  }

  async resetCounter(): Promise<void> {
    if (this.#run) await this.#client.call('resetCounter', { watchId: this.#run.id });
  }

  #fail(error: StudioError): void {
    this.#end();
    this.#state = { kind: 'failed', error };
  }

  #end(): void {
    const run = this.#run;
    this.#run = null;
    this.#last = null;
    this.#frameRateHz = 0;
    run?.controller.abort();
    if (run) run.video.srcObject = null;
    run?.camera[Symbol.dispose]();
  }

  stop(): void {
    this.#opening++;
    this.#end();
    this.#state = { kind: 'off' };
  }

  [Symbol.dispose](): void {
    this.stop();
    this.#listeners.clear();
  }
}
