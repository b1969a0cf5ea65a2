/** Thread of preview and evaluation: owns the live model. */
import './wasm-files.ts';
import { Store } from '../src/dataset/index.ts';
import { createInferenceJobs } from '../src/preview/jobs.ts';
import { serve } from '../src/rpc/serve.ts';
import { PROTOCOL } from '../src/rpc/protocol.ts';

let store: Promise<Store> | null = null;
serve(
  self as never,
  createInferenceJobs(() => (store ??= Store.open())),
  PROTOCOL,
);
