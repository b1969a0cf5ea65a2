/** A camera that is looked at live: frames go out through a port, findings come back. Main thread. */
import { isAbort, StudioError, toStudioError } from '../kernel/errors.ts';
import type { Camera } from '../media/ui.ts';

/** Where looking stands. */
export type LiveState =
  { kind: 'off' } | { kind: 'opening' } | { kind: 'on'; camera: Camera } | { kind: 'failed'; error: StudioError };

/** What takes the frames (`{ bitmap, atSec }` through `port`, which it owns) and tells what it finds in them, in their order, until `signal` is aborted. */
export type Look<R> = (port: MessagePort, signal: AbortSignal, seen: (found: R) => void) => Promise<unknown>;

type Run = { controller: AbortController; camera: Camera; video: HTMLVideoElement };

/** Longer side of the frames that are sent, in pixels. */
const FRAME_PIXELS = 640;
/** Milliseconds between frames at least: cameras give 30 a second. */
const FRAME_MS = 33;

/** See the file header. Dispose it when the page is left: the camera goes off. */
export class LiveCamera<R extends { atSec: number }> implements Disposable {
  readonly #open: (deviceId: string | null, onEnded: () => void) => Promise<Camera>;
  readonly #inFlight: number;
  #state = $state.raw<LiveState>({ kind: 'off' });
  #last = $state.raw<R | null>(null);
  #frameRateHz = $state(0);
  #aspect = $state(4 / 3);
  #listeners = new Set<(found: R) => void>();
  #opening = 0;
  #run: Run | null = null;

  /** @param inFlight frames that may be under way: more than one where several threads share the work. */
  constructor(open: (deviceId: string | null, onEnded: () => void) => Promise<Camera>, inFlight = 1) {
    this.#open = open;
    this.#inFlight = inFlight;
  }

  get state(): LiveState {
    return this.#state;
  }
  get isOn(): boolean {
    return this.#state.kind === 'on';
  }
  /** The newest frame's findings. */
  get last(): R | null {
    return this.#last;
  }
  /** Frames a second that get through. */
  get frameRateHz(): number {
    return this.#frameRateHz;
  }
  /** Width / height of the picture. */
  get aspect(): number {
    return this.#aspect;
  }
  /** What the camera shows now, borrowed; null when it is off. */
  get video(): HTMLVideoElement | null {
    return this.#run?.video ?? null;
  }

  /** Calls `listener` with every frame's findings. @returns a function that ends it. */
  onReport(listener: (found: R) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Opens the camera and looks. Failures become the state `failed`. */
  async open(deviceId: string | null, look: Look<R>): Promise<void> {
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
      if (token !== this.#opening) {
        camera[Symbol.dispose]();
        return;
      }
      const run = { controller: new AbortController(), camera, video };
      this.#run = run;
      this.#state = { kind: 'on', camera };
      this.#pump(run, look);
    } catch (error) {
      if (token === this.#opening) this.#state = { kind: 'failed', error: toStudioError(error) };
    }
  }

  #pump(run: Run, look: Look<R>): void {
    const { video, controller } = run;
    const channel = new MessageChannel();
    const startedAt = performance.now();
    let freeAt = startedAt;
    let previousSec = 0;
    const send = async () => {
      if (this.#run !== run) return;
      if (video.videoWidth === 0) return void setTimeout(() => void send(), 30);
      const scale = Math.min(1, FRAME_PIXELS / Math.max(video.videoWidth, video.videoHeight));
      const atSec = (performance.now() - startedAt) / 1000;
      const bitmap = await createImageBitmap(video, {
        resizeWidth: Math.round(video.videoWidth * scale),
        resizeHeight: Math.round(video.videoHeight * scale),
      }).catch(() => null);
      if (this.#run !== run) return bitmap?.close();
      if (!bitmap) return void setTimeout(() => void send(), 100);
      this.#aspect = bitmap.width / bitmap.height;
      channel.port1.postMessage({ bitmap, atSec }, [bitmap]);
    };
    const sendNext = () => {
      const now = performance.now();
      freeAt = Math.max(now, freeAt + FRAME_MS);
      setTimeout(() => void send(), freeAt - now);
    };
    look(channel.port2, controller.signal, (found) => {
      if (this.#run !== run) return;
      const stepSec = found.atSec - previousSec;
      previousSec = found.atSec;
      if (stepSec > 0) this.#frameRateHz = this.#frameRateHz ? 0.9 * this.#frameRateHz + 0.1 / stepSec : 1 / stepSec;
      this.#last = found;
      for (const listener of this.#listeners) listener(found);
      sendNext();
    }).catch((error: unknown) => {
      if (!isAbort(error) && this.#run === run) this.#fail(toStudioError(error));
    });
    for (let i = 0; i < this.#inFlight; i++) sendNext();
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
