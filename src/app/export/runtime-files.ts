/** Files an exported sound bundle carries beside the model: the page, the runtime, and what the model's pretrained network needs. Main thread. */
import type { ModelArtifact } from '../../dataset/index.ts';
import type { BundleFile } from '../../export/index.ts';
import { StudioError } from '../../kernel/errors.ts';
import type { Clients } from '../workers.ts';

const FILES = [
  { from: 'runtime/page.html', to: 'index.html' },
  { from: 'runtime/understudy-runtime.js', to: 'understudy-runtime.js' },
  { from: 'runtime/tfjs-backend-wasm.wasm', to: 'tfjs-backend-wasm.wasm' },
  { from: 'runtime/tfjs-backend-wasm-simd.wasm', to: 'tfjs-backend-wasm-simd.wasm' },
  { from: 'third-party-notices.txt', to: 'third-party-notices.txt' },
];
/** LiteRT.js for pages: the build that every browser with WebAssembly SIMD runs. */
const LITERT = 'litert_wasm_compat_internal';

async function read(address: string): Promise<Blob> {
  const response = await fetch(address).catch(() => null);
  if (!response?.ok) throw new StudioError('export/runtime-missing', { details: { address } });
  return response.blob();
}

/** Reads them from the app's own origin (or its offline cache). @throws StudioError `export/runtime-missing`. */
export async function loadRuntimeFiles({ preprocessing }: ModelArtifact): Promise<BundleFile[]> {
  // The demonstration page listens; an action model or detector is the network and its description.
  if (['landmarks', 'ssd-mobilenet', 'pixels'].includes(preprocessing.kind)) return [];
  const files = await Promise.all(FILES.map(async ({ from, to }) => ({ path: to, blob: await read(from) })));
  if (preprocessing.kind !== 'yamnet') return files;
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

/** Files of the pretrained network a model stands on; none for the full network. @throws StudioError `network/…`. */
export async function loadNetworkFiles(
  features: Clients['features'],
  { preprocessing }: ModelArtifact,
): Promise<BundleFile[]> {
  const { kind } = preprocessing;
  return kind === 'log-mel' || kind === 'landmarks' || kind === 'pixels'
    ? []
    : features.call('loadNetwork', { id: kind });
}
