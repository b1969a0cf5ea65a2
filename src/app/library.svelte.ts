/** The projects of this device: listed, made, copied, saved and opened as archives. Main thread. */
import {
  FORMS,
  type PathFile,
  type SaveChoice,
  type Store,
  type StoredBlob,
  type StoredPicture,
} from '../dataset/index.ts';
import type { ArchiveSession, WorkOptions } from '../dataset/ui.ts';
import type { MediaItem, ModelSource, Project } from '../domain/project.ts';
import type { TaskKind } from '../domain/task.ts';
import { newId, nowMs } from '../kernel/clock.ts';
import { taskOf } from '../tasks/index.ts';
import { fileBase, saveFile } from './files.ts';
import { LANDMARK_FORMS, landmarkFiles, type LandmarkTools } from './landmarks.ts';
import type { Notify } from './notify.svelte.ts';
import type { StorageMeter } from './storage.svelte.ts';
import { VERSION } from './version.ts';

/** A project as the home page lists it. `first` is the content of its first example. */
export type ProjectCard = {
  project: Project;
  count: number;
  bytes: number;
  first: string | null;
  best: ModelSource | null;
};

/** What a library takes from the studio. */
export type LibraryTools = {
  store: Store;
  clients: LandmarkTools['clients'];
  archives: ArchiveSession;
  storage: StorageMeter;
  notify: Notify;
};

/** True for the names archives are saved under. */
export const isArchiveName = (path: string): boolean => /\.understudy( ?\(\d+\))?\.zip$/i.test(path);

/** The source a card speaks of: the best score, of test examples before validation; without a score the newest. */
export function bestOf(sources: readonly ModelSource[]): ModelSource | null {
  for (const part of ['testing', 'validation'] as const) {
    const scored = sources.filter((source) => source.scores[part] !== undefined);
    if (scored.length > 0) return scored.reduce((a, b) => (b.scores[part]! >= a.scores[part]! ? b : a));
  }
  return sources.reduce<ModelSource | null>((a, b) => (a && a.createdAtMs > b.createdAtMs ? a : b), null);
}

/** See the file header. */
export class Library {
  readonly #tools: LibraryTools;
  #cards = $state.raw<ProjectCard[] | null>(null);

  constructor(tools: LibraryTools) {
    this.#tools = tools;
  }

  /** Projects of this device; null while they are read. */
  get cards(): ProjectCard[] | null {
    return this.#cards;
  }

  async refresh(): Promise<void> {
    const { store, storage } = this.#tools;
    const projects = await store.listProjects();
    this.#cards = await Promise.all(
      projects.map(async (project) => {
        const [summary, sources] = await Promise.all([store.summarise(project.id), store.listSources(project.id)]);
        return { project, ...summary, best: bestOf(sources) };
      }),
    );
    await storage.refresh();
  }

  async create(name: string, kind: TaskKind): Promise<Project> {
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
    await this.#tools.store.putQuietly({ project });
    return project;
  }

  /** Makes the sample project of a task: examples the app makes itself. @returns the stored project. */
  async createSample(kind: TaskKind): Promise<Project> {
    const { store, clients } = this.#tools;
    const { sample } = taskOf(kind);
    const at = nowMs();
    const classes = sample.classes.map((name, i) => ({ id: newId(), name, color: (i % 10) + 1 }));
    const idOf = (name: string) => classes.find((label) => label.name === name)!.id;
    const project: Project = {
      id: newId(),
      name: sample.title,
      kind,
      classes,
      createdAtMs: at,
      openedAtMs: at,
      nextColor: (classes.length % 10) + 1,
      isSample: true,
    };
    const items: MediaItem[] = [];
    const blobs: StoredBlob[] = [];
    const pictures: StoredPicture[] = [];
    for (let n = 0; n < sample.count; n++) {
      const { media, name, path, part, className, boxes } = await clients.features.call('makeSample', {
        task: kind,
        n,
      });
      blobs.push({ hash: media.hash, blob: media.blob });
      pictures.push({ hash: media.hash, ...media.picture });
      items.push({
        id: newId(),
        projectId: project.id,
        name,
        path,
        hash: media.hash,
        bytes: media.blob.size,
        media: media.media,
        label: boxes
          ? {
              kind: 'boxes',
              isDone: true,
              boxes: boxes.map(({ label, ...rect }) => ({ ...rect, id: newId(), classId: idOf(label) })),
            }
          : { kind: 'class', classId: className === null ? null : idOf(className) },
        part,
        recording: `sample:${path}`,
        session: 'sample',
        addedAtMs: at + n,
      });
    }
    await store.addProject({ project, items, sources: [], reports: [], weights: [], blobs, pictures });
    return project;
  }

  async rename(project: Project, name: string): Promise<void> {
    await this.#tools.store.putQuietly({ project: { ...project, name } });
    await this.refresh();
  }

  /** Copies a project; the copy is shown among the projects. */
  async duplicate(project: Project): Promise<void> {
    const { store, notify } = this.#tools;
    const names = new Set((await store.listProjects()).map((other) => other.name));
    let name = `${project.name} copy`;
    for (let n = 2; names.has(name); n++) name = `${project.name} copy ${n}`;
    await store.duplicateProject(project.id, name);
    await this.refresh();
    notify.say(`Made ${name}`);
  }

  async remove(id: string): Promise<void> {
    await this.#tools.store.deleteProject(id);
    await this.refresh();
  }

  /** Hands the person a project as one file. */
  async saveArchive(project: Project): Promise<void> {
    const archive = await this.#tools.archives.save(project.id, project.name, `Understudy ${VERSION}`);
    if (!archive) return;
    const name = `${fileBase(project.name)}.understudy.zip`;
    saveFile(name, archive);
    this.#tools.notify.say(`Saved ${name}`);
  }

  /** Hands the person examples as a data set other tools read. */
  async saveData(project: Project, items: readonly MediaItem[], choice: SaveChoice): Promise<void> {
    const { archives, clients, notify } = this.#tools;
    const form = LANDMARK_FORMS[choice.format];
    const tools = { clients, task: taskOf(project.kind), classes: project.classes };
    const make = form ? (options: WorkOptions) => landmarkFiles(tools, items, form, options) : null;
    const data = await archives.saveData(project.id, project.name, choice, make);
    if (!data) return;
    const name = `${fileBase(project.name)}-${fileBase(FORMS[choice.format].title)}.zip`;
    saveFile(name, data);
    notify.say(`Saved ${name}`);
  }

  /** Stores the project of an archive. @returns its id; null when it was cancelled. */
  async openArchive(file: PathFile): Promise<string | null> {
    const { archives, notify, storage } = this.#tools;
    const opened = await archives.open(file.path, file.blob);
    if (!opened) return null;
    storage.protect();
    notify.say(
      opened.isCopy ? `Imported as ${opened.name}: this device already has the project` : `Imported ${opened.name}`,
    );
    return opened.projectId;
  }
}
