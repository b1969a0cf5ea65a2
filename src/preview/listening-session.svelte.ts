/** Live listening: microphone → worklet → inference worker, and what comes back. Main thread. Serves recording (no model) and preview. */
import type { Microphone } from '../media/ui.ts';
import { isAbort, StudioError, toStudioError } from '../kernel/errors.ts';
import { newId } from '../kernel/clock.ts';
import { Scope } from '../kernel/scope.ts';
import type { WorkerClient } from '../rpc/client.ts';
import type { ModelRef } from '../domain/model.ts';
import type { SoundPreview, ListenProgress } from './contract.ts';

/** Where listening stands. */
export type ListeningState =
  | { kind: 'off' }
  | { kind: 'opening' }
  | { kind: 'on'; deviceId: string; label: string; sampleRateHz: number; warnings: string[] }
  | { kind: 'failed'; error: StudioError };

/** Opens a microphone; injected so that tests and pages choose. */
export type OpenMicrophone = (deviceId: string | null, onEnded: () => void) => Promise<Microphone>;

/** See the file header. Dispose it when the page is left: the microphone goes off. */
export class ListeningSession implements Disposable {
  readonly #client: WorkerClient<SoundPreview>;
  readonly #open: OpenMicrophone;
  #state = $state.raw<ListeningState>({ kind: 'off' });
  #levelDb = $state(-120);
  #peakDb = $state(-120);
  #droppedSamples = $state(0);
  #takeSec = $state<number | null>(null);
  #listeners = new Set<(progress: ListenProgress) => void>();
  /** The run that is on, or opening. */
  #scope: Scope | null = null;
  /** Its name in the worker, once it is on. */
  #listenId: string | null = null;

  constructor(client: WorkerClient<SoundPreview>, open: OpenMicrophone) {
    this.#client = client;
    this.#open = open;
  }

  get state(): ListeningState {
    return this.#state;
  }
  get isOn(): boolean {
    return this.#state.kind === 'on';
  }
  get levelDb(): number {
    return this.#levelDb;
  }
  get peakDb(): number {
    return this.#peakDb;
  }
  get droppedSamples(): number {
    return this.#droppedSamples;
  }
  /** Seconds recorded of the take in flight. */
  get takeSec(): number | null {
    return this.#takeSec;
  }

  /** Calls `listener` with every report. @returns a function that ends it. */
  onReport(listener: (progress: ListenProgress) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Opens the microphone and listens. Failures become the state `failed`. */
  async start(deviceId: string | null, model: ModelRef | null): Promise<void> {
    this.stop();
    const scope = new Scope();
    this.#scope = scope;
    this.#state = { kind: 'opening' };
    try {
      // A microphone that comes after the page was left, or another start was made, goes off at once.
      const ended = () => this.#fail(scope, new StudioError('media/microphone-unplugged'));
      const microphone = scope.own(await this.#open(deviceId, ended));
      if (scope.isDisposed) return;
      const listenId = newId();
      this.#listenId = listenId;
      this.#droppedSamples = 0;
      this.#state = {
        kind: 'on',
        deviceId: microphone.deviceId,
        label: microphone.label,
        sampleRateHz: microphone.sampleRateHz,
        warnings: [],
      };
      microphone.onWarnings((warnings) => {
        if (this.#scope === scope && this.#state.kind === 'on') this.#state = { ...this.#state, warnings };
      });
      this.#client
        .call(
          'listen',
          { listenId, port: microphone.port, sampleRateHz: microphone.sampleRateHz, model },
          {
            signal: scope.abortSignal(),
            transfer: [microphone.port],
            onProgress: (progress) => {
              if (scope.isDisposed) return;
              this.#levelDb = progress.rmsDb;
              this.#peakDb = progress.peakDb;
              this.#droppedSamples += progress.droppedSamples;
              this.#takeSec = progress.takeSec;
              for (const listener of this.#listeners) listener(progress);
            },
          },
        )
        .catch((error: unknown) => {
          if (!isAbort(error)) this.#fail(scope, toStudioError(error));
        });
    } catch (error) {
      this.#fail(scope, toStudioError(error));
    }
  }

  /** Runs another model from the next window on. @returns its class names. */
  async switchModel(model: ModelRef | null): Promise<string[]> {
    if (!this.#listenId) return [];
    return (await this.#client.call('switchModel', { listenId: this.#listenId, model })).classNames;
  }

  /**
   * Records a take. @param durationSec null = until `finishTake`.
   * @returns mono samples at the microphone's rate; owned by the caller.
   */
  recordTake(durationSec: number | null, signal: AbortSignal): Promise<{ pcm: Float32Array; sampleRateHz: number }> {
    if (!this.#listenId) return Promise.reject(new StudioError('media/microphone-missing'));
    return this.#client.call('recordTake', { listenId: this.#listenId, durationSec }, { signal });
  }

  async finishTake(): Promise<void> {
    if (this.#listenId) await this.#client.call('finishTake', { listenId: this.#listenId });
  }

  /** @param scope the run that failed; one that was ended meanwhile, or is no longer the one that is on, says nothing. */
  #fail(scope: Scope, error: StudioError): void {
    // What was recorded up to now is kept: the take resolves with it.
    const kept = this.#scope === scope ? this.finishTake().catch(() => {}) : Promise.resolve();
    void kept.then(() => {
      if (this.#scope !== scope) return;
      this.#end();
      this.#state = { kind: 'failed', error };
    });
  }

  #end(): void {
    const scope = this.#scope;
    this.#scope = null;
    this.#listenId = null;
    this.#takeSec = null;
    this.#levelDb = -120;
    this.#peakDb = -120;
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
