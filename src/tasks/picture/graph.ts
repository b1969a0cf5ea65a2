/** A classifier of pictures as one graph: pixels 0 to 255 in, scores out. Worker thread. */
import type { PicturePreprocessing } from '../../domain/model.ts';
import { addLayers, standardise, toScores } from '../../export/jobs.ts';
import { addMobileNet, readBackbone } from '../../features/jobs.ts';
import { FormatError, GraphBuilder } from '../../formats/index.ts';
import type { BuildGraph } from '../job.ts';

/** See the file header. */
export const buildPictureGraph: BuildGraph = async (artifact, files, temperature) => {
  const p = artifact.preprocessing as PicturePreprocessing;
  const builder = new GraphBuilder();
  const picture = builder.input('picture', [1, p.pixels, p.pixels, 3]);
  let feature = picture;
  if (p.kind === 'picture-embedding') {
    if (p.network !== 'mobilenet-v2') throw new FormatError(`a model on ${p.network}`);
    feature = addMobileNet(builder, picture, await readBackbone(files(p.network)[0]!));
  }
  const input = standardise(builder, feature, [p.mean], [1 / p.deviation]);
  const logits = addLayers(builder, artifact, [input]);
  return builder.graph('picture classifier', { scores: toScores(builder, logits, temperature) });
};
