/** Which views of pictures a run of a detector, or a detector, asks for. Any thread; pure. */
import type { DetectorPreprocessing } from '../../domain/model.ts';
import type { FeatureRequest, ViewRequest } from '../../features/index.ts';
import type { Run } from '../slot.ts';
import { resolveCopies, resolveInput } from './detection-settings.ts';

/** See {@link ViewRequest}. */
export type DetectionRequest = FeatureRequest & ViewRequest;

/** Of a run: pictures it trains on with their varied copies. */
export function detectionRequest({ settings, data, items }: Run): DetectionRequest {
  const used = new Set(data.training);
  const given = new Set([...data.training, ...data.validation]);
  const training = items.filter((item) => used.has(item.id));
  const input = resolveInput(settings, training);
  return {
    input,
    isShared: true,
    hashes: items.filter((item) => given.has(item.id)).map((item) => item.hash),
    varied: training.map((item) => item.hash),
    ...resolveCopies(settings, input, training.length),
  };
}

/** Of a model. */
export const detectionRequestOfModel = (
  { kind, pixels, tiles }: DetectorPreprocessing,
  hashes: readonly string[],
): DetectionRequest => ({
  input: { kind, pixels, tiles },
  hashes,
  varied: [],
  copies: 0,
  variation: null,
});
