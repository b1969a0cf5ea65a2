/**
 * Finding and starting the computing engines of tfjs. Worker thread. What only training needs of an engine (gradients, the self-test on them) lies in
 * training/engine; an engine that only runs models is started here.
 */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import type { EngineName } from '../domain/settings.ts';
import { StudioError } from '../kernel/errors.ts';
import { describeGpu, SOFTWARE_RENDERER } from '../kernel/gpu.ts';
import { startWasm } from './wasm-engine.ts';

/** What is known of one engine on this device. */
export type EngineFact = {
  name: EngineName;
  isPresent: boolean;
  /** True for a GPU interface that runs on the processor (SwiftShader, llvmpipe): right, but slower than WebAssembly. */
  isSoftware: boolean;
  device: string;
  /** Largest error of the self-test against known numbers; null when it did not run. */
  selfTestError: number | null;
  reason: string | null;
};

async function loadBackend(name: EngineName): Promise<void> {
  if (name === 'webgl') await import('@tensorflow/tfjs-backend-webgl');
  if (name === 'webgpu') {
    await import('@tensorflow/tfjs-backend-webgpu');
    const { patchWebgpuTranspose } = await import('./webgpu-patch.ts');
    patchWebgpuTranspose();
  }
}

/**
 * Makes `name` the engine of this thread.
 * @throws StudioError `gpu/unavailable` with the reason.
 */
export async function startEngine(name: EngineName): Promise<void> {
  if (name === 'wasm') return startWasm();
  if (tf.getBackend() === name) return;
  const started = await (async () => {
    await loadBackend(name);
    // Without an adapter setBackend('webgpu') resolves false and leaves the name set (DEPENDENCIES T12).
    if (name === 'webgpu' && !(await describeGpu())) return false;
    return tf.setBackend(name);
  })().catch((cause: unknown) => {
    throw new StudioError('gpu/unavailable', { details: { engine: name, reason: String(cause) }, cause });
  });
  if (!started) throw new StudioError('gpu/unavailable', { details: { engine: name, reason: 'no adapter' } });
  await tf.ready();
}

/** What a graphics backend keeps of its device. */
type GpuBackend = { gpgpu?: { gl: { canvas: EventTarget } }; device?: GPUDevice };

/**
 * Rejects when the graphics processor of the engine that is current stops answering: its context is taken away, or its device is lost. Never on others.
 * @returns `release` ends the watch. The promise rejects with StudioError `gpu/device-lost`.
 */
export function watchEngine(): { lost: Promise<never>; release: () => void } {
  const engine = tf.getBackend() as EngineName;
  const error = (reason: string) => new StudioError('gpu/device-lost', { details: { engine, reason } });
  let release = () => {};
  const lost = new Promise<never>((_, reject) => {
    if (engine !== 'webgl' && engine !== 'webgpu') return;
    const { gpgpu, device } = tf.backend() as unknown as GpuBackend;
    const canvas = gpgpu?.gl.canvas;
    const onLost = () => reject(error('the context was lost'));
    canvas?.addEventListener('webglcontextlost', onLost);
    let isWatched = true;
    void device?.lost.then(({ reason, message }) => isWatched && reject(error(message || reason)));
    release = () => {
      isWatched = false;
      canvas?.removeEventListener('webglcontextlost', onLost);
    };
  });
  // Whoever waits hears of it.
  lost.catch(() => {});
  return { lost, release: () => release() };
}

function webglFact(): { isPresent: boolean; device: string } {
  const context = new OffscreenCanvas(1, 1).getContext('webgl2');
  if (!context) return { isPresent: false, device: '' };
  const info = context.getExtension('WEBGL_debug_renderer_info');
  const device = String(context.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : context.RENDERER));
  context.getExtension('WEBGL_lose_context')?.loseContext();
  return { isPresent: true, device };
}

/** Finds the engines of this device; cheap, starts none of them. */
export async function findEngines(): Promise<EngineFact[]> {
  const facts: EngineFact[] = [];
  const gpu = await describeGpu();
  facts.push({
    name: 'webgpu',
    isPresent: gpu !== null,
    isSoftware: gpu?.isSoftware ?? false,
    device: gpu?.device ?? '',
    selfTestError: null,
    reason: gpu ? null : 'no adapter',
  });
  const webgl = webglFact();
  facts.push({
    name: 'webgl',
    ...webgl,
    isSoftware: SOFTWARE_RENDERER.test(webgl.device),
    selfTestError: null,
    reason: webgl.isPresent ? null : 'no WebGL 2',
  });
  facts.push({
    name: 'wasm',
    isPresent: true,
    isSoftware: false,
    device: 'processor',
    selfTestError: null,
    reason: null,
  });
  facts.push({
    name: 'cpu',
    isPresent: true,
    isSoftware: false,
    device: 'processor',
    selfTestError: null,
    reason: null,
  });
  return facts;
}
