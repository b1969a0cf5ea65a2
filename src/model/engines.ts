/**
 * Finding and starting the computing engines of tfjs. Worker thread. What only training needs of an engine (gradients, the self-test on them) lies in
 * training/engine; an engine that only runs models is started here.
 */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import type { EngineName } from '../domain/settings.ts';
import { StudioError } from '../kernel/errors.ts';
import { describeGpu, SOFTWARE_RENDERER } from '../kernel/gpu.ts';
import { Scope } from '../kernel/scope.ts';
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
type GpuBackend = { gpgpu?: { gl: WebGL2RenderingContext & { canvas: EventTarget } }; device?: GPUDevice };

/** Whether what computes still answers. Both errors are StudioError `gpu/device-lost`. */
export type EngineWatch = {
  /** Rejects when the context is taken away, or the device is lost. Never on engines of the processor. */
  lost: Promise<never>;
  /** Throws when it is lost at this moment: what was read since may be anything. */
  assertAlive: () => void;
  /** Ends the watch. */
  release: () => void;
};

/**
 * What an AbortError nobody asked for means on the engine that is current: a graphics device that is gone ends what reads from it so, seconds before it says that
 * it is gone. @returns `gpu/device-lost`, or the error as it is on engines of the processor.
 */
export function explainAbort(error: unknown): unknown {
  const engine = tf.getBackend();
  const isGraphics = engine === 'webgl' || engine === 'webgpu';
  return isGraphics ? new StudioError('gpu/device-lost', { details: { engine, reason: String(error) } }) : error;
}

/** Watches the engine that is current. */
export function watchEngine(): EngineWatch {
  const engine = tf.getBackend() as EngineName;
  const { gpgpu, device } = (engine === 'webgl' || engine === 'webgpu' ? tf.backend() : {}) as GpuBackend;
  const scope = new Scope();
  let reason: string | null = null;
  const failure = () => new StudioError('gpu/device-lost', { details: { engine, reason: reason ?? '' } });
  const lost = new Promise<never>((_, reject) => {
    const end = (why: string) => {
      if (scope.isDisposed) return;
      reason = why;
      reject(failure());
    };
    if (gpgpu) scope.listen(gpgpu.gl.canvas, 'webglcontextlost', () => end('the context was lost'));
    void device?.lost.then(({ reason: why, message }) => end(message || why));
  });
  // Whoever waits hears of it.
  lost.catch(() => {});
  return {
    lost,
    assertAlive() {
      // The event comes after the first wrong numbers.
      if (gpgpu?.gl.isContextLost()) reason ??= 'the context was lost';
      if (reason !== null) throw failure();
    },
    release: () => scope.dispose(),
  };
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
