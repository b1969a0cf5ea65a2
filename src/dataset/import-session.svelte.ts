/**
 * Bringing files into a project: unpack, inspect, label, store in small batches, report. Main thread; the work is done by workers.
 * What fails is listed with its reason and changes nothing else.
 */
import type { InspectedSound, ItemPart, MediaItem, Part } from '../domain/project.ts';
import { assert } from '../kernel/assert.ts';
import { newId, nowMs } from '../kernel/clock.ts';
import { isAbort, StudioError, toStudioError } from '../kernel/errors.ts';
import { formatCount } from '../kernel/format.ts';
import type { PathFile } from './archive-contract.ts';
import { fileName, isJunkPath, matchPattern, proposeLabels, proposePart } from './index.ts';
import type { ProjectSession } from './project-session.svelte.ts';
import type { Change, StoredBlob, StoredPicture } from './schema.ts';

/** A file that was not added (or added with a remark), and why. */
export type ImportRemark = { path: string; reason: string; isAdded: boolean };

/** What an import did. */
export type ImportReport = {
  added: number;
  total: number;
  remarks: ImportRemark[];
  newClasses: string[];
  group: string;
  isCancelled: boolean;
};

/** Where the import stands. */
export type ImportState =
  | { kind: 'idle' }
  | { kind: 'running'; done: number; total: number; startedAtMs: number; phase: 'unpacking' | 'reading' }
  | { kind: 'done'; report: ImportReport }
  | { kind: 'failed'; error: StudioError; report: ImportReport };

/** What the import needs from workers. */
export type ImportTools = {
  inspect: (blob: Blob, signal: AbortSignal) => Promise<InspectedSound>;
  unzip: (
    blob: Blob,
    onFile: (file: PathFile) => void,
    signal: AbortSignal,
  ) => Promise<{ path: string; reason: string }[]>;
};

/** Options of one import. */
export type ImportOptions = {
  /** Class for files that name none; null = unlabelled. */
  classId: string | null;
  /** Names and folders say nothing: every file gets `classId` and `part`. */
  isFixed?: boolean;
  part: ItemPart;
  /** Overrides the part by path (split file of the headless runner). */
  partOf?: (path: string) => Part | null;
  /** Regular expression whose first capture names the recording of a file. */
  recordingPattern?: string;
};

/** Files stored per transaction. */
const BATCH = 20;
const BY_NAME = new Intl.Collator('en', { numeric: true });
const ZIP = /\.zip$/i;

/** See the file header. */
export class ImportSession {
  readonly #project: ProjectSession;
  readonly #tools: ImportTools;
  #state = $state.raw<ImportState>({ kind: 'idle' });
  #controller: AbortController | null = null;

  constructor(project: ProjectSession, tools: ImportTools) {
    this.#project = project;
    this.#tools = tools;
  }

  get state(): ImportState {
    return this.#state;
  }

  /** Stops after the batch in flight; what was added stays and can be undone. */
  cancel(): void {
    this.#controller?.abort();
  }

  dismiss(): void {
    if (this.#state.kind !== 'running') this.#state = { kind: 'idle' };
  }

  /** Imports files; a second import waits for nothing, it is refused while one runs. @returns the report. */
  async run(given: readonly PathFile[], options: ImportOptions): Promise<ImportReport> {
    assert(this.#state.kind !== 'running', 'one import at a time');
    const controller = new AbortController();
    this.#controller = controller;
    const { signal } = controller;
    const group = newId();
    const report: ImportReport = { added: 0, total: 0, remarks: [], newClasses: [], group, isCancelled: false };
    const startedAtMs = nowMs();
    const show = (phase: 'unpacking' | 'reading', done: number, total: number) =>
      void (this.#state = { kind: 'running', done, total, startedAtMs, phase });
    show('unpacking', 0, given.length);
    try {
      const files = await this.#unpack(given, report, signal);
      report.total = files.length + report.remarks.length;
      await this.#read(files, options, report, signal, (done) => show('reading', done, files.length));
      this.#state = { kind: 'done', report };
    } catch (error) {
      if (isAbort(error)) {
        report.isCancelled = true;
        this.#state = { kind: 'done', report };
      } else {
        this.#state = { kind: 'failed', error: toStudioError(error), report };
      }
    }
    return report;
  }

  async #unpack(given: readonly PathFile[], report: ImportReport, signal: AbortSignal): Promise<PathFile[]> {
    const files: PathFile[] = [];
    for (const file of given) {
      if (isJunkPath(file.path)) report.remarks.push({ path: file.path, reason: 'Hidden system file', isAdded: false });
      else if (ZIP.test(file.path)) {
        try {
          const failed = await this.#tools.unzip(file.blob, (entry) => files.push(entry), signal);
          for (const entry of failed)
            report.remarks.push({ path: `${file.path}/${entry.path}`, reason: entry.reason, isAdded: false });
        } catch (error) {
          if (!(error instanceof StudioError) || !error.code.startsWith('media/')) throw error;
          report.remarks.push({ path: file.path, reason: error.message, isAdded: false });
        }
      } else files.push(file);
    }
    // The same files give the same project, whatever order a system lists them in.
    return files.sort((a, b) => BY_NAME.compare(a.path, b.path));
  }

  async #read(
    files: PathFile[],
    options: ImportOptions,
    report: ImportReport,
    signal: AbortSignal,
    onDone: (done: number) => void,
  ): Promise<void> {
    const project = this.#project;
    const proposed = proposeLabels(files.map((file) => file.path));
    const known = new Map(project.items.map((item) => [item.hash, item.name]));
    const session = newId();
    let done = 0;
    for (let at = 0; at < files.length; at += BATCH) {
      const batch = files.slice(at, at + BATCH);
      const inspected = await Promise.all(
        batch.map(async (file) => {
          const result: InspectedSound | StudioError = await this.#tools
            .inspect(file.blob, signal)
            .catch((error: unknown) => {
              if (error instanceof StudioError && error.code.startsWith('media/')) return error;
              throw error;
            });
          onDone(++done);
          return { file, result };
        }),
      );
      const labels = new Set<string>();
      const wanted = new Map<string, string | null>();
      for (const file of batch) {
        const label = options.isFixed ? null : (proposed.get(file.path) ?? null);
        wanted.set(file.path, label);
      }
      const usable: { file: PathFile; sound: InspectedSound }[] = [];
      for (const { file, result } of inspected) {
        if (result instanceof StudioError) {
          report.remarks.push({ path: file.path, reason: result.message, isAdded: false });
          continue;
        }
        const twin = known.get(result.hash);
        if (twin !== undefined) {
          report.remarks.push({ path: file.path, reason: `Already in the project (${twin})`, isAdded: false });
          continue;
        }
        known.set(result.hash, fileName(file.path));
        if (result.notice) report.remarks.push({ path: file.path, reason: result.notice, isAdded: true });
        usable.push({ file, sound: result });
        const label = wanted.get(file.path);
        if (label) labels.add(label);
      }
      if (usable.length === 0) continue;
      const before = project.project;
      const planned = project.planClasses(labels);
      for (const label of planned.project.classes.slice(before.classes.length)) report.newClasses.push(label.name);
      const addedAtMs = nowMs();
      const items = usable.map(({ file, sound }): MediaItem => {
        const label = wanted.get(file.path);
        const id = newId();
        return {
          id,
          projectId: project.id,
          name: fileName(file.path),
          path: file.path,
          hash: sound.hash,
          bytes: sound.blob.size,
          classId: label ? planned.byName.get(label)!.id : options.classId,
          part: options.isFixed
            ? options.part
            : (options.partOf?.(file.path) ?? proposePart(file.path) ?? options.part),
          recording:
            (options.recordingPattern ? matchPattern(options.recordingPattern, file.path) : null) ??
            `file:${file.path}`,
          session,
          addedAtMs,
          sound: sound.sound,
        };
      });
      const changes: Change[] = items.map((after) => ({ store: 'items', before: null, after }));
      if (planned.project !== before) changes.unshift({ store: 'projects', before, after: planned.project });
      const blobs: StoredBlob[] = usable.map(({ sound }) => ({ hash: sound.hash, blob: sound.blob }));
      const pictures: StoredPicture[] = usable.map(({ sound }) => ({ hash: sound.hash, ...sound.picture }));
      await project.commit(`Added ${formatCount(report.added + items.length, 'clip')}`, changes, {
        group: report.group,
        content: { blobs, pictures },
      });
      report.added += items.length;
    }
  }
}
