/** What a task does in workers. */
import type { GraphInputs, LoadJudge } from '../evaluation/jobs.ts';
import type { FeatureRow, FeatureTools } from '../features/jobs.ts';
import type { Store } from '../dataset/index.ts';
import type { BuildGraph } from '../export/jobs.ts';
import type { Contract, Jobs } from '../rpc/contract.ts';
import type { TrainingRow } from '../training/jobs.ts';

/** One row. */
export type TaskJobs = {
  features: (tools: FeatureTools) => FeatureRow;
  training: TrainingRow;
  judge: LoadJudge;
  graph: BuildGraph;
  inputs: GraphInputs;
  /** Jobs of its own preview; their names are its own too. */
  preview: (store: () => Promise<Store>) => Jobs<Contract>;
};
