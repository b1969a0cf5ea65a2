/** A camera that is looked at live: frames go out through a port, findings come back. Main thread. */
import { isAbort, StudioError, toStudioError } from '../kernel/errors.ts';
import { Scope } from '../kernel/scope.ts';
import type { Camera } from '../media/ui.ts';

/** Where looking stands. */
export type LiveState =
  | { kind: 'off' }
  | { kind: 'opening' }
  | { kind: 'on'; camera: Camera; warnings: string[] }
  | { kind: 'failed'; error: StudioError };

/** What takes the frames (`{ bitmap, atSec }` through `port`, which it owns) and tells what it finds in them, in their order, until `signal` is aborted. */
export type Look<R> = (port: MessagePort, signal: AbortSignal, seen: (found: R) => void) => Promise<unknown>;

/** Longer side of the frames that are sent, in pixels. */
const FRAME_PIXELS = 640;
/** Milliseconds between frames at least: cameras give 30 a second. */
const FRAME_MS = 33;

/** See the file header. Dispose it when the page is left: the camera goes off. */
export class LiveCamera<R extends { atSec: number }> implements Disposable {
  readonly #open: (deviceId: string | null, onEnded: () => void) => Promise<Camera>;
  readonly #inFlight: number;
  readonly #makeVideo: () => HTMLVideoElement;
  #state = $state.raw<LiveState>({ kind: 'off' });
  #last = $state.raw<R | null>(null);
  #frameRateHz = $state(0);
  #aspect = $state(4 / 3);
  #listeners = new Set<(found: R) => void>();
  /** The run that is on, or opening. */
  #scope: Scope | null = null;
  #video: HTMLVideoElement | null = null;

  /** @param inFlight frames that may be under way: more than one where several threads share the work. @param makeVideo what plays the stream. */
  constructor(
    open: (deviceId: string | null, onEnded: () => void) => Promise<Camera>,
    inFlight = 1,
    makeVideo = () => document.createElement('video'),
  ) {
    this.#open = open;
    this.#makeVideo = makeVideo;
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
    return this.#video;
  }

  /** Calls `listener` with every frame's findings. @returns a function that ends it. */
  onReport(listener: (found: R) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Opens the camera and looks. Failures become the state `failed`; then the camera is off. */
  async open(deviceId: string | null, look: Look<R>): Promise<void> {
    this.stop();
    const scope = new Scope();
    this.#scope = scope;
    this.#state = { kind: 'opening' };
    try {
      // A camera that comes after the page was left, or another start was made, goes off at once.
      const ended = () => this.#fail(scope, new StudioError('media/camera-unplugged'));
      const camera = scope.own(await this.#open(deviceId, ended));
      if (scope.isDisposed) return;
      const video = this.#makeVideo();
      scope.add(() => (video.srcObject = null));
      video.muted = true;
      video.playsInline = true;
      video.srcObject = camera.stream;
      await video.play();
      if (scope.isDisposed) return;
      this.#video = video;
      this.#state = { kind: 'on', camera, warnings: [] };
      camera.onWarnings((warnings) => {
        if (this.#scope === scope && this.#state.kind === 'on') this.#state = { ...this.#state, warnings };
      });
      this.#pump(scope, video, look);
    } catch (error) {
      this.#fail(scope, toStudioError(error));
    }
  }

  #pump(scope: Scope, video: HTMLVideoElement, look: Look<R>): void {
    const channel = new MessageChannel();
    const startedAt = performance.now();
    let freeAt = startedAt;
    let previousSec = 0;
    const send = async () => {
      if (scope.isDisposed) return;
      if (video.videoWidth === 0) return void scope.timeout(30, () => void send());
      const scale = Math.min(1, FRAME_PIXELS / Math.max(video.videoWidth, video.videoHeight));
      const atSec = (performance.now() - startedAt) / 1000;
      const bitmap = await createImageBitmap(video, {
        resizeWidth: Math.round(video.videoWidth * scale),
        resizeHeight: Math.round(video.videoHeight * scale),
      }).catch(() => null);
      if (scope.isDisposed) return bitmap?.close();
      if (!bitmap) return void scope.timeout(100, () => void send());
      this.#aspect = bitmap.width / bitmap.height;
      channel.port1.postMessage({ bitmap, atSec }, [bitmap]);
    };
    const sendNext = () => {
      const now = performance.now();
      freeAt = Math.max(now, freeAt + FRAME_MS);
      scope.timeout(freeAt - now, () => void send());
    };
    look(channel.port2, scope.abortSignal(), (found) => {
      if (scope.isDisposed) return;
      const stepSec = found.atSec - previousSec;
      previousSec = found.atSec;
      if (stepSec > 0) this.#frameRateHz = this.#frameRateHz ? 0.9 * this.#frameRateHz + 0.1 / stepSec : 1 / stepSec;
      this.#last = found;
      for (const listener of this.#listeners) listener(found);
      sendNext();
    }).catch((error: unknown) => {
      if (!isAbort(error)) this.#fail(scope, toStudioError(error));
    });
    for (let i = 0; i < this.#inFlight; i++) sendNext();
  }

  /** @param scope the run that failed; one that was ended meanwhile says nothing. */
  #fail(scope: Scope, error: StudioError): void {
    if (this.#scope !== scope) return;
    this.#end();
    this.#state = { kind: 'failed', error };
  }

  #end(): void {
    const scope = this.#scope;
    this.#scope = null;
    this.#video = null;
    this.#last = null;
    this.#frameRateHz = 0;
    scope?.dispose();
  }

  stop(): void {
    this.#end();
    this.#state = { kind: 'off' };
  }

  [Symbol.dispose](): void {
    this.stop();
    this.#listeners.clear();
  }
}
