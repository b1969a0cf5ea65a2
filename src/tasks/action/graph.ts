/** An action model as one graph: a window of body-centred landmarks in (features/movement/motion.ts), scores out. Worker thread. */
import type { MovementPreprocessing } from '../../domain/model.ts';
import { addLayers, standardise, toScores } from '../../export/jobs.ts';
import { GraphBuilder } from '../../formats/index.ts';
import type { BuildGraph } from '../job.ts';

/** See the file header. */
export const buildActionGraph: BuildGraph = async (artifact, _files, temperature) => {
  const p = artifact.preprocessing as MovementPreprocessing;
  const builder = new GraphBuilder();
  const landmarks = builder.input('landmarks', [1, ...p.shape]);
  const input = standardise(builder, landmarks, [p.mean], [1 / p.deviation]);
  const logits = addLayers(builder, artifact, [input]);
  return builder.graph('action classifier', { scores: toScores(builder, logits, temperature) });
};
