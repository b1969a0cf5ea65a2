/**
 * Choosing and starting a computing engine of tfjs. Worker thread. An engine counts as present only after a self-test whose
 * numbers are right; which of them runs a job is measured, not guessed (ENGINEERING Part 0.4).
 */
import * as tf from '@tensorflow/tfjs-core';
// Before our own gradient below, which replaces one of these.
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import type { EngineName } from '../../domain/settings.ts';
import { StudioError } from '../../kernel/errors.ts';
import { findEngines, startEngine, type EngineFact } from '../../model/jobs.ts';
import { registerBatchNormGradient, registerWasmKernels } from './wasm-kernels.ts';

/** A graphics processor that passed the self-test, or why there is none, in words. */
export type GpuFact = { engine: EngineName; device: string } | { engine: null; reason: string };

/** Largest error the self-test accepts: far above float32 rounding, far below a wrong kernel. */
const SELF_TEST_TOLERANCE = 1e-3;

registerBatchNormGradient();
registerWasmKernels();

/** A value through convolutions, batch normalisation and rectifier, and its gradients, on the current engine. */
async function selfTestValues(): Promise<Float32Array> {
  const values = tf.tidy(() => {
    const x = tf.reshape(tf.sin(tf.linspace(0, 40, 2 * 6 * 4 * 3)), [2, 6, 4, 3]) as tf.Tensor4D;
    const w = tf.reshape(tf.cos(tf.linspace(0, 30, 3 * 3 * 3 * 2)), [3, 3, 3, 2]) as tf.Tensor4D;
    const d = tf.reshape(tf.cos(tf.linspace(1, 20, 3 * 3 * 2)), [3, 3, 2, 1]) as tf.Tensor4D;
    const gradient = tf.valueAndGrads((a, b, c) => {
      const y = tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 2, 'same');
      const { mean, variance } = tf.moments(y, [0, 1, 2]);
      const scale = tf.ones([2]) as tf.Tensor1D;
      const z = tf.batchNorm(
        y,
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        tf.zeros([2]) as tf.Tensor1D,
        scale,
        1e-3,
      );
      const single = tf.sum(tf.mul(tf.relu(z), tf.reshape(tf.linspace(0, 1, 24), [2, 3, 2, 2])));
      const spread = tf.depthwiseConv2d(z as tf.Tensor4D, c as tf.Tensor4D, 2, 'same');
      return tf.add(single, tf.mul(tf.sum(tf.square(spread)), 0.05));
    });
    const { value, grads } = gradient([x, w, d]);
    return tf.concat([value, ...grads].map((each) => tf.reshape(each, [-1])));
  });
  try {
    return (await values.data()) as Float32Array;
  } finally {
    values.dispose();
  }
}

let reference: Float32Array | null = null;

/**
 * Compares a value and its gradients on the current engine with those of the plain CPU engine.
 * @returns the largest absolute error; Infinity when a number is missing.
 */
export async function selfTest(): Promise<number> {
  const name = tf.getBackend() as EngineName;
  const values = await selfTestValues();
  if (!reference) {
    await startEngine('cpu');
    reference = await selfTestValues();
    await startEngine(name);
  }
  return reference.reduce((worst, expected, i) => {
    const error = Math.abs(values[i]! - expected);
    return Number.isFinite(error) ? Math.max(worst, error) : Infinity;
  }, 0);
}

/** Starts each present engine and runs the self-test on it (diagnostics page). */
export async function testEngines(report: (facts: EngineFact[]) => void): Promise<EngineFact[]> {
  const facts = await findEngines();
  const before = tf.getBackend() as EngineName;
  for (const fact of facts) {
    if (!fact.isPresent) continue;
    try {
      await startEngine(fact.name);
      fact.selfTestError = await selfTest();
      if (!(fact.selfTestError <= SELF_TEST_TOLERANCE)) fact.reason = 'wrong numbers';
    } catch (error) {
      fact.isPresent = false;
      fact.reason = error instanceof StudioError ? String(error.details.reason ?? error.message) : String(error);
    }
    report(facts);
  }
  if (before) await startEngine(before).catch(() => {});
  return facts;
}

/** The first engine on a real graphics processor that passes the self-test. The engine that was current is so again. */
export async function findGpu(): Promise<GpuFact> {
  const facts = (await findEngines()).filter(({ name }) => name === 'webgpu' || name === 'webgl');
  const before = tf.getBackend() as EngineName;
  let reason = 'This browser offers no graphics processor.';
  try {
    for (const { name, device, isPresent, isSoftware } of facts) {
      if (!isPresent) continue;
      if (isSoftware) {
        reason = 'This browser has only an emulated graphics processor.';
        continue;
      }
      const error = await startEngine(name).then(selfTest, () => Infinity);
      if (error <= SELF_TEST_TOLERANCE) return { engine: name, device };
      reason = `The graphics processor failed its self-test (${device}).`;
    }
  } finally {
    if (before) await startEngine(before).catch(() => {});
  }
  return { engine: null, reason };
}

/**
 * The engine for a job: the person's choice, else the fastest of the real (not software) engines that pass the self-test,
 * by timing one step of the job itself on each.
 * @param timeStep runs one warm step and times a second one, in milliseconds, on the engine that is current.
 * @param avoid engines that stopped answering a moment ago: not taken, whoever chose them.
 * @returns the engine, already started, and the measured times.
 * @throws StudioError `gpu/unavailable` when the person's choice does not work here.
 */
export async function chooseEngine(
  choice: EngineName | null,
  timeStep: () => Promise<number>,
  remembered: EngineName | null,
  avoid: readonly EngineName[] = [],
): Promise<{ engine: EngineName; device: string; timesMs: Partial<Record<EngineName, number>> }> {
  const facts = await findEngines();
  const deviceOf = (name: EngineName) => facts.find((fact) => fact.name === name)?.device ?? '';
  const fixed = choice ?? remembered;
  if (fixed && !avoid.includes(fixed)) {
    try {
      await startEngine(fixed);
      // What was right at the last run may be wrong after an update of browser or driver.
      const error = await selfTest();
      if (!(error <= SELF_TEST_TOLERANCE))
        throw new StudioError('gpu/unavailable', { details: { engine: fixed, reason: 'wrong numbers' } });
      return { engine: fixed, device: deviceOf(fixed), timesMs: {} };
    } catch (error) {
      if (choice) throw error;
    }
  }
  const timesMs: Partial<Record<EngineName, number>> = {};
  const candidates = facts
    .filter((fact) => fact.name !== 'cpu' && fact.isPresent && !fact.isSoftware && !avoid.includes(fact.name))
    .map((fact) => fact.name);
  for (const name of candidates) {
    if (candidates.length === 1) break;
    try {
      await startEngine(name);
      if ((await selfTest()) <= SELF_TEST_TOLERANCE) timesMs[name] = await timeStep();
    } catch {
      // An engine that does not start or fails on the way is simply not a candidate; diagnostics shows why.
    }
  }
  const measured = Object.entries(timesMs) as [EngineName, number][];
  const engine = measured.sort((a, b) => a[1] - b[1])[0]?.[0] ?? 'wasm';
  await startEngine(engine);
  return { engine, device: deviceOf(engine), timesMs };
}
