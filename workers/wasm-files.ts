/** Where the WebAssembly engine finds its binaries. One thread only: the threaded build breaks when minified (DEPENDENCIES). */
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { env } from '@tensorflow/tfjs-core';
import plain from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';

env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
// The map must name the threaded binary although the flag above keeps it from being asked for.
setWasmPaths({
  'tfjs-backend-wasm.wasm': plain,
  'tfjs-backend-wasm-simd.wasm': simd,
  'tfjs-backend-wasm-threaded-simd.wasm': simd,
});
