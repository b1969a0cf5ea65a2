/**
 * Builds the product into dist/: first the runtime of exported models (public/runtime), then the app, then the licence notices.
 * Usage: node tools/build.mjs [--runtime-only]
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { build } from 'vite';
import { copyPackagedModels } from './models.mjs';
import { writeNotices } from './notices.mjs';

process.env.UNDERSTUDY_BUILD_ID ??= new Date().toISOString();
const quiet = { logLevel: 'warn' };

await build({ configFile: 'vite.runtime.config.ts', ...quiet });
mkdirSync('public/runtime', { recursive: true });
copyFileSync('src/export/runtime/index.html', 'public/runtime/page.html');
const wasm = 'node_modules/@tensorflow/tfjs-backend-wasm/dist';
for (const name of ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm'])
  copyFileSync(`${wasm}/${name}`, `public/runtime/${name}`);
// LiteRT.js for workers: its loader as a module, because module workers have no importScripts (src/features/networks/litert.ts).
mkdirSync('public/litert', { recursive: true });
for (const name of ['litert_wasm_internal', 'litert_wasm_compat_internal']) {
  const from = `node_modules/@litertjs/core/wasm/${name}`;
  writeFileSync(`public/litert/${name}.js`, `${readFileSync(`${from}.js`, 'utf8')}\nexport default ModuleFactory;\n`);
  copyFileSync(`${from}.wasm`, `public/litert/${name}.wasm`);
}
copyPackagedModels();
if (!process.argv.includes('--runtime-only')) {
  writeFileSync('public/third-party-notices.txt', writeNotices());
  await build(quiet);
  console.log('Built dist/');
}
