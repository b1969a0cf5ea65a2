/** A camera whose movements are watched: landmarks and scores of every frame. Main thread. Serves recording (no model) and preview. */
import { newId } from '../kernel/clock.ts';
import type { Camera } from '../media/ui.ts';
import type { WorkerClient } from '../rpc/client.ts';
import type { ModelRef } from '../domain/model.ts';
import type { MovementPreview, WatchProgress } from './contract.ts';
import { LiveCamera } from './live-camera.svelte.ts';

/** See the file header. */
export class WatchingSession extends LiveCamera<WatchProgress> {
  readonly #client: WorkerClient<MovementPreview>;
  #watchId: string | null = null;

  constructor(
    client: WorkerClient<MovementPreview>,
    open: (deviceId: string | null, onEnded: () => void) => Promise<Camera>,
  ) {
    super(open);
    this.#client = client;
  }

  /** Opens the camera and watches. Failures become the state `failed`. */
  start(deviceId: string | null, model: ModelRef | null): Promise<void> {
    const watchId = newId();
    return this.open(deviceId, (port, signal, onProgress) => {
      this.#watchId = watchId;
      return this.#client.call('watch', { watchId, port, model }, { signal, transfer: [port], onProgress });
    });
  }

  async switchModel(model: ModelRef | null): Promise<void> {
    if (this.isOn && this.#watchId) await this.#client.call('switchWatched', { watchId: this.#watchId, model });
  }

  async resetCounter(): Promise<void> {
    if (this.isOn && this.#watchId) await this.#client.call('resetCounter', { watchId: this.#watchId });
  }
}
