/** How the model that is tried answers: the person's choice, kept with its source. Main thread. */
import { untrack } from 'svelte';
import type { Answering } from '../../domain/answering.ts';
import type { ModelSource } from '../../domain/project.ts';
import { answeringOf } from '../../evaluation/index.ts';
import type { Report } from '../../domain/report.ts';
import { useStudio, type Workbench } from '../studio.svelte.ts';

/** A slider that moves is stored when it rests, in milliseconds. */
const REST_MS = 300;

type Save = (sourceId: string, answering: Partial<Answering>) => Promise<void>;

/** The choice of a page, which ends with it; call it while the page is made. @param source of the model that is tried. */
export function useAnswering(workbench: () => Workbench, source: () => ModelSource | null): AnsweringChoice {
  const { notify } = useStudio();
  const answers = untrack(
    () =>
      new AnsweringChoice(source, workbench().task.bundle.isDetector, (id, answering) =>
        workbench().project.saveSource(id, { answering }).catch(notify.fail),
      ),
  );
  $effect(() => () => answers[Symbol.dispose]());
  return answers;
}

/** See the file header. Dispose it with its page: what rests is stored at once. */
export class AnsweringChoice implements Disposable {
  readonly #source: () => ModelSource | null;
  readonly #isDetector: boolean;
  readonly #save: Save;
  /** Chosen here, by source ('' = a model without one). */
  #chosen = $state.raw<Record<string, Partial<Answering>>>({});
  #reports = $state.raw<readonly Report[]>([]);
  #timer: ReturnType<typeof setTimeout> | null = null;
  #waiting: string | null = null;

  /** @param source of the model that is tried, null for one that is nobody's. */
  constructor(source: () => ModelSource | null, isDetector: boolean, save: Save) {
    this.#source = source;
    this.#isDetector = isDetector;
    this.#save = save;
  }

  /** What its validation examples say. */
  set reports(reports: readonly Report[]) {
    this.#reports = reports;
  }

  get value(): Answering {
    const source = this.#source();
    return { ...answeringOf(source, this.#reports, this.#isDetector), ...this.#chosen[source?.id ?? ''] };
  }

  choose(patch: Partial<Answering>): void {
    const id = this.#source()?.id ?? '';
    if (this.#waiting !== id) this.#store();
    this.#chosen = { ...this.#chosen, [id]: { ...this.#source()?.answering, ...this.#chosen[id], ...patch } };
    if (!id) return;
    this.#waiting = id;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#store(), REST_MS);
  }

  #store(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const id = this.#waiting;
    this.#waiting = null;
    if (id) void this.#save(id, this.#chosen[id]!);
  }

  [Symbol.dispose](): void {
    this.#store();
  }
}
