/** Live sound in the worker: blocks of the capture worklet → spectrogram, level, predictions, takes. Worker thread. */
import { LOG_MEL_SPEC, quantiseLogMel } from '../features/index.ts';
import { LogMelStream } from '../features/jobs.ts';
import { Resampler, SOUND_RATE_HZ } from '../media/index.ts';
import type { CaptureBlock } from '../media/capture.ts';
import type { ListenProgress } from './contract.ts';
import type { WindowScores } from './events.ts';
import type { SoundPredictor } from './predictor.ts';

const BANDS = LOG_MEL_SPEC.bandCount;
/** Progress is sent at most this often, in seconds of sound. */
const REPORT_EVERY_SEC = 0.06;
/** Live windows come at least this often, whatever the overlap the model was trained with. */
const MOST_STEP_FRAMES = 25;

type Take = {
  blocks: Float32Array[];
  samples: number;
  wanted: number;
  resolve: (pcm: Float32Array) => void;
  reject: (error: unknown) => void;
};

/** One listening session. Feed it blocks; it reports. */
export class Listener {
  predictor: SoundPredictor | null = null;
  /** Model switches asked for; an older one that loads slower is thrown away. */
  switchCount = 0;
  readonly sampleRateHz: number;
  readonly #report: (progress: ListenProgress) => void;
  readonly #resampler: Resampler;
  readonly #stream = new LogMelStream();
  #rows = new Float32Array(0);
  #firstRow = 0;
  #rowCount = 0;
  #nextEnd = 0;
  #isPredicting = false;
  #expectedFrame = -1;
  #unsent: {
    rows: Float32Array[];
    samples: number;
    peak: number;
    power: number;
    dropped: number;
    windows: WindowScores[];
  } = this.#empty();
  #take: Take | null = null;

  constructor(sampleRateHz: number, report: (progress: ListenProgress) => void) {
    this.sampleRateHz = sampleRateHz;
    this.#report = report;
    this.#resampler = new Resampler(sampleRateHz, SOUND_RATE_HZ);
  }

  #empty() {
    return { rows: [] as Float32Array[], samples: 0, peak: 0, power: 0, dropped: 0, windows: [] as WindowScores[] };
  }

  /** One block of the worklet; owned by the listener from here on. */
  push({ pcm, frame }: CaptureBlock): void {
    const unsent = this.#unsent;
    if (this.#expectedFrame >= 0 && frame > this.#expectedFrame) unsent.dropped += frame - this.#expectedFrame;
    this.#expectedFrame = frame + pcm.length;
    for (const value of pcm) {
      const magnitude = Math.abs(value);
      if (magnitude > unsent.peak) unsent.peak = magnitude;
      unsent.power += magnitude * magnitude;
    }
    unsent.samples += pcm.length;
    this.#record(pcm);

    const rows = this.#stream.push(this.#resampler.push(pcm)).slice();
    if (rows.length) {
      unsent.rows.push(rows);
      this.#keep(rows);
      void this.#predict();
    }
    if (unsent.samples / this.sampleRateHz >= REPORT_EVERY_SEC) this.#send();
  }

  #record(pcm: Float32Array): void {
    const take = this.#take;
    if (!take) return;
    const part = pcm.subarray(0, Math.max(0, take.wanted - take.samples));
    take.blocks.push(part);
    take.samples += part.length;
    if (take.samples >= take.wanted) this.finishTake();
  }

  /** Starts a take. @param durationSec null = until {@link finishTake}. A take already running is finished first. */
  startTake(durationSec: number | null, signal: AbortSignal): Promise<Float32Array> {
    this.finishTake();
    return new Promise((resolve, reject) => {
      const take: Take = {
        blocks: [],
        samples: 0,
        wanted: durationSec === null ? Infinity : Math.round(durationSec * this.sampleRateHz),
        resolve,
        reject,
      };
      this.#take = take;
      signal.addEventListener(
        'abort',
        () => {
          if (this.#take === take) this.#take = null;
          reject(signal.reason);
        },
        { once: true },
      );
    });
  }

  finishTake(): void {
    const take = this.#take;
    if (!take) return;
    this.#take = null;
    const pcm = new Float32Array(take.samples);
    let at = 0;
    for (const block of take.blocks) {
      pcm.set(block, at);
      at += block.length;
    }
    take.resolve(pcm);
  }

  /** Keeps the newest rows: as many as a window needs, with room to move. */
  #keep(rows: Float32Array): void {
    const joined = new Float32Array(this.#rows.length + rows.length);
    joined.set(this.#rows);
    joined.set(rows, this.#rows.length);
    this.#rowCount += rows.length / BANDS;
    const most = (this.predictor?.window.windowFrames ?? 0) + 200;
    const surplus = Math.max(0, joined.length / BANDS - most);
    this.#rows = joined.slice(surplus * BANDS);
    this.#firstRow += surplus;
  }

  /** Runs the newest window when one is due; while one is running the next is not queued but joined (latest wins). */
  async #predict(): Promise<void> {
    const predictor = this.predictor;
    if (
      !predictor ||
      this.#isPredicting ||
      this.#rowCount < this.#nextEnd ||
      this.#rows.length / BANDS < predictor.window.windowFrames
    )
      return;
    this.#isPredicting = true;
    try {
      const { windowFrames, hopFrames } = predictor.window;
      const end = this.#rowCount;
      this.#nextEnd = end + Math.min(hopFrames, MOST_STEP_FRAMES);
      const scores = await predictor.predict(this.#rows, [end - windowFrames - this.#firstRow]);
      if (this.predictor !== predictor) return;
      const rate = SOUND_RATE_HZ / LOG_MEL_SPEC.hopSamples;
      this.#unsent.windows.push({ startSec: (end - windowFrames) / rate, endSec: end / rate, scores });
    } finally {
      this.#isPredicting = false;
    }
  }

  #send(): void {
    const { rows, samples, peak, power, dropped, windows } = this.#unsent;
    this.#unsent = this.#empty();
    const flat = new Float32Array(rows.reduce((sum, block) => sum + block.length, 0));
    let at = 0;
    for (const block of rows) {
      flat.set(block, at);
      at += block.length;
    }
    const toDb = (value: number) => 20 * Math.log10(Math.max(value, 1e-6));
    this.#report({
      columns: quantiseLogMel(flat),
      peakDb: toDb(peak),
      rmsDb: toDb(Math.sqrt(power / Math.max(1, samples))),
      atSec: this.#rowCount / (SOUND_RATE_HZ / LOG_MEL_SPEC.hopSamples),
      windows,
      droppedSamples: dropped,
      takeSec: this.#take ? this.#take.samples / this.sampleRateHz : null,
    });
  }
}
