/**
 * An open project: its records in memory, every change written in one transaction, undo. Main thread. The database is the truth; memory
 * follows it at once so that the page feels immediate, and falls back to it when a write fails.
 */
import type { BoundingBox } from '../domain/boxes.ts';
import type { ClassLabel, ItemPart, MediaItem, ModelSource, Part, Project } from '../domain/project.ts';
import { newId, nowMs } from '../kernel/clock.ts';
import { StudioError } from '../kernel/errors.ts';
import { formatCount } from '../kernel/format.ts';
import type { Change } from './schema.ts';
import type { NewContent, Store } from './store.ts';

const boxesOf = (image: MediaItem['image'], classId: string) =>
  image?.boxes.filter((box) => box.classId === classId) ?? [];
const usesClass = (item: MediaItem, classId: string) =>
  item.classId === classId || boxesOf(item.image, classId).length > 0;

/** What the header shows. */
export type SaveState = 'saved' | 'saving' | 'failed';

/** See the file header. `onError` shows a failed write. */
export class ProjectSession {
  readonly id: string;
  readonly #store: Store;
  readonly #onError: (error: unknown) => void;
  #isReadOnly = $state(false);
  #project = $state.raw<Project>(null as never);
  #items = $state.raw<MediaItem[]>([]);
  #sources = $state.raw<ModelSource[]>([]);
  #saveState = $state<SaveState>('saved');
  #undoLabel = $state<string | null>(null);
  #redoLabel = $state<string | null>(null);
  #undoGroup: string | null = null;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(id: string, store: Store, onError: (error: unknown) => void) {
    this.id = id;
    this.#store = store;
    this.#onError = onError;
  }

  /** @throws StudioError `dataset/not-found`. */
  static async open(id: string, store: Store, onError: (error: unknown) => void): Promise<ProjectSession> {
    const session = new ProjectSession(id, store, onError);
    await session.#load();
    return session;
  }

  /** Notes the time of opening, for the home page. */
  async noteOpened(): Promise<void> {
    this.#project = { ...this.#project, openedAtMs: nowMs() };
    await this.#store.putQuietly({ project: this.#project });
    await this.#readHistory();
  }

  async #load(): Promise<void> {
    const { project, items, sources } = await this.#store.loadProject(this.id);
    this.#project = project;
    this.#items = items;
    this.#sources = sources;
    await this.#readHistory();
  }

  async #readHistory(): Promise<void> {
    const state = await this.#store.historyState(this.id);
    this.#undoLabel = state.undo;
    this.#redoLabel = state.redo;
    this.#undoGroup = state.group;
  }

  get project(): Project {
    return this.#project;
  }
  get items(): readonly MediaItem[] {
    return this.#items;
  }
  get sources(): readonly ModelSource[] {
    return this.#sources;
  }
  /** Another tab has the right to change this project. */
  get isReadOnly(): boolean {
    return this.#isReadOnly;
  }

  /** Follows the lock; on taking over, what the other tab wrote is read first. */
  async setReadOnly(isReadOnly: boolean): Promise<void> {
    if (!isReadOnly && this.#isReadOnly) await this.#load();
    this.#isReadOnly = isReadOnly;
  }

  get saveState(): SaveState {
    return this.#saveState;
  }
  /** What undo would take back; null when there is nothing. */
  get undoLabel(): string | null {
    return this.#undoLabel;
  }
  get redoLabel(): string | null {
    return this.#redoLabel;
  }

  // ---- changes

  #apply(changes: readonly Change[], side: 'before' | 'after'): void {
    const items = new Map<string, MediaItem | null>();
    const sources = new Map<string, ModelSource | null>();
    for (const change of changes) {
      const id = (change.before ?? change.after)!.id;
      if (change.store === 'projects') {
        if (change[side]) this.#project = change[side];
      } else if (change.store === 'items') items.set(id, change[side]);
      else sources.set(id, change[side]);
    }
    if (items.size > 0) {
      const kept = this.#items.flatMap((item) => {
        if (!items.has(item.id)) return [item];
        const next = items.get(item.id);
        items.delete(item.id);
        return next ? [next] : [];
      });
      const added = [...items.values()].filter((item) => item !== null);
      this.#items = added.length
        ? [...kept, ...added].sort((a, b) => a.addedAtMs - b.addedAtMs || (a.path < b.path ? -1 : 1))
        : kept;
    }
    if (sources.size > 0) {
      const kept = this.#sources.flatMap((source) => {
        if (!sources.has(source.id)) return [source];
        const next = sources.get(source.id);
        sources.delete(source.id);
        return next ? [next] : [];
      });
      this.#sources = [...kept, ...[...sources.values()].filter((source) => source !== null)].sort(
        (a, b) => a.createdAtMs - b.createdAtMs,
      );
    }
  }

  /**
   * Applies and stores changes as one undo step.
   * @param group steps with the same group are undone together. @throws what the store throws, after memory was brought back to the database.
   */
  async commit(
    label: string,
    changes: Change[],
    options: { group?: string; content?: NewContent } = {},
  ): Promise<void> {
    if (changes.length === 0) return;
    if (this.#isReadOnly) throw new StudioError('dataset/read-only');
    this.#apply(changes, 'after');
    this.#saveState = 'saving';
    const group = options.group ?? newId();
    const write = this.#queue.then(() => this.#store.commit(this.id, label, group, changes, options.content));
    this.#queue = write.catch(() => {});
    try {
      await write;
      this.#saveState = 'saved';
      this.#undoLabel = label;
      this.#redoLabel = null;
      this.#undoGroup = group;
    } catch (error) {
      this.#saveState = 'failed';
      await this.#load();
      throw error;
    }
  }

  /** {@link commit} for a button: a failure is shown, not thrown. */
  async #change(label: string, changes: Change[]): Promise<void> {
    await this.commit(label, changes).catch(this.#onError);
  }

  /** Names the newest step, so that a message can later take back exactly this one. */
  get undoGroup(): string | null {
    return this.#undoGroup;
  }

  /** Takes back the newest step; null when there is none. @returns its label. */
  async undo(): Promise<string | null> {
    return this.#travel('before');
  }

  async redo(): Promise<string | null> {
    return this.#travel('after');
  }

  async #travel(side: 'before' | 'after'): Promise<string | null> {
    if (this.#isReadOnly) throw new StudioError('dataset/read-only');
    const step = this.#queue.then(() => (side === 'before' ? this.#store.undo(this.id) : this.#store.redo(this.id)));
    this.#queue = step.catch(() => {});
    const done = await step;
    if (!done) {
      await this.#readHistory();
      return null;
    }
    this.#apply(done.changes, side);
    await this.#readHistory();
    return done.label;
  }

  #edit(items: readonly MediaItem[], patch: (item: MediaItem) => MediaItem | null): Change[] {
    return items.map((before) => ({ store: 'items', before, after: patch(before) }));
  }

  #pick(ids: Iterable<string>): MediaItem[] {
    const wanted = new Set(ids);
    return this.#items.filter((item) => wanted.has(item.id));
  }

  // ---- project and classes

  rename(name: string): Promise<void> {
    const before = this.#project;
    return this.#change(`Renamed project to ${name}`, [{ store: 'projects', before, after: { ...before, name } }]);
  }

  /** The class of that name (ignoring case and outer spaces), or null. */
  findClass(name: string): ClassLabel | null {
    const wanted = name.trim().toLowerCase();
    return this.#project.classes.find((label) => label.name.toLowerCase() === wanted) ?? null;
  }

  /** New classes for names that do not exist yet, without storing them. */
  planClasses(names: Iterable<string>): { project: Project; byName: Map<string, ClassLabel> } {
    let project = this.#project;
    const byName = new Map<string, ClassLabel>();
    for (const raw of names) {
      const name = raw.trim();
      const known = project.classes.find((label) => label.name.toLowerCase() === name.toLowerCase());
      const label = known ?? { id: newId(), name, color: project.nextColor };
      if (!known)
        project = { ...project, classes: [...project.classes, label], nextColor: (project.nextColor % 10) + 1 };
      byName.set(raw, label);
    }
    return { project, byName };
  }

  async addClass(name: string): Promise<ClassLabel> {
    const before = this.#project;
    const { project, byName } = this.planClasses([name]);
    const label = byName.get(name)!;
    if (project !== before)
      await this.#change(`Added class ${label.name}`, [{ store: 'projects', before, after: project }]);
    return label;
  }

  /** Renames a class; renaming to the name of another class merges the two. */
  async renameClass(classId: string, name: string): Promise<void> {
    const before = this.#project;
    const old = before.classes.find((label) => label.id === classId);
    const trimmed = name.trim();
    if (!old || trimmed === '' || trimmed === old.name) return;
    const other = this.findClass(trimmed);
    if (other && other.id !== classId) {
      const moved = this.#items.filter((item) => usesClass(item, classId));
      return this.#change(`Merged ${old.name} into ${other.name}`, [
        ...this.#edit(moved, (item) => ({
          ...item,
          classId: item.classId === classId ? other.id : item.classId,
          ...(item.image
            ? {
                image: {
                  ...item.image,
                  boxes: item.image.boxes.map((box) => (box.classId === classId ? { ...box, classId: other.id } : box)),
                },
              }
            : {}),
        })),
        {
          store: 'projects',
          before,
          after: { ...before, classes: before.classes.filter((label) => label.id !== classId) },
        },
      ]);
    }
    return this.#change(`Renamed ${old.name} to ${trimmed}`, [
      {
        store: 'projects',
        before,
        after: {
          ...before,
          classes: before.classes.map((label) => (label.id === classId ? { ...label, name: trimmed } : label)),
        },
      },
    ]);
  }

  /** Deletes a class with its clips, or with its boxes in pictures (one undo step). */
  removeClass(classId: string): Promise<void> {
    const before = this.#project;
    const label = before.classes.find((candidate) => candidate.id === classId);
    const gone = this.#items.filter((item) => usesClass(item, classId));
    const isPictures = before.kind === 'detection';
    const boxCount = gone.reduce((sum, { image }) => sum + boxesOf(image, classId).length, 0);
    const what = isPictures ? formatCount(boxCount, 'box', 'boxes') : formatCount(gone.length, 'clip');
    return this.#change(`Deleted class ${label?.name ?? ''}${gone.length ? ` with ${what}` : ''}`, [
      ...this.#edit(gone, (item) =>
        item.image
          ? { ...item, image: { ...item.image, boxes: item.image.boxes.filter((box) => box.classId !== classId) } }
          : null,
      ),
      {
        store: 'projects',
        before,
        after: { ...before, classes: before.classes.filter((candidate) => candidate.id !== classId) },
      },
    ]);
  }

  /** Moves a class up or down in the list. */
  moveClass(classId: string, by: -1 | 1): Promise<void> {
    const before = this.#project;
    const from = before.classes.findIndex((label) => label.id === classId);
    const to = from + by;
    if (from < 0 || to < 0 || to >= before.classes.length) return Promise.resolve();
    const classes = [...before.classes];
    classes.splice(to, 0, ...classes.splice(from, 1));
    return this.#change(`Moved class ${classes[to]!.name}`, [
      { store: 'projects', before, after: { ...before, classes } },
    ]);
  }

  // ---- clips

  relabel(ids: Iterable<string>, classId: string | null): Promise<void> {
    const items = this.#pick(ids).filter((item) => item.classId !== classId);
    const name = this.#project.classes.find((label) => label.id === classId)?.name ?? 'no class';
    return this.#change(
      `Relabelled ${formatCount(items.length, 'clip')} as ${name}`,
      // A background sound that gets a class becomes an example of it.
      this.#edit(items, (item) => ({
        ...item,
        classId,
        part: classId !== null && item.part === 'background' ? 'training' : item.part,
      })),
    );
  }

  #tell(count: number): string {
    return formatCount(count, this.#project.kind === 'detection' ? 'picture' : 'clip');
  }

  setPart(ids: Iterable<string>, part: ItemPart): Promise<void> {
    const items = this.#pick(ids).filter((item) => item.part !== part);
    return this.#change(
      `Moved ${this.#tell(items.length)} to ${part}`,
      this.#edit(items, (item) => ({ ...item, part })),
    );
  }

  /** Applies a split of many clips as one step. */
  applyParts(parts: ReadonlyMap<string, Part>): Promise<void> {
    const items = this.#items.filter((item) => (parts.get(item.id) ?? item.part) !== item.part);
    return this.#change(
      `Divided the ${this.#project.kind === 'detection' ? 'pictures' : 'clips'}`,
      this.#edit(items, (item) => ({ ...item, part: parts.get(item.id)! })),
    );
  }

  /**
   * Sets the boxes of a picture; it counts as annotated from then on.
   * @param group as of {@link commit}: small moves of one box are undone together.
   */
  async annotate(
    id: string,
    boxes: BoundingBox[],
    label: string,
    options: { isAnnotated?: boolean; group?: string; project?: Project } = {},
  ): Promise<void> {
    const [item] = this.#pick([id]);
    if (!item?.image) return;
    const { isAnnotated = true, group, project } = options;
    const changes: Change[] = this.#edit([item], () => ({ ...item, image: { ...item.image!, boxes, isAnnotated } }));
    if (project && project !== this.#project)
      changes.unshift({ store: 'projects', before: this.#project, after: project });
    await this.commit(label, changes, group ? { group } : {}).catch(this.#onError);
  }

  /** {@link annotate} for many pictures, one undo step. */
  async annotateAll(boxesById: ReadonlyMap<string, BoundingBox[]>, label: string, project?: Project): Promise<void> {
    const changes: Change[] = this.#edit(this.#pick(boxesById.keys()), (item) => ({
      ...item,
      ...(item.image ? { image: { ...item.image, boxes: boxesById.get(item.id)!, isAnnotated: true } } : {}),
    }));
    if (project && project !== this.#project)
      changes.unshift({ store: 'projects', before: this.#project, after: project });
    await this.#change(label, changes);
  }

  renameItem(id: string, name: string): Promise<void> {
    return this.#change(
      `Renamed clip to ${name}`,
      this.#edit(this.#pick([id]), (item) => ({ ...item, name })),
    );
  }

  remove(ids: Iterable<string>): Promise<void> {
    const items = this.#pick(ids);
    return this.#change(
      `Deleted ${this.#tell(items.length)}`,
      this.#edit(items, () => null),
    );
  }

  // ---- model sources

  async putSource(label: string, after: ModelSource): Promise<void> {
    const before = this.#sources.find((source) => source.id === after.id) ?? null;
    await this.#change(label, [{ store: 'sources', before, after }]);
  }

  removeSource(id: string): Promise<void> {
    const before = this.#sources.find((source) => source.id === id);
    return before
      ? this.#change(`Deleted ${before.name}`, [{ store: 'sources', before, after: null }])
      : Promise.resolve();
  }

  /** Progress of a run: memory only; the worker stores it. */
  noteSource(id: string, patch: Partial<ModelSource>): void {
    this.#sources = this.#sources.map((source) => (source.id === id ? { ...source, ...patch } : source));
  }

  /** Progress of a run, stored without an undo step. */
  async saveSource(id: string, patch: Partial<ModelSource>): Promise<void> {
    if (this.#isReadOnly) return;
    this.noteSource(id, patch);
    await this.#store.updateSource(id, patch);
  }
}
