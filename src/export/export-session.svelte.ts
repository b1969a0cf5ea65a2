/** Leaving with a model: the files of each format, how well each does as it stands, and saving them. Main thread. */
import type { Answering } from '../domain/answering.ts';
import type { Calibration } from '../domain/calibration.ts';
import type { ModelArtifact } from '../domain/model.ts';
import type { MediaItem, Part } from '../domain/project.ts';
import { headlineOf, type EvaluationSlot } from '../evaluation/index.ts';
import type { EvaluationContract } from '../evaluation/ui.ts';
import { extract, type FeatureClients } from '../features/ui.ts';
import { isAbort, toStudioError, type StudioError } from '../kernel/errors.ts';
import { Scope } from '../kernel/scope.ts';
import type { WorkerClient } from '../rpc/client.ts';
import type { BundleFile, ModelAbout } from './bundle.ts';
import type { Exported, ExportContract } from './contract.ts';
import { FORMS, formOf, formsOf, type FormatId } from './forms.ts';
import type { BundleSlot } from './slot.ts';

/** The threads an export needs. */
export type ExportClients = FeatureClients & {
  exports: WorkerClient<ExportContract>;
  evaluation: WorkerClient<EvaluationContract>;
};

/** What is exported. `scores`: lines for the README. */
export type ExportSubject = {
  model: ModelArtifact;
  calibration: Calibration | null;
  answering: Answering;
  scores: string[];
  generatedBy: string;
};

/** How a file does as it stands: the score of its part, and seconds an example, input included. */
export type Measured = { score: number; secPerExample: number };

/** Where it stands. */
export type ExportState =
  | { kind: 'idle' }
  | { kind: 'writing' }
  | { kind: 'measuring'; format: FormatId; done: number; total: number }
  | { kind: 'failed'; error: StudioError };

/** Written at once, so that their sizes are known. */
const filesOf = (slot: BundleSlot) =>
  formsOf(slot).flatMap(({ id, suffix }) => (suffix !== null || id === 'teachable' ? [id] : []));
/** Tried as they stand. */
const GRAPHS = FORMS.filter((form) => form.isGraph).map(({ id }) => id);

/** See the file header. One thing at a time; a newer one replaces an older. */
export class ExportSession implements Disposable {
  readonly #clients: ExportClients;
  readonly #slot: EvaluationSlot & { bundle: BundleSlot };
  #state = $state.raw<ExportState>({ kind: 'idle' });
  #made = $state.raw<ReadonlyMap<FormatId, Exported>>(new Map());
  #measured = $state.raw<ReadonlyMap<FormatId, Measured>>(new Map());
  #subject: ExportSubject | null = null;
  #run: Scope | null = null;
  /** The first writing: what a person asks for waits for it. */
  #showing: Promise<Exported[] | null> = Promise.resolve(null);

  constructor(clients: ExportClients, slot: EvaluationSlot & { bundle: BundleSlot }) {
    this.#clients = clients;
    this.#slot = slot;
  }

  get state(): ExportState {
    return this.#state;
  }

  /** Formats that have been written once: their size, or why they cannot hold the model. */
  get made(): ReadonlyMap<FormatId, Exported> {
    return this.#made;
  }

  get measured(): ReadonlyMap<FormatId, Measured> {
    return this.#measured;
  }

  /** Bytes of a format's files; null until they were written. */
  sizeOf(id: FormatId): number | null {
    const files = this.#made.get(id)?.files;
    return files?.length ? files.reduce((sum, { blob }) => sum + blob.size, 0) : null;
  }

  /** One piece of work. @returns null when it failed or was replaced. */
  async #work<T>(state: ExportState, work: (run: Scope) => Promise<T>): Promise<T | null> {
    this.#run?.dispose();
    const run = new Scope();
    this.#run = run;
    this.#state = state;
    try {
      const result = await work(run);
      if (this.#run !== run) return null;
      this.#state = { kind: 'idle' };
      return result;
    } catch (error) {
      if (this.#run === run)
        this.#state = isAbort(error) ? { kind: 'idle' } : { kind: 'failed', error: toStudioError(error) };
      return null;
    } finally {
      run.dispose();
    }
  }

  #export(subject: ExportSubject, about: ModelAbout, base: string, formats: readonly FormatId[], run: Scope) {
    const args = { task: this.#slot.kind, ...subject, about, base, formats };
    return this.#clients.exports.call('exportModel', args, { signal: run.abortSignal() });
  }

  /** Writes the files of one model, so that their sizes are known. */
  async show(subject: ExportSubject, about: ModelAbout): Promise<void> {
    this.#subject = subject;
    this.#made = new Map();
    this.#measured = new Map();
    this.#showing = this.#work({ kind: 'writing' }, (run) =>
      this.#export(subject, about, 'model', filesOf(this.#slot.bundle), run),
    );
    const made = await this.#showing;
    if (made) this.#made = new Map(made.map((one) => [one.id, one]));
  }

  /** Scores every file that was written on examples whose labels are known. @param score of the model as it was trained. */
  async measure(projectId: string, items: readonly MediaItem[], part: Part): Promise<void> {
    const subject = this.#subject;
    if (!subject) return;
    const { kind: task, bundle } = this.#slot;
    const { preprocessing, classes } = subject.model;
    const files = GRAPHS.flatMap((id) => this.#made.get(id)?.files.map(({ blob }) => ({ id, blob })) ?? []);
    const first = files[0]?.id ?? 'tflite';
    await this.#work({ kind: 'measuring', format: first, done: 0, total: items.length }, async (run) => {
      const signal = run.abortSignal();
      if (bundle.fileNeedsFeatures)
        await extract(this.#clients, task, this.#slot.featuresOfModel(preprocessing, items), { signal });
      for (const { id, blob } of files) {
        const { suffix } = formOf(id);
        const temperature = subject.calibration?.isOn ? subject.calibration.temperature : 1;
        const started = performance.now();
        const report = await this.#clients.evaluation.call(
          'evaluateFile',
          {
            task,
            file: blob,
            name: `model${suffix}`,
            model: { classes, preprocessing, temperature },
            projectId,
            part,
            itemIds: items.map((item) => item.id),
          },
          {
            signal,
            onProgress: ({ done, total }) => {
              if (this.#run === run) this.#state = { kind: 'measuring', format: id, done, total };
            },
          },
        );
        const secPerExample = (performance.now() - started) / 1000 / items.length;
        if (this.#run !== run) return;
        this.#measured = new Map(this.#measured).set(id, { score: headlineOf(report), secPerExample });
      }
    });
  }

  /** The files of some formats, with what the person said about the model. @returns null when it failed; the state tells why. */
  async files(about: ModelAbout, base: string, formats: readonly FormatId[]): Promise<BundleFile[] | null> {
    const subject = this.#subject;
    if (!subject) return null;
    await this.#showing;
    const made = await this.#work({ kind: 'writing' }, (run) => this.#export(subject, about, base, formats, run));
    if (!made) return null;
    const isOne = formats.length === 1;
    return made.flatMap(({ id, files }) =>
      files.map(({ path, blob }) => ({ path: isOne || formOf(id).suffix !== null ? path : `${id}/${path}`, blob })),
    );
  }

  cancel(): void {
    this.#run?.dispose();
  }

  [Symbol.dispose](): void {
    this.cancel();
  }
}
