/** How well features tell classes apart: multinomial logistic regression, cross-validated. Any thread; pure, plain numbers. */
import { throwIfAborted } from '../kernel/errors.ts';
import { yieldToMessages } from '../kernel/yield.ts';

/** One clip: its feature, class and fold. */
export type ProbeExample = { values: Float32Array; classIndex: number; fold: number };

/** Mean over rows of `size` values. @returns owned by the caller. */
export function meanRow(values: Float32Array, size: number): Float32Array {
  const mean = new Float32Array(size);
  const count = values.length / size;
  for (let i = 0; i < values.length; i++) mean[i % size] = mean[i % size]! + values[i]! / count;
  return mean;
}

/** Steps of gradient descent, and its rate, on standardised features. */
const STEPS = 80;
const RATE = 0.5;
const DECAY = 1e-3;

/** Share of examples right, each judged by a model that never saw its fold. @returns 0..1. */
export async function crossValidate(
  examples: readonly ProbeExample[],
  classCount: number,
  signal?: AbortSignal,
): Promise<number> {
  const folds = [...new Set(examples.map((example) => example.fold))];
  let right = 0;
  for (const fold of folds) {
    const training = examples.filter((example) => example.fold !== fold);
    const predict = await fitSoftmax(training, classCount, signal);
    for (const example of examples)
      if (example.fold === fold && predict(example.values) === example.classIndex) right++;
  }
  return examples.length ? right / examples.length : 0;
}

/** Fits a softmax layer by full-batch gradient descent with momentum. @returns the predicted class of a feature. */
export async function fitSoftmax(
  examples: readonly ProbeExample[],
  classCount: number,
  signal?: AbortSignal,
): Promise<(values: Float32Array) => number> {
  const size = examples[0]?.values.length ?? 0;
  const mean = new Float32Array(size);
  const scale = new Float32Array(size);
  for (const { values } of examples) for (let i = 0; i < size; i++) mean[i] = mean[i]! + values[i]! / examples.length;
  for (const { values } of examples)
    for (let i = 0; i < size; i++) scale[i] = scale[i]! + (values[i]! - mean[i]!) ** 2 / examples.length;
  const root = Math.sqrt(size);
  // Constant features say nothing; the root keeps the rate independent of the number of features.
  for (let i = 0; i < size; i++) scale[i] = scale[i]! > 1e-8 ? 1 / (Math.sqrt(scale[i]!) * root) : 0;
  const standard = (values: Float32Array) => values.map((value, i) => (value - mean[i]!) * scale[i]!);
  const inputs = examples.map((example) => standard(example.values));
  const counts = new Array<number>(classCount).fill(0);
  for (const { classIndex } of examples) counts[classIndex]!++;
  const weights = new Float32Array(classCount * (size + 1));
  const speed = new Float32Array(weights.length);
  const logits = new Float32Array(classCount);
  const forward = (x: Float32Array) => {
    for (let c = 0; c < classCount; c++) {
      const at = c * (size + 1);
      let sum = weights[at + size]!;
      for (let i = 0; i < size; i++) sum += weights[at + i]! * x[i]!;
      logits[c] = sum;
    }
  };
  for (let step = 0; step < STEPS; step++) {
    throwIfAborted(signal);
    if (step % 10 === 0) await yieldToMessages();
    const gradient = new Float32Array(weights.length);
    for (const [n, x] of inputs.entries()) {
      forward(x);
      const most = Math.max(...logits);
      let total = 0;
      for (let c = 0; c < classCount; c++) total += logits[c] = Math.exp(logits[c]! - most);
      const own = examples[n]!.classIndex;
      // Each class counts the same.
      const share = 1 / (counts[own]! * counts.filter(Boolean).length);
      for (let c = 0; c < classCount; c++) {
        const error = share * (logits[c]! / total - (c === own ? 1 : 0));
        const at = c * (size + 1);
        for (let i = 0; i < size; i++) gradient[at + i] = gradient[at + i]! + error * x[i]!;
        gradient[at + size] = gradient[at + size]! + error;
      }
    }
    for (let i = 0; i < weights.length; i++) {
      speed[i] = 0.9 * speed[i]! - RATE * 8 * (gradient[i]! + DECAY * weights[i]!);
      weights[i] = weights[i]! + speed[i]!;
    }
  }
  return (values) => {
    forward(standard(values));
    return logits.indexOf(Math.max(...logits));
  };
}
