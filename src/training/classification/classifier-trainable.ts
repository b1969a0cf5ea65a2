/** One training run of a classifier of windows: batches in, updates done, validation measured. Worker thread. */
import * as tf from '@tensorflow/tfjs-core';
import { createRandom } from '../../kernel/random.ts';
import { argMax, normalise } from '../../model/index.ts';
import type { StepResult, Validation } from '../fit.ts';
import { NetworkTrainable } from '../network-trainable.ts';
import { writeDropoutMask, type TrainableNetwork } from '../network.ts';
import { classWeights, type Examples } from './examples.ts';

const WEIGHT_DECAY = 0.02;
/** Windows of one validation step. */
const VALIDATION_BATCH = 64;
/** Windows the mean and deviation of the input are measured on. */
const NORMALISATION_WINDOWS = 1000;

/** What a run works on. */
export type ClassifierRun = {
  examples: Examples;
  classCount: number;
  batchSize: number;
  seed: number;
  balanceClasses: boolean;
  /** Builds the network for a seed; called after the engine was started. */
  build: (seed: number) => TrainableNetwork;
};

const sizeOf = (shape: readonly number[]) => shape.reduce((product, side) => product * side, 1);

/** Mean and deviation of the features of up to 1000 training windows, spread evenly. */
export async function measureNormalisation(examples: Examples): Promise<{ mean: number; deviation: number }> {
  const total = examples.training.length;
  const stride = Math.max(1, Math.floor(total / NORMALISATION_WINDOWS));
  const values = new Float32Array(sizeOf(examples.shape));
  let sum = 0;
  let squares = 0;
  let count = 0;
  for (let i = 0; i < total; i += stride) {
    await examples.copy('training', i, values, 0);
    for (const value of values) {
      sum += value;
      squares += value * value;
    }
    count += values.length;
  }
  const mean = sum / count;
  return { mean, deviation: Math.max(0.01, Math.sqrt(Math.max(0, squares / count - mean * mean))) };
}

/** See {@link NetworkTrainable}. Construct after the engine was started; owns the network. */
export class ClassifierTrainable extends NetworkTrainable {
  readonly normalisation: { mean: number; deviation: number };
  readonly stepCount: number;
  readonly #run: ClassifierRun;
  readonly #size: number;
  readonly #weights: number[];
  readonly #batchSize: number;
  #held = new Float32Array(0);
  #order: { iteration: number; indices: Int32Array } | null = null;

  /** @param normalisation from {@link measureNormalisation}, or from a checkpoint. */
  constructor(run: ClassifierRun, normalisation: { mean: number; deviation: number }) {
    const { training, shape } = run.examples;
    super(run.build(run.seed), WEIGHT_DECAY);
    this.#run = run;
    this.normalisation = normalisation;
    this.#size = sizeOf(shape);
    const counts = new Array<number>(run.classCount).fill(0);
    for (const classIndex of training) counts[classIndex]!++;
    this.#weights = classWeights(counts, run.balanceClasses);
    this.#batchSize = Math.min(run.batchSize, training.length);
    this.stepCount = Math.ceil(training.length / this.#batchSize);
  }

  /** Shuffled window order of an iteration; wraps around so that every batch is full. */
  #indices(iteration: number): Int32Array {
    if (this.#order?.iteration !== iteration) {
      const indices = Int32Array.from({ length: this.#run.examples.training.length }, (_, i) => i);
      this.#order = { iteration, indices: createRandom(this.#run.seed, 'shuffle', iteration).shuffle(indices) };
    }
    return this.#order.indices;
  }

  async step(iteration: number, step: number, learningRate: number): Promise<StepResult> {
    const indices = this.#indices(iteration);
    const size = this.#batchSize;
    const chosen = Array.from({ length: size }, (_, i) => indices[(step * size + i) % indices.length]!);
    const random = createRandom(this.#run.seed, 'batch', iteration, step);
    const { examples, classCount } = this.#run;
    const batch = await examples.assemble(chosen, this.#weights, this.normalisation.mean, random);
    normalise(batch.inputs, this.normalisation);
    const { maskSize } = this.network;
    const mask = new Float32Array(size * maskSize);
    writeDropoutMask(mask, random);

    const x = tf.tensor(batch.inputs, [size, ...examples.shape]);
    const maskTensor = tf.tensor2d(mask, [size, maskSize]);
    const targets = tf.tensor2d(batch.targets, [size, classCount]);
    const weights = tf.tensor1d(batch.weights);
    let logits: tf.Tensor | null = null;
    const { value, grads } = tf.variableGrads(() => {
      const output = this.network.train.apply(maskSize > 0 ? [x, maskTensor] : x, { training: true }) as tf.Tensor2D;
      logits = tf.keep(output.clone());
      const perExample = tf.neg(tf.sum(tf.mul(targets, tf.logSoftmax(output)), 1));
      return tf.mean(tf.mul(perExample, weights)) as tf.Scalar;
    }, this.variables);
    try {
      this.optimiser.apply(grads, learningRate);
      const [loss, scores] = await Promise.all([value.data(), logits!.data()]);
      let correct = 0;
      for (let i = 0; i < size; i++) {
        if (argMax(scores, i * classCount, classCount) === argMax(batch.targets, i * classCount, classCount)) correct++;
      }
      return { loss: loss[0]!, correct, count: size };
    } finally {
      tf.dispose([x, maskTensor, targets, weights, value, logits!, ...Object.values(grads)]);
    }
  }

  /** Class scores of the validation windows at the last {@link validate}, shape [windows, classes], softmax; borrowed. */
  get validationScores(): Float32Array {
    return this.#held;
  }

  async validate(): Promise<Validation | null> {
    const { examples, classCount } = this.#run;
    const { validation } = examples;
    if (validation.length === 0) return null;
    let loss = 0;
    let correct = 0;
    // Each class counts the same in the loss, as in training; accuracy is plain.
    let weightSum = 0;
    this.#held = new Float32Array(validation.length * classCount);
    for (let at = 0; at < validation.length; at += VALIDATION_BATCH) {
      const chosen = validation.slice(at, at + VALIDATION_BATCH);
      const inputs = new Float32Array(VALIDATION_BATCH * this.#size);
      for (let i = 0; i < chosen.length; i++) await examples.copy('validation', at + i, inputs, i * this.#size);
      normalise(inputs, this.normalisation);
      const logProbabilities = tf.tidy(() =>
        tf.logSoftmax(
          this.network.infer.apply(tf.tensor(inputs, [VALIDATION_BATCH, ...examples.shape])) as tf.Tensor2D,
        ),
      );
      const values = await logProbabilities.data();
      logProbabilities.dispose();
      chosen.forEach((classIndex, i) => {
        const weight = this.#weights[classIndex] || 1;
        loss -= weight * values[i * classCount + classIndex]!;
        weightSum += weight;
        if (argMax(values, i * classCount, classCount) === classIndex) correct++;
        for (let c = 0; c < classCount; c++)
          this.#held[(at + i) * classCount + c] = Math.exp(values[i * classCount + c]!);
      });
    }
    return { loss: loss / weightSum, accuracy: correct / validation.length };
  }
}
