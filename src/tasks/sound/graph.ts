/** A sound model as one graph: samples of a window in, scores out. Worker thread. */
import type { SoundPreprocessing } from '../../domain/model.ts';
import { addLayers, standardise, toScores } from '../../export/jobs.ts';
import { addLogMel, addSpeechEmbedding, addYamnet } from '../../features/jobs.ts';
import { windowCut } from '../../features/index.ts';
import { GraphBuilder } from '../../formats/index.ts';
import type { BuildGraph } from '../job.ts';

/** See the file header. */
export const buildSoundGraph: BuildGraph = async (artifact, files, temperature) => {
  const p = artifact.preprocessing as SoundPreprocessing;
  const builder = new GraphBuilder();
  const samples = builder.input('samples', [windowCut(p).windowSamples]);
  const feature = () => {
    if (p.kind === 'log-mel')
      return builder.reshape(addLogMel(builder, samples, p.windowFrames), [1, p.windowFrames, p.bandCount, 1]);
    const network = files(p.kind);
    return p.kind === 'yamnet'
      ? addYamnet(builder, samples, network[0]!)
      : addSpeechEmbedding(builder, samples, network);
  };
  const input = standardise(builder, feature(), [p.mean], [1 / p.deviation]);
  const logits = addLayers(builder, artifact, [input]);
  return builder.graph('sound classifier', { scores: toScores(builder, logits, temperature) });
};
