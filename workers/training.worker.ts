/** Thread of the training room: owns the model being trained. */
import '../src/kernel/polyfill.ts';
import '../src/kernel/trusted-types.ts';
import './wasm-files.ts';
import type { Store } from '../src/dataset/index.ts';
import { columnOf } from '../src/tasks/jobs.ts';
import { serve } from '../src/rpc/serve.ts';
import { openStore } from './open-store.ts';
import { PROTOCOL } from '../src/rpc/protocol.ts';
import { createTrainingJobs } from '../src/training/jobs.ts';

let store: Promise<Store> | null = null;
serve(
  self as never,
  createTrainingJobs(() => (store ??= openStore()), columnOf('training')),
  PROTOCOL,
);
