/** Files an exported bundle carries beside the model: the page, the runtime, and what the model's pretrained network needs. Worker thread. */
import type { ModelArtifact } from '../domain/model.ts';
import { assetAddress } from '../features/jobs.ts';
import { StudioError } from '../kernel/errors.ts';
import type { BundleFile } from './bundle.ts';
import type { BundleSlot } from './slot.ts';

const FILES = [
  { from: 'runtime/page.html', to: 'index.html' },
  { from: 'runtime/understudy-runtime.js', to: 'understudy-runtime.js' },
  { from: 'runtime/tfjs-backend-wasm.wasm', to: 'tfjs-backend-wasm.wasm' },
  { from: 'runtime/tfjs-backend-wasm-simd.wasm', to: 'tfjs-backend-wasm-simd.wasm' },
  { from: 'third-party-notices.txt', to: 'third-party-notices.txt' },
];
/** LiteRT.js for pages: the build that every browser with WebAssembly SIMD runs. */
const LITERT = 'litert_wasm_compat_internal';

async function read(path: string): Promise<Blob> {
  const address = assetAddress(path);
  const response = await fetch(address).catch(() => null);
  if (!response?.ok) throw new StudioError('export/runtime-missing', { details: { address } });
  return response.blob();
}

/** Reads them from the app's own origin (or its offline cache). @throws StudioError `export/runtime-missing`. */
export async function loadRuntimeFiles(slot: BundleSlot, { preprocessing }: ModelArtifact): Promise<BundleFile[]> {
  if (!slot.hasPage) return [];
  const files = await Promise.all(FILES.map(async ({ from, to }) => ({ path: to, blob: await read(from) })));
  if (!slot.needsLiteRt(preprocessing)) return files;
  // Beside the app the loader is a module (tools/build.mjs); a page loads it as a script.
  const script = (await (await read(`litert/${LITERT}.js`)).text()).replace(
    /\nexport default ModuleFactory;\s*$/,
    '\n',
  );
  return [
    ...files,
    { path: `${LITERT}.js`, blob: new Blob([script], { type: 'text/javascript' }) },
    { path: `${LITERT}.wasm`, blob: await read(`litert/${LITERT}.wasm`) },
  ];
}
