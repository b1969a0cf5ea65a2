/**
 * Bringing files into a project: unpack, inspect, label, store in small batches, report. Main thread; the work is done by workers.
 * What fails is listed with its reason and changes nothing else.
 */
import { contentKey, type InspectedMedia, type ItemPart, type MediaItem, type Part } from '../domain/project.ts';
import { assert } from '../kernel/assert.ts';
import { newId, nowMs } from '../kernel/clock.ts';
import { isAbort, StudioError, toStudioError } from '../kernel/errors.ts';
import { formatCount, formatDuration, formatPosition } from '../kernel/format.ts';
import {
  matchVideo,
  readMotionAnnotations,
  type MotionAnnotation,
  type MotionAnnotations,
} from './motion-annotations.ts';
import {
  collectPictureAnnotations,
  placeBoxes,
  type CollectedAnnotations,
  type PictureNote,
  type TextFile,
} from './picture-annotations.ts';
import { intersectionOverUnion, type Rect } from '../domain/boxes.ts';
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
  /** What a file holds, by the task of the project; a file of landmark sequences holds several examples. */
  inspect: (file: PathFile, signal: AbortSignal) => Promise<InspectedMedia[]>;
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
/** Larger text files are landmarks, not annotations. */
const MOST_ANNOTATION_BYTES = 60e6;
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
    const isDetection = project.project.kind === 'detection';
    const collected = isDetection ? await collectFrom(files, project.items, report) : null;
    const { annotated, media } = collected
      ? {
          annotated: new Map<string, MotionAnnotation[]>(),
          media: files.filter(({ path }) => !collected.used.has(path)),
        }
      : await this.#annotations(files, report);
    const proposed = proposeLabels(media.map((file) => file.path).filter((path) => !annotated.has(path)));
    const known = new Map(project.items.map((item) => [contentKey(item), item.name]));
    const session = newId();
    let done = files.length - media.length;
    if (collected?.isForProject) await this.#annotateKnown(collected, report);
    for (let at = 0; at < media.length; at += BATCH) {
      const batch = media.slice(at, at + BATCH);
      const inspected = await Promise.all(
        batch.map(async (file) => {
          const result: InspectedMedia[] | StudioError = await this.#tools
            .inspect(file, signal)
            .catch((error: unknown) => {
              if (error instanceof StudioError && error.code.startsWith('media/')) return error;
              throw error;
            });
          onDone(++done);
          return { file, result };
        }),
      );
      const labels = new Set<string>();
      const usable: {
        file: PathFile;
        media: InspectedMedia;
        label: string | null;
        boxes: (Rect & { label: string })[];
      }[] = [];
      for (const { file, result } of inspected) {
        if (result instanceof StudioError) {
          report.remarks.push({ path: file.path, reason: result.message, isAdded: false });
          continue;
        }
        const rows = annotated.get(file.path);
        const folderLabel = options.isFixed || isDetection ? null : (proposed.get(file.path) ?? null);
        const clips = rows
          ? cutByRows(result[0]!, rows, (reason) => report.remarks.push({ path: file.path, reason, isAdded: false }))
          : result.map((one) => ({ media: one, label: options.isFixed ? null : (one.label ?? folderLabel) }));
        const noticed = new Set<string>();
        for (const { media: one, label } of clips) {
          const key = contentKey(one);
          const twin = known.get(key);
          if (twin !== undefined) {
            report.remarks.push({ path: file.path, reason: `Already in the project (${twin})`, isAdded: false });
            continue;
          }
          known.set(key, one.name ?? fileName(file.path));
          if (one.notice && !noticed.has(one.notice))
            report.remarks.push({ path: file.path, reason: one.notice, isAdded: true });
          if (one.notice) noticed.add(one.notice);
          const boxes = collected ? boxesFor(one, file.path, collected, report) : [];
          usable.push({ file, media: one, label, boxes });
          if (label) labels.add(label);
          for (const box of boxes) labels.add(box.label);
        }
        if (annotated.size > 0 && !rows && !folderLabel && clips.length > 0 && !clips[0]!.label)
          report.remarks.push({
            path: file.path,
            reason: 'The annotations do not name it: it has no class yet.',
            isAdded: true,
          });
      }
      if (usable.length === 0) continue;
      const before = project.project;
      const planned = project.planClasses(labels);
      for (const label of planned.project.classes.slice(before.classes.length)) report.newClasses.push(label.name);
      const addedAtMs = nowMs();
      const items = usable.map(({ file, media: one, label, boxes }): MediaItem => {
        const { hash, blob, sound, motion, image } = one;
        return {
          id: newId(),
          projectId: project.id,
          name: one.name ?? fileName(file.path),
          path: one.name && one.name !== fileName(file.path) ? `${file.path}/${one.name}` : file.path,
          hash,
          bytes: blob.size,
          classId: label ? planned.byName.get(label)!.id : options.classId,
          part: options.isFixed
            ? options.part
            : (options.partOf?.(file.path) ??
              collected?.parts.get(file.path) ??
              proposePart(file.path, !isDetection) ??
              options.part),
          recording:
            (options.recordingPattern ? matchPattern(options.recordingPattern, file.path) : null) ??
            `file:${file.path}`,
          session,
          addedAtMs,
          ...(sound ? { sound } : {}),
          ...(motion ? { motion } : {}),
          ...(image
            ? {
                image: {
                  ...image,
                  boxes: boxes.map(({ label: name, ...rect }) => ({
                    ...rect,
                    id: newId(),
                    classId: planned.byName.get(name)!.id,
                  })),
                  isAnnotated: isAnnotatedBy(collected?.notes.get(file.path), boxes.length),
                },
              }
            : {}),
        };
      });
      const changes: Change[] = items.map((after) => ({ store: 'items', before: null, after }));
      if (planned.project !== before) changes.unshift({ store: 'projects', before, after: planned.project });
      const blobs: StoredBlob[] = usable.map(({ media: one }) => ({ hash: one.hash, blob: one.blob }));
      const pictures: StoredPicture[] = usable.map(({ media: one }) => ({ hash: one.hash, ...one.picture }));
      await project.commit(
        `Added ${formatCount(report.added + items.length, isDetection ? 'picture' : 'clip')}`,
        changes,
        {
          group: report.group,
          content: { blobs, pictures },
        },
      );
      report.added += items.length;
    }
  }

  /** Gives boxes to pictures that are in the project already: annotation files came without pictures. Boxes that are there stay. */
  async #annotateKnown(collected: CollectedAnnotations, report: ImportReport): Promise<void> {
    const project = this.#project;
    const known = project.items.filter((item) => item.image && collected.notes.has(item.path));
    if (known.length === 0) return;
    const placed = known.map((item) => {
      const { boxes, remarks } = placeBoxes(collected.notes.get(item.path)!, item.image!.width, item.image!.height);
      for (const { reason, isKept } of remarks) report.remarks.push({ path: item.path, reason, isAdded: isKept });
      return { item, boxes };
    });
    const before = project.project;
    const planned = project.planClasses(new Set(placed.flatMap(({ boxes }) => boxes.map(({ label }) => label))));
    for (const label of planned.project.classes.slice(before.classes.length)) report.newClasses.push(label.name);
    const changes: Change[] = placed.map(({ item, boxes }) => {
      const fresh = boxes
        .map(({ label, ...rect }) => ({ ...rect, id: newId(), classId: planned.byName.get(label)!.id }))
        .filter(
          (box) =>
            !item.image!.boxes.some(
              (other) => other.classId === box.classId && intersectionOverUnion(other, box) > 0.95,
            ),
        );
      return {
        store: 'items',
        before: item,
        after: {
          ...item,
          image: {
            ...item.image!,
            boxes: [...item.image!.boxes, ...fresh],
            isAnnotated: item.image!.isAnnotated || isAnnotatedBy(collected.notes.get(item.path), boxes.length),
          },
        },
      };
    });
    if (planned.project !== before) changes.unshift({ store: 'projects', before, after: planned.project });
    await project.commit(`Annotated ${formatCount(known.length, 'picture')}`, changes, { group: report.group });
    report.added += known.length;
  }

  /** Takes annotation files out of an import. @returns rows by the path of their video, and the files that hold examples. */
  async #annotations(
    files: readonly PathFile[],
    report: ImportReport,
  ): Promise<{ annotated: Map<string, MotionAnnotation[]>; media: PathFile[] }> {
    const annotated = new Map<string, MotionAnnotation[]>();
    if (this.#project.project.kind !== 'action') return { annotated, media: [...files] };
    const media: PathFile[] = [];
    const found: { file: PathFile; annotations: MotionAnnotations }[] = [];
    for (const file of files) {
      const isText = /\.(csv|txt|json)$/i.test(file.path) && file.blob.size < MOST_ANNOTATION_BYTES;
      const annotations = isText ? readMotionAnnotations(await file.blob.text(), file.path) : null;
      if (annotations) found.push({ file, annotations });
      else media.push(file);
    }
    const paths = media.map((file) => file.path);
    for (const { file, annotations } of found) {
      const folder = file.path.slice(0, file.path.lastIndexOf('/') + 1);
      // Beside the annotation file first: other folders may have files of the same names.
      const near = paths.filter((path) => path.startsWith(folder));
      for (const { line, reason } of annotations.faults)
        report.remarks.push({ path: `${file.path}, row ${line}`, reason, isAdded: false });
      for (const row of annotations.rows) {
        const path = matchVideo(row.video, near) ?? matchVideo(row.video, paths);
        if (!path)
          report.remarks.push({
            path: `${file.path}, row ${row.line}`,
            reason: `There is no video ${row.video} among the files.`,
            isAdded: false,
          });
        else annotated.set(path, [...(annotated.get(path) ?? []), row]);
      }
    }
    return { annotated, media };
  }
}

/** Reads the annotation files of an import of pictures; what they get wrong goes into the report. */
async function collectFrom(
  files: readonly PathFile[],
  items: readonly MediaItem[],
  report: ImportReport,
): Promise<CollectedAnnotations & { isForProject: boolean }> {
  const isText = (path: string) => /\.(json|xml|csv|txt|ya?ml|names|labels)$/i.test(path);
  const texts: TextFile[] = [];
  for (const file of files)
    if (isText(file.path) && file.blob.size < MOST_ANNOTATION_BYTES)
      texts.push({ path: file.path, text: await file.blob.text() });
  const media = files.map(({ path }) => path).filter((path) => !isText(path));
  // A note that names a video is for none of its frames.
  const given = media.filter((path) => !/\.(mp4|mov|m4v|webm|mkv)$/i.test(path));
  // Without pictures of their own they are for those of the project.
  const isForProject = media.length === 0;
  const collected = collectPictureAnnotations(texts, isForProject ? items.map(({ path }) => path) : given);
  for (const { path, reason } of collected.faults) report.remarks.push({ path, reason, isAdded: false });
  // Notes of people beside their pictures are nothing to import.
  for (const { path } of texts) {
    if (collected.used.has(path)) continue;
    collected.used.add(path);
    report.remarks.push({ path, reason: 'It holds no annotations this app can read.', isAdded: false });
  }
  return { ...collected, isForProject };
}

/** The boxes a picture gets; what is odd about them, or that there are none, goes into the report. */
function boxesFor(
  { image }: InspectedMedia,
  path: string,
  { notes }: CollectedAnnotations,
  report: ImportReport,
): (Rect & { label: string })[] {
  const note = notes.get(path);
  if (!image || !note) {
    if (notes.size > 0)
      report.remarks.push({ path, reason: 'The annotations do not name it: it is not annotated yet.', isAdded: true });
    return [];
  }
  const { boxes, remarks } = placeBoxes(note, image.width, image.height);
  for (const { reason, isKept } of remarks) report.remarks.push({ path, reason, isAdded: isKept });
  return boxes;
}

/** Whether a picture is done with what a file says of it: it has boxes, or the file says that it has none. Boxes that could not be read leave it to do. */
const isAnnotatedBy = (note: PictureNote | undefined, kept: number): boolean =>
  note !== undefined && (kept > 0 || (note.boxes.length === 0 && !note.isPartial));

/** The clips that rows cut out of a video: the file is shared, nothing is encoded anew. */
function cutByRows(
  whole: InspectedMedia,
  rows: readonly MotionAnnotation[],
  onFault: (reason: string) => void,
): { media: InspectedMedia; label: string }[] {
  const { motion } = whole;
  if (!motion) return rows.slice(0, 1).map((row) => ({ media: whole, label: row.label }));
  const clips: { media: InspectedMedia; label: string }[] = [];
  const taken: { startSec: number; endSec: number; label: string }[] = [];
  for (const row of rows) {
    const startSec = row.startSec ?? 0;
    const endSec = Math.min(row.endSec ?? motion.fileSec, motion.fileSec);
    const say = `${row.label}, ${formatPosition(startSec)} to ${formatPosition(row.endSec ?? motion.fileSec)}`;
    if (startSec >= motion.fileSec - 0.05) {
      onFault(`${say}: the video is only ${formatDuration(motion.fileSec)} long.`);
      continue;
    }
    const notices: string[] = [];
    if (row.endSec !== null && row.endSec > motion.fileSec + 0.05)
      notices.push(`${say}: cut at the end of the video, ${formatPosition(motion.fileSec)}.`);
    if (
      taken.some(
        (other) => other.label !== row.label && startSec < other.endSec - 0.05 && endSec > other.startSec + 0.05,
      )
    )
      notices.push(`${say}: it overlaps with another label. Both were added.`);
    taken.push({ startSec, endSec, label: row.label });
    clips.push({
      media: {
        ...whole,
        notice: notices.join(' ') || whole.notice,
        motion: { ...motion, startSec, endSec, durationSec: endSec - startSec },
      },
      label: row.label,
    });
  }
  return clips;
}
