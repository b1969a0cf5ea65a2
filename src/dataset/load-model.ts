/** A stored model as something that can be used. Any thread. */
import type { ModelArtifact, ModelRef } from '../domain/model.ts';
import { StudioError } from '../kernel/errors.ts';
import type { Store } from './store.ts';

/** @throws StudioError `export/model-damaged` when there are no such weights. */
export async function loadModel(store: Store, { sourceId, kind }: ModelRef): Promise<ModelArtifact> {
  const weights = await store.loadWeights(sourceId, kind);
  if (!weights || weights.model.weightSpecs.length === 0) throw new StudioError('export/model-damaged');
  return weights.model;
}
