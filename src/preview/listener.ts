/** Live sound in the worker: blocks of the capture worklet → spectrogram, level, predictions, takes. Worker thread. */
import { quantiseLogMel } from '../features/index.ts';
import { LogMelStream } from '../features/jobs.ts';
import { Resampler, SOUND_RATE_HZ } from '../media/index.ts';
import type { CaptureBlock } from '../media/capture.ts';
import type { WindowScores } from '../domain/model.ts';
import type { ListenProgress } from './contract.ts';
import type { Predictor } from '../model/jobs.ts';

/** Progress is sent at most this often, in seconds of sound. */
const REPORT_EVERY_SEC = 0.06;
/** Live windows come at least this often, in seconds, whatever the overlap the model was trained with. */
const MOST_STEP_SEC = 0.25;

type Take = {
  blocks: Float32Array[];
  samples: number;
  wanted: number;
  resolve: (pcm: Float32Array) => void;
  reject: (error: unknown) => void;
};

/** Samples for a model: `newest` as many as its window needs, `count` since `fromSec`; `resampler` null where they are those of the spectrogram. */
type Feed = {
  readonly rateHz: number;
  readonly fromSec: number;
  readonly resampler: Resampler | null;
  newest: Float32Array;
  count: number;
  nextEnd: number;
};
const startFeed = (rateHz: number, fromSec: number, resampler: Resampler | null): Feed => ({
  rateHz,
  fromSec,
  resampler,
  newest: new Float32Array(0),
  count: 0,
  nextEnd: 0,
});

/** One listening session. Feed it blocks; it reports. */
export class Listener {
  predictor: Predictor | null = null;
  /** Model switches asked for; an older one that loads slower is thrown away. */
  switchCount = 0;
  readonly sampleRateHz: number;
  readonly #report: (progress: ListenProgress) => void;
  readonly #fail: (error: unknown) => void;
  readonly #resampler: Resampler;
  /** The newest samples, at the rate of the model. */
  #feed: Feed;
  readonly #stream = new LogMelStream();
  #heardSamples = 0;
  #isPredicting = false;
  #running: Promise<void> = Promise.resolve();
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

  /** @param fail is told when the model in use stops working. */
  constructor(
    sampleRateHz: number,
    report: (progress: ListenProgress) => void,
    fail: (error: unknown) => void = () => {},
  ) {
    this.sampleRateHz = sampleRateHz;
    this.#fail = fail;
    this.#report = report;
    this.#resampler = new Resampler(sampleRateHz, SOUND_RATE_HZ);
    this.#feed = startFeed(SOUND_RATE_HZ, 0, null);
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

    const resampled = this.#resampler.push(pcm);
    const rows = this.#stream.push(resampled).slice();
    if (rows.length) unsent.rows.push(rows);
    this.#heardSamples += resampled.length;
    this.#keep(this.#feed.resampler?.push(pcm) ?? resampled);
    const { predictor } = this;
    if (this.#isPredicting) return this.#reportIfDue();
    this.#running = this.#predict().catch((error: unknown) => {
      // The failure of a model that was replaced meanwhile is nobody's business.
      if (this.predictor === predictor) this.#fail(error);
    });
    this.#reportIfDue();
  }

  /** Runs another model from the next window on; the old one goes when its window is done. @param predictor owned by the listener. */
  async replace(predictor: Predictor | null): Promise<void> {
    const old = this.predictor;
    this.predictor = predictor;
    const rateHz = predictor?.rateHz ?? this.#feed.rateHz;
    if (rateHz !== this.#feed.rateHz)
      this.#feed = startFeed(
        rateHz,
        this.#heardSamples / SOUND_RATE_HZ,
        rateHz === SOUND_RATE_HZ ? null : new Resampler(this.sampleRateHz, rateHz),
      );
    await this.#running;
    old?.[Symbol.dispose]();
  }

  #reportIfDue(): void {
    if (this.#unsent.samples / this.sampleRateHz >= REPORT_EVERY_SEC) this.#send();
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

  /** Keeps the newest samples: as many as a window needs. */
  #keep(pcm: Float32Array): void {
    const feed = this.#feed;
    feed.count += pcm.length;
    const most = this.predictor?.cut.windowSamples ?? 0;
    const joined = new Float32Array(feed.newest.length + pcm.length);
    joined.set(feed.newest);
    joined.set(pcm, feed.newest.length);
    feed.newest = joined.slice(Math.max(0, joined.length - most));
  }

  /** Runs the newest window when one is due; while one is running the next is not queued but joined (latest wins). */
  async #predict(): Promise<void> {
    const { predictor } = this;
    const feed = this.#feed;
    if (
      !predictor ||
      this.#isPredicting ||
      feed.count < feed.nextEnd ||
      feed.newest.length < predictor.cut.windowSamples
    )
      return;
    this.#isPredicting = true;
    try {
      const { windowSamples, hopSamples } = predictor.cut;
      const end = feed.count;
      feed.nextEnd = end + Math.min(hopSamples, MOST_STEP_SEC * feed.rateHz);
      const pcm = feed.newest.slice();
      const { scores, novelty } = await predictor.predictWindows([{ startSample: end - windowSamples, pcm, own: pcm }]);
      if (this.predictor !== predictor) return;
      const toSec = (sample: number) => feed.fromSec + sample / feed.rateHz;
      this.#unsent.windows.push({
        startSec: toSec(end - windowSamples),
        endSec: toSec(end),
        scores,
        novelty: novelty?.[0] ?? null,
      });
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
      atSec: this.#heardSamples / SOUND_RATE_HZ,
      windows,
      droppedSamples: dropped,
      takeSec: this.#take ? this.#take.samples / this.sampleRateHz : null,
    });
  }
}
