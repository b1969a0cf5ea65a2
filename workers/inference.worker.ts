/** Thread of preview and evaluation: owns the live model. */
import './wasm-files.ts';
import { Store } from '../src/dataset/index.ts';
import { createEvaluationJobs } from '../src/evaluation/jobs.ts';
import type { Contract, Jobs } from '../src/rpc/contract.ts';
import { serve } from '../src/rpc/serve.ts';
import { PROTOCOL } from '../src/rpc/protocol.ts';
import { columnOf, previewJobs } from '../src/tasks/jobs.ts';

let opened: Promise<Store> | null = null;
const store = () => (opened ??= Store.open());
const scoring = createEvaluationJobs(store, columnOf('judge')) as unknown as Jobs<Contract>;
serve(self as never, { ...scoring, ...previewJobs(store) }, PROTOCOL);
