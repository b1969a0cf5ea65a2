/** Models as data and back. Worker thread. */
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import type { ModelArtifact } from '../domain/model.ts';
import { required } from '../kernel/assert.ts';
import { StudioError } from '../kernel/errors.ts';

/** Packs a layers model with what is needed to use it. */
export async function saveArtifact(
  model: layers.LayersModel,
  rest: Pick<ModelArtifact, 'classes' | 'preprocessing' | 'novelty'>,
): Promise<ModelArtifact> {
  let saved: tf.io.ModelArtifacts | null = null;
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  const artifacts = required(saved as tf.io.ModelArtifacts | null, 'saved model');
  return {
    topology: JSON.stringify(artifacts.modelTopology),
    weightSpecs: required(artifacts.weightSpecs, 'weight specs').map(({ name, shape }) => ({
      name,
      shape,
      dtype: 'float32',
    })),
    weights: tf.io.CompositeArrayBuffer.join(artifacts.weightData),
    ...rest,
  };
}

/** Builds the model on the engine that is current. @returns caller disposes. @throws StudioError `export/model-damaged`. */
export async function loadArtifact(artifact: ModelArtifact): Promise<layers.LayersModel> {
  try {
    return await layers.loadLayersModel(
      tf.io.fromMemory({
        modelTopology: JSON.parse(artifact.topology) as object,
        weightSpecs: artifact.weightSpecs,
        weightData: artifact.weights,
      }),
    );
  } catch (cause) {
    throw new StudioError('export/model-damaged', { cause });
  }
}
