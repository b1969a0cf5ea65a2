/**
 * Bringing files into a project: unpack, inspect, label, store in small batches, report. Main thread; the work is done by workers.
 * What fails is listed with its reason and changes nothing else.
 */
import { intersectionOverUnion } from '../domain/boxes.ts';
import { boxesOf, isLabelled, withBoxes } from '../domain/label.ts';
import { contentKey, type InspectedMedia, type ItemPart, type MediaItem, type Part } from '../domain/project.ts';
import { assert } from '../kernel/assert.ts';
import { newId, nowMs } from '../kernel/clock.ts';
import { isAbort, StudioError, toStudioError } from '../kernel/errors.ts';
import { formatCount } from '../kernel/format.ts';
import { Scope } from '../kernel/scope.ts';
import type { Annotations, ImportRemark, Named } from './annotations/reader.ts';
import type { PathFile } from './archive-contract.ts';
import { fileName, isJunkPath, matchPattern, proposeLabels, proposePart } from './index.ts';
import type { ProjectSession } from './project-session.svelte.ts';
import type { Change, StoredBlob, StoredPicture } from './schema.ts';
import type { DatasetSlot, ImportTools } from './slot.ts';

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

/** An example on its way into the project. */
type Usable = Named & { path: string };

/** See the file header. */
export class ImportSession {
  readonly #project: ProjectSession;
  readonly #slot: DatasetSlot;
  readonly #tools: ImportTools;
  #state = $state.raw<ImportState>({ kind: 'idle' });
  /** The newest work: what an older one still says is dropped. */
  #run: Scope | null = null;

  constructor(project: ProjectSession, slot: DatasetSlot, tools: ImportTools) {
    this.#project = project;
    this.#slot = slot;
    this.#tools = tools;
  }

  get state(): ImportState {
    return this.#state;
  }

  /** Stops after the batch in flight; what was added stays and can be undone. */
  cancel(): void {
    this.#run?.dispose();
  }

  dismiss(): void {
    if (this.#state.kind !== 'running') this.#state = { kind: 'idle' };
  }

  /** Imports files; a second import waits for nothing, it is refused while one runs. @returns the report. */
  async run(given: readonly PathFile[], options: ImportOptions): Promise<ImportReport> {
    assert(this.#state.kind !== 'running', 'one import at a time');
    const run = new Scope();
    this.#run = run;
    const signal = run.abortSignal();
    const group = newId();
    const report: ImportReport = { added: 0, total: 0, remarks: [], newClasses: [], group, isCancelled: false };
    const startedAtMs = nowMs();
    // A file that is still being read when the import has ended says nothing any more.
    const show = (phase: 'unpacking' | 'reading', done: number, total: number) => {
      if (this.#run === run) this.#state = { kind: 'running', done, total, startedAtMs, phase };
    };
    const end = (state: ImportState) => {
      this.#run = null;
      this.#state = state;
    };
    show('unpacking', 0, given.length);
    try {
      const files = await this.#unpack(given, report, signal);
      report.total = files.length + report.remarks.length;
      await this.#read(files, options, report, signal, (done) => show('reading', done, files.length));
      end({ kind: 'done', report });
    } catch (error) {
      if (isAbort(error)) {
        report.isCancelled = true;
        end({ kind: 'done', report });
      } else end({ kind: 'failed', error: toStudioError(error), report });
    }
    run.dispose();
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
    const remark = (one: ImportRemark) => void report.remarks.push(one);
    const annotations = await this.#slot.readAnnotations(files, this.#project.items, remark);
    const media = files.filter(({ path }) => !annotations.used.has(path));
    const proposed = this.#slot.hasClassFolders
      ? proposeLabels(media.map((file) => file.path).filter((path) => !annotations.hasClassOf(path)))
      : new Map<string, string | null>();
    const known = new Map(this.#project.items.map((item) => [contentKey(item), item.name]));
    const session = newId();
    let done = files.length - media.length;
    await this.#labelKnown(annotations, report);
    for (let at = 0; at < media.length; at += BATCH) {
      const batch = await Promise.all(
        media.slice(at, at + BATCH).map(async (file) => {
          const result = await this.#inspect(file, signal);
          onDone(++done);
          return { path: file.path, result };
        }),
      );
      const usable = batch.flatMap(({ path, result }) => {
        if (result instanceof StudioError) {
          remark({ path, reason: result.message, isAdded: false });
          return [];
        }
        const className = options.isFixed ? null : (proposed.get(path) ?? null);
        const named = options.isFixed
          ? result.map((one): Named => ({
              ...annotations.name(path, [one], null, remark)[0]!,
              className: null,
            }))
          : annotations.name(path, result, className, remark);
        return this.#leaveOutTwins(path, named, known, remark);
      });
      if (usable.length > 0) await this.#store(usable, annotations, options, session, report);
    }
  }

  /** What a file holds, or why it cannot be read. @throws what is not the file's fault. */
  async #inspect(file: PathFile, signal: AbortSignal): Promise<InspectedMedia[] | StudioError> {
    try {
      return await this.#tools.inspect(file, signal);
    } catch (error) {
      if (error instanceof StudioError && error.code.startsWith('media/')) return error;
      throw error;
    }
  }

  #leaveOutTwins(
    path: string,
    named: readonly Named[],
    known: Map<string, string>,
    remark: (one: ImportRemark) => void,
  ): Usable[] {
    const noticed = new Set<string>();
    return named.flatMap((one) => {
      const { media } = one;
      const key = contentKey(media);
      const twin = known.get(key);
      if (twin !== undefined) {
        remark({ path, reason: `Already in the project (${twin})`, isAdded: false });
        return [];
      }
      known.set(key, media.name ?? fileName(path));
      if (media.notice && !noticed.has(media.notice)) remark({ path, reason: media.notice, isAdded: true });
      if (media.notice) noticed.add(media.notice);
      return [{ ...one, path }];
    });
  }

  async #store(
    usable: readonly Usable[],
    annotations: Annotations,
    options: ImportOptions,
    session: string,
    report: ImportReport,
  ): Promise<void> {
    const project = this.#project;
    const { example, hasClassFolders } = this.#slot;
    const names = new Set(
      usable.flatMap(({ className, boxes }) => [
        ...(className ? [className] : []),
        ...(boxes?.list.map((box) => box.label) ?? []),
      ]),
    );
    const before = project.project;
    const planned = project.planClasses(names);
    for (const label of planned.project.classes.slice(before.classes.length)) report.newClasses.push(label.name);
    const idOf = (name: string) => planned.byName.get(name)!.id;
    const addedAtMs = nowMs();
    const items = usable.map(({ path, media: one, className, boxes }): MediaItem => ({
      id: newId(),
      projectId: project.id,
      name: one.name ?? fileName(path),
      path: one.name && one.name !== fileName(path) ? `${path}/${one.name}` : path,
      hash: one.hash,
      bytes: one.blob.size,
      media: one.media,
      label: boxes
        ? {
            kind: 'boxes',
            boxes: boxes.list.map(({ label, ...rect }) => ({ ...rect, id: newId(), classId: idOf(label) })),
            isDone: boxes.isDone,
          }
        : { kind: 'class', classId: className ? idOf(className) : options.classId },
      part: options.isFixed
        ? options.part
        : (options.partOf?.(path) ?? annotations.partOf(path) ?? proposePart(path, hasClassFolders) ?? options.part),
      recording: (options.recordingPattern ? matchPattern(options.recordingPattern, path) : null) ?? `file:${path}`,
      session,
      addedAtMs,
    }));
    const changes: Change[] = items.map((after) => ({ store: 'items', before: null, after }));
    if (planned.project !== before) changes.unshift({ store: 'projects', before, after: planned.project });
    const blobs: StoredBlob[] = usable.map(({ media: one }) => ({ hash: one.hash, blob: one.blob }));
    const pictures: StoredPicture[] = usable.map(({ media: one }) => ({ hash: one.hash, ...one.picture }));
    await project.commit(`Added ${formatCount(report.added + items.length, ...example)}`, changes, {
      group: report.group,
      content: { blobs, pictures },
    });
    report.added += items.length;
  }

  /** Gives boxes to examples that are in the project already. Boxes that are there stay. */
  async #labelKnown({ known }: Annotations, report: ImportReport): Promise<void> {
    if (known.length === 0) return;
    const project = this.#project;
    const before = project.project;
    const planned = project.planClasses(new Set(known.flatMap(({ boxes }) => boxes.map(({ label }) => label))));
    for (const label of planned.project.classes.slice(before.classes.length)) report.newClasses.push(label.name);
    const changes: Change[] = known.map(({ item, boxes, isDone }) => {
      const own = boxesOf(item);
      const fresh = boxes
        .map(({ label, ...rect }) => ({ ...rect, id: newId(), classId: planned.byName.get(label)!.id }))
        .filter(
          (box) => !own.some((other) => other.classId === box.classId && intersectionOverUnion(other, box) > 0.95),
        );
      return {
        store: 'items',
        before: item,
        after: withBoxes(item, [...own, ...fresh], isLabelled(item) || isDone),
      };
    });
    if (planned.project !== before) changes.unshift({ store: 'projects', before, after: planned.project });
    await project.commit(`Annotated ${formatCount(known.length, ...this.#slot.example)}`, changes, {
      group: report.group,
    });
    report.added += known.length;
  }
}
