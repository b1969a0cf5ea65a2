/** An open project with its sessions; disposed when the person leaves it. Main thread. */
import { ImportSession, ProjectLock, ProjectSession } from '../dataset/ui.ts';
import type { ModelSource } from '../domain/project.ts';
import { durationOf } from '../domain/project.ts';
import type { TrainingSettings } from '../domain/task.ts';
import { recordScore } from '../evaluation/index.ts';
import { EvaluationSession, itemsOfPart } from '../evaluation/ui.ts';
import { newId, nowMs } from '../kernel/clock.ts';
import { Scope } from '../kernel/scope.ts';
import { openCamera, openMicrophone, Player } from '../media/ui.ts';
import { ListeningSession, ProposalSession, WatchingSession } from '../preview/ui.ts';
import { taskOf, type Task } from '../tasks/index.ts';
import { TrainingSession } from '../training/ui.ts';
import type { Report } from '../domain/report.ts';
import type { Part } from '../domain/project.ts';
import { importTools } from './import-tools.ts';
import type { Notify } from './notify.svelte.ts';
import type { Store } from '../dataset/index.ts';
import type { Clients } from './workers.ts';

/** What a workbench takes from the studio. */
export type WorkbenchTools = { store: Store; clients: Clients; notify: Notify };

/** A new, untrained model source. */
export function newSource(projectId: string, name: string, settings: TrainingSettings): ModelSource {
  return {
    id: newId(),
    projectId,
    name,
    createdAtMs: nowMs(),
    status: 'untrained',
    settings,
    plannedIterations: 0,
    iteration: 0,
    bestIteration: null,
    curve: [],
    log: [],
    snapshots: [],
    engine: null,
    device: null,
    featureSec: 0,
    trainingSec: 0,
    trainedAtMs: null,
    data: null,
    scores: {},
    failure: null,
  };
}

/** See the file header. */
export class Workbench implements Disposable {
  readonly project: ProjectSession;
  readonly lock: ProjectLock;
  /** The row of its task. */
  readonly task: Task;
  readonly imports: ImportSession;
  readonly training: TrainingSession;
  readonly evaluation: EvaluationSession;
  readonly listening: ListeningSession;
  readonly watching: WatchingSession;
  readonly proposing: ProposalSession;
  readonly player: Player;
  readonly #notify: Notify;
  readonly #scope = new Scope();
  #sourceId = $state<string | null>(null);

  /** Opens a project with its sessions; it is changed only while its lock is held. @throws StudioError when it is not there. */
  static async open(id: string, tools: WorkbenchTools): Promise<Workbench> {
    const { store, notify } = tools;
    const project = await ProjectSession.open(id, { store, onError: notify.fail, slotOf: taskOf });
    // Another tab takes over: what runs here stops, and what is being written is written, before it may begin.
    const lock = new ProjectLock(id, async () => {
      await project.setReadOnly(true);
      workbench.stop();
      await project.settle();
    });
    const workbench = new Workbench(project, lock, tools);
    return workbench;
  }

  private constructor(project: ProjectSession, lock: ProjectLock, { store, clients, notify }: WorkbenchTools) {
    const scope = this.#scope;
    this.project = project;
    this.lock = scope.own(lock);
    this.#notify = notify;
    this.task = taskOf(project.project.kind);
    this.imports = new ImportSession(project, this.task, importTools(clients, this.task.kind));
    this.training = scope.own(new TrainingSession(project, this.task, clients));
    this.evaluation = scope.own(new EvaluationSession(clients, this.task));
    this.listening = scope.own(new ListeningSession(clients.sounds, openMicrophone));
    this.watching = scope.own(new WatchingSession(clients.movements, openCamera));
    this.proposing = scope.own(new ProposalSession(clients.objects));
    this.player = new Player((hash) => store.loadBlob(hash), notify.fail);
    scope.add(() => this.player.stop());
    scope.add(() => this.imports.cancel());
  }

  /** The model source the person looks at: the chosen one, else the newest. */
  get source(): ModelSource | null {
    const { sources } = this.project;
    return sources.find((source) => source.id === this.#sourceId) ?? sources.at(-1) ?? null;
  }

  selectSource(id: string): void {
    this.#sourceId = id;
    this.evaluation.show(null);
  }

  /** Model sources with a usable model. */
  get trained(): ModelSource[] {
    return this.project.sources.filter((source) => source.bestIteration !== null || source.iteration > 0);
  }

  /** Says what was done, with an Undo that takes back exactly this step. @param step as the change returned it; null = nothing was stored, nothing is said. */
  offerUndo(text: string, step: string | null): void {
    if (step === null) return;
    this.#notify.say(text, { label: 'Undo', run: () => void this.takeBack(step).catch(this.#notify.fail) });
  }

  /** Takes back one step when nothing newer was changed, and says so either way. */
  async takeBack(step: string): Promise<boolean> {
    const label = await this.project.undo(step);
    if (label !== null) {
      this.#sayUndone(label);
      return true;
    }
    const newer = this.project.undoLabel;
    this.#notify.say(newer ? `Something newer was changed. Undo it first: ${newer}` : 'There is nothing to undo');
    return false;
  }

  #sayUndone(label: string): void {
    this.#notify.say(`Undone: ${label}`, {
      label: 'Redo',
      run: () => void this.travel('redo').catch(this.#notify.fail),
    });
  }

  /** Takes back the newest step, or does it again, and says so. */
  async travel(side: 'undo' | 'redo'): Promise<void> {
    const label = await this.project[side]();
    if (!label) return;
    if (side === 'redo') this.#notify.say(`Done again: ${label}`);
    else this.#sayUndone(label);
  }

  /** Adds a model source with settings like the current one (or the given). */
  async addSource(settings?: TrainingSettings): Promise<ModelSource> {
    const numbers = this.project.sources.map((source) => Number(/^Model (\d+)$/.exec(source.name)?.[1] ?? 0));
    const source = newSource(
      this.project.id,
      `Model ${Math.max(0, ...numbers) + 1}`,
      settings ?? this.source?.settings ?? this.task.defaults(this.project.items),
    );
    await this.project.putSource(`Added ${source.name}`, source);
    this.selectSource(source.id);
    return source;
  }

  /** Adds an untrained source with the settings of another. */
  async duplicateSource(source: ModelSource): Promise<ModelSource> {
    const names = new Set(this.project.sources.map((other) => other.name));
    let name = `${source.name} copy`;
    for (let n = 2; names.has(name); n++) name = `${source.name} copy ${n}`;
    const copy = newSource(this.project.id, name, source.settings);
    await this.project.putSource(`Added ${name}`, copy);
    this.selectSource(copy.id);
    return copy;
  }

  /** Gives a source another name; an empty or the same one changes nothing. */
  async renameSource(id: string, name: string): Promise<void> {
    const source = this.project.sources.find((other) => other.id === id);
    const wanted = name.trim();
    if (!source || wanted === '' || wanted === source.name) return;
    await this.project.putSource(`Renamed ${source.name}`, { ...source, name: wanted });
  }

  /** Trains, then scores the parts that have clips: the honest number is there without asking. */
  async train(source: ModelSource, moreIterations = 0, isFinishing = false): Promise<void> {
    this.selectSource(source.id);
    const result = await this.training.run(source, moreIterations, isFinishing);
    if (result?.status !== 'done') return;
    for (const part of ['testing', 'validation'] as const) {
      if (itemsOfPart(this.project.items, result, part).length === 0) continue;
      await this.evaluate(result, part, true);
    }
  }

  /** Scores a source on a part, and remembers the score under the source and part that were scored. @param isNewModel it was trained since it was calibrated. */
  async evaluate(source: ModelSource, part: Part, isNewModel = false): Promise<Report | null> {
    const report = await this.evaluation.run(source, this.project.items, part);
    const scored = report && this.project.sources.find((candidate) => candidate.id === report.sourceId);
    if (!scored) return report;
    const lengths = new Map(this.project.items.map((item) => [item.id, durationOf(item)]));
    const patch = recordScore(report, scored, isNewModel, (id) => lengths.get(id) ?? 0);
    if (patch) await this.project.saveSource(scored.id, patch);
    return report;
  }

  /** Ends what runs: training pauses with a checkpoint, the microphone goes off. */
  stop(): void {
    this.training[Symbol.dispose]();
    this.evaluation[Symbol.dispose]();
    this.listening.stop();
    this.watching.stop();
    this.proposing.cancel();
    this.player.stop();
    this.imports.cancel();
  }

  [Symbol.dispose](): void {
    this.#scope.dispose();
  }
}
