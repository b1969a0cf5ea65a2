/** Thread of zip files: unpacking imports, packing exports. */
import { createArchiveJobs } from '../src/dataset/archive-jobs.ts';
import { serve } from '../src/rpc/serve.ts';
import { PROTOCOL } from '../src/rpc/protocol.ts';

serve(self as never, createArchiveJobs(), PROTOCOL);
