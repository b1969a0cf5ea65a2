/** The IndexedDB schema and its migration ladder. Any thread. */
import { openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction, type StoreNames } from 'idb';
import type { SmallPicture } from '../domain/media.ts';
import type { ModelArtifact } from '../domain/model.ts';
import type { MediaItem, ModelSource, Part, Project } from '../domain/project.ts';
import type { Report } from '../domain/report.ts';
import { StudioError } from '../kernel/errors.ts';
import { upgradeChange, upgradeItem, upgradeReport, upgradeSource } from '../domain/task-upgrade.ts';

/** A stored file, keyed by its content. Safari without Blob support in storage gets `bytes` + `type` instead. */
export type StoredBlob = { hash: string; blob: Blob };

/** Small pictures of a clip, keyed by content. */
export type StoredPicture = { hash: string } & SmallPicture;

/** A file of a pretrained network, keyed by its SHA-256 in hex. */
export type StoredNetworkFile = { sha256: string; blob: Blob };

/** Cached features, keyed by content + extractor id, version and parameters (`extractor`). */
export type StoredFeatures<Values extends Float32Array | Uint8Array = Float32Array | Uint8Array> = {
  hash: string;
  extractor: string;
  shape: number[];
  values: Values;
};

/** Weights of a model: kept best, checkpoint or snapshot. `kind` is 'best', 'checkpoint' or 'snapshot-{iteration}'. */
export type StoredWeights = {
  sourceId: string;
  kind: string;
  model: ModelArtifact;
  /** Optimiser state and counters of a checkpoint, by name; the room training owns its meaning. */
  state: Record<string, Float32Array | number> | null;
};

/** Stores that take part in undo. */
export type UndoableStore = 'projects' | 'items' | 'sources';

/** One record before and after a change; null = absent. */
export type Change =
  | { store: 'projects'; before: Project | null; after: Project | null }
  | { store: 'items'; before: MediaItem | null; after: MediaItem | null }
  | { store: 'sources'; before: ModelSource | null; after: ModelSource | null };

/** One undo step or a piece of one, without its changes: entries with the same `group` are undone together. */
export type HistoryStep = { projectId: string; seq: number; group: string; label: string; isUndone: boolean };

/** The changes of a step; apart from it, because the steps are read at every edit and these only when one is taken back. */
export type HistoryChanges = { projectId: string; seq: number; changes: Change[] };

/** The database. */
export interface StudioSchema extends DBSchema {
  projects: { key: string; value: Project };
  items: { key: string; value: MediaItem; indexes: { byProject: string; byHash: string } };
  sources: { key: string; value: ModelSource; indexes: { byProject: string } };
  blobs: { key: string; value: StoredBlob };
  pictures: { key: string; value: StoredPicture };
  features: { key: [string, string]; value: StoredFeatures };
  weights: { key: [string, string]; value: StoredWeights };
  reports: { key: [string, Part]; value: Report };
  steps: { key: [string, number]; value: HistoryStep };
  history: { key: [string, number]; value: HistoryChanges };
  preferences: { key: string; value: unknown };
  networks: { key: string; value: StoredNetworkFile };
}

/** An open database. */
export type StudioDatabase = IDBPDatabase<StudioSchema>;

type UpgradeTransaction = IDBPTransaction<StudioSchema, StoreNames<StudioSchema>[], 'versionchange'>;
type Upgrade = (db: StudioDatabase, tx: UpgradeTransaction) => void | Promise<void>;

/** Rewrites every record of a store, one in memory at a time. */
async function rewrite<Name extends 'items' | 'sources' | 'reports' | 'history'>(
  tx: UpgradeTransaction,
  name: Name,
  next: (record: StudioSchema[Name]['value']) => StudioSchema[Name]['value'],
): Promise<void> {
  for (let cursor = await tx.objectStore(name).openCursor(); cursor; cursor = await cursor.continue())
    await cursor.update(next(cursor.value as StudioSchema[Name]['value']));
}

/**
 * Step n brings version n to n + 1. Never reuse, reorder or edit a step that was released; add one.
 */
const MIGRATIONS: Upgrade[] = [
  (db) => {
    db.createObjectStore('projects', { keyPath: 'id' });
    const items = db.createObjectStore('items', { keyPath: 'id' });
    items.createIndex('byProject', 'projectId');
    items.createIndex('byHash', 'hash');
    db.createObjectStore('sources', { keyPath: 'id' }).createIndex('byProject', 'projectId');
    db.createObjectStore('blobs', { keyPath: 'hash' });
    db.createObjectStore('pictures', { keyPath: 'hash' });
    db.createObjectStore('features', { keyPath: ['hash', 'extractor'] });
    db.createObjectStore('weights', { keyPath: ['sourceId', 'kind'] });
    db.createObjectStore('reports', { keyPath: ['sourceId', 'part'] });
    db.createObjectStore('history', { keyPath: ['projectId', 'seq'] });
    db.createObjectStore('preferences');
  },
  (db) => {
    db.createObjectStore('networks', { keyPath: 'sha256' });
  },
  // Records become unions by modality and problem (domain/task.ts).
  async (db, tx) => {
    const steps = db.createObjectStore('steps', { keyPath: ['projectId', 'seq'] });
    await rewrite(tx, 'items', upgradeItem);
    await rewrite(tx, 'sources', upgradeSource);
    await rewrite(tx, 'reports', upgradeReport);
    await rewrite(tx, 'history', (entry) => {
      const { changes, ...step } = entry as HistoryChanges & HistoryStep;
      void steps.put(step);
      return { projectId: step.projectId, seq: step.seq, changes: changes.map(upgradeChange) as Change[] };
    });
  },
  // Stretches of sounds: records stay as they are. Builds of before would delete the files that only stretches name.
  () => {},
];

/** Version of the schema this build writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Opens (and migrates) the database.
 * @param onClosed called when the browser or another tab's upgrade ends the connection.
 * @throws StudioError `dataset/schema-newer`, `dataset/blocked`, `dataset/unavailable`.
 */
export async function openDatabase(name = 'understudy', onClosed: () => void = () => {}): Promise<StudioDatabase> {
  let isBlocked = false;
  try {
    return await new Promise<StudioDatabase>((resolve, reject) => {
      openDB<StudioSchema>(name, SCHEMA_VERSION, {
        async upgrade(db, oldVersion, _new, tx) {
          // One after the other: a step finds what the one before has written. A step that throws aborts all, and the database stays as it was.
          for (const migrate of MIGRATIONS.slice(oldVersion)) await migrate(db, tx);
        },
        blocked() {
          isBlocked = true;
          reject(new StudioError('dataset/blocked'));
        },
        blocking(_current, _blocked, event) {
          (event.target as IDBDatabase).close();
          onClosed();
        },
        terminated: onClosed,
      }).then((db) => (isBlocked ? db.close() : resolve(db)), reject);
    });
  } catch (error) {
    if (error instanceof StudioError) throw error;
    const isNewer = error instanceof DOMException && error.name === 'VersionError';
    throw new StudioError(isNewer ? 'dataset/schema-newer' : 'dataset/unavailable', { cause: error });
  }
}
