/** A sound classifier in somebody's page: clips, and what a microphone hears. */
import { isNothing } from '../../evaluation/index.ts';
import { cutPcmWindows } from '../../features/index.ts';
import { resample } from '../../media/index.ts';
import { tapSamples } from '../../media/outside.ts';
import { SoundPredictor, type Predictor } from '../../model/jobs.ts';
import { Answerer, findEvents, Listener, type Answer } from '../../preview/outside.ts';
import { Pushed } from '../../kernel/pushed.ts';
import type { WindowScores } from '../../domain/model.ts';
import type { Given, OutsideRow, WatchOptions } from '../outside-model.ts';
import { SOUND_BUNDLE } from './bundle.ts';

/** What a clip is, as a whole and from second to second. */
export type ClipAnswer = Answer & {
  windows: (Answer & { startSec: number; endSec: number })[];
  events: { label: string; startSec: number; endSec: number; confidence: number }[];
};
/** What is heard now. `levelDb`: loudness, 0 = full scale. */
export type LiveSound = Answer & { atSec: number; levelDb: number };

/** Windows run at once. */
const BATCH = 16;

/** See the file header. */
export class SoundModel {
  readonly kind = 'sound';
  readonly name: string;
  readonly labels: readonly string[];
  readonly #predictor: SoundPredictor;
  readonly #given: Given;

  private constructor(given: Given, predictor: SoundPredictor) {
    this.#given = given;
    this.#predictor = predictor;
    this.name = given.name;
    this.labels = predictor.classNames;
  }

  static async load(given: Given): Promise<SoundModel> {
    return new SoundModel(given, await SoundPredictor.load(given.artifact, given.networks));
  }

  #answerer(): Answerer {
    return new Answerer(this.labels, this.#given.calibration, this.#given.answering);
  }

  /** @param samples one channel, -1 to 1; borrowed. */
  async classify(samples: Float32Array, sampleRateHz: number): Promise<ClipAnswer> {
    const { cut, rateHz } = this.#predictor;
    const cuts = cutPcmWindows(resample(samples, sampleRateHz, rateHz), cut);
    const windows: WindowScores[] = [];
    for (let at = 0; at < cuts.length; at += BATCH) {
      const batch = cuts.slice(at, at + BATCH);
      const { scores, novelty } = await this.#predictor.predictWindows(batch);
      batch.forEach(({ startSample }, i) =>
        windows.push({
          startSec: startSample / rateHz,
          endSec: (startSample + cut.windowSamples) / rateHz,
          scores: scores.slice(i * this.labels.length, (i + 1) * this.labels.length),
          novelty: novelty?.[i] ?? null,
        }),
      );
    }
    const answerer = this.#answerer();
    // The mean first, then the temperature: it was fitted on the scores of whole clips. Windows of silence say nothing of the others.
    const heard = windows.filter(({ scores }) => !isNothing(scores));
    const mean = Float32Array.from(
      this.labels,
      (_, c) => heard.reduce((sum, { scores }) => sum + scores[c]!, 0) / Math.max(1, heard.length),
    );
    const { smoothingSec, holdOffSec } = this.#given.answering;
    const events = findEvents(
      windows.map((window) => ({ ...window, scores: answerer.temper(window.scores) })),
      { threshold: answerer.thresholds, smoothingSec, holdOffSec: this.#hearsWords ? holdOffSec : 0 },
    );
    const nearest = windows.flatMap(({ novelty }) => (novelty === null ? [] : [novelty]));
    return {
      ...answerer.answer(mean, nearest.length ? Math.min(...nearest) : null),
      windows: windows.map(({ startSec, endSec, scores, novelty }) => ({
        startSec,
        endSec,
        ...answerer.answer(scores, novelty),
      })),
      events: events.map(({ classIndex, ...event }) => ({ label: this.labels[classIndex]!, ...event })),
    };
  }

  /** Words count once; sounds go on. */
  get #hearsWords(): boolean {
    return this.#given.artifact.preprocessing.kind === 'speech-embedding';
  }

  /** A sound file this browser can decode. */
  async classifyFile(file: Blob): Promise<ClipAnswer> {
    const context = new AudioContext();
    try {
      const sound = await context.decodeAudioData(await file.arrayBuffer());
      const mono = new Float32Array(sound.length);
      for (let c = 0; c < sound.numberOfChannels; c++) {
        const channel = sound.getChannelData(c);
        for (let i = 0; i < mono.length; i++) mono[i]! += channel[i]! / sound.numberOfChannels;
      }
      return await this.classify(mono, sound.sampleRate);
    } finally {
      await context.close();
    }
  }

  /** Answers about four times a second, windows half over each other, until the reader stops or `signal` is aborted. @param microphone borrowed: whoever opened it stops it. */
  async *listen(microphone: MediaStream, { signal }: WatchOptions = {}): AsyncGenerator<LiveSound, void> {
    const heard = new Pushed<LiveSound>();
    const answerer = this.#answerer();
    const predictor = this.#predictor;
    // Lent: the listener would end what it owns.
    const lent: Predictor = {
      classNames: predictor.classNames,
      rateHz: predictor.rateHz,
      cut: predictor.cut,
      predictWindows: (windows) => predictor.predictWindows(windows),
      [Symbol.dispose]() {},
    };
    let listener: Listener | null = null;
    const stop = () => heard.end();
    signal?.addEventListener('abort', stop, { once: true });
    for (const track of microphone.getTracks()) track.addEventListener('ended', stop, { once: true });
    const tap = await tapSamples(microphone, (block) => listener?.push(block));
    try {
      listener = new Listener(
        tap.sampleRateHz,
        ({ windows, rmsDb }) => {
          for (const { scores, endSec, novelty } of windows)
            heard.push({ ...answerer.follow(scores, endSec, novelty), atSec: endSec, levelDb: rmsDb });
        },
        (error) => heard.end(error),
      );
      await listener.replace(lent);
      if (signal?.aborted) stop();
      yield* heard.read();
    } finally {
      tap[Symbol.dispose]();
      signal?.removeEventListener('abort', stop);
    }
  }

  close(): void {
    this.#predictor[Symbol.dispose]();
  }
}

/** See the file header. */
export const SOUND_OUTSIDE: OutsideRow<SoundModel> = { bundle: SOUND_BUNDLE, load: SoundModel.load };
