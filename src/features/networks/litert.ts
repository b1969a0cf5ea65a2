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
import { describeGpu } from '../../kernel/gpu.ts';
import { assetAddress } from './asset-base.ts';

const CACHE = 'litert-2.5.3';
let runtime: Promise<unknown> | null = null;

/** Whether the outputs of two runs are the same but for rounding. */
export function areClose(expected: readonly Float32Array[], given: readonly Float32Array[]): boolean {
  return expected.every((values, k) => {
    const most = values.reduce((high, value) => Math.max(high, Math.abs(value)), 1e-3);
    return (
      given[k]?.length === values.length &&
      values.every((value, i) => Math.abs(value - given[k]![i]!) <= GPU_TOLERANCE * most)
    );
  });
}

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

const loaderName = async () =>
  (await supportsFeature('relaxedSimd')) ? 'litert_wasm_internal' : 'litert_wasm_compat_internal';

/** Whether the runtime is kept for work without a connection; its loader is part of the app. */
export async function isRuntimeKept(): Promise<boolean> {
  const address = `${assetAddress('litert/')}${await loaderName()}.wasm`;
  return 'caches' in self && (await (await caches.open(CACHE)).match(address)) !== undefined;
}
/** Keeps it. @throws StudioError `network/download-failed`, `dataset/quota-exceeded`. */
export async function keepRuntime(): Promise<void> {
  const address = `${assetAddress('litert/')}${await loaderName()}.wasm`;
  await binary(address).catch((cause: unknown) => {
    throw new StudioError('network/download-failed', {
      message: 'What runs the pretrained networks could not be fetched.',
      details: { address, reason: String(cause) },
      cause,
    });
  });
  if (!(await isRuntimeKept())) throw new StudioError('dataset/quota-exceeded');
}

/** What the runtime is made of: its loader, and the WebAssembly binary. */
export type LiteRtFiles = { factory: unknown; wasmBinary: ArrayBuffer };

/** Those beside the app: the build this browser can run. */
async function servedFiles(): Promise<LiteRtFiles> {
  const base = assetAddress('litert/');
  const name = await loaderName();
  const [module, wasmBinary] = await Promise.all([
    import(/* @vite-ignore */ `${base}${name}.js`) as Promise<{ default: unknown }>,
    binary(`${base}${name}.wasm`),
  ]);
  return { factory: module.default, wasmBinary };
}

let findFiles = servedFiles;
/** Where the runtime comes from outside the app. Before the first network is loaded. */
export function useLiteRt(files: () => Promise<LiteRtFiles>): void {
  findFiles = files;
}

/** Starts the runtime, once per thread. */
async function start(): Promise<void> {
  if (getGlobalLiteRtPromise()) unloadLiteRt();
  const { factory, wasmBinary } = await findFiles();
  Object.assign(self, {
    ModuleFactory: factory,
    importScripts: () => {},
    // Its notes on start-up are no errors of ours.
    Module: { wasmBinary, locateFile: (file: string) => file, print: () => {}, printErr: () => {} },
  });
  await loadLiteRt('litert.js');
}

/** Largest error of a network on the graphics processor, as a share of its largest output. */
const GPU_TOLERANCE = 0.005;
/** Runs that are timed on each. */
const TIMED_RUNS = 3;

/** A compiled network, on one thread of WebAssembly unless it was loaded otherwise. */
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
   * The network on the graphics processor if there is a real one, its numbers are those of WebAssembly and it is faster with reading back; else as
   * {@link load}. Not for every network: YAMNet's Fourier transform aborts the runtime there (EXPERIMENTS §1), and BlazePose's detector gives wrong numbers
   * (tried on software WebGPU).
   * @param shape of its input, which is taken as 0 to 1. @throws StudioError `network/failed`.
   */
  static async loadFaster(file: Uint8Array, shape: number[]): Promise<LiteNetwork> {
    const plain = await LiteNetwork.load(file);
    const gpu = await describeGpu();
    if (!gpu || gpu.isSoftware) return plain;
    let fast: LiteNetwork | null = null;
    try {
      fast = new LiteNetwork(await loadAndCompile(file, { accelerator: 'webgpu' }));
      const input = Float32Array.from({ length: shape.reduce((size, side) => size * side, 1) }, (_, i) =>
        Math.abs(Math.sin(i / 100)),
      );
      const isRight = areClose(await plain.runAll(input, shape), await fast.runAll(input, shape));
      const time = async (network: LiteNetwork) => {
        const started = performance.now();
        for (let i = 0; i < TIMED_RUNS; i++) await network.runAll(input, shape);
        return performance.now() - started;
      };
      if (isRight && (await time(fast)) < (await time(plain))) {
        plain[Symbol.dispose]();
        return fast;
      }
    } catch {
      // What does not run there runs on WebAssembly.
    }
    fast?.[Symbol.dispose]();
    return plain;
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
      const values: T[] = [];
      for (const output of outputs)
        values.push(copy(output.accelerator === 'wasm' ? output.toTypedArray() : await output.data()));
      return values;
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
