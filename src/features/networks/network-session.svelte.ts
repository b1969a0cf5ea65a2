/** The pretrained networks as the page sees them: where they are, getting them, removing them. Main thread. */
import { isAbort, toStudioError, type StudioError } from '../../kernel/errors.ts';
import type { WorkerClient } from '../../rpc/client.ts';
import type { FeaturesContract } from '../contract.ts';
import type { NetworkId } from './manifest.ts';
import type { NetworkStatus } from './network-files.ts';

/** One network: `ratio` 0..1 while it is downloaded. */
export type NetworkState = NetworkStatus['state'] | { ratio: number };

/** See the file header. Nothing is fetched unless `download` is called. */
export class NetworkSession {
  readonly #client: WorkerClient<FeaturesContract>;
  #states = $state.raw<Partial<Record<NetworkId, NetworkState>>>({});
  #error = $state.raw<StudioError | null>(null);
  #isRuntimeKept = $state<boolean | null>(null);
  #keeping = $state.raw<{ ratio: number; controller: AbortController } | null>(null);
  #controllers = new Map<NetworkId, AbortController>();

  constructor(client: WorkerClient<FeaturesContract>) {
    this.#client = client;
  }

  /** null = not looked yet. */
  state(id: NetworkId): NetworkState | null {
    return this.#states[id] ?? null;
  }
  /** True when the network can be used now. */
  isPresent(id: NetworkId): boolean {
    const state = this.#states[id];
    return state === 'stored' || state === 'served';
  }
  /** Why the last download or file was refused. */
  get error(): StudioError | null {
    return this.#error;
  }

  async refresh(): Promise<void> {
    const statuses = await this.#client.call('networkStatus', null);
    const next = { ...this.#states };
    for (const { id, state } of statuses) if (!this.#controllers.has(id)) next[id] = state;
    this.#states = next;
    this.#isRuntimeKept = await this.#client.call('isRuntimeKept', null);
  }

  /** What would be missing without a connection; null when nothing is, or nobody has looked. */
  get missing(): { isRuntimeKept: boolean; served: NetworkId[] } | null {
    if (this.#isRuntimeKept === null) return null;
    const served = (Object.keys(this.#states) as NetworkId[]).filter((id) => this.#states[id] === 'served');
    return this.#isRuntimeKept && served.length === 0 ? null : { isRuntimeKept: this.#isRuntimeKept, served };
  }
  /** How far keeping it is; null when it is not under way. */
  get keeping(): { ratio: number } | null {
    return this.#keeping;
  }

  cancelKeeping(): void {
    this.#keeping?.controller.abort();
  }

  /** Keeps everything that is here for work without a connection. */
  async keepOffline(): Promise<void> {
    if (this.#keeping) return;
    this.#error = null;
    const controller = new AbortController();
    this.#keeping = { ratio: 0, controller };
    try {
      await this.#client.call('keepOffline', null, {
        signal: controller.signal,
        onProgress: ({ done, total }) => (this.#keeping = { ratio: done / total, controller }),
      });
    } catch (error) {
      if (!isAbort(error)) this.#error = toStudioError(error);
    } finally {
      this.#keeping = null;
      await this.refresh();
    }
  }

  async download(id: NetworkId): Promise<void> {
    if (this.#controllers.has(id)) return;
    const controller = new AbortController();
    this.#controllers.set(id, controller);
    this.#error = null;
    this.#states = { ...this.#states, [id]: { ratio: 0 } };
    try {
      await this.#client.call(
        'downloadNetwork',
        { id },
        {
          signal: controller.signal,
          onProgress: ({ done, total }) => (this.#states = { ...this.#states, [id]: { ratio: done / total } }),
        },
      );
    } catch (error) {
      if (!isAbort(error)) this.#error = toStudioError(error);
    } finally {
      this.#controllers.delete(id);
      await this.refresh();
    }
  }

  cancel(id: NetworkId): void {
    this.#controllers.get(id)?.abort();
  }

  /** Stores files a person chose. @returns the networks that are complete now. */
  async choose(files: readonly { path: string; blob: Blob }[]): Promise<NetworkId[]> {
    this.#error = null;
    const complete: NetworkId[] = [];
    try {
      for (const { path, blob } of files) {
        const stored = await this.#client.call('storeNetworkFile', { blob, name: path });
        if (stored.isComplete) complete.push(stored.id);
      }
    } catch (error) {
      this.#error = toStudioError(error);
    }
    await this.refresh();
    return complete;
  }

  async remove(id: NetworkId): Promise<void> {
    await this.#client.call('removeNetwork', { id });
    await this.refresh();
  }
}
