/** Sounds in the inference worker: listening, takes, what YAMNet knows, whole files. */
import { loadModel, type Store } from '../dataset/index.ts';
import type { ModelRef, WindowScores } from '../domain/model.ts';
import {
  cutPcmWindows,
  LOG_MEL_SPEC,
  PcmWindows,
  quantiseLogMel,
  sampleCut,
  type PcmWindow,
} from '../features/index.ts';
import { KnownSounds, LogMelStream, readPcm } from '../features/jobs.ts';
import { required } from '../kernel/assert.ts';
import { throwIfAborted } from '../kernel/errors.ts';
import { yieldToMessages } from '../kernel/yield.ts';
import { encodeWav, Resampler, SOUND_RATE_HZ } from '../media/index.ts';
import type { CaptureBlock } from '../media/capture.ts';
import { readSound } from '../media/jobs.ts';
import { KnownPredictor, SoundPredictor, type Predictor } from '../model/jobs.ts';
import type { Jobs } from '../rpc/contract.ts';
import type { SoundPreview } from './contract.ts';
import { KNOWN_SOUNDS } from './events.ts';
import { Listener } from './listener.ts';

const BANDS = LOG_MEL_SPEC.bandCount;
/** Most columns of the spectrogram of an analysed file. */
const MOST_COLUMNS = 1200;

/** @param store opens the database of this thread, once. */
export function createSoundPreview(store: () => Promise<Store>): Jobs<SoundPreview> {
  const listeners = new Map<string, Listener>();

  /** A trained model, or YAMNet's own classes. */
  async function load(ref: ModelRef): Promise<Predictor> {
    if (ref.kind === KNOWN_SOUNDS) return new KnownPredictor(await KnownSounds.load(await store()));
    return SoundPredictor.load(await loadModel(await store(), ref), await store());
  }

  async function switchModel(listenId: string, model: ModelRef | null): Promise<string[]> {
    const listener = listeners.get(listenId);
    const turn = listener ? ++listener.switchCount : 0;
    const predictor = model ? await load(model) : null;
    if (!listener || listeners.get(listenId) !== listener || listener.switchCount !== turn) {
      predictor?.[Symbol.dispose]();
      return [];
    }
    await listener.replace(predictor);
    return predictor?.classNames ?? [];
  }

  return {
    async listen({ listenId, port, sampleRateHz, model }, { signal, progress }) {
      let failed: (error: unknown) => void = () => {};
      const failure = new Promise<never>((_, reject) => (failed = reject));
      failure.catch(() => {});
      const listener = new Listener(sampleRateHz, (report) => progress(report, [report.columns.buffer]), failed);
      listeners.set(listenId, listener);
      try {
        port.onmessage = (event: MessageEvent<CaptureBlock>) => listener.push(event.data);
        if (model) await switchModel(listenId, model);
        if (!signal.aborted)
          await Promise.race([
            failure,
            new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
          ]);
      } finally {
        port.close();
        listeners.delete(listenId);
        listener.finishTake();
        await listener.replace(null);
      }
    },
    async switchModel({ listenId, model }) {
      return { classNames: await switchModel(listenId, model) };
    },
    async recordTake({ listenId, durationSec }, { signal, transfer }) {
      const listener = required(listeners.get(listenId), 'listening session');
      const pcm = await listener.startTake(durationSec, signal);
      transfer(pcm.buffer);
      return { pcm, sampleRateHz: listener.sampleRateHz };
    },
    async finishTake({ listenId }) {
      listeners.get(listenId)?.finishTake();
    },
    async knownLabels() {
      using sounds = await KnownSounds.load(await store());
      return sounds.labels;
    },
    async hear({ hashes, most }, { signal, progress }) {
      const db = await store();
      using sounds = await KnownSounds.load(db);
      const result: SoundPreview['hear']['result'] = [];
      for (const [i, hash] of hashes.entries()) {
        throwIfAborted(signal);
        const windows = cutPcmWindows(
          await readPcm(db, hash, signal),
          sampleCut(sounds.windowSamples, sounds.windowSamples),
        );
        const mean = new Float32Array(sounds.labels.length);
        for (const window of windows) {
          throwIfAborted(signal);
          const scores = await sounds.scores(window.pcm);
          for (let c = 0; c < mean.length; c++) mean[c] = mean[c]! + scores[c]! / windows.length;
        }
        const order = [...mean.keys()].sort((a, b) => mean[b]! - mean[a]!).slice(0, most);
        result.push({ hash, heard: order.map((c) => ({ label: sounds.labels[c]!, score: mean[c]! })) });
        progress({ done: i + 1, total: hashes.length });
      }
      return result;
    },
    async analyse({ blob: given, decoded, model }, { signal, progress, transfer }) {
      const started = performance.now();
      const blob = decoded ? encodeWav(decoded.pcm, decoded.sampleRateHz) : given;
      using predictor = await load(model);
      const { windowSamples } = predictor.cut;
      const classCount = predictor.classNames.length;
      const { rateHz } = predictor;
      const forPicture = rateHz === SOUND_RATE_HZ ? null : new Resampler(rateHz, SOUND_RATE_HZ);
      const stream = new LogMelStream();
      const cutter = new PcmWindows(predictor.cut);
      const windows: WindowScores[] = [];
      let columns: Uint8Array[] = [];
      let stride = 1;
      let rowIndex = 0;
      // Windows that are complete are run and dropped: an hour needs a few windows' memory.
      let waiting: PcmWindow[] = [];
      const runWindows = async () => {
        const { scores, novelty } = await predictor.predictWindows(waiting);
        waiting.forEach(({ startSample }, i) => {
          windows.push({
            startSec: startSample / rateHz,
            endSec: (startSample + windowSamples) / rateHz,
            scores: scores.slice(i * classCount, (i + 1) * classCount),
            novelty: novelty?.[i] ?? null,
          });
        });
        waiting = [];
      };

      const { readSec } = await readSound(
        blob,
        async (pcm) => {
          const picture = quantiseLogMel(stream.push(forPicture?.push(pcm) ?? pcm));
          for (let at = 0; at < picture.length; at += BANDS) {
            if (rowIndex++ % stride === 0) columns.push(picture.slice(at, at + BANDS));
            if (columns.length === MOST_COLUMNS * 2) {
              columns = columns.filter((_, i) => i % 2 === 0);
              stride *= 2;
            }
          }
          waiting.push(...cutter.push(pcm));
          while (waiting.length >= 16) {
            throwIfAborted(signal);
            await runWindows();
            await yieldToMessages();
          }
          progress({ doneSec: rowIndex / 100, totalSec: null });
        },
        { signal, rateHz },
      );
      waiting.push(...cutter.end());
      if (waiting.length > 0) await runWindows();
      const flat = new Uint8Array(columns.length * BANDS);
      columns.forEach((column, i) => flat.set(column, i * BANDS));
      transfer(flat.buffer);
      return { durationSec: readSec, windows, columns: flat, seconds: (performance.now() - started) / 1000 };
    },
  };
}
