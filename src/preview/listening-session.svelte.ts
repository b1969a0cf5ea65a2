/** Live listening: microphone → worklet → inference worker, and what comes back. Main thread. Serves recording (no model) and preview. */
import type { Microphone } from '../media/ui.ts';
import { isAbort, StudioError, toStudioError } from '../kernel/errors.ts';
import { newId } from '../kernel/clock.ts';
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
  #opening = 0;
  #run: { id: string; controller: AbortController; microphone: Microphone } | null = null;

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
    const token = ++this.#opening;
    this.#state = { kind: 'opening' };
    const controller = new AbortController();
    try {
      const microphone = await this.#open(deviceId, () => this.#fail(new StudioError('media/microphone-unplugged')));
      // The page was left, or another start came, while the browser asked for permission.
      if (token !== this.#opening) {
        microphone[Symbol.dispose]();
        return;
      }
      const run = { id: newId(), controller, microphone };
      this.#run = run;
      this.#droppedSamples = 0;
      this.#state = {
        kind: 'on',
        deviceId: microphone.deviceId,
        label: microphone.label,
        sampleRateHz: microphone.sampleRateHz,
        warnings: microphone.warnings,
      };
      this.#client
        .call(
          'listen',
          { listenId: run.id, port: microphone.port, sampleRateHz: microphone.sampleRateHz, model },
          {
            signal: controller.signal,
            transfer: [microphone.port],
            onProgress: (progress) => {
              if (this.#run !== run) return;
              this.#levelDb = progress.rmsDb;
              this.#peakDb = progress.peakDb;
              this.#droppedSamples += progress.droppedSamples;
              this.#takeSec = progress.takeSec;
              for (const listener of this.#listeners) listener(progress);
            },
          },
        )
        .catch((error: unknown) => {
          if (!isAbort(error) && this.#run === run) this.#fail(toStudioError(error));
        });
    } catch (error) {
      if (token === this.#opening) this.#state = { kind: 'failed', error: toStudioError(error) };
    }
  }

  /** Runs another model from the next window on. @returns its class names. */
  async switchModel(model: ModelRef | null): Promise<string[]> {
    if (!this.#run) return [];
    return (await this.#client.call('switchModel', { listenId: this.#run.id, model })).classNames;
  }

  /**
   * Records a take. @param durationSec null = until `finishTake`.
   * @returns mono samples at the microphone's rate; owned by the caller.
   */
  recordTake(durationSec: number | null, signal: AbortSignal): Promise<{ pcm: Float32Array; sampleRateHz: number }> {
    if (!this.#run) return Promise.reject(new StudioError('media/microphone-missing'));
    return this.#client.call('recordTake', { listenId: this.#run.id, durationSec }, { signal });
  }

  async finishTake(): Promise<void> {
    if (this.#run) await this.#client.call('finishTake', { listenId: this.#run.id });
  }

  #fail(error: StudioError): void {
    // What was recorded up to now is kept: the take resolves with it.
    void this.finishTake().finally(() => {
      this.#end();
      this.#state = { kind: 'failed', error };
    });
  }

  #end(): void {
    const run = this.#run;
    this.#run = null;
    this.#takeSec = null;
    this.#levelDb = -120;
    this.#peakDb = -120;
    run?.controller.abort();
    run?.microphone[Symbol.dispose]();
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
