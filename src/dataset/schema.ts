/** The IndexedDB schema and its migration ladder. Any thread. */
import { openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction, type StoreNames } from 'idb';
import type { ClassLabel, MediaItem, ModelSource, Part, Project, SmallPicture } from '../domain/project.ts';
import type { AnyReport } from '../domain/report.ts';
import { StudioError } from '../kernel/errors.ts';

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

/** A trained model as data: what is exported, previewed and evaluated. */
export type ModelArtifact = {
  /** TensorFlow.js layers topology (JSON). */
  topology: string;
  weightSpecs: { name: string; shape: number[]; dtype: 'float32' }[];
  weights: ArrayBuffer;
  classes: ClassLabel[];
  preprocessing: Preprocessing;
  /** Where the training data lie among embeddings; models on a pretrained network only. */
  novelty?: Novelty;
};

/** Class centres, deviation per value, and the distance under which nearly all known sounds lie. */
export type Novelty = { centres: number[][]; deviations: number[]; limit: number };

/** Every number between a sound and the network's input, and between its output and a clip's label. */
export type Preprocessing = SoundPreprocessing | MotionPreprocessing | VisionPreprocessing;

/** Of sound models. */
export type SoundPreprocessing = LogMelPreprocessing | EmbeddingPreprocessing;

/** What all sound models share. */
type SharedSoundPreprocessing = {
  sampleRateHz: number;
  windowSec: number;
  overlapRatio: number;
  /** Input = (feature − mean) / deviation. */
  mean: number;
  deviation: number;
  /** How windows become a clip: the mean of their class scores. */
  clipScore: 'mean';
};

/** Log-mel spectrogram windows, for the full network. */
export type LogMelPreprocessing = SharedSoundPreprocessing & {
  kind: 'log-mel';
  windowSamples: number;
  hopSamples: number;
  fftSize: number;
  bandCount: number;
  lowHz: number;
  highHz: number;
  logOffset: number;
  windowFrames: number;
  hopFrames: number;
};

/** Embeddings of a pretrained network: a window of samples becomes `shape` values. */
export type EmbeddingPreprocessing = SharedSoundPreprocessing & {
  kind: 'yamnet' | 'speech-embedding';
  /** SHA-256 of the network's files, in the order of the manifest. */
  networkFiles: string[];
  windowSamples: number;
  hopSamples: number;
  shape: number[];
};

/** Windows of body landmarks (features/motion/motion.ts writes them). */
export type MotionPreprocessing = {
  kind: 'landmarks';
  windowSec: number;
  overlapRatio: number;
  mean: number;
  deviation: number;
  clipScore: 'mean';
  frameRateHz: number;
  windowFrames: number;
  hopFrames: number;
  /** The joints of the input in order; the body itself follows as one more. */
  joints: string[];
  /** [windowFrames, joints + 1, channels]. */
  shape: number[];
};

/** Squares of pictures: for detectors on SSD-MobileNet, and for those trained from nothing (`pixels`). */
export type VisionPreprocessing = {
  kind: 'ssd-mobilenet' | 'pixels';
  pixels: number;
  tiles: number;
  /** Cells of the output that a predicted distance of 0 stands for. */
  scale: number;
  /** Input = (feature − mean) × factor, per channel of the three maps; of pixels one value a colour. */
  channelMean: number[];
  channelFactor: number[];
};

/** Stores that take part in undo. */
export type UndoableStore = 'projects' | 'items' | 'sources';

/** One record before and after a change; null = absent. */
export type Change =
  | { store: 'projects'; before: Project | null; after: Project | null }
  | { store: 'items'; before: MediaItem | null; after: MediaItem | null }
  | { store: 'sources'; before: ModelSource | null; after: ModelSource | null };

/** One undo step or a piece of one: entries with the same `group` are undone together. */
export type HistoryEntry = {
  projectId: string;
  seq: number;
  group: string;
  label: string;
  changes: Change[];
  isUndone: boolean;
};

/** The database. */
export interface StudioSchema extends DBSchema {
  projects: { key: string; value: Project };
  items: { key: string; value: MediaItem; indexes: { byProject: string; byHash: string } };
  sources: { key: string; value: ModelSource; indexes: { byProject: string } };
  blobs: { key: string; value: StoredBlob };
  pictures: { key: string; value: StoredPicture };
  features: { key: [string, string]; value: StoredFeatures };
  weights: { key: [string, string]; value: StoredWeights };
  reports: { key: [string, Part]; value: AnyReport };
  history: { key: [string, number]; value: HistoryEntry };
  preferences: { key: string; value: unknown };
  networks: { key: string; value: StoredNetworkFile };
}

/** An open database. */
export type StudioDatabase = IDBPDatabase<StudioSchema>;

type Upgrade = (
  db: StudioDatabase,
  tx: IDBPTransaction<StudioSchema, StoreNames<StudioSchema>[], 'versionchange'>,
) => void;

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
        upgrade(db, oldVersion, _new, tx) {
          for (const migrate of MIGRATIONS.slice(oldVersion)) migrate(db, tx);
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
