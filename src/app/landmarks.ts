/** Landmarks of clips as files, computed where they are not known yet. Main thread; the work is done by workers. */
import { classIdOf } from '../domain/label.ts';
import type { ClassLabel, MediaItem } from '../domain/project.ts';
import type { SaveKey } from '../dataset/index.ts';
import type { WorkOptions } from '../dataset/ui.ts';
import { extract, type FeatureClients } from '../features/ui.ts';
import type { Task } from '../tasks/index.ts';

/** What one needs: the threads, the task, the classes of the project. */
export type LandmarkTools = {
  clients: FeatureClients;
  task: Task;
  classes: readonly ClassLabel[];
};

/**
 * @param onProgress files done and files in all, twice: first they are computed, then written.
 * @returns files by the ids of their items; what shows nobody has none. Empty for tasks without landmarks.
 */
export async function landmarkFiles(
  { clients, task, classes }: LandmarkTools,
  items: readonly MediaItem[],
  form: 'json' | 'csv',
  options: WorkOptions,
): Promise<[itemId: string, file: Blob][]> {
  const request = task.landmarks?.(items);
  if (!request || items.length === 0) return [];
  await extract(clients, task.kind, request, options);
  const nameOf = new Map(classes.map(({ id, name }) => [id, name]));
  const made: [string, Blob][] = [];
  for (const [i, item] of items.entries()) {
    if (!('frameRateHz' in item.media)) continue;
    const args = {
      hash: item.hash,
      info: item.media,
      rateHz: request.frameRateHz,
      name: item.name,
      label: nameOf.get(classIdOf(item) ?? '') ?? null,
      form,
    };
    const file = await clients.features.call('writeLandmarks', args, { signal: options.signal });
    if (file) made.push([item.id, file]);
    options.onProgress({ done: i + 1, total: items.length });
  }
  return made;
}

/** Forms that hold landmarks, and how these are written. */
export const LANDMARK_FORMS: Readonly<Partial<Record<SaveKey, 'json' | 'csv'>>> = {
  landmarks: 'json',
  'landmarks-csv': 'csv',
};
