/** The camera of a first model of movements: a hold is a take. Main thread. */
import type { ModelRef } from '../../../domain/model.ts';
import type { InspectedMovement } from '../../../features/index.ts';
import { nowMs } from '../../../kernel/clock.ts';
import type { FirstShow, Hand, HandAnswer } from '../../first/hand.ts';
import { keepRecorded, takeName } from '../../keep-recorded.ts';
import type { Studio, Workbench } from '../../studio.svelte.ts';
import { take } from './take.ts';

/** Seconds of rest kept around a movement. */
const MARGIN_SEC = 0.25;

class MovementCamera implements Hand {
  readonly #workbench: Workbench;
  readonly #studio: Studio;
  readonly level = null;

  constructor(workbench: Workbench, studio: Studio) {
    this.#workbench = workbench;
    this.#studio = studio;
  }

  get state() {
    return this.#workbench.watching.state;
  }
  get isOn(): boolean {
    return this.#workbench.watching.isOn;
  }
  get stream(): MediaStream | null {
    const { state } = this.#workbench.watching;
    return state.kind === 'on' ? state.camera.stream : null;
  }

  async open(model: ModelRef | null): Promise<void> {
    const { watching } = this.#workbench;
    if (watching.isOn) await watching.switchModel(model);
    else await watching.start(null, model);
  }

  async record(into: { id: string; name: string }, session: string, released: Promise<void>): Promise<number> {
    const { watching, project, task } = this.#workbench;
    if (!this.stream) return 0;
    const { made, ending } = await take(
      this.stream,
      { isLandmarksOnly: false, marginSec: MARGIN_SEC },
      {
        onReport: (listener) => watching.onReport(listener),
        over: released,
        inspect: async (blob, name) => {
          const [found] = await this.#studio.clients.features.call('inspect', { task: task.kind, blob, name });
          return found as InspectedMovement;
        },
      },
    );
    await keepRecorded(project, made, { name: takeName(into.name, nowMs(), 1, ending), classId: into.id, session });
    return 1;
  }

  onAnswer(listener: (answer: HandAnswer) => void): () => void {
    let emptySec: number | null = null;
    return this.#workbench.watching.onReport(({ window, pose, atSec }) => {
      emptySec = pose ? null : (emptySec ?? atSec);
      if (emptySec !== null && atSec - emptySec > 1) listener({ atSec, scores: null });
      else if (window) listener({ atSec: window.endSec, scores: window.scores });
    });
  }

  [Symbol.dispose](): void {
    this.#workbench.watching.stop();
  }
}

/** See the file header. */
export const FIRST: FirstShow = {
  open: (workbench, studio) => new MovementCamera(workbench, studio),
  shortestSec: 3,
  goodStart: 5,
  countdownSec: 3,
};
