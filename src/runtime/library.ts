/**
 * The library that travels with exported models: one typed ES module (`tasks/understudy.d.ts`), built on its own (vite.runtime.config.ts). It computes with the very modules the app
 * uses, so that a model says the same in the app and outside. Main thread of somebody's page.
 */
import '../kernel/polyfill.ts';
import { env } from '@tensorflow/tfjs-core';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { readBundle } from '../export/index.ts';
import { NETWORKS } from '../features/index.ts';
import { useLiteRt, type NetworkStore } from '../features/jobs.ts';
import { StudioError } from '../kernel/errors.ts';
import { TASK_OUTSIDE, type Given, type OutsideModel } from '../tasks/outside.ts';
// Its loader, as a module (tools/build.mjs).
import litert from '../../public/litert/litert_wasm_compat_internal.js';
import { carriedFiles, servedFolder, unpacked, type FileSource } from './files.ts';
import type * as Declared from '../tasks/understudy.d.ts';

/** Binaries of the engines, beside the model. */
const ENGINE = 'engine.wasm';
const LITERT = 'litert.bin';

/** The first bundle that is loaded brings the engines; they are the same in all. */
let hasEngines = false;
async function bringEngines(file: FileSource): Promise<void> {
  if (hasEngines) return;
  const binary = async (name: string) => {
    const blob = await file(name);
    if (!blob) throw new StudioError('export/model-damaged', { message: `${name} is missing beside the model.` });
    return unpacked(blob);
  };
  const address = URL.createObjectURL(new Blob([await binary(ENGINE)], { type: 'application/wasm' }));
  // One thread only: the threaded build breaks when minified, but the map must name it.
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  setWasmPaths({
    'tfjs-backend-wasm.wasm': address,
    'tfjs-backend-wasm-simd.wasm': address,
    'tfjs-backend-wasm-threaded-simd.wasm': address,
  });
  useLiteRt(async () => ({ factory: litert, wasmBinary: await (await binary(LITERT)).arrayBuffer() }));
  hasEngines = true;
}

/** Pretrained networks that lie beside a model. */
function networksOf(file: FileSource): NetworkStore {
  return {
    async loadNetworkFile(sha256) {
      const path = NETWORKS.flatMap(({ files }) => files).find((candidate) => candidate.sha256 === sha256)?.path;
      return path ? file(path.replace(/^.*\//, '')) : null;
    },
    async saveNetworkFile() {},
  };
}

/**
 * Loads an exported model.
 * @param where address of the folder the export was unpacked to, or what gives its files; default: those the page carries, else those beside it. @throws Error with a sentence that says what is wrong.
 */
export async function load(where: string | URL | FileSource = carriedFiles() ?? './'): Promise<OutsideModel> {
  const file = typeof where === 'function' ? where : servedFolder(where);
  const rows = Object.values(TASK_OUTSIDE);
  const { slot, model, calibration, answering, name } = await readBundle(
    rows.map(({ bundle }) => bundle),
    file,
  );
  await bringEngines(file);
  const { thresholds } = calibration ?? {};
  const given: Given = {
    name,
    artifact: model,
    calibration: calibration && {
      temperature: calibration.temperature,
      thresholds: thresholds ? model.classes.map(({ id }) => thresholds[id] ?? null) : null,
    },
    answering,
    networks: networksOf(file),
  };
  return rows.find(({ bundle }) => bundle === slot)!.load(given);
}

/** The microphone, as models want it: echo cancelling, noise suppression and gain control destroy everything that is not speech. The caller stops its tracks. */
export function openMicrophone(): Promise<MediaStream> {
  return navigator.mediaDevices.getUserMedia({
    audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
  });
}

/** The camera. The caller stops its tracks. */
export function openCamera(): Promise<MediaStream> {
  return navigator.mediaDevices.getUserMedia({
    video: { facingMode: 'user', width: { ideal: 960 }, height: { ideal: 720 }, frameRate: { ideal: 30 } },
  });
}

// What is declared is what there is.
({ load, openMicrophone, openCamera }) satisfies typeof Declared;
