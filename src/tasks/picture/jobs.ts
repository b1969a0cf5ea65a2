/** Whole pictures in workers. */
import { judgeClasses } from '../../evaluation/jobs.ts';
import {
  createPictureEmbedder,
  extractPictureEmbeddings,
  extractViews,
  inspectPicture,
  inspectPictures,
  Kept,
  type PictureEmbedder,
} from '../../features/jobs.ts';
import type { Contract, Jobs } from '../../rpc/contract.ts';
import type { TaskJobs } from '../job.ts';
import { buildPictureGraph, pictureInputs } from './graph.ts';
import { PicturePredictor } from './predictor.ts';
import { preparePictures } from './prepare.ts';
import { createPicturePreview } from './preview.ts';
import { plainerPictures, planPictures, type PictureRequest } from './settings.ts';
import { drawShape, SAMPLE_PICTURES, SAMPLE_SIZE } from './shapes.ts';

/** See the file header. */
export const PICTURE_JOBS: TaskJobs = {
  features: (tools) => {
    const kept = new Kept<PictureEmbedder>();
    return {
      inspect: inspectPictures,
      async extract(given, signal, progress) {
        const request = given as PictureRequest;
        const store = await tools.store();
        const tell = (done: number, total: number) => progress({ done, total, audioSec: 0 });
        const result =
          request.kind === 'pixels'
            ? await extractViews(store, () => tools.vision(request.input.pixels), request, signal, tell)
            : await extractPictureEmbeddings(
                store,
                () => kept.get(request.network, () => createPictureEmbedder(store, request.network)),
                request,
                signal,
                tell,
              );
        return { ...result, audioSec: 0 };
      },
      async makeSample(n) {
        const className = SAMPLE_PICTURES[Math.floor(n / SAMPLE_SIZE.perClass)]!;
        const number = (n % SAMPLE_SIZE.perClass) + 1;
        const picture = await drawShape(className, number).convertToBlob({ type: 'image/jpeg', quality: 0.9 });
        const name = `${className} ${String(number).padStart(2, '0')}.jpg`;
        const part = number > SAMPLE_SIZE.forTraining ? 'testing' : 'training';
        return {
          media: await inspectPicture(picture),
          name,
          path: `${className}/${name}`,
          part,
          className,
          boxes: null,
        };
      },
    };
  },
  training: { plan: planPictures, prepare: preparePictures, plainer: plainerPictures },
  judge: judgeClasses((artifact, store) => PicturePredictor.load(artifact, store)),
  graph: buildPictureGraph,
  inputs: pictureInputs,
  preview: (store) => createPicturePreview(store) as unknown as Jobs<Contract>,
};
