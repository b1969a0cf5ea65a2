/** Object detection in workers. */
import { judgeBoxes } from '../../evaluation/jobs.ts';
import { extractViews, inspectPictures, makeDice } from '../../features/jobs.ts';
import { createDetectionPreview } from '../../preview/jobs.ts';
import type { Contract, Jobs } from '../../rpc/contract.ts';
import { planBoxes, type DetectionRequest } from '../../training/index.ts';
import { prepareDetection } from '../../training/jobs.ts';
import type { TaskJobs } from '../job.ts';
import { buildDetectionGraph, detectionInputs } from './graph.ts';

/** Pictures of the sample that are trained on; the rest is for testing. */
const FOR_TRAINING = 60;

/** See the file header. */
export const DETECTION_JOBS: TaskJobs = {
  features: (tools) => ({
    inspect: inspectPictures,
    async extract(given, signal, progress) {
      const request = given as DetectionRequest;
      const result = await extractViews(
        await tools.store(),
        () => tools.vision(request.input.pixels),
        request,
        signal,
        (done, total) => progress({ done, total, audioSec: 0 }),
      );
      return { ...result, audioSec: 0 };
    },
    async makeSample(n) {
      const { picture, boxes } = await makeDice(n + 1);
      const name = `Dice ${String(n + 1).padStart(2, '0')}.jpg`;
      const part = n >= FOR_TRAINING ? 'testing' : 'training';
      return { media: picture, name, path: name, part, className: null, boxes };
    },
  }),
  training: { plan: planBoxes, prepare: prepareDetection },
  judge: judgeBoxes,
  graph: buildDetectionGraph,
  inputs: detectionInputs,
  preview: (store) => createDetectionPreview(store) as unknown as Jobs<Contract>,
};
