/**
 * Builds the product into dist/: first what travels with exported models (public/runtime), then the app, then the licence notices.
 * Usage: node tools/build.mjs [--runtime-only]
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { bundled, withoutNotice } from './bundled.mjs';
import { headersFile } from './headers.mjs';
import { copyPackagedModels } from './models.mjs';
import { writeNotices } from './notices.mjs';

process.env.UNDERSTUDY_BUILD_ID ??= new Date().toISOString();
const quiet = { logLevel: 'warn' };

// LiteRT.js for workers: its loader as a module, because module workers have no importScripts (src/features/networks/litert.ts).
mkdirSync('public/litert', { recursive: true });
for (const name of ['litert_wasm_internal', 'litert_wasm_compat_internal']) {
  const from = `node_modules/@litertjs/core/wasm/${name}`;
  writeFileSync(`public/litert/${name}.js`, `${readFileSync(`${from}.js`, 'utf8')}\nexport default ModuleFactory;\n`);
  copyFileSync(`${from}.wasm`, `public/litert/${name}.wasm`);
}
copyPackagedModels();
// What travels with exported models: library, page, and the binaries of their engines.
rmSync('public/runtime', { recursive: true, force: true });
for (const mode of ['library', 'page', 'single'])
  await build({ configFile: 'vite.runtime.config.ts', mode, logLevel: 'error' });
for (const path of ['runtime/page.html', 'runtime/page.css', 'tasks/understudy.d.ts'])
  copyFileSync(`src/${path}`, `public/runtime/${basename(path)}`);
copyFileSync('docs/preprocessing.schema.json', 'public/runtime/preprocessing.schema.json');
const engine = 'node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm';
copyFileSync(engine, 'public/runtime/engine.wasm');
const litert = readFileSync('public/litert/litert_wasm_compat_internal.wasm');
writeFileSync('public/runtime/litert.bin', gzipSync(litert, { level: 9 }));
if (!process.argv.includes('--runtime-only')) {
  const notices = writeNotices();
  writeFileSync('public/third-party-notices.txt', notices);
  await build(quiet);
  // The service worker is built by a tool of its own, which leaves the names of its parts in it.
  for (const name of readdirSync('dist').filter((file) => /^(sw|workbox-.*)\.js$/.test(file)))
    for (const [, part] of readFileSync(join('dist', name), 'utf8').matchAll(/workbox:([a-z]+):\d/g))
      bundled().add(`workbox-${part}`);
  const missing = withoutNotice(bundled(), notices);
  if (missing.length > 0) throw new Error(`The licence notices lack ${missing.join(', ')} (tools/notices.mjs)`);
  writeFileSync('dist/_headers', headersFile());
  console.log(`Built dist/ (${bundled().size} packages in it, each with its licence)`);
}
