/**
 * Google's speech embedding, run on tfjs WebAssembly straight from its two ONNX files, so that no second runtime has to be shipped (a test holds
 * it equal to onnxruntime). Worker thread.
 * @see Lin, Kilgour, Roblek & Sharifi 2020, Training keyword spotters with limited and synthesized speech data; openWakeWord for the two files
 */
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { required } from '../../kernel/assert.ts';
import { StudioError } from '../../kernel/errors.ts';
import type { OnnxGraph, OnnxTensor } from '../../formats/onnx-file.ts';
import { SPEECH } from './embedding-spec.ts';

/** One step of the convolutional network; `variable` tensors are owned by it. */
type Step =
  | { kind: 'pad'; pads: [number, number][] }
  | { kind: 'conv'; kernel: tf.Tensor4D; bias: tf.Tensor1D | null; pads: [number, number] }
  | { kind: 'relu' }
  | { kind: 'scale'; scale: tf.Tensor1D; offset: tf.Tensor1D }
  | { kind: 'leaky'; alpha: number }
  | { kind: 'atLeast'; value: number }
  | { kind: 'pool'; size: [number, number]; strides: [number, number] };

const list = (value: number | number[] | undefined, fallback: number[]): number[] =>
  Array.isArray(value) && value.length ? value : fallback;

/** Reads the network's chain of operations. ONNX keeps channels second; tfjs last, so kernels are turned. */
function readSteps({ nodes, constants }: OnnxGraph): Step[] {
  const constant = (name: string | undefined): OnnxTensor => required(constants.get(name ?? ''), `constant ${name}`);
  const steps: Step[] = [];
  for (const { op, inputs, attributes } of nodes) {
    if (op === 'Reshape') continue;
    if (op === 'Pad') {
      const { values } = constant(inputs[1]);
      // In the order of the input, which is still channels last here.
      steps.push({ kind: 'pad', pads: [0, 1, 2, 3].map((axis) => [values[axis]!, values[axis + 4]!]) });
    } else if (op === 'Conv') {
      const { dims, values } = constant(inputs[1]);
      const kernel = tf.tidy(() =>
        tf.transpose(tf.tensor4d(values, dims as [number, number, number, number]), [2, 3, 1, 0]),
      );
      const pads = list(attributes.pads as number[], [0, 0, 0, 0]);
      const bias = inputs[2] ? tf.tensor1d(constant(inputs[2]).values) : null;
      steps.push({ kind: 'conv', kernel: kernel as tf.Tensor4D, bias, pads: [pads[0]!, pads[1]!] });
    } else if (op === 'Relu') steps.push({ kind: 'relu' });
    else if (op === 'BatchNormalization') {
      const [gamma, beta, mean, variance] = inputs.slice(1).map((name) => constant(name).values) as [
        Float32Array,
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      const scale = gamma.map((value, i) => value / Math.sqrt(variance[i]! + (attributes.epsilon as number)));
      steps.push({
        kind: 'scale',
        scale: tf.tensor1d(scale),
        offset: tf.tensor1d(beta.map((value, i) => value - mean[i]! * scale[i]!)),
      });
    } else if (op === 'LeakyRelu') steps.push({ kind: 'leaky', alpha: attributes.alpha as number });
    else if (op === 'Max') steps.push({ kind: 'atLeast', value: constant(inputs[1]).values[0]! });
    else if (op === 'MaxPool') {
      const size = list(attributes.kernel_shape as number[], [1, 1]) as [number, number];
      steps.push({ kind: 'pool', size, strides: list(attributes.strides as number[], size) as [number, number] });
    } else throw new StudioError('network/wrong-file', { details: { operation: op } });
  }
  return steps;
}

/** See the file header. Owns its tensors. */
export class SpeechNetwork implements Disposable {
  readonly #real: tf.Tensor2D;
  readonly #imaginary: tf.Tensor2D;
  readonly #mel: tf.Tensor2D;
  readonly #steps: Step[];

  private constructor(melspectrogram: OnnxGraph, embedding: OnnxGraph) {
    const find = (suffix: string) =>
      required([...melspectrogram.constants].find(([name]) => name.endsWith(suffix))?.[1], suffix);
    const turned = ({ dims, values }: OnnxTensor) =>
      tf.tidy(() => tf.transpose(tf.tensor2d(values, [dims[0]!, values.length / dims[0]!]))) as tf.Tensor2D;
    this.#real = turned(find('conv_real.weight'));
    this.#imaginary = turned(find('conv_imag.weight'));
    const mel = find('melW');
    this.#mel = tf.tensor2d(mel.values, mel.dims as [number, number]);
    this.#steps = readSteps(embedding);
  }

  /** @throws StudioError `network/wrong-file` when the graphs are not these networks. */
  static async load(melspectrogram: OnnxGraph, embedding: OnnxGraph): Promise<SpeechNetwork> {
    if (!tf.getBackend()) await tf.setBackend('wasm');
    await tf.ready();
    try {
      return new SpeechNetwork(melspectrogram, embedding);
    } catch (cause) {
      throw cause instanceof StudioError
        ? cause
        : new StudioError('network/wrong-file', { message: 'This file is not the speech embedding.', cause });
    }
  }

  /**
   * Mel spectrogram as the network wants it: decibels / 10 + 2, floored 80 dB under the loudest value.
   * @param pcm mono at 16 kHz in −1..1. Borrowed. @returns shape [frames, 32].
   */
  mel(pcm: Float32Array): tf.Tensor2D {
    const { fftSize, hopSamples } = SPEECH;
    const frames = Math.floor((pcm.length - fftSize) / hopSamples) + 1;
    const cut = new Float32Array(frames * fftSize);
    for (let frame = 0; frame < frames; frame++)
      for (let i = 0; i < fftSize; i++) cut[frame * fftSize + i] = pcm[frame * hopSamples + i]! * 32767;
    return tf.tidy(() => {
      const x = tf.tensor2d(cut, [frames, fftSize]);
      const power = tf.add(tf.square(tf.matMul(x, this.#real)), tf.square(tf.matMul(x, this.#imaginary)));
      const mel = tf.maximum(tf.matMul(power, this.#mel), 1e-10);
      const db = tf.mul(tf.log(mel), 10 / Math.LN10);
      return tf.add(tf.div(tf.maximum(db, tf.sub(tf.max(db), 80)), 10), 2);
    }) as tf.Tensor2D;
  }

  /**
   * @param pcm mono at 16 kHz, at least 12 512 samples. Borrowed.
   * @returns shape [steps, 96], one step every 80 ms; owned by the caller.
   */
  async embed(pcm: Float32Array): Promise<Float32Array> {
    const result = tf.tidy(() => {
      const mel = this.mel(pcm);
      // Time is convolved without padding and pooled by 8 in all, so a long input gives every step at once.
      let h = tf.reshape(mel, [1, mel.shape[0], SPEECH.bandCount, 1]) as tf.Tensor4D;
      for (const step of this.#steps) h = run(h, step);
      return tf.reshape(h, [-1, SPEECH.width]);
    });
    try {
      return Float32Array.from(await result.data());
    } finally {
      result.dispose();
    }
  }

  [Symbol.dispose](): void {
    tf.dispose([this.#real, this.#imaginary, this.#mel]);
    for (const step of this.#steps) {
      if (step.kind === 'conv') tf.dispose(step.bias ? [step.kernel, step.bias] : [step.kernel]);
      if (step.kind === 'scale') tf.dispose([step.scale, step.offset]);
    }
  }
}

function run(x: tf.Tensor4D, step: Step): tf.Tensor4D {
  switch (step.kind) {
    case 'pad':
      return tf.pad(x, step.pads);
    case 'conv': {
      const [top, left] = step.pads;
      const padded =
        top || left
          ? tf.pad(x, [
              [0, 0],
              [top, top],
              [left, left],
              [0, 0],
            ])
          : x;
      const y = tf.conv2d(padded as tf.Tensor4D, step.kernel, 1, 'valid');
      return step.bias ? tf.add(y, step.bias) : y;
    }
    case 'relu':
      return tf.relu(x);
    case 'scale':
      return tf.add(tf.mul(x, step.scale), step.offset);
    case 'leaky':
      return tf.maximum(x, tf.mul(x, step.alpha));
    case 'atLeast':
      return tf.maximum(x, step.value);
    case 'pool':
      return tf.maxPool(x, step.size, step.strides, 'valid');
  }
}
