/** Builds the runtime of exported sound models: one classic script, served under runtime/ and packed into bundles. */
import { defineConfig } from 'vite';

export default defineConfig({
  build: {
    target: 'es2022',
    outDir: 'public/runtime',
    emptyOutDir: true,
    copyPublicDir: false,
    lib: {
      entry: 'src/export/runtime/runtime.ts',
      formats: ['iife'],
      name: 'UnderstudyRuntime',
      fileName: () => 'understudy-runtime.js',
    },
    rolldownOptions: { output: { comments: { legal: false } } },
  },
});
