/** Thread of the features room: files → measurements, pictures, spectrograms. */
import '../src/kernel/polyfill.ts';
import '../src/kernel/trusted-types.ts';
import './wasm-files.ts';
import type { Store } from '../src/dataset/index.ts';
import { createFeaturesJobs } from '../src/features/jobs.ts';
import { columnOf } from '../src/tasks/jobs.ts';
import { serve } from '../src/rpc/serve.ts';
import { openStore } from './open-store.ts';
import { PROTOCOL } from '../src/rpc/protocol.ts';

let store: Promise<Store> | null = null;
serve(
  self as never,
  createFeaturesJobs(() => (store ??= openStore()), columnOf('features')),
  PROTOCOL,
);
