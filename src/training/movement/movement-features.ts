/** Which landmarks a run, or a model, asks for. Any thread; pure. */
import type { MovementPreprocessing } from '../../domain/model.ts';
import type { MediaItem } from '../../domain/project.ts';
import { mediaOf } from '../../domain/task.ts';
import type { FeatureRequest } from '../../features/index.ts';
import type { Run } from '../slot.ts';
import { DEFAULT_MOVEMENT_SETTINGS, resolveFrameRate } from './movement-settings.ts';

/** Landmarks of files at a rate; `landmarkHashes` are those that hold landmarks already. */
export type MovementRequest = FeatureRequest & { frameRateHz: number; landmarkHashes: readonly string[] };

function requestOf(items: readonly MediaItem[], frameRateHz: number): MovementRequest {
  const isFile = (item: MediaItem) => mediaOf(item, 'movement').source === 'landmarks';
  return {
    hashes: items.map((item) => item.hash),
    frameRateHz,
    landmarkHashes: items.filter(isFile).map((item) => item.hash),
  };
}

/** Of a run. */
export function movementRequest({ settings, data, items }: Run): MovementRequest {
  const given = new Set([...data.training, ...data.validation]);
  const used = items.filter((item) => given.has(item.id));
  return requestOf(used, resolveFrameRate(settings, used));
}

/** Of a model. */
export const movementRequestOfModel = (p: MovementPreprocessing, items: readonly MediaItem[]): MovementRequest =>
  requestOf(items, p.frameRateHz);

/** Landmarks of clips at the rate of a run whose rate nobody chose. */
export const landmarkRequest = (items: readonly MediaItem[]): MovementRequest =>
  requestOf(items, resolveFrameRate(DEFAULT_MOVEMENT_SETTINGS, items));
