/** Builds what travels with exported models into public/runtime, by mode: the `library` and its `page` as modules, or both as one script for a page of a `single` file. */
import { defineConfig, type Plugin } from 'vite';
import { noteBundled } from './tools/bundled.mjs';

/** Modules of ours that are imported only to be used: what is not used stays out. Engines register themselves when they are imported. */
const hasEffects = (id: string) => !/\/(src|node_modules\/(valibot|meyda|mediabunny|papaparse|idb))\//.test(id);

/** The page finds the library beside it. */
const besidePage: Plugin = {
  name: 'library-beside-page',
  enforce: 'pre',
  resolveId: (id) => (id === './library.ts' ? { id: './understudy.js', external: true } : null),
};

const OUTPUTS = {
  library: { from: 'library', to: 'understudy', format: 'es' },
  page: { from: 'page', to: 'page', format: 'es' },
  single: { from: 'page', to: 'single', format: 'iife' },
} as const;

export default defineConfig(({ mode }) => {
  const { from, to, format } = OUTPUTS[mode as keyof typeof OUTPUTS];
  return {
    plugins: [noteBundled(), ...(mode === 'page' ? [besidePage] : [])],
    build: {
      target: 'es2022',
      outDir: 'public/runtime',
      emptyOutDir: false,
      copyPublicDir: false,
      chunkSizeWarningLimit: 2000,
      rolldownOptions: {
        input: { [to]: `src/runtime/${from}.ts` },
        treeshake: { moduleSideEffects: hasEffects },
        preserveEntrySignatures: 'strict',
        // zip.js and LiteRT's loader look for other kinds of module; neither is needed.
        onLog(level, log, report) {
          if (log.code !== 'COMMONJS_VARIABLE_IN_ESM' && log.code !== 'EMPTY_IMPORT_META') report(level, log);
        },
        output: { format, entryFileNames: '[name].js', codeSplitting: false, comments: { legal: false } },
      },
    },
  };
});
