/**
 * The runtime that travels with an exported sound classifier: `window.Understudy`. Built on its own into one script (tools/build.mjs).
 * It computes with the very modules the app uses, so that a model says the same in the app and outside.
 */
import { loadAndCompile, loadLiteRt, Tensor } from '@litertjs/core';
import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel, type LayersModel } from '@tensorflow/tfjs-layers';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import type { SoundPreprocessing as Preprocessing } from '../../domain/model.ts';
import { applyTemperature } from '../../evaluation/calibration.ts';
import { readOnnx } from '../../formats/onnx-file.ts';
import { logMelWindow } from '../../features/sound/log-mel.ts';
import { cutPcmWindows, windowCut, type PcmWindow, type WindowCut } from '../../features/sound/pcm-windows.ts';
import { SpeechNetwork } from '../../features/sound/speech.ts';
import { exposeYamnetEmbedding } from '../../features/sound/yamnet.ts';
import { resample, Resampler } from '../../media/resample.ts';

/** Result of a file: scores of the whole clip and of each window. */
type FileResult = {
  label: string;
  confidence: number;
  isSure: boolean;
  scores: Record<string, number>;
  windows: { startSec: number; endSec: number; label: string; confidence: number }[];
};

/** Result of the newest live window. */
type LiveResult = { label: string; confidence: number; isSure: boolean; scores: Record<string, number> };

/** Temperature, and thresholds in the order of the labels (null: not reached). */
type Calibration = { temperature: number; thresholds: (number | null)[] | null };

/** Turns a window of samples into the network's input. */
type Extract = (window: PcmWindow) => Promise<Float32Array> | Float32Array;

/** A sound classifier in a page. Made by `loadSoundClassifier`. */
export class SoundClassifier {
  readonly labels: string[];
  readonly #spec: Preprocessing;
  readonly #model: LayersModel;
  readonly #extract: Extract;
  readonly #shape: number[];
  readonly #cut: WindowCut;
  readonly #calibration: Calibration | null;

  constructor(
    labels: string[],
    spec: Preprocessing,
    model: LayersModel,
    extract: Extract,
    calibration: Calibration | null,
  ) {
    this.#calibration = calibration;
    this.labels = labels;
    this.#spec = spec;
    this.#model = model;
    this.#extract = extract;
    this.#shape = spec.kind === 'log-mel' ? [spec.windowFrames, spec.bandCount, 1] : spec.shape;
    this.#cut = windowCut(spec);
  }

  async #predict(window: PcmWindow): Promise<Float32Array> {
    const { mean, deviation } = this.#spec;
    const input = (await this.#extract(window)).map((value) => (value - mean) / deviation);
    const output = tf.tidy(() => tf.softmax(this.#model.apply(tf.tensor(input, [1, ...this.#shape])) as tf.Tensor2D));
    try {
      return (await output.data()) as Float32Array;
    } finally {
      output.dispose();
    }
  }

  #temper(scores: ArrayLike<number>): ArrayLike<number> {
    const temperature = this.#calibration?.temperature ?? 1;
    return temperature === 1 ? scores : applyTemperature(scores, temperature);
  }

  /** `isSure`: the confidence reaches the threshold of its class, when the model has thresholds. */
  #best(scores: ArrayLike<number>): { label: string; confidence: number; isSure: boolean } {
    let best = 0;
    for (let i = 1; i < scores.length; i++) if (scores[i]! > scores[best]!) best = i;
    const thresholds = this.#calibration?.thresholds;
    const isSure = !thresholds || scores[best]! >= (thresholds[best] ?? Infinity);
    return { label: this.labels[best]!, confidence: scores[best]!, isSure };
  }

  #named(scores: ArrayLike<number>): Record<string, number> {
    return Object.fromEntries(this.labels.map((label, i) => [label, scores[i]!]));
  }

  /** Classifies mono samples in −1..1 at `sampleRateHz`. */
  async classifySamples(pcm: Float32Array, sampleRateHz: number): Promise<FileResult> {
    const mono = resample(pcm, sampleRateHz, this.#spec.sampleRateHz);
    const windows = cutPcmWindows(mono, this.#cut);
    const all: Float32Array[] = [];
    for (const window of windows) all.push(await this.#predict(window));
    // The mean first, then the temperature: it was fitted on the scores of whole clips.
    const mean = this.#temper(this.labels.map((_, c) => all.reduce((sum, scores) => sum + scores[c]!, 0) / all.length));
    const toSec = (sample: number) => sample / this.#spec.sampleRateHz;
    return {
      ...this.#best(mean),
      scores: this.#named(mean),
      windows: all.map((scores, i) => ({
        startSec: toSec(windows[i]!.startSample),
        endSec: toSec(windows[i]!.startSample + this.#cut.windowSamples),
        ...this.#best(this.#temper(scores)),
      })),
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

  /** Listens to the microphone. @param onError is told when a window could not be judged; the next one is tried. @returns a function that stops. */
  async listen(
    onResult: (result: LiveResult) => void,
    onError: (error: unknown) => void = (error) => console.error(error),
  ): Promise<() => void> {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    });
    const context = new AudioContext();
    const stop = () => {
      for (const track of stream.getTracks()) track.stop();
      void context.close();
    };
    try {
      const code = `registerProcessor('tap', class extends AudioWorkletProcessor {
      process(inputs) { const c = inputs[0][0]; if (c) this.port.postMessage(c.slice()); return true; } });`;
      const address = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
      await context.audioWorklet.addModule(address);
      URL.revokeObjectURL(address);
      // A page that was opened without a gesture starts suspended.
      await context.resume();
      const node = new AudioWorkletNode(context, 'tap', {
        channelCount: 1,
        channelCountMode: 'explicit',
        numberOfOutputs: 0,
      });
      context.createMediaStreamSource(stream).connect(node);
      this.#follow(node.port, context.sampleRate, onResult, onError);
      return () => {
        node.port.onmessage = null;
        stop();
      };
    } catch (error) {
      // What was opened does not stay open.
      stop();
      throw error;
    }
  }

  /** Answers to the newest window of samples that come through a port. */
  #follow(
    port: MessagePort,
    sampleRateHz: number,
    onResult: (result: LiveResult) => void,
    onError: (error: unknown) => void,
  ): void {
    const resampler = new Resampler(sampleRateHz, this.#spec.sampleRateHz);
    const length = this.#cut.windowSamples;
    const step = Math.min(this.#cut.hopSamples, this.#spec.sampleRateHz / 4);
    let held = new Float32Array(0);
    let sinceLast = 0;
    let isBusy = false;
    port.onmessage = async (event: MessageEvent<Float32Array>) => {
      const fresh = resampler.push(event.data);
      const joined = new Float32Array(held.length + fresh.length);
      joined.set(held);
      joined.set(fresh, held.length);
      held = joined.slice(Math.max(0, joined.length - length));
      sinceLast += fresh.length;
      if (isBusy || sinceLast < step || held.length < length) return;
      isBusy = true;
      sinceLast = 0;
      try {
        const scores = this.#temper(await this.#predict({ startSample: 0, pcm: held, own: held }));
        onResult({ ...this.#best(scores), scores: this.#named(scores) });
      } catch (error) {
        // The next window is tried again.
        onError(error);
      } finally {
        isBusy = false;
      }
    };
  }
}

/** LiteRT.js is loaded once per page. */
let litert: Promise<unknown> | null = null;

/** The first step of a model: log-mel spectrogram, or the embedding of a pretrained network beside the bundle. */
async function createExtract(base: string, spec: Preprocessing): Promise<Extract> {
  const file = async (name: string) => (await fetch(`${base}${name}`)).arrayBuffer();
  if (spec.kind === 'log-mel') return ({ own }) => logMelWindow(own, spec.windowFrames);
  if (spec.kind === 'speech-embedding') {
    const [mel, embedding] = await Promise.all([file('melspectrogram.onnx'), file('embedding_model.onnx')]);
    const network = await SpeechNetwork.load(readOnnx(mel), readOnnx(embedding));
    return ({ pcm }) => network.embed(pcm);
  }
  await (litert ??= loadLiteRt(`${base}litert_wasm_compat_internal.js`));
  const network = await loadAndCompile(exposeYamnetEmbedding(await file('yamnet.tflite')), { accelerator: 'wasm' });
  return async ({ pcm }) => {
    const input = Tensor.fromTypedArray(pcm, [pcm.length]);
    const [output] = await network.run([input]);
    const values = Float32Array.from(output!.toTypedArray() as Float32Array);
    input.delete();
    output!.delete();
    return values;
  };
}

/** Loads a bundle from the folder `base` (with a slash at its end). */
async function loadSoundClassifier(base: string): Promise<SoundClassifier> {
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  setWasmPaths(base);
  await tf.setBackend('wasm');
  const response = await fetch(`${base}preprocessing.json`);
  const { labels, preprocessing, calibration } = (await response.json()) as {
    labels: string[];
    preprocessing: Preprocessing;
    calibration?: Calibration;
  };
  const [model, extract] = await Promise.all([
    loadLayersModel(`${base}model.json`),
    createExtract(base, preprocessing),
  ]);
  return new SoundClassifier(labels, preprocessing, model, extract, calibration ?? null);
}

(globalThis as unknown as { Understudy: unknown }).Understudy = { loadSoundClassifier };
