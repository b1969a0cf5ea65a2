/**
 * Reading and writing the database. Any thread. Writes that belong together share one transaction; a full disk becomes
 * `dataset/quota-exceeded` and leaves everything as it was.
 */
import type { SmallPicture } from '../domain/media.ts';
import type { MediaItem, ModelSource, Project } from '../domain/project.ts';
import type { Report } from '../domain/report.ts';
import { newId } from '../kernel/clock.ts';
import { StudioError } from '../kernel/errors.ts';
import type { IDBPTransaction, StoreNames } from 'idb';
import { fileHashOf, stretchOfHash, type Stretch } from '../domain/stretch.ts';
import { openDatabase } from './schema.ts';
import type {
  Change,
  HistoryStep,
  StoredBlob,
  StoredFeatures,
  StoredPicture,
  StoredWeights,
  StudioDatabase,
  StudioSchema,
} from './schema.ts';

/** Undo steps kept per project. */
export const HISTORY_DEPTH = 100;

/** Everything of one project that is held in memory: light records only. */
export type ProjectRecords = { project: Project; items: MediaItem[]; sources: ModelSource[] };

/** Everything of one project but its undo history and caches. */
export type WholeProject = ProjectRecords & {
  reports: Report[];
  weights: StoredWeights[];
  blobs: StoredBlob[];
  pictures: StoredPicture[];
};

/** The same project under new ids, for a copy beside the original. Class ids stay: they mean nothing outside their project. */
export function withNewIds(whole: WholeProject, name: string): WholeProject {
  const ids = new Map<string, string>();
  const fresh = (id: string) => {
    if (!ids.has(id)) ids.set(id, newId());
    return ids.get(id)!;
  };
  const projectId = fresh(whole.project.id);
  return {
    ...whole,
    project: { ...whole.project, id: projectId, name },
    items: whole.items.map((item) => ({ ...item, id: fresh(item.id), projectId })),
    sources: whole.sources.map((source) => ({
      ...source,
      id: fresh(source.id),
      projectId,
      data: source.data && {
        ...source.data,
        training: source.data.training.map(fresh),
        validation: source.data.validation.map(fresh),
        ...(source.data.background ? { background: source.data.background.map(fresh) } : {}),
      },
    })),
    weights: whole.weights.map((entry) => ({ ...entry, sourceId: fresh(entry.sourceId) })),
    reports: whole.reports.map((report): Report => {
      const withIds = <T extends { itemId: string }>(list: T[]) =>
        list.map((item) => ({ ...item, itemId: fresh(item.itemId) }));
      const sourceId = fresh(report.sourceId);
      return report.kind === 'boxes'
        ? { ...report, sourceId, pictures: withIds(report.pictures) }
        : { ...report, sourceId, items: withIds(report.items) };
    }),
  };
}

/** What a commit adds beside its changes: content that must exist before the records that name it. */
export type NewContent = { blobs?: StoredBlob[]; pictures?: StoredPicture[] };

const projectRange = (projectId: string) => IDBKeyRange.bound([projectId, -Infinity], [projectId, Infinity]);
/** All compound keys that start with `first`: arrays sort after numbers and strings. */
const prefixRange = (first: string) => IDBKeyRange.bound([first], [first, []]);

function asStorageError(error: unknown): unknown {
  if (!(error instanceof DOMException || error instanceof Error)) return error;
  if (error.name === 'QuotaExceededError') return new StudioError('dataset/quota-exceeded', { cause: error });
  // Private windows of WebKit take records and refuse files (bug 156347).
  if (/preparing Blob\/File/.test(error.message)) return new StudioError('dataset/no-files', { cause: error });
  // A transaction that the browser ended says AbortError: that is no person who cancelled.
  return /^(Abort|Unknown|InvalidState|Timeout)Error$/.test(error.name)
    ? new StudioError('dataset/write-failed', { details: { reason: error.message }, cause: error })
    : error;
}

type Transaction<Names extends StoreNames<StudioSchema>[]> = IDBPTransaction<StudioSchema, Names, 'readwrite'>;
/** Takes a request that is not waited for. */
type Later = (request: Promise<unknown>) => void;

/**
 * A change of a model source as it may be undone or redone: what training wrote since is never lost. A source that was trained keeps
 * its settings; a source that goes and comes back does so with its curve, log and scores.
 */
function keepTraining(
  change: Change & { store: 'sources' },
  current: ModelSource | null,
  side: 'before' | 'after',
): Change & { store: 'sources' } {
  const target = change[side];
  if (!current) return change;
  if (!target) {
    // It goes: remember it as it is now. While it trains it stays.
    const other =
      current.status === 'training'
        ? { before: current, after: current }
        : { [side === 'before' ? 'after' : 'before']: current };
    return { ...change, ...other };
  }
  const merged =
    current.status === 'untrained' || current.status === 'failed'
      ? { ...current, settings: target.settings, name: target.name }
      : { ...current, name: target.name };
  return { ...change, [side]: merged };
}

/** What stretches of sounds are when they are files. */
const STRETCH_TYPE = 'audio/wav';

/** How a thread makes what stretches of sounds have no record of. @throws StudioError `media/…`. */
export type StretchTools = {
  /** As a file of its own. */
  cut: (file: Blob, stretch: Stretch) => Promise<Blob>;
  /** Its small picture; only where pictures are shown. */
  draw?: (file: Blob, stretch: Stretch) => Promise<SmallPicture>;
};

/** The store: one object per thread around one connection. */
export class Store {
  readonly #db: StudioDatabase;
  readonly #stretches: StretchTools | null;
  readonly #drawing = new Map<string, Promise<StoredPicture | null>>();

  constructor(db: StudioDatabase, stretches: StretchTools | null = null) {
    this.#db = db;
    this.#stretches = stretches;
  }

  /** Opens the product's database. @param stretches without them stretches of sounds have no content here. @throws as {@link openDatabase}. */
  static async open(name?: string, onClosed?: () => void, stretches: StretchTools | null = null): Promise<Store> {
    return new Store(await openDatabase(name, onClosed), stretches);
  }

  close(): void {
    this.#db.close();
  }

  /**
   * One transaction, whole or not at all. @param durability strict: on disk before it is answered, as what a person made has to be.
   * @param work makes the requests; those it does not wait for go through `later`.
   * @throws StudioError `dataset/quota-exceeded`, `dataset/no-files`, `dataset/write-failed` by the first cause; whatever `work` throws.
   */
  async #transact<Names extends StoreNames<StudioSchema>[], T>(
    names: [...Names],
    durability: 'strict' | 'relaxed',
    work: (tx: Transaction<Names>, later: Later) => Promise<T>,
  ): Promise<T> {
    const begin = () => this.#db.transaction(names as Names, 'readwrite', { durability });
    let tx: ReturnType<typeof begin>;
    try {
      tx = begin();
    } catch (error) {
      throw asStorageError(error);
    }
    const done = tx.done;
    done.catch(() => {});
    // The first cause: once a request failed, everything after it only says that the transaction was aborted.
    let cause: unknown;
    const later: Later = (request) => void request.catch((error: unknown) => (cause ??= error));
    try {
      const value = await work(tx as Transaction<Names>, later);
      await done;
      return value;
    } catch (error) {
      try {
        tx.abort();
      } catch {
        // It has ended.
      }
      await done.catch(() => {});
      const isAborted = cause === undefined || (cause instanceof Error && cause.name === 'AbortError');
      throw asStorageError(tx.error ?? (isAborted ? error : cause));
    }
  }

  // ---- projects

  listProjects(): Promise<Project[]> {
    return this.#db.getAll('projects');
  }

  /** @throws StudioError `dataset/not-found`. */
  async loadProject(id: string): Promise<ProjectRecords> {
    const tx = this.#db.transaction(['projects', 'items', 'sources']);
    const [project, items, sources] = await Promise.all([
      tx.objectStore('projects').get(id),
      tx.objectStore('items').index('byProject').getAll(id),
      tx.objectStore('sources').index('byProject').getAll(id),
    ]);
    if (!project) throw new StudioError('dataset/not-found', { details: { id } });
    items.sort((a, b) => a.addedAtMs - b.addedAtMs || (a.path < b.path ? -1 : 1));
    sources.sort((a, b) => a.createdAtMs - b.createdAtMs);
    return { project, items, sources };
  }

  listSources(projectId: string): Promise<ModelSource[]> {
    return this.#db.getAllFromIndex('sources', 'byProject', projectId);
  }

  listItems(projectId: string): Promise<MediaItem[]> {
    return this.#db.getAllFromIndex('items', 'byProject', projectId);
  }

  /** What the list of projects says of one: its items are read once, and not kept. `first` is the content of its first example. */
  async summarise(projectId: string): Promise<{ count: number; bytes: number; first: string | null }> {
    const items = await this.listItems(projectId);
    return {
      count: items.length,
      bytes: items.reduce((sum, item) => sum + item.bytes, 0),
      first: items[0]?.hash ?? null,
    };
  }

  /**
   * Applies changes and remembers them for undo, in one transaction. Undone steps after this point are forgotten.
   * @param group entries with the same group are undone together (one import in many batches).
   * @throws StudioError `dataset/quota-exceeded`; then nothing of the commit is stored.
   */
  async commit(
    projectId: string,
    label: string,
    group: string,
    changes: Change[],
    content: NewContent = {},
  ): Promise<void> {
    const stores = ['projects', 'items', 'sources', 'blobs', 'pictures', 'steps', 'history'] as const;
    await this.#transact([...stores], 'strict', async (tx, later) => {
      for (const blob of content.blobs ?? []) later(tx.objectStore('blobs').put(blob));
      for (const picture of content.pictures ?? []) later(tx.objectStore('pictures').put(picture));
      for (const change of changes) this.#write(tx, change, 'after', later);
      const history = tx.objectStore('history');
      const steps = tx.objectStore('steps');
      const known = await steps.getAll(projectRange(projectId));
      const forget = ({ seq }: HistoryStep) => {
        later(history.delete([projectId, seq]));
        later(steps.delete([projectId, seq]));
      };
      for (const step of known) if (step.isUndone) forget(step);
      const kept = known.filter((step) => !step.isUndone);
      const groups = [...new Set(kept.map((step) => step.group))].filter((name) => name !== group);
      const forgotten = new Set(groups.slice(0, Math.max(0, groups.length - (HISTORY_DEPTH - 1))));
      for (const step of kept) if (forgotten.has(step.group)) forget(step);
      const seq = (known.at(-1)?.seq ?? 0) + 1;
      later(history.put({ projectId, seq, changes }));
      later(steps.put({ projectId, seq, group, label, isUndone: false }));
    });
  }

  #write(tx: { objectStore(name: never): unknown }, change: Change, side: 'before' | 'after', later: Later): void {
    const store = tx.objectStore(change.store as never) as {
      put(value: unknown): Promise<unknown>;
      delete(key: string): Promise<unknown>;
    };
    const value = change[side];
    const other = change[side === 'after' ? 'before' : 'after'];
    if (value) later(store.put(value));
    else if (other) later(store.delete(other.id));
  }

  /** Writes records without an undo step: progress of training, the time of opening. */
  async putQuietly(records: { project?: Project; source?: ModelSource; items?: MediaItem[] }): Promise<void> {
    await this.#transact(['projects', 'sources', 'items'], 'relaxed', async (tx, later) => {
      if (records.project) later(tx.objectStore('projects').put(records.project));
      if (records.source) later(tx.objectStore('sources').put(records.source));
      for (const item of records.items ?? []) later(tx.objectStore('items').put(item));
    });
  }

  /**
   * Stores a whole project in one transaction: a copy or an archive.
   * @throws StudioError `dataset/quota-exceeded`; then nothing of it is stored.
   */
  async addProject(whole: WholeProject): Promise<void> {
    const stores = ['projects', 'items', 'sources', 'blobs', 'pictures', 'weights', 'reports'] as const;
    await this.#transact([...stores], 'strict', async (tx, later) => {
      // In this transaction: a collection of garbage before it may have removed a file, one after it sees the new items. A file that is there already has the
      // same content, since its key is its hash.
      const blobs = tx.objectStore('blobs');
      const pictures = new Map(whole.pictures.map((picture) => [picture.hash, picture]));
      for (const blob of whole.blobs) {
        if ((await blobs.getKey(blob.hash)) !== undefined) continue;
        later(blobs.put(blob));
        const picture = pictures.get(blob.hash);
        if (picture) later(tx.objectStore('pictures').put(picture));
      }
      for (const picture of whole.pictures)
        if (stretchOfHash(picture.hash)) later(tx.objectStore('pictures').put(picture));
      for (const weights of whole.weights) later(tx.objectStore('weights').put(weights));
      for (const report of whole.reports) later(tx.objectStore('reports').put(report));
      for (const item of whole.items) later(tx.objectStore('items').put(item));
      for (const source of whole.sources) later(tx.objectStore('sources').put(source));
      later(tx.objectStore('projects').put(whole.project));
    });
  }

  /** Copies a project with its runs under new ids; the files are shared. @returns the copy. */
  async duplicateProject(id: string, name: string): Promise<Project> {
    const records = await this.loadProject(id);
    const weights: StoredWeights[] = [];
    const reports: Report[] = [];
    for (const source of records.sources) {
      weights.push(...(await this.#db.getAll('weights', prefixRange(source.id))));
      reports.push(...(await this.loadReports(source.id)));
    }
    const copy = withNewIds({ ...records, weights, reports, blobs: [], pictures: [] }, name);
    // A run that is on goes on in the original only.
    copy.sources = copy.sources.map((source) =>
      source.status === 'training' ? { ...source, status: source.iteration > 0 ? 'paused' : 'untrained' } : source,
    );
    await this.addProject(copy);
    return copy.project;
  }

  /** Whether any record of this project is stored under the same id: then it can only come in as a copy. */
  async hasAnyOf({ project, items, sources }: ProjectRecords): Promise<boolean> {
    const tx = this.#db.transaction(['projects', 'items', 'sources']);
    const keys = await Promise.all([
      tx.objectStore('projects').getKey(project.id),
      ...items.map((item) => tx.objectStore('items').getKey(item.id)),
      ...sources.map((source) => tx.objectStore('sources').getKey(source.id)),
    ]);
    return keys.some((key) => key !== undefined);
  }

  // ---- undo

  /** Labels of the next undo and redo step; null when there is none. */
  async historyState(
    projectId: string,
  ): Promise<{ undo: string | null; redo: string | null; group: string | null; depth: number }> {
    const steps = await this.#db.getAll('steps', projectRange(projectId));
    const past = steps.filter((step) => !step.isUndone);
    return {
      undo: past.at(-1)?.label ?? null,
      group: past.at(-1)?.group ?? null,
      redo: steps.find((step) => step.isUndone)?.label ?? null,
      depth: new Set(past.map((step) => step.group)).size,
    };
  }

  /**
   * Takes back the newest step. @param group only when it is the newest. @returns the changes to apply in memory (read `before`), newest first; null when
   * there is none, or another is newer.
   */
  undo(projectId: string, group: string | null = null): Promise<{ label: string; changes: Change[] } | null> {
    return this.#travel(projectId, 'before', group);
  }

  /** Repeats the step undone last. @returns the changes to apply in memory (read `after`). */
  redo(projectId: string): Promise<{ label: string; changes: Change[] } | null> {
    return this.#travel(projectId, 'after', null);
  }

  async #travel(
    projectId: string,
    side: 'before' | 'after',
    wanted: string | null,
  ): Promise<{ label: string; changes: Change[] } | null> {
    return this.#transact(['projects', 'items', 'sources', 'steps', 'history'], 'strict', async (tx, later) => {
      const steps = tx.objectStore('steps');
      const history = tx.objectStore('history');
      const known = await steps.getAll(projectRange(projectId));
      const anchor = side === 'before' ? known.findLast((step) => !step.isUndone) : known.find((step) => step.isUndone);
      if (!anchor || (wanted !== null && anchor.group !== wanted)) return null;
      const group = known.filter((step) => step.group === anchor.group && step.isUndone === anchor.isUndone);
      if (side === 'before') group.reverse();
      const changes: Change[] = [];
      for (const step of group) {
        const kept: Change[] = [];
        const own = (await history.get([projectId, step.seq]))?.changes ?? [];
        for (const change of side === 'before' ? [...own].reverse() : own) {
          const current =
            change.store === 'sources'
              ? ((await tx.objectStore('sources').get((change.before ?? change.after)!.id)) ?? null)
              : null;
          const effective = change.store === 'sources' ? keepTraining(change, current, side) : change;
          kept.push(effective);
          changes.push(effective);
          this.#write(tx, effective, side, later);
        }
        if (side === 'before') kept.reverse();
        later(history.put({ projectId, seq: step.seq, changes: kept }));
        later(steps.put({ ...step, isUndone: side === 'before' }));
      }
      return { label: anchor.label, changes };
    });
  }

  // ---- content

  /** The file of an identity; of a stretch what is cut out of its file now. */
  async loadBlob(hash: string): Promise<Blob | null> {
    const stretch = stretchOfHash(hash);
    if (!stretch) return (await this.#db.get('blobs', hash))?.blob ?? null;
    const file = await this.loadBlob(stretch.fileHash);
    return file && this.#stretches ? this.#stretches.cut(file, stretch) : null;
  }

  /** MIME type of what {@link loadBlob} gives, without cutting anything; null when there is no such file. */
  async loadType(hash: string): Promise<string | null> {
    const type = (await this.#db.get('blobs', fileHashOf(hash)))?.blob.type ?? null;
    return type !== null && stretchOfHash(hash) ? STRETCH_TYPE : type;
  }

  async loadPictures(hashes: string[]): Promise<Map<string, StoredPicture>> {
    const tx = this.#db.transaction('pictures');
    const found = await Promise.all(hashes.map((hash) => tx.store.get(hash)));
    const pictures = new Map(found.flatMap((picture) => (picture ? [[picture.hash, picture]] : [])));
    const missing = [...new Set(hashes)].filter((hash) => !pictures.has(hash) && stretchOfHash(hash));
    for (const drawn of await Promise.all(missing.map((hash) => this.#draw(hash))))
      if (drawn) pictures.set(drawn.hash, drawn);
    return pictures;
  }

  /** The picture of a stretch, drawn once however often it is asked for meanwhile; null where it cannot be drawn: the others are shown all the same. */
  #draw(hash: string): Promise<StoredPicture | null> {
    const known = this.#drawing.get(hash);
    if (known) return known;
    const drawing = this.#drawStretch(hash)
      .catch(() => null)
      .finally(() => this.#drawing.delete(hash));
    this.#drawing.set(hash, drawing);
    return drawing;
  }

  /** The picture of a stretch, drawn when it is first looked at, and kept. */
  async #drawStretch(hash: string): Promise<StoredPicture | null> {
    const stretch = stretchOfHash(hash);
    const file = stretch && this.#stretches?.draw ? await this.loadBlob(stretch.fileHash) : null;
    if (!stretch || !file) return null;
    const picture = { hash, ...(await this.#stretches!.draw!(file, stretch)) };
    // It is drawn again where there is no room.
    await this.#transact(['pictures'], 'relaxed', (tx) => tx.objectStore('pictures').put(picture)).catch(() => {});
    return picture;
  }

  /** Which of `hashes` have no cached features of `extractor`. */
  async missingFeatures(hashes: string[], extractor: string): Promise<string[]> {
    const tx = this.#db.transaction('features');
    const keys = await Promise.all(hashes.map((hash) => tx.store.getKey([hash, extractor])));
    return hashes.filter((_, i) => keys[i] === undefined);
  }

  /** @returns bytes for extractors that store bytes. */
  async loadFeatures<Values extends Float32Array | Uint8Array = Float32Array>(
    hash: string,
    extractor: string,
  ): Promise<StoredFeatures<Values> | null> {
    return ((await this.#db.get('features', [hash, extractor])) as StoredFeatures<Values> | undefined) ?? null;
  }

  async saveFeatures(features: StoredFeatures): Promise<void> {
    await this.#transact(['features'], 'relaxed', (tx) => tx.objectStore('features').put(features));
  }

  // ---- pretrained networks

  async hasNetworkFile(sha256: string): Promise<boolean> {
    return (await this.#db.getKey('networks', sha256)) !== undefined;
  }

  async loadNetworkFile(sha256: string): Promise<Blob | null> {
    return (await this.#db.get('networks', sha256))?.blob ?? null;
  }

  async saveNetworkFile(sha256: string, blob: Blob): Promise<void> {
    await this.#transact(['networks'], 'relaxed', (tx) => tx.objectStore('networks').put({ sha256, blob }));
  }

  async removeNetworkFile(sha256: string): Promise<void> {
    await this.#transact(['networks'], 'relaxed', (tx) => tx.objectStore('networks').delete(sha256));
  }

  // ---- models

  /**
   * Merges `patch` into a source record and stores weights with it, in one transaction. Merging (not replacing) lets a name be
   * changed on the page while a worker trains. @param isFinal on disk before it is answered: the end of a run; checkpoints are made again. @returns the record as stored; null when the source was deleted meanwhile.
   */
  async updateSource(
    sourceId: string,
    patch: Partial<ModelSource>,
    weights: StoredWeights[] = [],
    isFinal = false,
  ): Promise<ModelSource | null> {
    return this.#transact(['weights', 'sources'], isFinal ? 'strict' : 'relaxed', async (tx, later) => {
      const record = await tx.objectStore('sources').get(sourceId);
      if (!record) return null;
      const merged = { ...record, ...patch };
      later(tx.objectStore('sources').put(merged));
      for (const entry of weights) later(tx.objectStore('weights').put(entry));
      return merged;
    });
  }

  async loadWeights(sourceId: string, kind: string): Promise<StoredWeights | null> {
    return (await this.#db.get('weights', [sourceId, kind])) ?? null;
  }

  /** Kinds of weights stored for a source. */
  async listWeightKinds(sourceId: string): Promise<string[]> {
    return (await this.#db.getAllKeys('weights', prefixRange(sourceId))).map(([, kind]) => kind);
  }

  async saveReport(report: Report): Promise<void> {
    await this.#transact(['reports'], 'relaxed', (tx) => tx.objectStore('reports').put(report));
  }

  async loadReports(sourceId: string): Promise<Report[]> {
    return this.#db.getAll('reports', prefixRange(sourceId));
  }

  // ---- preferences

  async loadPreference<T>(key: string): Promise<T | null> {
    return ((await this.#db.get('preferences', key)) as T | undefined) ?? null;
  }

  async savePreference(key: string, value: unknown): Promise<void> {
    await this.#transact(['preferences'], 'relaxed', (tx) => tx.objectStore('preferences').put(value, key));
  }

  // ---- cleaning up

  /** Deletes a project with all that belongs only to it. */
  async deleteProject(projectId: string): Promise<void> {
    const stores = ['projects', 'items', 'sources', 'weights', 'reports', 'steps', 'history'] as const;
    await this.#transact([...stores], 'strict', async (tx, later) => {
      const items = await tx.objectStore('items').index('byProject').getAllKeys(projectId);
      const sources = await tx.objectStore('sources').index('byProject').getAllKeys(projectId);
      for (const key of items) later(tx.objectStore('items').delete(key));
      for (const key of sources) {
        later(tx.objectStore('sources').delete(key));
        later(tx.objectStore('weights').delete(prefixRange(key)));
        later(tx.objectStore('reports').delete(prefixRange(key)));
      }
      later(tx.objectStore('history').delete(projectRange(projectId)));
      later(tx.objectStore('steps').delete(projectRange(projectId)));
      later(tx.objectStore('projects').delete(projectId));
    });
    // Its files go now or when a project is opened next.
    await this.collectGarbage().catch(() => 0);
  }

  /**
   * Closes the undo window of deletions: forgets steps up to the newest one that removed clips, so that their files can go.
   * Called when a project is opened (its last session is over).
   */
  async sealDeletions(projectId: string): Promise<void> {
    await this.#transact(['steps', 'history'], 'relaxed', async (tx, later) => {
      const steps = await tx.objectStore('steps').getAll(projectRange(projectId));
      const lacking = async (list: readonly HistoryStep[], side: 'before' | 'after'): Promise<boolean[]> => {
        const found: boolean[] = [];
        for (const { seq } of list) {
          const changes = (await tx.objectStore('history').get([projectId, seq]))?.changes ?? [];
          found.push(changes.some((change) => change.store === 'items' && change[side] === null));
        }
        return found;
      };
      const past = steps.filter((step) => !step.isUndone);
      const undone = steps.filter((step) => step.isUndone);
      // What was deleted can no longer come back, nor what came before it; an undone import can no longer be redone, nor what came after.
      const firstGone = (await lacking(undone, 'before')).indexOf(true);
      const gone = [
        ...past.slice(0, (await lacking(past, 'after')).lastIndexOf(true) + 1),
        ...(firstGone < 0 ? [] : undone.slice(firstGone)),
      ];
      for (const { seq } of gone) {
        later(tx.objectStore('steps').delete([projectId, seq]));
        later(tx.objectStore('history').delete([projectId, seq]));
      }
    });
  }

  /** Removes files, pictures and features that no clip, and weights and reports that no model source has, here or in an undo step. @returns how many files went. */
  async collectGarbage(): Promise<number> {
    const stores = ['items', 'sources', 'history', 'blobs', 'pictures', 'features', 'weights', 'reports'] as const;
    return this.#transact([...stores], 'relaxed', async (tx, later) => {
      const used = new Set<string>();
      const use = (hash: string) => used.add(hash).add(fileHashOf(hash));
      const sources = new Set(await tx.objectStore('sources').getAllKeys());
      // A plain cursor: one of unique keys throws on an empty index in WebKit (bug 319640).
      for (
        let cursor = await tx.objectStore('items').index('byHash').openKeyCursor();
        cursor;
        cursor = await cursor.continue()
      ) {
        use(String(cursor.key));
      }
      for (let cursor = await tx.objectStore('history').openCursor(); cursor; cursor = await cursor.continue()) {
        for (const change of cursor.value.changes) {
          for (const record of [change.before, change.after]) {
            if (change.store === 'items' && record) use((record as MediaItem).hash);
            if (change.store === 'sources' && record) sources.add(record.id);
          }
        }
      }
      for (const name of ['weights', 'reports'] as const) {
        const store = tx.objectStore(name);
        const gone = new Set((await store.getAllKeys()).map(([id]) => id).filter((id) => !sources.has(id)));
        for (const id of gone) later(store.delete(prefixRange(id)));
      }
      const isGone = (hash: string) => !used.has(hash);
      const files = (await tx.objectStore('blobs').getAllKeys()).filter(isGone);
      const made = [
        ...(await tx.objectStore('pictures').getAllKeys()),
        ...(await tx.objectStore('features').getAllKeys()).map(([hash]) => hash),
      ];
      const stretches = new Set(made.filter((hash) => stretchOfHash(hash) && isGone(hash)));
      for (const hash of files) later(tx.objectStore('blobs').delete(hash));
      for (const hash of [...files, ...stretches]) {
        later(tx.objectStore('pictures').delete(hash));
        later(tx.objectStore('features').delete(prefixRange(hash)));
      }
      return files.length;
    });
  }
}
