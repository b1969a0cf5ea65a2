/** An action model as one graph: a window of body-centred landmarks in (features/movement/motion.ts), scores out. Worker thread. */
import type { MovementPreprocessing } from '../../domain/model.ts';
import type { GraphInputs } from '../../evaluation/jobs.ts';
import { addLayers, standardise, toScores, type BuildGraph } from '../../export/jobs.ts';
import { durationOf } from '../../domain/project.ts';
import { motionStarts, writeWindow } from '../../features/index.ts';
import { FeatureCache, loadClipMotion } from '../../features/jobs.ts';
import { GraphBuilder } from '../../formats/index.ts';

/** See the file header. */
export const buildActionGraph: BuildGraph = async (artifact, _files, temperature) => {
  const p = artifact.preprocessing as MovementPreprocessing;
  const builder = new GraphBuilder();
  const landmarks = builder.input('landmarks', [1, ...p.shape]);
  const input = standardise(builder, landmarks, [p.mean], [1 / p.deviation]);
  const logits = addLayers(builder, artifact, [input]);
  return builder.graph('action classifier', { scores: toScores(builder, logits, temperature) });
};

/** Windows of a clip's landmarks, which are computed before. */
export const actionInputs: GraphInputs = async (item, preprocessing, store) => {
  const { frameRateHz, joints, windowFrames, hopFrames, shape } = preprocessing as MovementPreprocessing;
  const motion = await loadClipMotion(new FeatureCache(store), item, frameRateHz, joints);
  const size = shape.reduce((product, side) => product * side, 1);
  return motionStarts(durationOf(item), { frameRateHz, windowFrames, hopFrames }).map((start) => {
    const values = new Float32Array(size);
    writeWindow(motion, start, frameRateHz, windowFrames, null, values, 0);
    return values;
  });
};
