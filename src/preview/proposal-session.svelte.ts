/** Boxes a model proposes for pictures that have none yet: asked for in the background, kept until somebody decides. Main thread. */
import type { Detection } from '../domain/boxes.ts';
import type { MediaItem } from '../domain/project.ts';
import { isAbort, StudioError, toStudioError } from '../kernel/errors.ts';
import { Scope } from '../kernel/scope.ts';
import type { WorkerClient } from '../rpc/client.ts';
import type { ModelRef } from '../domain/model.ts';
import type { DetectionPreview } from './contract.ts';

/** What a model proposes for one picture. `labels` in the order of its classes. */
export type Proposal = { found: Detection[]; labels: readonly string[]; model: string };

/** Where proposing stands. */
export type ProposalState =
  { kind: 'idle' } | { kind: 'running'; done: number; total: number } | { kind: 'failed'; error: StudioError };

/** How unsure a model is of a picture, 0..1: of its least certain box. A picture without any is worth a look too. */
export const uncertaintyOf = ({ found }: Proposal): number =>
  found.length === 0 ? 0.5 : Math.max(...found.map(({ score }) => 1 - Math.abs(2 * score - 1)));

/** See the file header. */
export class ProposalSession implements Disposable {
  readonly #client: WorkerClient<DetectionPreview>;
  #state = $state.raw<ProposalState>({ kind: 'idle' });
  #proposals = $state.raw<ReadonlyMap<string, Proposal>>(new Map());
  /** The newest work: what an older one still says is dropped. */
  #run: Scope | null = null;

  constructor(client: WorkerClient<DetectionPreview>) {
    this.#client = client;
  }

  get state(): ProposalState {
    return this.#state;
  }
  /** Open proposals by item id. */
  get proposals(): ReadonlyMap<string, Proposal> {
    return this.#proposals;
  }

  /** Proposes boxes for pictures, one after the other. @param model null = the pretrained network's own classes. */
  async propose(
    items: readonly MediaItem[],
    model: { ref: ModelRef | null; title: string; leastScore: number },
  ): Promise<void> {
    this.#run?.dispose();
    const run = new Scope();
    this.#run = run;
    this.#state = { kind: 'running', done: 0, total: items.length };
    const byHash = new Map(items.map((item) => [item.hash, item]));
    try {
      await this.#client.call(
        'propose',
        { model: model.ref, hashes: [...byHash.keys()], leastScore: model.leastScore },
        {
          signal: run.abortSignal(),
          onProgress: ({ hash, found, labels, done }) => {
            if (this.#run !== run) return;
            const item = byHash.get(hash);
            const next = new Map(this.#proposals);
            if (item) next.set(item.id, { found, labels, model: model.title });
            this.#proposals = next;
            this.#state = { kind: 'running', done, total: byHash.size };
          },
        },
      );
      if (this.#run === run) this.#state = { kind: 'idle' };
    } catch (error) {
      if (this.#run === run)
        this.#state = isAbort(error) ? { kind: 'idle' } : { kind: 'failed', error: toStudioError(error) };
    } finally {
      run.dispose();
    }
  }

  /** Takes proposals of a picture away: they were accepted or rejected. @param indices null = all. */
  drop(itemId: string, indices: ReadonlySet<number> | null): void {
    const proposal = this.#proposals.get(itemId);
    if (!proposal) return;
    const next = new Map(this.#proposals);
    const found = indices ? proposal.found.filter((_, i) => !indices.has(i)) : [];
    if (found.length > 0) next.set(itemId, { ...proposal, found });
    else next.delete(itemId);
    this.#proposals = next;
  }

  /** Adds a proposal made elsewhere: by the live camera. */
  restore(itemId: string, proposal: Proposal): void {
    this.#proposals = new Map(this.#proposals).set(itemId, proposal);
  }

  cancel(): void {
    this.#run?.dispose();
  }

  [Symbol.dispose](): void {
    this.cancel();
    this.#run = null;
  }
}
