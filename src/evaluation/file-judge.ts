/** The judge of models in exported files: each example as the graph takes it, what it answers as the app reads it. Worker thread. */
import type { DetectorPreprocessing, ModelArtifact } from '../domain/model.ts';
import { decodeBoxes, mergeViews, tileRegions } from '../features/index.ts';
import { NMS_OVERLAP, openModelFile } from '../model/jobs.ts';
import { required } from '../kernel/assert.ts';
import { StudioError } from '../kernel/errors.ts';
import { applyTemperature } from './calibration.ts';
import type { FileModel } from './contract.ts';
import { judgeClasses, judgeFound } from './judges.ts';
import type { GraphInputs, LoadJudge } from './slot.ts';

/** Least score of a box that is looked at, as of the app's own detectors. */
const LEAST_SCORE = 0.01;

/** @returns what opens the file, and closes it with the judge; and what a report needs to know of its model. */
export function judgeOfFile(
  file: Blob,
  name: string,
  { classes: labels, preprocessing, temperature }: FileModel,
  inputs: GraphInputs,
): { judge: LoadJudge; artifact: ModelArtifact } {
  const open = async () => openModelFile(new Uint8Array(await file.arrayBuffer()), name);
  const damaged = (reason: string) =>
    new StudioError('export/model-damaged', { message: `${name} cannot be used: ${reason}.` });
  const artifact: ModelArtifact = {
    topology: '',
    weightSpecs: [],
    weights: new ArrayBuffer(0),
    classes: labels,
    preprocessing,
  };
  if (!('tiles' in preprocessing)) {
    const judge = judgeClasses(async (_, store) => {
      const model = await open();
      return {
        async predictClip(_cache, item) {
          const rows: Float32Array[] = [];
          for (const input of await inputs(item, preprocessing, store)) {
            const scores = (await model.run(input)).get('scores');
            if (scores?.length !== labels.length) throw damaged(`it does not score ${labels.length} classes`);
            // The app's score of a clip is the mean before calibration.
            rows.push(temperature === 1 ? scores : Float32Array.from(applyTemperature(scores, 1 / temperature)));
          }
          const all = new Float32Array(rows.length * labels.length);
          rows.forEach((row, i) => all.set(row, i * labels.length));
          return all;
        },
        [Symbol.dispose]: () => model[Symbol.dispose](),
      };
    });
    return { judge, artifact };
  }
  const regions = tileRegions((preprocessing as DetectorPreprocessing).tiles);
  const judge = judgeFound(async (_, store) => {
    const model = await open();
    return {
      async detectCached(_cache, _hash, item) {
        const views = [];
        for (const [i, input] of (await inputs(item, preprocessing, store)).entries()) {
          const found = await model.run(input);
          const [location, score] = [
            found.get('location') ?? turned(found.get('raw_coordinates')),
            found.get('score') ?? found.get('raw_confidence'),
          ];
          if (!location || score?.length !== (location.length / 4) * labels.length)
            throw damaged(`it does not find ${labels.length} classes`);
          views.push({
            candidates: decodeBoxes(location, score, labels.length, LEAST_SCORE),
            region: required(regions[i], 'region'),
          });
        }
        return mergeViews(views, NMS_OVERLAP);
      },
      [Symbol.dispose]: () => model[Symbol.dispose](),
    };
  });
  return { judge, artifact };
}

/** Middle x, middle y, width, height (Core ML) as middle y, middle x, height, width. */
function turned(boxes: Float32Array | undefined): Float32Array | undefined {
  return boxes?.map((_, i) => boxes[i ^ 1]!);
}
