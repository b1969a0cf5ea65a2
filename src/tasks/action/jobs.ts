/** Actions in workers. */
import { judgeClasses } from '../../evaluation/jobs.ts';
import { animateFigure, extractMotion, inspectMotion, packSequence, SAMPLE_ACTIONS } from '../../features/jobs.ts';
import { MovementPredictor } from '../../model/jobs.ts';
import { createMovementPreview } from '../../preview/jobs.ts';
import type { Contract, Jobs } from '../../rpc/contract.ts';
import { planMovements, type MovementRequest } from '../../training/index.ts';
import { prepareMovement } from '../../training/jobs.ts';
import type { TaskJobs } from '../job.ts';
import { buildActionGraph, actionInputs } from './graph.ts';
import { sampleClip } from '../sample.ts';

/** See the file header. */
export const ACTION_JOBS: TaskJobs = {
  features: (tools) => ({
    inspect: inspectMotion,
    async extract(given, signal, progress) {
      const { hashes, frameRateHz, landmarkHashes } = given as MovementRequest;
      const files = new Set(landmarkHashes);
      const { videoSec, ...result } = await extractMotion(
        await tools.store(),
        () => tools.pose(),
        hashes.map((hash) => ({ hash, kind: files.has(hash) ? 'landmarks' : 'video', frameRateHz })),
        signal,
        (done, total) => progress({ done, total, audioSec: 0 }),
      );
      return { ...result, audioSec: videoSec };
    },
    makeSample: (n) =>
      sampleClip(SAMPLE_ACTIONS, n, 'json', (action, seed) => packSequence(animateFigure(action, seed))),
  }),
  training: { plan: planMovements, prepare: prepareMovement },
  judge: judgeClasses((artifact) => MovementPredictor.load(artifact)),
  graph: buildActionGraph,
  inputs: actionInputs,
  preview: (store) => createMovementPreview(store) as unknown as Jobs<Contract>,
};
