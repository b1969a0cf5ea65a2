/**
 * The runtime that travels with an exported sound classifier: `window.Understudy`. Built on its own into one script (tools/build.mjs).
 * It computes with the very modules the app uses, so that a model says the same in the app and outside.
 */
import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel, type LayersModel } from '@tensorflow/tfjs-layers';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import type { Preprocessing } from '../../dataset/schema.ts';
import { extractLogMel, LogMelStream } from '../../features/sound/log-mel.ts';
import { LOG_MEL_SPEC } from '../../features/sound/spec.ts';
import { copyWindow, windowSpanSec, windowStarts } from '../../features/sound/windows.ts';
import { resample, Resampler } from '../../media/resample.ts';

const BANDS = LOG_MEL_SPEC.bandCount;

/** Result of a file: scores of the whole clip and of each window. */
type FileResult = {
  label: string;
  confidence: number;
  scores: Record<string, number>;
  windows: { startSec: number; endSec: number; label: string; confidence: number }[];
};

/** Result of the newest live window. */
type LiveResult = { label: string; confidence: number; scores: Record<string, number> };

class SoundClassifier {
  readonly labels: string[];
  readonly #spec: Preprocessing;
  readonly #model: LayersModel;

  constructor(labels: string[], spec: Preprocessing, model: LayersModel) {
    this.labels = labels;
    this.#spec = spec;
    this.#model = model;
  }

  async #predict(logMel: Float32Array, starts: number[]): Promise<Float32Array[]> {
    const { windowFrames, mean, deviation } = this.#spec;
    const results: Float32Array[] = [];
    for (const start of starts) {
      const input = new Float32Array(windowFrames * BANDS);
      copyWindow(logMel, start, windowFrames, input, 0);
      for (let i = 0; i < input.length; i++) input[i] = (input[i]! - mean) / deviation;
      const output = tf.tidy(() =>
        tf.softmax(this.#model.apply(tf.tensor4d(input, [1, windowFrames, BANDS, 1])) as tf.Tensor2D),
      );
      results.push((await output.data()) as Float32Array);
      output.dispose();
    }
    return results;
  }

  #best(scores: ArrayLike<number>): { label: string; confidence: number } {
    let best = 0;
    for (let i = 1; i < scores.length; i++) if (scores[i]! > scores[best]!) best = i;
    return { label: this.labels[best]!, confidence: scores[best]! };
  }

  #named(scores: ArrayLike<number>): Record<string, number> {
    return Object.fromEntries(this.labels.map((label, i) => [label, scores[i]!]));
  }

  /** Classifies mono samples in −1..1 at `sampleRateHz`. */
  async classifySamples(pcm: Float32Array, sampleRateHz: number): Promise<FileResult> {
    const logMel = extractLogMel(resample(pcm, sampleRateHz, this.#spec.sampleRateHz));
    const starts = windowStarts(logMel.length / BANDS, this.#spec);
    const all = await this.#predict(logMel, starts);
    const mean = this.labels.map((_, c) => all.reduce((sum, scores) => sum + scores[c]!, 0) / all.length);
    return {
      ...this.#best(mean),
      scores: this.#named(mean),
      windows: all.map((scores, i) => ({ ...windowSpanSec(starts[i]!, this.#spec), ...this.#best(scores) })),
    };
  }

  /** Classifies a sound file that the browser can decode. */
  async classifyFile(file: Blob): Promise<FileResult> {
    const context = new AudioContext();
    try {
      const sound = await context.decodeAudioData(await file.arrayBuffer());
      const mono = new Float32Array(sound.length);
      for (let c = 0; c < sound.numberOfChannels; c++) {
        const channel = sound.getChannelData(c);
        for (let i = 0; i < mono.length; i++) mono[i]! += channel[i]! / sound.numberOfChannels;
      }
      return await this.classifySamples(mono, sound.sampleRate);
    } finally {
      await context.close();
    }
  }

  /** Listens to the microphone. @returns a function that stops. */
  async listen(onResult: (result: LiveResult) => void): Promise<() => void> {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    });
    const context = new AudioContext();
    const code = `registerProcessor('tap', class extends AudioWorkletProcessor {
      process(inputs) { const c = inputs[0][0]; if (c) this.port.postMessage(c.slice()); return true; } });`;
    await context.audioWorklet.addModule(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })));
    const node = new AudioWorkletNode(context, 'tap', {
      channelCount: 1,
      channelCountMode: 'explicit',
      numberOfOutputs: 0,
    });
    context.createMediaStreamSource(stream).connect(node);
    const resampler = new Resampler(context.sampleRate, this.#spec.sampleRateHz);
    const rows = new LogMelStream();
    const { windowFrames, hopFrames } = this.#spec;
    let held = new Float32Array(0);
    let sinceLast = 0;
    let isBusy = false;
    node.port.onmessage = async (event: MessageEvent<Float32Array>) => {
      const fresh = rows.push(resampler.push(event.data));
      const joined = new Float32Array(held.length + fresh.length);
      joined.set(held);
      joined.set(fresh, held.length);
      held = joined.slice(Math.max(0, joined.length - windowFrames * BANDS));
      sinceLast += fresh.length / BANDS;
      if (isBusy || sinceLast < Math.min(hopFrames, 25) || held.length < windowFrames * BANDS) return;
      isBusy = true;
      sinceLast = 0;
      const [scores] = await this.#predict(held, [0]);
      onResult({ ...this.#best(scores!), scores: this.#named(scores!) });
      isBusy = false;
    };
    return () => {
      node.port.onmessage = null;
      for (const track of stream.getTracks()) track.stop();
      void context.close();
    };
  }
}

/** Loads a bundle from the folder `base` (with a slash at its end). */
async function loadSoundClassifier(base: string): Promise<SoundClassifier> {
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  setWasmPaths(base);
  await tf.setBackend('wasm');
  const response = await fetch(`${base}preprocessing.json`);
  const description = (await response.json()) as { labels: string[]; preprocessing: Preprocessing };
  const model = await loadLayersModel(`${base}model.json`);
  return new SoundClassifier(description.labels, description.preprocessing, model);
}

(globalThis as unknown as { Understudy: unknown }).Understudy = { loadSoundClassifier };
