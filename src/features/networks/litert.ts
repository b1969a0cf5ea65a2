/**
 * LiteRT.js in a module worker under the content security policy. Worker thread. Its loader wants `importScripts` and a global factory;
 * both are given here (EXPERIMENTS §1), and the binary comes from our own cache so that it works offline.
 */
import {
  getGlobalLiteRtPromise,
  loadAndCompile,
  loadLiteRt,
  supportsFeature,
  Tensor,
  unloadLiteRt,
  type CompiledModel,
} from '@litertjs/core';
import { StudioError } from '../../kernel/errors.ts';
import { assetAddress } from './asset-base.ts';

const CACHE = 'litert-2.5.3';
let runtime: Promise<unknown> | null = null;

/** The WebAssembly binary, fetched once and then kept by the browser. */
async function binary(url: string): Promise<ArrayBuffer> {
  const cache = 'caches' in self ? await caches.open(CACHE).catch(() => null) : null;
  const known = await cache?.match(url);
  if (known) return known.arrayBuffer();
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  // Without room it is fetched again next time.
  await cache?.put(url, response.clone()).catch(() => {});
  return response.arrayBuffer();
}

/** Starts the runtime, once per thread. */
async function start(): Promise<void> {
  if (getGlobalLiteRtPromise()) unloadLiteRt();
  const base = assetAddress('litert/');
  const name = (await supportsFeature('relaxedSimd')) ? 'litert_wasm_internal' : 'litert_wasm_compat_internal';
  const [module, wasmBinary] = await Promise.all([
    import(/* @vite-ignore */ `${base}${name}.js`) as Promise<{ default: unknown }>,
    binary(`${base}${name}.wasm`),
  ]);
  Object.assign(self, {
    ModuleFactory: module.default,
    importScripts: () => {},
    // Its notes on start-up are no errors of ours.
    Module: { wasmBinary, locateFile: (file: string) => base + file, print: () => {}, printErr: () => {} },
  });
  await loadLiteRt(`${base}${name}.js`);
}

/** A compiled network on WebAssembly, one thread: YAMNet's Fourier transform aborts the WebGPU accelerator (EXPERIMENTS §1). */
export class LiteNetwork implements Disposable {
  readonly #model: CompiledModel;

  private constructor(model: CompiledModel) {
    this.#model = model;
  }

  /** @throws StudioError `network/failed` when the runtime or the file does not load. */
  static async load(file: Uint8Array): Promise<LiteNetwork> {
    try {
      runtime ??= start().catch((error: unknown) => {
        // A runtime that did not start may be started again; one that runs is never loaded twice.
        runtime = null;
        throw error;
      });
      await runtime;
      return new LiteNetwork(await loadAndCompile(file, { accelerator: 'wasm' }));
    } catch (cause) {
      throw new StudioError('network/failed', { details: { reason: String(cause) }, cause });
    }
  }

  /**
   * Runs the network on one input.
   * @param input borrowed. @returns the first output, owned by the caller. @throws StudioError `network/failed`.
   */
  async run(input: Float32Array, shape: number[]): Promise<Float32Array> {
    return (await this.runAll(input, shape))[0]!;
  }

  /** Runs the network on one input. @returns all outputs, in its order. @throws StudioError `network/failed`. */
  runAll(input: Float32Array | Uint8Array, shape: number[]): Promise<Float32Array[]> {
    return this.#run(input, shape, (values) => new Float32Array(values));
  }

  /** {@link runAll} of a network whose outputs are quantised to bytes. */
  runBytes(input: Uint8Array, shape: number[]): Promise<Uint8Array[]> {
    return this.#run(input, shape, (values) => new Uint8Array(values));
  }

  async #run<T>(
    input: Float32Array | Uint8Array,
    shape: number[],
    copy: (values: ReturnType<Tensor['toTypedArray']>) => T,
  ): Promise<T[]> {
    let tensor: Tensor | null = null;
    let outputs: Tensor[] = [];
    try {
      tensor = Tensor.fromTypedArray(input as Float32Array<ArrayBuffer>, shape);
      outputs = await this.#model.run([tensor]);
      return outputs.map((output) => copy(output.toTypedArray()));
    } catch (cause) {
      throw new StudioError('network/failed', { details: { reason: String(cause) }, cause });
    } finally {
      tensor?.delete();
      for (const output of outputs) output.delete();
    }
  }

  [Symbol.dispose](): void {
    this.#model.delete();
  }
}
