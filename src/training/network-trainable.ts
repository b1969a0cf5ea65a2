/** What every trainable network has in common: its weights and optimiser as arrays, and letting go of both. Worker thread. */
import * as tf from '@tensorflow/tfjs-core';
import { watchEngine } from '../model/jobs.ts';
import { AdamW } from './adamw.ts';
import type { StepResult, Trainable, Validation } from './fit.ts';
import { SLOW_RATE, type TrainableNetwork } from './network.ts';

/** See {@link Trainable}. Construct after the engine was started; owns the network. */
export abstract class NetworkTrainable implements Trainable {
  readonly network: TrainableNetwork;
  protected readonly variables: tf.Variable[];
  protected readonly optimiser: AdamW;
  abstract readonly stepCount: number;
  readonly watch = watchEngine();

  /** @param weightDecay per step, times the learning rate. @param isAveraging the model is the mean of the weights over the last updates. */
  constructor(network: TrainableNetwork, weightDecay: number, isAveraging = false) {
    this.network = network;
    const weights = network.train.trainableWeights;
    this.variables = weights.map((weight) => weight.read() as tf.Variable);
    const isSlow = (name: string) => network.slow?.has(name.split('/')[0]!) ?? false;
    this.optimiser = new AdamW(
      this.variables,
      weightDecay,
      weights.map(({ originalName }) => (isSlow(originalName) ? SLOW_RATE : 1)),
      isAveraging,
    );
  }

  abstract step(iteration: number, step: number, learningRate: number): Promise<StepResult>;
  abstract validate(): Promise<Validation | null>;

  async saveWeights(): Promise<Float32Array> {
    const parts = await Promise.all(this.network.infer.getWeights().map((tensor) => tensor.data()));
    const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part as Float32Array, at);
      at += part.length;
    }
    return whole;
  }

  async saveModel(): Promise<Float32Array> {
    return this.averaged(() => this.saveWeights());
  }

  /** Work with the weights people get. */
  protected async averaged<T>(work: () => Promise<T>): Promise<T> {
    this.optimiser.exchange();
    try {
      return await work();
    } finally {
      this.optimiser.exchange();
    }
  }

  loadWeights(weights: Float32Array): void {
    let at = 0;
    for (const weight of this.network.infer.weights) {
      const size = weight.shape.reduce<number>((product, side) => product * (side ?? 1), 1);
      const next = tf.tensor(weights.slice(at, at + size), weight.shape as number[]);
      (weight.read() as tf.Variable).assign(next);
      next.dispose();
      at += size;
    }
  }

  async saveOptimiser(): Promise<{ moments: Float32Array; stepCount: number }> {
    return { moments: await this.optimiser.save(), stepCount: this.optimiser.stepCount };
  }

  loadOptimiser({ moments, stepCount }: { moments: Float32Array; stepCount: number }): void {
    this.optimiser.load(moments, stepCount);
  }

  /** Time of one step, warm, in milliseconds; the weights are as before. */
  async timeStep(): Promise<number> {
    const weights = await this.saveWeights();
    await this.step(0, 0, 0);
    const started = performance.now();
    await this.step(0, 0, 0);
    const ms = performance.now() - started;
    this.loadWeights(weights);
    return ms;
  }

  [Symbol.dispose](): void {
    this.watch.release();
    this.optimiser[Symbol.dispose]();
    // A layer that stands in two models counts twice.
    if (this.network.infer !== this.network.train) this.network.infer.getLayer('logits').dispose();
    this.network.train.dispose();
  }
}
