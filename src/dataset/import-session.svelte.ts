/**
 * Bringing files into a project: unpack, inspect, label, store in small batches, report. Main thread; the work is done by workers.
 * What fails is listed with its reason and changes nothing else.
 */
import { intersectionOverUnion } from '../domain/boxes.ts';
import { boxesOf, isLabelled, withBoxes } from '../domain/label.ts';
import { durationOf, type InspectedMedia, type ItemPart, type MediaItem, type Part } from '../domain/project.ts';
import { assert } from '../kernel/assert.ts';
import { elapsedMs, newId, nowMs } from '../kernel/clock.ts';
import { isAbort, StudioError, toStudioError } from '../kernel/errors.ts';
import { formatCount, formatPosition } from '../kernel/format.ts';
import { Scope } from '../kernel/scope.ts';
import type { Stretch } from './annotations/label-tracks.ts';
import { unfoldProject } from './annotations/teachable-machine.ts';
import { applyLists } from './annotations/apply.ts';
import { refusal, type Annotations, type ImportRemark, type Named } from './annotations/reader.ts';
import type { PathFile } from './archive-contract.ts';
import { cleanPath, fileName, isDocumentPath, isJunkPath } from './labels.ts';
import type { ProjectSession } from './project-session.svelte.ts';
import type { Change, StoredBlob, StoredPicture } from './schema.ts';
import { questionOf, type ImportQuestion } from './question.ts';
import type { DatasetSlot, ImportTools } from './slot.ts';
import { matchPattern } from './split.ts';
import { partsOfFolders, readStructure, type Reading, type Structure } from './structure.ts';
import { Twins } from './twins.ts';

/** What an import did. */
export type ImportReport = {
  added: number;
  total: number;
  remarks: ImportRemark[];
  /** Files that say something of the others: lists, annotations. */
  lists: number;
  newClasses: string[];
  /** Where the classes were read from, in words; '' where files say none. */
  reading: string;
  /** Other ways to read them: id and words. */
  others: { id: string; title: string }[];
  group: string;
  isCancelled: boolean;
};

/** Where the import stands. */
export type ImportState =
  | { kind: 'idle' }
  | { kind: 'asking'; question: ImportQuestion }
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
  /** Id of the reading of folders and names, or `best`; left out, a person is asked where there are two. */
  reading?: string;
  /** Overrides the part by path (split file of the headless runner). */
  partOf?: (path: string) => Part | null;
  /** Regular expression whose first capture names the recording of a file. */
  recordingPattern?: string;
};

/** Files stored per transaction. */
const BATCH = 20;
const BY_NAME = new Intl.Collator('en', { numeric: true });
/** Zips, and projects of Teachable Machine, which are zips too. */
const ZIP = /\.(zip|tm)$/i;
/** Containers this app does not open. */
const PACKED = /\.(tar|tgz|gz|bz2|xz|zst|7z|rar|lzh|cab|iso|dmg|zipx|z\d\d|lz4|sitx?|jar|(?:zip|7z|rar)\.\d{3})$/i;
/** Zips in zips are opened so deep. */
const DEEPEST_ZIP = 3;

/** An example on its way into the project. */
type Usable = Named & { path: string };

/** What folders, names and lists say of a file. */
type Says = { partOf: (path: string) => ItemPart; groupOf: (path: string) => string | null };

const partOrTraining = ({ part }: ImportOptions): Part => (part === 'background' ? 'training' : part);

/** What an example belongs to: as the command says, as lists and folders say, as its file says, or its file. */
function recordingOf(
  path: string,
  { recording }: InspectedMedia,
  says: Says,
  { recordingPattern }: ImportOptions,
): string {
  const matched = recordingPattern ? matchPattern(recordingPattern, path) : null;
  if (matched !== null) return matched;
  const group = says.groupOf(path);
  if (group !== null) return `group:${group}`;
  return recording ? `file:${path}/${recording}` : `file:${path}`;
}

/** See the file header. */
export class ImportSession {
  readonly #project: ProjectSession;
  readonly #slot: DatasetSlot;
  readonly #tools: ImportTools;
  #state = $state.raw<ImportState>({ kind: 'idle' });
  /** The newest work: what an older one still says is dropped. */
  #run: Scope | null = null;
  #answer: ((id: string) => void) | null = null;

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

  /** True while it works or waits for an answer: another one would be refused. */
  get isBusy(): boolean {
    return this.#state.kind === 'running' || this.#state.kind === 'asking';
  }

  /** Answers the question of the state `asking` with the id of a reading. */
  answer(id: string): void {
    this.#answer?.(id);
    this.#answer = null;
  }

  dismiss(): void {
    if (!this.isBusy) this.#state = { kind: 'idle' };
  }

  /** Imports files; a second import waits for nothing, it is refused while one runs. @returns the report. */
  async run(given: readonly PathFile[], options: ImportOptions): Promise<ImportReport> {
    assert(!this.isBusy, 'one import at a time');
    const run = new Scope();
    this.#run = run;
    const signal = run.abortSignal();
    const group = newId();
    const report: ImportReport = {
      added: 0,
      total: 0,
      remarks: [],
      lists: 0,
      newClasses: [],
      reading: '',
      others: [],
      group,
      isCancelled: false,
    };
    let startedAtMs = elapsedMs();
    // A file that is still being read when the import has ended says nothing any more.
    const show = (phase: 'unpacking' | 'reading', done: number, total: number) => {
      // Neither unpacking nor waiting for an answer tells how long reading takes.
      if (this.#state.kind !== 'running' || this.#state.phase !== phase) startedAtMs = elapsedMs();
      if (this.#run === run) this.#state = { kind: 'running', done, total, startedAtMs, phase };
    };
    const end = (state: ImportState) => {
      this.#run = null;
      this.#state = state;
    };
    show('unpacking', 0, given.length);
    try {
      const files = await this.#unpack(given, report, signal);
      report.total = files.length + report.remarks.filter(({ isAdded }) => !isAdded).length;
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
    const skip = (path: string, reason: string) => void report.remarks.push({ path, reason, isAdded: false });
    const zips = given.filter(({ path }) => ZIP.test(path)).length;
    const take = async (file: PathFile, depth: number): Promise<void> => {
      const path = cleanPath(file.path);
      if (path === null) return skip(file.path, 'Its path leads out of the folder it is in: it was left out.');
      if (isJunkPath(path)) return skip(path, 'Hidden system file');
      if (file.fault) return skip(path, file.fault);
      if (PACKED.test(path)) return skip(path, 'Unpack it first and drop the folder: only zip files are opened here.');
      if (/\.cbor$/i.test(path))
        return skip(path, 'A recording of Edge Impulse as CBOR: export the data set there as WAV files.');
      if (isDocumentPath(path)) return skip(path, 'A text about the data: it was left out.');
      if (!ZIP.test(path)) return void files.push({ ...file, path });
      if (depth >= DEEPEST_ZIP) return skip(path, 'A zip inside too many others: unpack it first.');
      const inside: PathFile[] = [];
      try {
        const { failed, hint } = await this.#tools.unzip(file.blob, (entry) => inside.push(entry), signal);
        if (hint) report.remarks.push({ path, reason: hint, isAdded: true });
        for (const entry of failed) skip(`${path}/${entry.path}`, entry.reason);
      } catch (error) {
        if (!(error instanceof StudioError) || !error.code.startsWith('media/')) throw error;
        return void report.remarks.push(refusal(path, error));
      }
      // One of several zips stands for a folder of its name; so does a class of Teachable Machine.
      const isClass = inside.some((entry) => entry.path === 'samples.json');
      const isFolder = depth > 0 || zips > 1 || isClass;
      const parent = depth > 0 ? path.slice(0, path.lastIndexOf('/') + 1) : '';
      const own = isFolder ? `${parent}${fileName(path).replace(ZIP, '')}/` : '';
      for (const entry of unfoldProject(inside))
        await take({ ...entry, path: `${own}${entry.path.replace(/^[\\/]+/, '')}` }, depth + 1);
    };
    for (const file of given) await take(file, 0);
    // The same files give the same project, whatever order a system lists them in.
    return (this.#slot.join?.(files) ?? files).sort((a, b) => BY_NAME.compare(a.path, b.path));
  }

  /** The reading of folders and names: what was asked for, what a person chooses, or the only one. @throws StudioError when it was asked for and is none. */
  async #choose(
    structure: Structure,
    media: readonly string[],
    options: ImportOptions,
    annotations: Annotations,
    report: ImportReport,
    signal: AbortSignal,
  ): Promise<Reading> {
    const { readings } = structure;
    const find = (id: string) => readings.find((reading) => reading.id === id);
    const [best] = readings as [Reading];
    if (options.reading !== undefined) {
      const chosen = options.reading === 'best' ? best : find(options.reading);
      if (chosen) return chosen;
      const able = readings.map(({ id, title }) => `${id} (${title})`).join('; ');
      throw new StudioError('studio/bad-arguments', {
        message: `The classes cannot be read as ${options.reading} here. Possible: ${able}.`,
      });
    }
    // The person has said which class loose files are of.
    if (options.classId !== null && best.id.startsWith('name') && best.id !== 'name-dot') return find('none')!;
    const partOf = (path: string) => annotations.partOf(path) ?? structure.parts.get(path) ?? partOrTraining(options);
    const question = questionOf(structure, media, partOf, report.remarks);
    if (!question) return best;
    this.#state = { kind: 'asking', question };
    const id = await new Promise<string>((resolve, reject) => {
      this.#answer = resolve;
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    return find(id) ?? best;
  }

  async #read(
    files: PathFile[],
    options: ImportOptions,
    report: ImportReport,
    signal: AbortSignal,
    onDone: (done: number) => void,
  ): Promise<void> {
    const remark = (one: ImportRemark) => void report.remarks.push(one);
    const known = this.#project.items.map(({ path }) => path);
    const listed = await this.#tools.readLists(this.#slot.lists, files, known, signal);
    const annotations = applyLists(listed, this.#project.items, remark);
    const media = files.filter(({ path }) => !annotations.used.has(path));
    const refused = new Set(report.remarks.filter(({ isAdded }) => !isAdded).map(({ path }) => path));
    report.lists = [...annotations.used].filter((path) => !refused.has(path)).length;
    const paths = media.map((file) => file.path);
    const open = paths.filter((path) => !annotations.hasClassOf(path));
    const structure = readStructure(open, this.#slot.hasClassFolders);
    const parts = partsOfFolders(paths, open, this.#slot.hasClassFolders);
    const reading = options.isFixed ? null : await this.#choose(structure, open, options, annotations, report, signal);
    if (structure.question) report.others = structure.readings.filter((other) => other !== reading);
    const says: Says = {
      partOf: (path) => options.partOf?.(path) ?? annotations.partOf(path) ?? parts.get(path) ?? options.part,
      groupOf: (path) => annotations.groupOf(path) ?? reading?.groups.get(path) ?? null,
    };
    const twins = new Twins(this.#project.items, this.#project.project.classes, this.#slot.example[0]);
    const session = newId();
    let done = files.length - media.length;
    onDone(done);
    await this.#labelKnown(annotations, report);
    for (let at = 0; at < media.length; at += BATCH) {
      const batch = await Promise.all(
        media.slice(at, at + BATCH).map(async (file) => {
          const result = await this.#inspect(file, annotations.stretchesOf?.(file.path) ?? null, signal);
          onDone(++done);
          return { path: file.path, result };
        }),
      );
      const usable = batch.flatMap(({ path, result }) => {
        if (result instanceof StudioError) {
          remark(refusal(path, result));
          return [];
        }
        const className = reading?.classes.get(path) ?? null;
        const named = options.isFixed
          ? result.map((one): Named => ({
              ...annotations.name(path, [one], null, remark)[0]!,
              className: null,
            }))
          : annotations.name(path, result, className, remark);
        // Said where folders and names did decide.
        const isRead = named.some((one) => one.className !== null && one.className === className && !one.media.label);
        if (reading && isRead && !annotations.hasClassOf(path)) report.reading = reading.title;
        return twins.leaveOut(path, named, remark);
      });
      if (usable.length > 0) await this.#store(usable, says, options, session, report);
    }
  }

  /** What a file holds, or why it cannot be read. @throws what is not the file's fault. */
  async #inspect(
    file: PathFile,
    stretches: readonly Stretch[] | null,
    signal: AbortSignal,
  ): Promise<InspectedMedia[] | StudioError> {
    try {
      // A file that was changed or taken away since it was chosen has no content any more.
      await file.blob.slice(0, 1).arrayBuffer();
    } catch {
      return new StudioError('media/unreadable');
    }
    try {
      const found = await this.#tools.inspect(file, signal);
      return stretches && found[0] ? await this.#cut(file, found[0], stretches, signal) : found;
    } catch (error) {
      if (error instanceof StudioError && error.code.startsWith('media/')) return error;
      throw error;
    }
  }

  /** The stretches of a recording; one over all of it is the recording itself. */
  async #cut(
    file: PathFile,
    whole: InspectedMedia,
    stretches: readonly Stretch[],
    signal: AbortSignal,
  ): Promise<InspectedMedia[]> {
    const [first] = stretches;
    const durationSec = durationOf(whole);
    if (stretches.length === 1 && first!.startSec < 0.05 && first!.endSec > durationSec - 0.05)
      return [{ ...whole, label: first!.label }];
    const inside = stretches.filter(({ startSec }) => startSec < durationSec - 0.01);
    const made = await this.#tools.cut(file, inside, signal);
    const stem = fileName(file.path).replace(/\.[^.]*$/, '');
    const lost = stretches.length - made.filter(Boolean).length;
    return made.flatMap((one, i) => {
      if (!one) return [];
      const { startSec, endSec, label } = inside[i]!;
      const name = `${stem} ${formatPosition(startSec)}–${formatPosition(Math.min(endSec, durationSec))}.wav`;
      const notice =
        lost > 0
          ? `${formatCount(lost, 'stretch lies', 'stretches lie')} behind its end and were left out.`
          : one.notice;
      return [{ ...one, name, label, notice }];
    });
  }

  async #store(
    usable: readonly Usable[],
    says: Says,
    options: ImportOptions,
    session: string,
    report: ImportReport,
  ): Promise<void> {
    const project = this.#project;
    const { example } = this.#slot;
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
      part: options.isFixed ? options.part : says.partOf(path),
      recording: recordingOf(path, one, says, options),
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
