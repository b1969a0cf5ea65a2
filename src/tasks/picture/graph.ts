/** A classifier of pictures as one graph: pixels 0 to 255 in, scores out. Worker thread. */
import type { PicturePreprocessing } from '../../domain/model.ts';
import type { GraphInputs } from '../../evaluation/jobs.ts';
import { addLayers, standardise, toScores, type BuildGraph } from '../../export/jobs.ts';
import { wholePicture } from '../../features/index.ts';
import { addMobileNet, paintViews, readBackbone } from '../../features/jobs.ts';
import { FormatError, GraphBuilder } from '../../formats/index.ts';

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

/** The whole picture, as pixels. */
export const pictureInputs: GraphInputs = async ({ hash }, preprocessing, store) => {
  const { pixels } = preprocessing as PicturePreprocessing;
  return paintViews(store, hash, wholePicture(pixels));
};
