/** A first model, shown, trained and tried in one place: examples are recorded while a button is held, a run is one press, answers come by themselves. Main thread. */
import { countClasses } from '../../domain/label.ts';
import { judgedCountOf, type ModelSource } from '../../domain/project.ts';
import type { TrainingSettings } from '../../domain/task.ts';
import { answeringOf, applyTemperature, FEW_EXAMPLES } from '../../evaluation/index.ts';
import { newId } from '../../kernel/clock.ts';
import { isAbort, StudioError, toStudioError } from '../../kernel/errors.ts';
import { formatCount } from '../../kernel/format.ts';
import { winner } from '../../preview/index.ts';
import type { RunPlan } from '../../training/index.ts';
import { classesOf } from '../preview/model-choice.ts';
import { LiveAnswer } from '../preview/live-answer.svelte.ts';
import type { Studio, Workbench } from '../studio.svelte.ts';
import type { FirstShow, Hand } from './hand.ts';

/** A class, or the place of one that is not there yet (`id` null). */
export type Place = { id: string | null; name: string; color: number; count: number };
/** What is recorded now. `leftSec`: seconds before it begins; 0 = it is on. `isKeeping`: it is over, and being stored. */
type Recording = { place: number; leftSec: number; isKeeping?: boolean };

/** Classes a first model has at least. */
const LEAST_CLASSES = 2;

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** See the file header. Reactive. Dispose it with its page. */
export class FirstModel implements Disposable {
  readonly hand: Hand;
  readonly show: FirstShow;
  readonly #workbench: Workbench;
  readonly #studio: Studio;
  readonly #answer = new LiveAnswer();
  readonly #end: () => void;
  #recording = $state.raw<Recording | null>(null);
  /** Ends with the recording that is on, or was last. */
  #kept: Promise<void> = Promise.resolve();
  /** A press waits for it. */
  #isWaiting = false;
  #release: (() => void) | null = null;
  /** The source whose model answers. */
  #answering = $state<string | null>(null);

  constructor(show: FirstShow, workbench: Workbench, studio: Studio) {
    this.show = show;
    this.#workbench = workbench;
    this.#studio = studio;
    this.hand = show.open(workbench, studio);
    this.#end = this.hand.onAnswer(({ atSec, scores }) => {
      const { source } = this;
      // Of the model before, while it is changed.
      if (!source || (scores && scores.length !== this.classes.length)) return;
      if (!scores) return this.#answer.hide();
      const { threshold, smoothingSec } = answeringOf(source, [], false);
      const { calibration } = source;
      const tempered = calibration?.isOn ? applyTemperature(scores, calibration.temperature) : scores;
      this.#answer.push(tempered, atSec, smoothingSec, threshold);
    });
  }

  /** Classes, and places for those a first model still needs. */
  get places(): Place[] {
    const { classes } = this.#workbench.project.project;
    const counts = countClasses(this.#workbench.project.items);
    const places: Place[] = classes.map(({ id, name, color }) => ({ id, name, color, count: counts.get(id) ?? 0 }));
    for (let n = places.length + 1; n <= LEAST_CLASSES; n++)
      places.push({ id: null, name: `Class ${n}`, color: n, count: 0 });
    return places;
  }
  get recording(): Recording | null {
    return this.#recording;
  }
  /** The trained source whose model answers, or would. */
  get source(): ModelSource | null {
    const { sources } = this.#workbench.project;
    const done = sources.filter(({ bestIteration, status }) => bestIteration !== null && status === 'done');
    return done.find(({ id }) => id === this.#answering) ?? done.at(-1) ?? null;
  }
  get classes() {
    return classesOf(this.source, this.#workbench.project.project.classes);
  }
  /** Scores in the order of `classes`; null before the first answer. */
  get scores(): Float32Array | null {
    return this.hand.isOn && this.source ? this.#answer.shown : null;
  }
  /** What is heard or seen now; null when nothing known is, '' before the first answer. */
  get said(): string | null {
    if (!this.scores || !this.source) return '';
    const { classIndex } = winner(this.scores, answeringOf(this.source, [], false).threshold);
    return this.classes[classIndex]?.name ?? null;
  }

  /** Settings of the next run: those of a source that waits for its first, else the usual ones for these examples. */
  get settings(): TrainingSettings {
    const { source, task, project } = this.#workbench;
    return source?.status === 'untrained' ? source.settings : task.defaults(project.items);
  }
  /** What the next run is given, or why there is none. */
  get plan(): RunPlan | StudioError {
    const { task, project } = this.#workbench;
    try {
      return task.plan(project.items, project.project.classes, this.settings);
    } catch (error) {
      return toStudioError(error);
    }
  }
  /** The score of the model that answers, and whether it comes of so few examples that it is a rough idea; null before there is one. */
  get score(): { value: number; isTest: boolean; isRough: boolean } | null {
    const { source } = this;
    const value = source?.scores.testing ?? source?.scores.validation;
    if (!source || value === undefined) return null;
    const isTest = source.scores.testing !== undefined;
    const { items } = this.#workbench.project;
    const count = isTest
      ? items.filter(({ part }) => part === 'testing').length
      : source.data
        ? judgedCountOf(source.data)
        : 0;
    return { value, isTest, isRough: count < FEW_EXAMPLES };
  }
  get canTrain(): boolean {
    const { training, project } = this.#workbench;
    return !training.isRunning && !project.isReadOnly && !this.#recording && !(this.plan instanceof StudioError);
  }

  /** The class of a place, made where there was none. */
  async #classAt(index: number): Promise<{ id: string; name: string }> {
    const place = this.places[index]!;
    return place.id ? { id: place.id, name: place.name } : this.#workbench.project.addClass(place.name);
  }

  /** Gives a place its name. */
  async rename(index: number, name: string): Promise<void> {
    const place = this.places[index];
    const { project } = this.#workbench;
    if (!place || name.trim() === '' || name.trim() === place.name) return;
    if (place.id) await project.renameClass(place.id, name.trim());
    else {
      // The places before it keep theirs.
      for (let i = 0; i < index; i++) await this.#classAt(i);
      await project.addClass(name.trim());
    }
  }

  async addPlace(): Promise<void> {
    const { places } = this;
    for (let i = 0; i < places.length; i++) await this.#classAt(i);
    await this.#workbench.project.addClass(`Class ${places.length + 1}`);
  }

  /** Records until `release`, at least the shortest time; a device that is off is turned on first. */
  async press(index: number): Promise<void> {
    const { project, training } = this.#workbench;
    const isBusy = this.#recording !== null && !this.#recording.isKeeping;
    if (isBusy || this.#isWaiting || project.isReadOnly || training.isRunning) return;
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    this.#release = release;
    // What was recorded before is still being stored: a press counts, and begins then.
    this.#isWaiting = true;
    await this.#kept;
    this.#isWaiting = false;
    this.#kept = this.#record(index, released);
    await this.#kept;
    if (this.#release === release) this.#release = null;
  }

  async #record(index: number, released: Promise<void>): Promise<void> {
    this.#recording = { place: index, leftSec: this.show.countdownSec };
    const session = newId();
    try {
      for (let i = 0; i < index; i++) await this.#classAt(i);
      const into = await this.#classAt(index);
      if (!this.hand.isOn) await this.#open();
      if (!this.hand.isOn) return;
      for (let leftSec = this.show.countdownSec; leftSec > 0; leftSec--) {
        this.#recording = { place: index, leftSec };
        await wait(1000);
      }
      this.#recording = { place: index, leftSec: 0 };
      const over = Promise.all([released, wait(this.show.shortestSec * 1000)]).then(
        () => void (this.#recording = { place: index, leftSec: 0, isKeeping: true }),
      );
      const kept = await this.hand.record(into, session, over);
      if (kept === 0) throw new StudioError('media/zero-length');
      this.#studio.storage.protect();
      this.#workbench.offerUndo(`Recorded ${formatCount(kept, ...this.#workbench.task.example)}`, session);
    } catch (error) {
      if (!isAbort(error)) this.#studio.notify.fail(error);
    } finally {
      this.#recording = null;
    }
  }

  release(): void {
    this.#release?.();
  }

  async #open(): Promise<void> {
    this.#answer.reset();
    const { source } = this;
    this.#answering = source?.id ?? null;
    await this.hand.open(source && { sourceId: source.id, kind: 'best' });
  }

  /** Turns the device on, or off. */
  async toggle(): Promise<void> {
    if (this.hand.isOn) this.hand[Symbol.dispose]();
    else await this.#open();
  }

  /** Trains on what is there; then the new model answers. */
  async train(): Promise<void> {
    if (!this.canTrain) return;
    const workbench = this.#workbench;
    const { source } = workbench;
    const target = source?.status === 'untrained' ? source : await workbench.addSource(this.settings);
    await workbench.train(target);
    const trained = workbench.project.sources.find(({ id }) => id === target.id);
    if (trained?.status !== 'done') return;
    this.#answering = trained.id;
    if (this.hand.isOn) await this.#open();
  }

  [Symbol.dispose](): void {
    this.release();
    this.#end();
    this.hand[Symbol.dispose]();
  }
}
