import { svelte } from '@sveltejs/vite-plugin-svelte';
import { playwright } from '@vitest/browser-playwright';
import { VitePWA } from 'vite-plugin-pwa';
import { readFileSync } from 'node:fs';
import { defineConfig, type Plugin } from 'vitest/config';
import { noteBundled } from './tools/bundled.mjs';
import { PAGE_POLICY } from './tools/headers.mjs';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const buildId = process.env.UNDERSTUDY_BUILD_ID ?? `${version}-dev`;

/** Cross-origin isolation where the server is ours; the app works without it. */
const isolation = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

const contentSecurityPolicy: Plugin = {
  name: 'content-security-policy',
  apply: 'build',
  transformIndexHtml: () => [
    { tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content: PAGE_POLICY }, injectTo: 'head-prepend' },
  ],
};

/** Flags that give headless Chromium a fake microphone and no noise; GPU interfaces stay as the machine has them. */
const chromiumArgs = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
];

/** For browser tests: a file of ../shared, or the files of a folder, as base64; null when it is not there. */
async function readShared(_context: unknown, path: string): Promise<{ name: string; base64: string }[] | null> {
  const { existsSync, readdirSync, statSync } = await import('node:fs');
  const { join } = await import('node:path');
  const full = join(process.env.SHARED_DIR ?? '../shared', path);
  if (!existsSync(full)) return null;
  const names = statSync(full).isDirectory() ? readdirSync(full).sort().slice(0, 3) : [''];
  return names.map((name) => ({ name, base64: readFileSync(join(full, name)).toString('base64') }));
}

export default defineConfig({
  base: './',
  plugins: [
    svelte(),
    contentSecurityPolicy,
    noteBundled(),
    VitePWA({
      registerType: 'prompt',
      injectRegister: false,
      manifest: {
        name: 'Understudy',
        short_name: 'Understudy',
        description: 'Teach it by showing it: sound, action and object recognition, trained in your browser.',
        theme_color: '#f2f4f2',
        background_color: '#f2f4f2',
        display: 'standalone',
        start_url: './',
        icons: [
          { src: 'icon.svg', sizes: 'any', type: 'image/svg+xml', purpose: 'any' },
          { src: 'icon-192.png', sizes: '192x192', type: 'image/png' },
          { src: 'icon-512.png', sizes: '512x512', type: 'image/png', purpose: 'any' },
          { src: 'icon-maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
        ],
      },
      workbox: {
        globPatterns: ['**/*.{js,css,html,wasm,svg,png,json,txt,webmanifest}', 'runtime/*'],
        // Networks and their runtime are large: they are kept when they are first used (features/networks).
        globIgnores: ['models/**', 'litert/*.wasm'],
        // Beside it, it would be loaded by an address, which the policy of Trusted Types is asked about.
        inlineWorkboxRuntime: true,
        maximumFileSizeToCacheInBytes: 6 * 2 ** 20,
      },
    }),
  ],
  define: { __BUILD_ID__: JSON.stringify(buildId), __VERSION__: JSON.stringify(version) },
  worker: {
    format: 'es',
    plugins: () => [noteBundled()],
    rolldownOptions: { output: { comments: { legal: false } } },
  },
  build: {
    target: 'es2023',
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 2000,
    // It does nothing when it is loaded: the page, which reads no tables itself, goes without it.
    rolldownOptions: { treeshake: { moduleSideEffects: [{ test: /papaparse/, sideEffects: false }] } },
  },
  server: { headers: isolation },
  preview: { headers: isolation },
  test: {
    projects: [
      { extends: true, test: { name: 'unit', environment: 'node', include: ['tests/unit/**/*.test.ts'] } },
      {
        extends: true,
        // Found before the first page, so that none is loaded anew in the middle of a test.
        optimizeDeps: { include: ['@mediapipe/tasks-audio', '@mediapipe/tasks-vision', 'flatbuffers'] },
        test: {
          name: 'browser',
          include: ['tests/browser/**/*.test.ts'],
          testTimeout: 120_000,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: {
                ...(process.env.CHROME_PATH ? { executablePath: process.env.CHROME_PATH } : {}),
                args: chromiumArgs,
              },
            }),
            instances: [{ browser: 'chromium' }],
            commands: { readShared },
          },
        },
      },
    ],
  },
});
