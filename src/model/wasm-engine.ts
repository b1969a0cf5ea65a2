/** The WebAssembly engine of tfjs: small networks run there faster than a GPU can be read back (EXPERIMENTS §6). Worker thread, and pages with an exported model. */
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { StudioError } from '../kernel/errors.ts';

/** Makes it the engine of this thread. @throws StudioError `gpu/unavailable` with the reason. */
export async function startWasm(): Promise<void> {
  // Named at once, ready later: two models that load beside each other both wait.
  if (tf.getBackend() === 'wasm') return tf.ready();
  const unavailable = (reason: string, cause?: unknown) =>
    new StudioError('gpu/unavailable', { details: { engine: 'wasm', reason }, cause });
  const started = await tf.setBackend('wasm').catch((cause: unknown) => {
    throw unavailable(String(cause), cause);
  });
  if (!started) throw unavailable('it did not start');
  await tf.ready();
}
