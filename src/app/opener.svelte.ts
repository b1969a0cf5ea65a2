/** The project at hand: opened, taken over from another tab, closed. One tab at a time may change it. Main thread. */
import { abortError } from '../kernel/errors.ts';
import type { Workbench, WorkbenchTools } from './workbench.svelte.ts';

/** See the file header. */
export class Opener {
  readonly #tools: WorkbenchTools;
  #workbench = $state.raw<Workbench | null>(null);
  #opening = 0;

  constructor(tools: WorkbenchTools) {
    this.#tools = tools;
  }

  get workbench(): Workbench | null {
    return this.#workbench;
  }

  /** Opens a project; the one open before is closed. In a second tab it is read-only until that tab takes over. */
  async open(id: string): Promise<Workbench> {
    if (this.#workbench?.project.id === id) return this.#workbench;
    this.close();
    const token = this.#opening;
    // Loaded with the first project: the home page needs none of its sessions.
    const { Workbench } = await import('./workbench.svelte.ts');
    const workbench = await Workbench.open(id, this.#tools);
    if (await workbench.lock.acquire()) await this.#begin(workbench);
    else await workbench.project.setReadOnly(true);
    // The person went elsewhere while it opened.
    if (token !== this.#opening) {
      workbench[Symbol.dispose]();
      throw abortError();
    }
    this.#workbench = workbench;
    return workbench;
  }

  /** Makes this tab the one that may change the open project, once the other tab has let it go. */
  async takeOver(): Promise<void> {
    const workbench = this.#workbench;
    if (!workbench || !(await workbench.lock.takeOver())) return;
    await workbench.project.setReadOnly(false);
    await this.#begin(workbench);
  }

  /** What the owner of a project does first: runs that a closed tab left behind become resumable, deletions are final. */
  async #begin({ project }: Workbench): Promise<void> {
    const { store, notify } = this.#tools;
    await store.sealDeletions(project.id);
    await project.noteOpened();
    for (const source of project.sources) {
      if (source.status !== 'training') continue;
      const checkpoint = await store.loadWeights(source.id, 'checkpoint');
      await project.saveSource(source.id, { status: checkpoint ? 'paused' : 'untrained' });
    }
    void store.collectGarbage().catch(notify.fail);
  }

  close(): void {
    this.#opening++;
    this.#workbench?.[Symbol.dispose]();
    this.#workbench = null;
  }
}
