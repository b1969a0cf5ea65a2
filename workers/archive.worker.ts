/** Thread of zip files: unpacking imports, packing exports, project archives. */
import '../src/kernel/polyfill.ts';
import '../src/kernel/trusted-types.ts';
import { Store } from '../src/dataset/index.ts';
import { createArchiveJobs } from '../src/dataset/archive-jobs.ts';
import { serve } from '../src/rpc/serve.ts';
import { PROTOCOL } from '../src/rpc/protocol.ts';

let store: Promise<Store> | null = null;
serve(
  self as never,
  createArchiveJobs(() => (store ??= Store.open())),
  PROTOCOL,
);
