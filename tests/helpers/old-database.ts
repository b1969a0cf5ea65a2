/** What people stored with version 2 of the database: tests/fixtures/database-v2.json.gz, as the build of f1d385b wrote it. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { openDB } from 'idb';

type Entry = { key: unknown; value: Record<string, unknown> };
export type OldDatabase = Record<string, Entry[]>;

const BINARY: Record<string, (bytes: Buffer, type: string) => unknown> = {
  Blob: (bytes, type) => new Blob([new Uint8Array(bytes)], { type }),
  ArrayBuffer: (bytes) => new Uint8Array(bytes).buffer,
  Uint8Array: (bytes) => new Uint8Array(bytes),
  Float32Array: (bytes) => new Float32Array(new Uint8Array(bytes).buffer),
};

function revive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== 'object' || value === null) return value;
  const record = value as Record<string, unknown>;
  const make = BINARY[String(record.$)];
  if (make) return make(Buffer.from(record.base64 as string, 'base64'), String(record.type ?? ''));
  return Object.fromEntries(Object.entries(record).map(([key, inner]) => [key, revive(inner)]));
}

/** The records, by store. */
export function oldDatabase(): OldDatabase {
  const path = new URL('../fixtures/database-v2.json.gz', import.meta.url);
  const { stores } = JSON.parse(gunzipSync(readFileSync(path)).toString()) as { stores: OldDatabase };
  return revive(stores) as OldDatabase;
}

/** Key paths of version 2; written down here, so that a change of the migrations cannot change what they are tested on. */
const KEYS: Record<string, string | string[]> = {
  projects: 'id',
  items: 'id',
  sources: 'id',
  blobs: 'hash',
  pictures: 'hash',
  features: ['hash', 'extractor'],
  weights: ['sourceId', 'kind'],
  reports: ['sourceId', 'part'],
  history: ['projectId', 'seq'],
  networks: 'sha256',
};

/** Stores the records under a name, in version 2. */
export async function writeOldDatabase(name: string, stores: OldDatabase): Promise<void> {
  const db = await openDB(name, 2, {
    upgrade(created) {
      for (const [store, keyPath] of Object.entries(KEYS)) {
        const made = created.createObjectStore(store, { keyPath });
        if (store === 'items' || store === 'sources') made.createIndex('byProject', 'projectId');
        if (store === 'items') made.createIndex('byHash', 'hash');
      }
      created.createObjectStore('preferences');
    },
  });
  for (const [store, entries] of Object.entries(stores)) {
    if (entries.length === 0) continue;
    const tx = db.transaction(store, 'readwrite');
    for (const { value } of entries) await tx.store.put(value);
    await tx.done;
  }
  db.close();
}
