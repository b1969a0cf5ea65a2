/** Thread of preview and evaluation: owns the live model. */
import './wasm-files.ts';
import { Store } from '../src/dataset/index.ts';
import { createEvaluationJobs } from '../src/evaluation/jobs.ts';
import { serve } from '../src/rpc/serve.ts';
import { PROTOCOL } from '../src/rpc/protocol.ts';
import { columnOf, previewJobs } from '../src/tasks/jobs.ts';

let opened: Promise<Store> | null = null;
const store = () => (opened ??= Store.open());
serve(self as never, { ...createEvaluationJobs(store, columnOf('judge')), ...previewJobs(store) }, PROTOCOL);
