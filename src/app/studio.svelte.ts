/** The object graph of the app, built once by main.ts. Main thread. */
import { createContext } from 'svelte';
import { Store, type PathFile, type StoredBlob, type StoredPicture } from '../dataset/index.ts';
import { ArchiveSession, ImportSession, ProjectLock, ProjectSession } from '../dataset/ui.ts';
import type { InspectedMedia, MediaItem, ModelSource, Project, TaskKind, TrainingSettings } from '../domain/project.ts';
import { recalibrate } from '../evaluation/index.ts';
import { newId, nowMs } from '../kernel/clock.ts';
import { abortError } from '../kernel/errors.ts';
import { SAMPLE_ACTIONS, SAMPLE_OBJECTS } from '../features/index.ts';
import { NetworkSession } from '../features/ui.ts';
import { SAMPLE_SOUNDS } from '../media/index.ts';
import { openCamera, openMicrophone, Player } from '../media/ui.ts';
import { EvaluationSession, itemsOfPart, ListeningSession, ProposalSession, WatchingSession } from '../preview/ui.ts';
import { defaultSettings } from '../training/index.ts';
import { TrainingSession } from '../training/ui.ts';
import { Theme } from '../ui/theme.svelte.ts';
import { fileBase, saveFile } from './files.ts';
import { Keys } from './keys.svelte.ts';
import { Notify } from './notify.svelte.ts';
import { Router, stepAddress } from './router.svelte.ts';
import { StorageMeter } from './storage.svelte.ts';
import { VERSION } from './version.ts';
import { createClients, type Clients } from './workers.ts';

/** A project as the home page lists it. */
export type ProjectCard = { project: Project; clipCount: number; bytes: number; best: ModelSource | null };

/** Name of the sample project. */
export const SAMPLE_NAME = SAMPLE_SOUNDS.join(', ')
  .toLowerCase()
  .replace(/^./, (first) => first.toUpperCase());

/** Name of the sample project of the action task. */
export const ACTION_SAMPLE_NAME = SAMPLE_ACTIONS.join(', ')
  .toLowerCase()
  .replace(/^./, (first) => first.toUpperCase());

/** Name of the sample project of the detection task. */
export const DETECTION_SAMPLE_NAME = 'Dice';
/** Pictures of the detection sample; the last quarter is for testing. */
const SAMPLE_PICTURES = 80;

/** True for the names archives are saved under. */
export const isArchiveName = (path: string): boolean => /\.understudy( ?\(\d+\))?\.zip$/i.test(path);

/** A new, untrained model source. */
export function newSource(projectId: string, name: string, settings: TrainingSettings): ModelSource {
  return {
    id: newId(),
    projectId,
    name,
    createdAtMs: nowMs(),
    status: 'untrained',
    settings,
    plannedIterations: 0,
    iteration: 0,
    bestIteration: null,
    curve: [],
    log: [],
    snapshots: [],
    engine: null,
    device: null,
    featureSec: 0,
    trainingSec: 0,
    trainedAtMs: null,
    data: null,
    scores: {},
    failure: null,
  };
}

/** An open project with its sessions; disposed when the person leaves it. */
export class Workbench implements Disposable {
  readonly project: ProjectSession;
  readonly lock: ProjectLock;
  readonly imports: ImportSession;
  readonly training: TrainingSession;
  readonly evaluation: EvaluationSession;
  readonly listening: ListeningSession;
  readonly watching: WatchingSession;
  readonly proposing: ProposalSession;
  readonly player: Player;
  readonly #notify: Notify;
  #sourceId = $state<string | null>(null);

  constructor(project: ProjectSession, lock: ProjectLock, studio: Studio) {
    this.project = project;
    this.lock = lock;
    this.#notify = studio.notify;
    const { clients } = studio;
    this.imports = new ImportSession(project, studio.importTools(project.project.kind));
    this.training = new TrainingSession(project, clients.features, clients.training, clients.helper);
    this.evaluation = new EvaluationSession(clients);
    this.listening = new ListeningSession(clients.inference, openMicrophone);
    this.watching = new WatchingSession(clients.inference, openCamera);
    this.proposing = new ProposalSession(clients.inference);
    this.player = new Player((hash) => studio.store.loadBlob(hash), studio.notify.fail);
  }

  /** The model source the person looks at: the chosen one, else the newest. */
  get source(): ModelSource | null {
    const { sources } = this.project;
    return sources.find((source) => source.id === this.#sourceId) ?? sources.at(-1) ?? null;
  }

  selectSource(id: string): void {
    this.#sourceId = id;
    this.evaluation.show(null);
  }

  /** Model sources with a usable model. */
  get trained(): ModelSource[] {
    return this.project.sources.filter((source) => source.bestIteration !== null || source.iteration > 0);
  }

  /** Says what was done, with an Undo that takes back this step and no newer one. */
  offerUndo(text: string): void {
    const group = this.project.undoGroup;
    this.#notify.say(text, {
      label: 'Undo',
      run: () => {
        if (this.project.undoGroup === group) void this.project.undo().catch(this.#notify.fail);
        else this.#notify.say(`Something newer was changed. Undo it first: ${this.project.undoLabel ?? ''}`);
      },
    });
  }

  /** Takes back the newest step, or does it again, and says so. */
  async travel(side: 'undo' | 'redo'): Promise<void> {
    const label = await this.project[side]();
    if (!label) return;
    if (side === 'redo') this.#notify.say(`Done again: ${label}`);
    else
      this.#notify.say(`Undone: ${label}`, {
        label: 'Redo',
        run: () => void this.travel('redo').catch(this.#notify.fail),
      });
  }

  /** Adds a model source with settings like the current one (or the given). */
  async addSource(settings?: TrainingSettings): Promise<ModelSource> {
    const numbers = this.project.sources.map((source) => Number(/^Model (\d+)$/.exec(source.name)?.[1] ?? 0));
    const source = newSource(
      this.project.id,
      `Model ${Math.max(0, ...numbers) + 1}`,
      settings ?? this.source?.settings ?? defaultSettings(this.project.project.kind, this.project.items),
    );
    await this.project.putSource(`Added ${source.name}`, source);
    this.selectSource(source.id);
    return source;
  }

  /** Trains, then scores the parts that have clips: the honest number is there without asking. */
  async train(source: ModelSource, moreIterations = 0, isFinishing = false): Promise<void> {
    this.selectSource(source.id);
    const result = await this.training.run(source, moreIterations, isFinishing);
    if (result?.status !== 'done') return;
    for (const part of ['testing', 'validation'] as const) {
      if (itemsOfPart(this.project.items, result, part).length === 0) continue;
      const report = await this.evaluation.run(result, this.project.items, part);
      const scores = this.project.sources.find((candidate) => candidate.id === result.id)?.scores ?? {};
      if (!report) continue;
      if ('kind' in report) {
        await this.project.saveSource(result.id, { scores: { ...scores, [part]: report.map50 } });
        continue;
      }
      await this.project.saveSource(result.id, {
        scores: { ...scores, [part]: report.clipAccuracy },
        ...(part === 'validation' ? { calibration: recalibrate(report, result.calibration ?? null) } : {}),
      });
    }
  }

  /** Ends what runs: training pauses with a checkpoint, the microphone goes off. */
  stop(): void {
    this.training[Symbol.dispose]();
    this.evaluation[Symbol.dispose]();
    this.listening.stop();
    this.watching.stop();
    this.proposing.cancel();
    this.player.stop();
    this.imports.cancel();
  }

  [Symbol.dispose](): void {
    this.stop();
    this.lock[Symbol.dispose]();
    this.listening[Symbol.dispose]();
    this.watching[Symbol.dispose]();
  }
}

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
  readonly networks: NetworkSession;
  #isNetworksOpen = $state(false);
  /** Files dropped where no page takes them; the Data page adds them. */
  #dropped = $state.raw<PathFile[]>([]);
  #cards = $state.raw<ProjectCard[] | null>(null);
  #workbench = $state.raw<Workbench | null>(null);
  #opening = 0;

  private constructor(store: Store, clients: Clients) {
    this.store = store;
    this.clients = clients;
    this.archives = new ArchiveSession(clients.archive);
    this.keys = new Keys(store);
    this.networks = new NetworkSession(clients.features);
  }

  /** @throws StudioError when the browser's storage does not open. */
  static async create(): Promise<Studio> {
    const store = await Store.open(undefined, () => location.reload());
    const studio = new Studio(store, createClients());
    await studio.keys.load();
    return studio;
  }

  /** Projects of this device; null while they are read. */
  get cards(): ProjectCard[] | null {
    return this.#cards;
  }

  get workbench(): Workbench | null {
    return this.#workbench;
  }

  /** Whether the dialog of pretrained networks is open. */
  get isNetworksOpen(): boolean {
    return this.#isNetworksOpen;
  }

  showNetworks(isOpen = true): void {
    this.#isNetworksOpen = isOpen;
  }

  importTools(kind: TaskKind) {
    const { features } = this.clients;
    return {
      inspect: async ({ blob, path }: PathFile, signal: AbortSignal): Promise<InspectedMedia[]> =>
        kind === 'detection'
          ? features.call('inspectPicture', { blob, name: path }, { signal })
          : kind === 'action'
            ? features.call('inspectMotion', { blob, name: path }, { signal })
            : [await features.call('inspectSound', { blob }, { signal })],
      unzip: async (blob: Blob, onFile: (file: { path: string; blob: Blob }) => void, signal: AbortSignal) => {
        const { failed } = await this.clients.archive.call(
          'unzip',
          { blob },
          { signal, onProgress: ({ file }) => onFile(file) },
        );
        return failed;
      },
    };
  }

  async refreshCards(): Promise<void> {
    const projects = await this.store.listProjects();
    this.#cards = await Promise.all(
      projects.map(async (project) => {
        const [items, sources] = await Promise.all([
          this.store.listItems(project.id),
          this.store.listSources(project.id),
        ]);
        const best =
          sources.findLast((source) => source.scores.testing !== undefined || source.scores.validation !== undefined) ??
          sources.at(-1) ??
          null;
        return { project, clipCount: items.length, bytes: items.reduce((sum, item) => sum + item.bytes, 0), best };
      }),
    );
    await this.storage.refresh();
  }

  async createProject(name: string, kind: TaskKind): Promise<Project> {
    const at = nowMs();
    const project: Project = {
      id: newId(),
      name,
      kind,
      classes: [],
      createdAtMs: at,
      openedAtMs: at,
      nextColor: 1,
      isSample: false,
    };
    await this.store.putQuietly({ project });
    return project;
  }

  /** Makes the sample project of a task: examples the app makes itself, twelve of each class, a quarter for testing. @returns the stored project. */
  async createSample(kind: TaskKind): Promise<Project> {
    if (kind === 'detection') return this.#createDice();
    const at = nowMs();
    const id = newId();
    const names: readonly string[] = kind === 'sound' ? SAMPLE_SOUNDS : SAMPLE_ACTIONS;
    const classes = names.map((name, i) => ({ id: newId(), name, color: i + 1 }));
    const project: Project = {
      id,
      name: kind === 'sound' ? SAMPLE_NAME : ACTION_SAMPLE_NAME,
      kind,
      classes,
      createdAtMs: at,
      openedAtMs: at,
      nextColor: names.length + 1,
      isSample: true,
    };
    const { features } = this.clients;
    const items: MediaItem[] = [];
    const blobs: StoredBlob[] = [];
    const pictures: StoredPicture[] = [];
    for (const [c, label] of classes.entries()) {
      for (let n = 1; n <= 12; n++) {
        const seed = 100 * c + n;
        const made: InspectedMedia =
          kind === 'sound'
            ? await features.call('makeSample', { kind: SAMPLE_SOUNDS[c]!, seed })
            : await features.call('makeFigure', { action: SAMPLE_ACTIONS[c]!, seed });
        const name = `${label.name} ${String(n).padStart(2, '0')}.${kind === 'sound' ? 'wav' : 'json'}`;
        blobs.push({ hash: made.hash, blob: made.blob });
        pictures.push({ hash: made.hash, ...made.picture });
        items.push({
          id: newId(),
          projectId: id,
          name,
          path: `${label.name}/${name}`,
          hash: made.hash,
          bytes: made.blob.size,
          classId: label.id,
          part: n > 9 ? 'testing' : 'training',
          recording: `sample:${label.name}-${n}`,
          session: 'sample',
          addedAtMs: at + seed,
          ...(made.sound ? { sound: made.sound } : {}),
          ...(made.motion ? { motion: made.motion } : {}),
        });
      }
    }
    await this.store.addProject({ project, items, sources: [], reports: [], weights: [], blobs, pictures });
    return project;
  }

  async #createDice(): Promise<Project> {
    const at = nowMs();
    const id = newId();
    const classes = SAMPLE_OBJECTS.map((name, i) => ({ id: newId(), name, color: i + 1 }));
    const project: Project = {
      id,
      name: DETECTION_SAMPLE_NAME,
      kind: 'detection',
      classes,
      createdAtMs: at,
      openedAtMs: at,
      nextColor: classes.length + 1,
      isSample: true,
    };
    const items: MediaItem[] = [];
    const blobs: StoredBlob[] = [];
    const pictures: StoredPicture[] = [];
    for (let n = 1; n <= SAMPLE_PICTURES; n++) {
      const { picture, boxes } = await this.clients.features.call('makeDice', { seed: n });
      const name = `Dice ${String(n).padStart(2, '0')}.jpg`;
      blobs.push({ hash: picture.hash, blob: picture.blob });
      pictures.push({ hash: picture.hash, ...picture.picture });
      const { width, height } = picture.image!;
      items.push({
        id: newId(),
        projectId: id,
        name,
        path: name,
        hash: picture.hash,
        bytes: picture.blob.size,
        classId: null,
        part: n > SAMPLE_PICTURES * 0.75 ? 'testing' : 'training',
        recording: `sample:${n}`,
        session: 'sample',
        addedAtMs: at + n,
        image: {
          width,
          height,
          isAnnotated: true,
          boxes: boxes.map(({ label, ...rect }) => ({
            ...rect,
            id: newId(),
            classId: classes.find((known) => known.name === label)!.id,
          })),
        },
      });
    }
    await this.store.addProject({ project, items, sources: [], reports: [], weights: [], blobs, pictures });
    return project;
  }

  async renameProject(project: Project, name: string): Promise<void> {
    await this.store.putQuietly({ project: { ...project, name } });
    await this.refreshCards();
  }

  /** Copies a project; the copy is shown among the projects. */
  async duplicateProject(project: Project): Promise<void> {
    const names = new Set((await this.store.listProjects()).map((other) => other.name));
    let name = `${project.name} copy`;
    for (let n = 2; names.has(name); n++) name = `${project.name} copy ${n}`;
    await this.store.duplicateProject(project.id, name);
    await this.refreshCards();
    this.notify.say(`Made ${name}`);
  }

  /** Hands the person a project as one file. */
  async saveArchive(project: Project): Promise<void> {
    const archive = await this.archives.save(project.id, project.name, `Understudy ${VERSION}`);
    if (!archive) return;
    const name = `${fileBase(project.name)}.understudy.zip`;
    saveFile(name, archive);
    this.notify.say(`Saved ${name}`);
  }

  /** Stores the project of an archive and opens it. */
  async openArchive(file: PathFile): Promise<void> {
    const opened = await this.archives.open(file.path, file.blob);
    if (!opened) return;
    await this.storage.protect();
    this.router.go(stepAddress(opened.projectId, 'data'));
    this.notify.say(
      opened.isCopy ? `Imported as ${opened.name}: this device already has the project` : `Imported ${opened.name}`,
    );
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
      route.page === 'project' ? route.projectId : (await this.createProject(folder ?? 'New project', 'sound')).id;
    this.router.go(stepAddress(id, 'data'));
  }

  /** Takes what was dropped elsewhere. */
  takeDropped(): PathFile[] {
    const files = this.#dropped;
    if (files.length > 0) this.#dropped = [];
    return files;
  }

  async deleteProject(id: string): Promise<void> {
    if (this.#workbench?.project.id === id) this.closeProject();
    await this.store.deleteProject(id);
    await this.refreshCards();
  }

  /** Opens a project; the one open before is closed. In a second tab it is read-only until that tab takes over. */
  async openProject(id: string): Promise<Workbench> {
    if (this.#workbench?.project.id === id) return this.#workbench;
    this.closeProject();
    const token = this.#opening;
    const session = await ProjectSession.open(id, this.store, this.notify.fail);
    const lock = new ProjectLock(id, () => {
      void session.setReadOnly(true);
      this.#workbench?.stop();
    });
    const workbench = new Workbench(session, lock, this);
    if (await lock.acquire()) await this.#begin(workbench);
    else await session.setReadOnly(true);
    // The person went elsewhere while it opened.
    if (token !== this.#opening) {
      workbench[Symbol.dispose]();
      throw abortError();
    }
    this.#workbench = workbench;
    return workbench;
  }

  /** Makes this tab the one that may change the open project. */
  async takeOver(): Promise<void> {
    const workbench = this.#workbench;
    if (!workbench || !(await workbench.lock.acquire(true))) return;
    // The other tab pauses its run with a checkpoint as it loses the lock.
    await new Promise((resolve) => setTimeout(resolve, 500));
    await workbench.project.setReadOnly(false);
    await this.#begin(workbench);
  }

  /** What the owner of a project does first: runs that a closed tab left behind become resumable, deletions are final. */
  async #begin({ project }: Workbench): Promise<void> {
    await this.store.sealDeletions(project.id);
    await project.noteOpened();
    for (const source of project.sources) {
      if (source.status !== 'training') continue;
      const checkpoint = await this.store.loadWeights(source.id, 'checkpoint');
      await project.saveSource(source.id, { status: checkpoint ? 'paused' : 'untrained' });
    }
    void this.store.collectGarbage().catch(this.notify.fail);
  }

  closeProject(): void {
    this.#opening++;
    this.#workbench?.[Symbol.dispose]();
    this.#workbench = null;
  }
}

/** The studio for every component below App. */
export const [useStudio, provideStudio] = createContext<Studio>();
