/**
 * Adam with decoupled weight decay. Worker thread. Own code, because tf.train.adam keeps its step count as a running power in
 * float32 and restores it as a power, so a resumed run differs from an uninterrupted one.
 * @see Loshchilov & Hutter 2019, Decoupled Weight Decay Regularization, algorithm 2
 */
import * as tf from '@tensorflow/tfjs-core';

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-7;

/** Of an average of weights, what an update leaves of it (Polyak & Juditsky 1992; as exponential decay in Tan & Le 2019, §5). */
const AVERAGE_DECAY = 0.995;

/**
 * Optimiser of a fixed list of variables. Owns its moment tensors; dispose it. Where it averages, the mean of the weights over the last few hundred updates is kept beside them:
 * it hardly depends on which update came last.
 */
export class AdamW implements Disposable {
  readonly #variables: tf.Variable[];
  readonly #decay: number;
  readonly #rates: readonly number[];
  #first: tf.Tensor[];
  #second: tf.Tensor[];
  #averages: tf.Tensor[];
  /** Updates made so far. */
  stepCount = 0;

  /**
   * @param decay weight decay per step, times the learning rate; applied to kernels (rank ≥ 2) only.
   * @param rates what the learning rate is multiplied by, per variable. @param isAveraging keeps the mean of the weights.
   */
  constructor(
    variables: tf.Variable[],
    decay: number,
    rates: readonly number[] = variables.map(() => 1),
    isAveraging = false,
  ) {
    this.#variables = variables;
    this.#decay = decay;
    this.#rates = rates;
    this.#first = variables.map((variable) => tf.zeros(variable.shape));
    this.#second = variables.map((variable) => tf.zeros(variable.shape));
    this.#averages = isAveraging ? variables.map((variable) => tf.clone(variable)) : [];
  }

  /** One update. @param gradients by variable name; borrowed. */
  apply(gradients: tf.NamedTensorMap, learningRate: number): void {
    this.stepCount++;
    this.#variables.forEach((variable, i) => {
      const gradient = gradients[variable.name];
      if (!gradient) return;
      const base = learningRate * this.#rates[i]!;
      const rate = (base * Math.sqrt(1 - BETA2 ** this.stepCount)) / (1 - BETA1 ** this.stepCount);
      const [first, second] = tf.tidy(() => {
        const m = tf.add(tf.mul(this.#first[i]!, BETA1), tf.mul(gradient, 1 - BETA1));
        const v = tf.add(tf.mul(this.#second[i]!, BETA2), tf.mul(tf.square(gradient), 1 - BETA2));
        const kept = variable.rank >= 2 && this.#decay > 0 ? tf.mul(variable, 1 - base * this.#decay) : variable;
        variable.assign(tf.sub(kept, tf.mul(tf.div(m, tf.add(tf.sqrt(v), EPSILON)), rate)));
        return [m, v] as const;
      });
      this.#first[i]!.dispose();
      this.#second[i]!.dispose();
      this.#first[i] = first;
      this.#second[i] = second;
      const average = this.#averages[i];
      if (!average) return;
      // The first weights are forgotten faster than later ones.
      const kept = Math.min(AVERAGE_DECAY, (1 + this.stepCount) / (10 + this.stepCount));
      this.#averages[i] = tf.tidy(() => tf.add(tf.mul(average, kept), tf.mul(variable, 1 - kept)));
      average.dispose();
    });
  }

  /** Exchanges weights and their averages; once more puts both back. Nothing happens where it does not average. */
  exchange(): void {
    this.#averages.forEach((average, i) => {
      const variable = this.#variables[i]!;
      this.#averages[i] = tf.clone(variable);
      variable.assign(average as tf.Tensor);
      average.dispose();
    });
  }

  /** Moments as one array (first, then second, then averages, in variable order), for a checkpoint. */
  async save(): Promise<Float32Array> {
    const kept = [...this.#first, ...this.#second, ...this.#averages];
    const parts = await Promise.all(kept.map((tensor) => tensor.data()));
    const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part as Float32Array, at);
      at += part.length;
    }
    return whole;
  }

  /** Restores what {@link save} returned. */
  load(moments: Float32Array, stepCount: number): void {
    let at = 0;
    const take = (old: tf.Tensor): tf.Tensor => {
      const next = tf.tensor(moments.slice(at, at + old.size), old.shape);
      at += old.size;
      old.dispose();
      return next;
    };
    this.#first = this.#first.map(take);
    this.#second = this.#second.map(take);
    // Checkpoints of before have no averages: they begin with the weights, which are loaded first.
    const hasAverages = moments.length > at;
    this.#averages = this.#averages.map((old, i) => {
      if (hasAverages) return take(old);
      old.dispose();
      return tf.clone(this.#variables[i]!);
    });
    this.stepCount = stepCount;
  }

  [Symbol.dispose](): void {
    tf.dispose([...this.#first, ...this.#second, ...this.#averages]);
  }
}
