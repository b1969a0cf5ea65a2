/** The microphone of a first model: a hold is a clip. Main thread. */
import type { ModelRef } from '../../../domain/model.ts';
import type { FirstShow, Hand, HandAnswer } from '../../first/hand.ts';
import { keepRecorded, takeName } from '../../keep-recorded.ts';
import { nowMs } from '../../../kernel/clock.ts';
import type { Studio, Workbench } from '../../studio.svelte.ts';

/** Shorter than this is a slip of the hand, in seconds. */
const LEAST_SEC = 0.3;

class Microphone implements Hand {
  readonly #workbench: Workbench;
  readonly #studio: Studio;
  readonly stream = null;

  constructor(workbench: Workbench, studio: Studio) {
    this.#workbench = workbench;
    this.#studio = studio;
  }

  get state() {
    return this.#workbench.listening.state;
  }
  get isOn(): boolean {
    return this.#workbench.listening.isOn;
  }
  get level(): number {
    return Math.max(0, Math.min(1, (this.#workbench.listening.levelDb + 60) / 60));
  }

  async open(model: ModelRef | null): Promise<void> {
    const { listening } = this.#workbench;
    if (listening.isOn) await listening.switchModel(model);
    else await listening.start(null, model);
  }

  async record(into: { id: string; name: string }, session: string, released: Promise<void>): Promise<number> {
    const { listening, project } = this.#workbench;
    const taking = listening.recordTake(null, new AbortController().signal);
    void released.then(() => listening.finishTake());
    const { pcm, sampleRateHz } = await taking;
    if (pcm.length < LEAST_SEC * sampleRateHz) return 0;
    const made = await this.#studio.clients.features.call(
      'inspectTake',
      { pcm, sampleRateHz },
      { transfer: [pcm.buffer] },
    );
    await keepRecorded(project, made, { name: takeName(into.name, nowMs(), 1, 'wav'), classId: into.id, session });
    return 1;
  }

  onAnswer(listener: (answer: HandAnswer) => void): () => void {
    return this.#workbench.listening.onReport(({ windows }) => {
      for (const { endSec, scores } of windows) listener({ atSec: endSec, scores });
    });
  }

  [Symbol.dispose](): void {
    this.#workbench.listening.stop();
  }
}

/** See the file header. */
export const FIRST: FirstShow = {
  open: (workbench, studio) => new Microphone(workbench, studio),
  shortestSec: 1,
  goodStart: 5,
  countdownSec: 0,
};
