/** What a task does in workers. */
import type { ModelArtifact } from '../domain/model.ts';
import type { LoadJudge } from '../evaluation/jobs.ts';
import type { FeatureRow, FeatureTools } from '../features/jobs.ts';
import type { Store } from '../dataset/index.ts';
import type { NetworkId } from '../features/index.ts';
import type { Graph } from '../formats/index.ts';
import type { Contract, Jobs } from '../rpc/contract.ts';
import type { TrainingRow } from '../training/jobs.ts';

/**
 * A model as one graph, from what a device records to scores.
 * @param files of the pretrained network it stands on. @param temperature of its calibration, 1 without one. @throws FormatError.
 */
export type BuildGraph = (
  artifact: ModelArtifact,
  files: (network: NetworkId) => readonly ArrayBuffer[],
  temperature: number,
) => Promise<Graph>;

/** One row. */
export type TaskJobs = {
  features: (tools: FeatureTools) => FeatureRow;
  training: TrainingRow;
  judge: LoadJudge;
  graph: BuildGraph;
  /** Jobs of its own preview; their names are its own too. */
  preview: (store: () => Promise<Store>) => Jobs<Contract>;
};
