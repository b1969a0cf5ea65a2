/** Files every exported sound bundle carries beside the model: the page and the runtime. Main thread. */
import type { BundleFile } from '../../export/index.ts';

const FILES = [
  { from: 'runtime/page.html', to: 'index.html' },
  { from: 'runtime/understudy-runtime.js', to: 'understudy-runtime.js' },
  { from: 'runtime/tfjs-backend-wasm.wasm', to: 'tfjs-backend-wasm.wasm' },
  { from: 'runtime/tfjs-backend-wasm-simd.wasm', to: 'tfjs-backend-wasm-simd.wasm' },
  { from: 'third-party-notices.txt', to: 'third-party-notices.txt' },
];

/** Reads them from the app's own origin (or its offline cache). */
export async function loadRuntimeFiles(): Promise<BundleFile[]> {
  return Promise.all(
    FILES.map(async ({ from, to }) => {
      const response = await fetch(from);
      if (!response.ok) throw new Error(`${from} answered ${response.status}`);
      return { path: to, blob: await response.blob() };
    }),
  );
}
