/** Zip files. Worker thread. zip.js without its own workers, which would break the content security policy. */
import { BlobReader, BlobWriter, configure, ZipReader, ZipWriter } from '@zip.js/zip.js/lib/zip-core-native.js';
import { nowMs } from '../kernel/clock.ts';
import { StudioError, throwIfAborted } from '../kernel/errors.ts';
import type { Jobs } from '../rpc/contract.ts';
import { readLists } from './annotations/readers.ts';
import type { ArchiveContract } from './archive-contract.ts';
import { archiveFiles, readArchive, type ArchiveFile } from './project-archive.ts';
import { dataSetFiles } from './saving/save.ts';
import { withNewIds, type Store } from './store.ts';
import { areNamesSure, decodeNames } from './zip-names.ts';

configure({ useWebWorkers: false });

/** Already compressed media are stored as they are. */
const STORED = /\.(wav|mp3|m4a|aac|flac|ogg|opus|webm|mp4|mov|jpe?g|png|webp|zip|wasm)$/i;

/** What says more of a zip than the name does. */
const TELLING = /(\.(zip|tm)|(^|\/)manifest\.json)$/i;

/** What a zip may hold: more is a mistake or an attack, and would fill the device before anybody noticed. */
const MOST_ENTRIES = 300_000;
const MOST_BYTES = 40e9;

/** Before anything is unpacked. @throws StudioError `media/zip-too-large`. */
export function checkSize(entries: readonly { uncompressedSize: number }[]): void {
  const bytes = entries.reduce((sum, entry) => sum + entry.uncompressedSize, 0);
  if (entries.length > MOST_ENTRIES || bytes > MOST_BYTES)
    throw new StudioError('media/zip-too-large', { details: { entries: entries.length, bytes } });
}

/** Why an entry was not unpacked, in words. */
function tellUnpacked(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  if (/compression method/i.test(reason))
    return 'It is packed in a way that is not opened here (LZMA, bzip2 …): pack it again as a plain zip.';
  return /password/.test(reason) ? 'It is protected by a password: unpack it and drop the folder.' : reason;
}

/** Packs files one after the other. */
async function pack(
  files: readonly ArchiveFile[],
  signal: AbortSignal,
  progress: (value: { done: number; total: number }) => void,
): Promise<Blob> {
  const writer = new ZipWriter(new BlobWriter('application/zip'), { keepOrder: true });
  for (const [i, { path, read }] of files.entries()) {
    throwIfAborted(signal);
    await writer.add(path, new BlobReader(await read()), { level: STORED.test(path) ? 0 : 6, signal });
    progress({ done: i + 1, total: files.length });
  }
  return writer.close();
}

/** Handlers of {@link ArchiveContract}. @param store opens the database of this thread, once. */
export function createArchiveJobs(store: () => Promise<Store>): Jobs<ArchiveContract> {
  return {
    async unzip({ blob, isListing }, { signal, progress }) {
      const reader = new ZipReader(new BlobReader(blob));
      const failed: { path: string; reason: string }[] = [];
      let done = 0;
      try {
        // Odd names and foreign bytes are set aside one by one, by who asked.
        const all = await reader.getEntries({ strictness: 'tolerant' }).catch((cause: unknown) => {
          throw new StudioError('media/damaged', { message: 'The zip file is damaged or incomplete.', cause });
        });
        // Programs of Windows write folders with a backslash, which is no mark of a folder to others.
        const entries = all.filter((entry) => !entry.directory && !/[\\/]$/.test(entry.filename));
        checkSize(entries);
        const unsaid = entries.filter((entry) => !entry.bitFlag?.languageEncodingFlag);
        const raw = unsaid.map((entry) => entry.rawFilename);
        const names = decodeNames(raw);
        const hint = areNamesSure(raw)
          ? null
          : 'The zip does not say how its names are written: they were guessed. Check the names of the classes.';
        const nameOf = new Map(names?.map((name, i) => [unsaid[i]!, name]));
        for (const entry of entries) {
          throwIfAborted(signal);
          if (entry.directory) continue;
          try {
            if (entry.encrypted) throw new Error('it is protected by a password');
            const isWanted = !isListing || TELLING.test(entry.filename);
            const content = isWanted
              ? await entry.getData(new BlobWriter(), { checkSignature: true, signal })
              : new Blob();
            done++;
            progress({
              file: { path: nameOf.get(entry) ?? entry.filename, blob: content },
              done,
              total: entries.length,
            });
          } catch (error) {
            throwIfAborted(signal);
            failed.push({
              path: nameOf.get(entry) ?? entry.filename,
              reason: tellUnpacked(error),
            });
          }
        }
        return { count: done, failed, hint };
      } finally {
        await reader.close();
      }
    },
    readLists({ kind, lists, media, known }) {
      const nothing = new Blob();
      return readLists(kind, [...lists, ...media.map((path) => ({ path, blob: nothing }))], known);
    },
    async saveProject({ projectId, savedBy }, { signal, progress }) {
      return pack(await archiveFiles(await store(), projectId, savedBy, nowMs()), signal, progress);
    },
    async saveDataSet({ projectId, choice }, { signal, progress }) {
      return pack(await dataSetFiles(await store(), projectId, choice), signal, progress);
    },
    async listDataSet({ projectId, choice }, { signal, progress }) {
      const files = await dataSetFiles(await store(), projectId, choice);
      for (const { path, read } of files) {
        throwIfAborted(signal);
        progress({ file: { path, blob: await read() } });
      }
      return { count: files.length };
    },
    async openProject({ blob }, { signal, progress }) {
      const db = await store();
      const isZip = (await blob.slice(0, 2).text()) === 'PK';
      if (!isZip) throw new StudioError('dataset/not-an-archive');
      const reader = new ZipReader(new BlobReader(blob));
      try {
        const all = await reader.getEntries().catch((cause: unknown) => {
          throw new StudioError('dataset/archive-damaged', { cause });
        });
        checkSize(all);
        const entries = new Map(all.map((entry) => [entry.filename, entry]));
        const whole = await readArchive(
          async (path, type = '') => {
            throwIfAborted(signal);
            const entry = entries.get(path);
            if (!entry || entry.directory) return null;
            try {
              return await entry.getData(new BlobWriter(type), { checkSignature: true, signal });
            } catch (cause) {
              throwIfAborted(signal);
              const message = `The project file is damaged or incomplete: ${path} cannot be read.`;
              throw new StudioError('dataset/archive-damaged', { message, cause });
            }
          },
          (done, total) => progress({ done, total }),
        );
        throwIfAborted(signal);
        const isCopy = await db.hasAnyOf(whole);
        const stored = isCopy ? withNewIds(whole, `${whole.project.name} (copy)`) : whole;
        await db.addProject(stored);
        return { projectId: stored.project.id, name: stored.project.name, isCopy };
      } finally {
        await reader.close();
      }
    },
    async zip({ files }, { signal, progress }) {
      return pack(
        files.map(({ path, blob }) => ({ path, read: async () => blob })),
        signal,
        progress,
      );
    },
  };
}
