/** Lists of an import as the app reads them, in one go. */
import { applyLists } from '../../src/dataset/annotations/apply.ts';
import { readLists } from '../../src/dataset/annotations/readers.ts';
import type { Annotations, ImportRemark, ListKind } from '../../src/dataset/annotations/reader.ts';
import type { PathFile } from '../../src/dataset/index.ts';
import type { MediaItem } from '../../src/domain/project.ts';

const reader =
  (kind: ListKind) =>
  async (
    files: readonly PathFile[],
    items: readonly MediaItem[],
    remark: (remark: ImportRemark) => void,
  ): Promise<Annotations> =>
    applyLists(
      await readLists(
        kind,
        files,
        items.map(({ path }) => path),
      ),
      items,
      remark,
    );

export const readBoxFiles = reader('boxes');
export const readMotionFiles = reader('segments');
export const readClassLists = reader('classes');
