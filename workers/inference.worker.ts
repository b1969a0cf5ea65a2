/** Thread of preview and evaluation: owns the live model. */
import '../src/kernel/polyfill.ts';
import '../src/kernel/trusted-types.ts';
import './wasm-files.ts';
import type { Store } from '../src/dataset/index.ts';
import { createEvaluationJobs } from '../src/evaluation/jobs.ts';
import { createExportJobs } from '../src/export/jobs.ts';
import type { Contract, Jobs } from '../src/rpc/contract.ts';
import { serve } from '../src/rpc/serve.ts';
import { openStore } from './open-store.ts';
import { PROTOCOL } from '../src/rpc/protocol.ts';
import { taskOf } from '../src/tasks/index.ts';
import { columnOf, previewJobs } from '../src/tasks/jobs.ts';

let opened: Promise<Store> | null = null;
const store = () => (opened ??= openStore());
const scoring = createEvaluationJobs(store, columnOf('judge'), columnOf('inputs')) as unknown as Jobs<Contract>;
const exporting = createExportJobs(
  store,
  (task) => taskOf(task).bundle,
  columnOf('graph'),
) as unknown as Jobs<Contract>;
serve(self as never, { ...scoring, ...exporting, ...previewJobs(store) }, PROTOCOL);
