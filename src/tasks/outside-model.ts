/** What a row of the table of models outside the app is given, and what all of its models share. Main thread of somebody's page. */
import type { Answering } from '../domain/answering.ts';
import type { ModelArtifact } from '../domain/model.ts';
import type { BundleSlot } from '../export/index.ts';
import type { NetworkStore } from '../features/jobs.ts';
import type { AnswerCalibration } from '../preview/outside.ts';

/** A bundle that was read. `networks`: files of pretrained networks in it. */
export type Given = {
  name: string;
  artifact: ModelArtifact;
  calibration: AnswerCalibration | null;
  answering: Answering;
  networks: NetworkStore;
};

/** One row. */
export type OutsideRow<M> = { bundle: BundleSlot; load: (given: Given) => Promise<M> };

/** How watching and listening are ended from outside. */
export type WatchOptions = { signal?: AbortSignal };
