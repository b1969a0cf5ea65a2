/** The object graph of the app, built once by main.ts. Main thread. */
import { createContext, untrack } from 'svelte';
import { Store, type PathFile } from '../dataset/index.ts';
import { ArchiveSession } from '../dataset/ui.ts';
import { NetworkSession } from '../features/ui.ts';
import { Theme } from '../ui/theme.svelte.ts';
import { kindOfFiles } from './kind-of-files.ts';
import { Commands, type Layer } from './commands.svelte.ts';
import { Keys } from './keys.svelte.ts';
import { isArchiveName, Library } from './library.svelte.ts';
import { Notify } from './notify.svelte.ts';
import { Opener } from './opener.svelte.ts';
import { Router, stepAddress } from './router.svelte.ts';
import { StorageMeter } from './storage.svelte.ts';
import { Working } from './working.svelte.ts';
import type { Workbench } from './workbench.svelte.ts';
import { createClients, type Clients } from './workers.ts';

export type { Workbench } from './workbench.svelte.ts';

/** See the file header. */
export class Studio {
  readonly store: Store;
  readonly clients: Clients;
  readonly router = new Router();
  readonly notify = new Notify();
  readonly theme = new Theme();
  readonly storage = new StorageMeter();
  readonly archives: ArchiveSession;
  readonly keys: Keys;
  readonly commands: Commands;
  readonly networks: NetworkSession;
  readonly library: Library;
  readonly opener: Opener;
  readonly working: Working;
  #isNetworksOpen = $state(false);
  /** Files dropped where no page takes them; the Data page adds them. */
  #dropped = $state.raw<PathFile[]>([]);

  private constructor(store: Store, clients: Clients) {
    const { notify, storage } = this;
    this.working = new Working(clients.all);
    this.store = store;
    this.clients = clients;
    this.archives = new ArchiveSession(clients.archive);
    this.keys = new Keys(store, notify.fail);
    this.commands = new Commands(this.keys, notify.fail);
    this.networks = new NetworkSession(clients.features);
    this.library = new Library({
      store,
      clients,
      archives: this.archives,
      storage,
      notify,
    });
    this.opener = new Opener({ store, clients, notify });
  }

  /** @throws StudioError when the browser's storage does not open. */
  static async create(): Promise<Studio> {
    const clients = createClients();
    const store = await Store.open(undefined, () => location.reload(), {
      cut: (file, stretch) => clients.features.call('cutStretch', { file, stretch }),
      draw: (file, stretch) => clients.features.call('drawStretch', { file, stretch }),
    });
    const studio = new Studio(store, clients);
    await studio.keys.load();
    return studio;
  }

  get workbench(): Workbench | null {
    return this.opener.workbench;
  }

  /** Whether the dialog of pretrained networks is open. */
  get isNetworksOpen(): boolean {
    return this.#isNetworksOpen;
  }

  showNetworks(isOpen = true): void {
    this.#isNetworksOpen = isOpen;
  }

  /** Stores the project of an archive and opens it. */
  async openArchive(file: PathFile): Promise<void> {
    const id = await this.library.openArchive(file);
    if (id) this.router.go(stepAddress(id, 'data'));
  }

  async deleteProject(id: string): Promise<void> {
    if (this.workbench?.project.id === id) this.opener.close();
    await this.library.remove(id);
  }

  /** Files dropped on a page that has no place for them: an archive becomes a project, others go to Data, of a new project when none is open. */
  async drop(files: PathFile[]): Promise<void> {
    const archive = files.find((file) => isArchiveName(file.path));
    if (archive) return this.openArchive(archive);
    if (files.length === 0) return;
    this.#dropped = files;
    const { route } = this.router;
    const folder = /^([^/]+)\//.exec(files[0]!.path)?.[1];
    const id =
      route.page === 'project'
        ? route.projectId
        : (await this.library.create(folder ?? 'New project', await kindOfFiles(files, this.clients))).id;
    this.router.go(stepAddress(id, 'data'));
  }

  /** Takes what was dropped elsewhere. */
  takeDropped(): PathFile[] {
    const files = this.#dropped;
    if (files.length > 0) this.#dropped = [];
    return files;
  }
}

/** The studio for every component below App. */
export const [useStudio, provideStudio] = createContext<Studio>();

/** Says what a page's commands do while it is shown. Call it in the script of a component. */
export function useCommands(layer: Layer): void {
  const { commands } = useStudio();
  $effect(() => untrack(() => commands.bind(layer)));
}
