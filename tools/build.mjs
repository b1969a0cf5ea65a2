/**
 * Builds the product into dist/: first the runtime of exported models (public/runtime), then the app, then the licence notices.
 * Usage: node tools/build.mjs [--runtime-only]
 */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { build } from 'vite';
import { writeNotices } from './notices.mjs';

process.env.UNDERSTUDY_BUILD_ID ??= new Date().toISOString();
const quiet = { logLevel: 'warn' };

await build({ configFile: 'vite.runtime.config.ts', ...quiet });
mkdirSync('public/runtime', { recursive: true });
copyFileSync('src/export/runtime/index.html', 'public/runtime/page.html');
const wasm = 'node_modules/@tensorflow/tfjs-backend-wasm/dist';
for (const name of ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm'])
  copyFileSync(`${wasm}/${name}`, `public/runtime/${name}`);
if (!process.argv.includes('--runtime-only')) {
  writeFileSync('public/third-party-notices.txt', writeNotices());
  await build(quiet);
  console.log('Built dist/');
}
