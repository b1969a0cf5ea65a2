/**
 * An open project: its records in memory, every change written in one transaction, undo. Main thread. The database is the truth; memory
 * follows it at once so that the page feels immediate, and falls back to it when a write fails.
 */
import type { BoundingBox } from '../domain/boxes.ts';
import {
  countClasses,
  classIdOf,
  mergeClass,
  shownClassIds,
  withBoxes,
  withClass,
  withoutClass,
} from '../domain/label.ts';
import type { ClassLabel, ItemPart, MediaItem, ModelSource, Part, Project } from '../domain/project.ts';
import type { TaskKind } from '../domain/task.ts';
import { newId, nowMs } from '../kernel/clock.ts';
import { StudioError } from '../kernel/errors.ts';
import { formatCount, nameKey } from '../kernel/format.ts';
import type { Change } from './schema.ts';
import type { DatasetSlot } from './slot.ts';
import type { NewContent, Store } from './store.ts';

const usesClass = (item: MediaItem, classId: string) => shownClassIds(item).includes(classId);
const byAge = (a: MediaItem, b: MediaItem) => a.addedAtMs - b.addedAtMs || (a.path < b.path ? -1 : 1);

/** What the header shows. */
export type SaveState = 'saved' | 'saving' | 'failed';

/** A change that was applied to memory and is not stored yet. */
type Pending = { changes: readonly Change[] };

/** What a project needs from outside: `onError` shows a failed write; `slotOf` gives the words of a task. */
export type ProjectTools = {
  store: Store;
  onError: (error: unknown) => void;
  slotOf: (kind: TaskKind) => Pick<DatasetSlot, 'example' | 'shown'>;
};

/**
 * See the file header. Methods that change something as one step resolve to the name of that step once it is stored, so that a message can offer to take back
 * exactly this one; to null when it was not stored (the failure was shown) or there was nothing to change.
 */
export class ProjectSession {
  readonly id: string;
  readonly #store: Store;
  readonly #tools: ProjectTools;
  #isReadOnly = $state(false);
  #project = $state.raw<Project>(null as never);
  #items = $state.raw<MediaItem[]>([]);
  #sources = $state.raw<ModelSource[]>([]);
  #pendingCount = $state(0);
  #hasFailed = $state(false);
  #undoLabel = $state<string | null>(null);
  #redoLabel = $state<string | null>(null);
  #undoGroup: string | null = null;
  #queue: Promise<unknown> = Promise.resolve();
  #pending: Pending[] = [];
  /** Raised when a write failed: what was queued behind it was made on what never came to be. */
  #epoch = 0;
  #failure: unknown = null;

  private constructor(id: string, tools: ProjectTools) {
    this.id = id;
    this.#store = tools.store;
    this.#tools = tools;
  }

  /** @throws StudioError `dataset/not-found`. */
  static async open(id: string, tools: ProjectTools): Promise<ProjectSession> {
    const session = new ProjectSession(id, tools);
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
    for (const { changes } of this.#pending) this.#apply(changes, 'after');
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

  /** Resolves when everything that was changed up to now is stored, or has failed. */
  async settle(): Promise<void> {
    await this.#queue;
  }

  /** Follows the lock; on taking over, what the other tab wrote is read first. */
  async setReadOnly(isReadOnly: boolean): Promise<void> {
    if (!isReadOnly && this.#isReadOnly) await this.#load();
    this.#isReadOnly = isReadOnly;
  }

  /** `saved` only when everything is stored that memory shows. */
  get saveState(): SaveState {
    return this.#pendingCount > 0 ? 'saving' : this.#hasFailed ? 'failed' : 'saved';
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
      this.#items = added.length ? [...kept, ...added].sort(byAge) : kept;
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
   * @param group steps with the same group are undone together. @returns the group. @throws what the store throws; then memory is what the database is, and
   *   changes that were queued behind fail too, since they were made on this one.
   */
  async commit(
    label: string,
    changes: Change[],
    options: { group?: string; content?: NewContent } = {},
  ): Promise<string | null> {
    if (changes.length === 0) return null;
    if (this.#isReadOnly) throw new StudioError('dataset/read-only');
    const pending: Pending = { changes };
    const epoch = this.#epoch;
    const group = options.group ?? newId();
    this.#apply(changes, 'after');
    this.#setPending([...this.#pending, pending]);
    const write = this.#queue.then(() => {
      if (epoch !== this.#epoch) throw this.#failure;
      return this.#store.commit(this.id, label, group, changes, options.content);
    });
    this.#queue = write.catch(() => {});
    try {
      await write;
    } catch (error) {
      await this.#fallBack(epoch, error);
      throw error;
    }
    this.#setPending(this.#pending.filter((other) => other !== pending));
    this.#hasFailed = false;
    this.#undoLabel = label;
    this.#redoLabel = null;
    this.#undoGroup = group;
    return group;
  }

  #setPending(pending: Pending[]): void {
    this.#pending = pending;
    this.#pendingCount = pending.length;
  }

  /** After a failed write: memory goes back over everything that is not stored, newest first, and then reads the database. */
  async #fallBack(epoch: number, failure: unknown): Promise<void> {
    // The first failure takes back what is queued behind it; those only wait until that is done.
    if (epoch === this.#epoch) {
      this.#epoch++;
      this.#failure = failure;
      for (const { changes } of this.#pending.toReversed()) this.#apply([...changes].reverse(), 'before');
      this.#setPending([]);
      this.#hasFailed = true;
      this.#queue = this.#queue.then(() => this.#load()).catch(this.#tools.onError);
    }
    await this.#queue;
  }

  /** {@link commit} for a button: a failure is shown, not thrown. */
  async #change(label: string, changes: Change[], options: { group?: string } = {}): Promise<string | null> {
    try {
      return await this.commit(label, changes, options);
    } catch (error) {
      this.#tools.onError(error);
      return null;
    }
  }

  /** Names the newest step, so that a message can later take back exactly this one. */
  get undoGroup(): string | null {
    return this.#undoGroup;
  }

  /** Takes back the newest step. @param group only when it is this one. @returns its label; null when there is none, or another is newer. */
  async undo(group: string | null = null): Promise<string | null> {
    return this.#travel('before', group);
  }

  async redo(): Promise<string | null> {
    return this.#travel('after', null);
  }

  async #travel(side: 'before' | 'after', group: string | null): Promise<string | null> {
    if (this.#isReadOnly) throw new StudioError('dataset/read-only');
    const step = this.#queue.then(() =>
      side === 'before' ? this.#store.undo(this.id, group) : this.#store.redo(this.id),
    );
    this.#queue = step.catch(() => {});
    const done = await step;
    if (done) {
      this.#apply(done.changes, side);
      // What was changed meanwhile is written after this: memory shows it on top, as the database will.
      for (const { changes } of this.#pending) this.#apply(changes, 'after');
    }
    await this.#readHistory();
    return done?.label ?? null;
  }

  #edit(items: readonly MediaItem[], patch: (item: MediaItem) => MediaItem | null): Change[] {
    return items.map((before) => ({ store: 'items', before, after: patch(before) }));
  }

  #pick(ids: Iterable<string>): MediaItem[] {
    const wanted = new Set(ids);
    return this.#items.filter((item) => wanted.has(item.id));
  }

  // ---- project and classes

  rename(name: string): Promise<string | null> {
    const before = this.#project;
    return this.#change(`Renamed project to ${name}`, [{ store: 'projects', before, after: { ...before, name } }]);
  }

  /** The class of that name (ignoring case and outer spaces), or null. */
  findClass(name: string): ClassLabel | null {
    const wanted = nameKey(name);
    return this.#project.classes.find((label) => nameKey(label.name) === wanted) ?? null;
  }

  /** New classes for names that do not exist yet, without storing them. */
  planClasses(names: Iterable<string>): { project: Project; byName: Map<string, ClassLabel> } {
    let project = this.#project;
    const byName = new Map<string, ClassLabel>();
    for (const raw of names) {
      const name = raw.trim().normalize('NFC');
      const known = project.classes.find((label) => nameKey(label.name) === nameKey(name));
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
  async renameClass(classId: string, name: string): Promise<string | null> {
    const before = this.#project;
    const old = before.classes.find((label) => label.id === classId);
    const trimmed = name.trim();
    if (!old || trimmed === '' || trimmed === old.name) return null;
    const other = this.findClass(trimmed);
    if (other && other.id !== classId) {
      const moved = this.#items.filter((item) => usesClass(item, classId));
      return this.#change(`Merged ${old.name} into ${other.name}`, [
        ...this.#edit(moved, (item) => mergeClass(item, classId, other.id)),
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
  removeClass(classId: string): Promise<string | null> {
    const before = this.#project;
    const label = before.classes.find((candidate) => candidate.id === classId);
    const gone = this.#items.filter((item) => usesClass(item, classId));
    const what = formatCount(countClasses(gone).get(classId) ?? 0, ...this.#tools.slotOf(before.kind).shown);
    return this.#change(`Deleted class ${label?.name ?? ''}${gone.length ? ` with ${what}` : ''}`, [
      ...this.#edit(gone, (item) => withoutClass(item, classId)),
      {
        store: 'projects',
        before,
        after: { ...before, classes: before.classes.filter((candidate) => candidate.id !== classId) },
      },
    ]);
  }

  /** Moves a class up or down in the list. */
  moveClass(classId: string, by: -1 | 1): Promise<string | null> {
    const before = this.#project;
    const from = before.classes.findIndex((label) => label.id === classId);
    const to = from + by;
    if (from < 0 || to < 0 || to >= before.classes.length) return Promise.resolve(null);
    const classes = [...before.classes];
    classes.splice(to, 0, ...classes.splice(from, 1));
    return this.#change(`Moved class ${classes[to]!.name}`, [
      { store: 'projects', before, after: { ...before, classes } },
    ]);
  }

  // ---- clips

  relabel(ids: Iterable<string>, classId: string | null): Promise<string | null> {
    const items = this.#pick(ids).filter((item) => classIdOf(item) !== classId);
    const name = this.#project.classes.find((label) => label.id === classId)?.name ?? 'no class';
    return this.#change(
      `Relabelled ${this.#tell(items.length)} as ${name}`,
      // A background sound that gets a class becomes an example of it.
      this.#edit(items, (item) => ({
        ...withClass(item, classId),
        part: classId !== null && item.part === 'background' ? 'training' : item.part,
      })),
    );
  }

  #tell(count: number): string {
    return formatCount(count, ...this.#tools.slotOf(this.#project.kind).example);
  }

  setPart(ids: Iterable<string>, part: ItemPart): Promise<string | null> {
    const items = this.#pick(ids).filter((item) => item.part !== part);
    return this.#change(
      `Moved ${this.#tell(items.length)} to ${part}`,
      this.#edit(items, (item) => ({ ...item, part })),
    );
  }

  /** Applies a split of many examples as one step. */
  applyParts(parts: ReadonlyMap<string, Part>): Promise<string | null> {
    const items = this.#items.filter((item) => (parts.get(item.id) ?? item.part) !== item.part);
    return this.#change(
      `Divided the ${this.#tools.slotOf(this.#project.kind).example[1]}`,
      this.#edit(items, (item) => ({ ...item, part: parts.get(item.id)! })),
    );
  }

  /**
   * Sets the boxes of a picture; it counts as done from then on.
   * @param group as of {@link commit}: small moves of one box are undone together.
   */
  annotate(
    id: string,
    boxes: BoundingBox[],
    label: string,
    options: { isDone?: boolean; group?: string; project?: Project } = {},
  ): Promise<string | null> {
    const { isDone = true, group, project } = options;
    return this.#change(
      label,
      [...this.#projectChange(project), ...this.#edit(this.#pick([id]), (item) => withBoxes(item, boxes, isDone))],
      group ? { group } : {},
    );
  }

  /** {@link annotate} for many pictures, one undo step. */
  annotateAll(boxesById: ReadonlyMap<string, BoundingBox[]>, label: string, project?: Project): Promise<string | null> {
    return this.#change(label, [
      ...this.#projectChange(project),
      ...this.#edit(this.#pick(boxesById.keys()), (item) => withBoxes(item, boxesById.get(item.id)!)),
    ]);
  }

  /** Classes that come with other changes. */
  #projectChange(after: Project | undefined): Change[] {
    return after && after !== this.#project ? [{ store: 'projects', before: this.#project, after }] : [];
  }

  renameItem(id: string, name: string): Promise<string | null> {
    return this.#change(
      `Renamed clip to ${name}`,
      this.#edit(this.#pick([id]), (item) => ({ ...item, name })),
    );
  }

  remove(ids: Iterable<string>): Promise<string | null> {
    const items = this.#pick(ids);
    return this.#change(
      `Deleted ${this.#tell(items.length)}`,
      this.#edit(items, () => null),
    );
  }

  // ---- model sources

  putSource(label: string, after: ModelSource): Promise<string | null> {
    const before = this.#sources.find((source) => source.id === after.id) ?? null;
    return this.#change(label, [{ store: 'sources', before, after }]);
  }

  removeSource(id: string): Promise<string | null> {
    const before = this.#sources.find((source) => source.id === id);
    return before
      ? this.#change(`Deleted ${before.name}`, [{ store: 'sources', before, after: null }])
      : Promise.resolve(null);
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
