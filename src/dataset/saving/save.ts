/** The files of a data set as they leave the device, from the records of a project. Any thread. */
import { StudioError } from '../../kernel/errors.ts';
import type { SaveChoice } from '../archive-contract.ts';
import type { ArchiveFile } from '../project-archive.ts';
import type { Store } from '../store.ts';
import { formatOf } from './formats.ts';
import { dataSetOf } from './set.ts';

/**
 * Files in order, each read when its turn comes.
 * @throws StudioError `dataset/not-found`; `features/clip-missing` from `read`.
 */
export async function dataSetFiles(store: Store, projectId: string, choice: SaveChoice): Promise<ArchiveFile[]> {
  const { project, items } = await store.loadProject(projectId);
  const wanted = choice.itemIds && new Set(choice.itemIds);
  const chosen = items.filter(({ id }) => !wanted || wanted.has(id));
  const types = new Map<string, string>();
  for (const { hash } of chosen) if (!types.has(hash)) types.set(hash, (await store.loadType(hash)) ?? '');
  const set = dataSetOf(chosen, project.classes, choice.parts, (hash) => types.get(hash) ?? '', new Map(choice.made));
  const files = formatOf(choice.format)
    .write(set)
    .map((file): ArchiveFile => {
      const { path } = file;
      if ('made' in file) return { path, read: async () => file.made };
      if ('content' in file) return { path, read: async () => new Blob([file.content]) };
      return {
        path,
        read: async () => {
          const blob = await store.loadBlob(file.hash);
          if (!blob) throw new StudioError('features/clip-missing', { details: { path } });
          return blob;
        },
      };
    });
  return files;
}
