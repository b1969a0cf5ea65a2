/** Thread of zip files: unpacking imports, packing exports, project archives. */
import '../src/kernel/polyfill.ts';
import '../src/kernel/trusted-types.ts';
import type { Store } from '../src/dataset/index.ts';
import { createArchiveJobs } from '../src/dataset/archive-jobs.ts';
import { serve } from '../src/rpc/serve.ts';
import { openStore } from './open-store.ts';
import { PROTOCOL } from '../src/rpc/protocol.ts';

let store: Promise<Store> | null = null;
serve(
  self as never,
  createArchiveJobs(() => (store ??= openStore())),
  PROTOCOL,
);
