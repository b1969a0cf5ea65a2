/** The readers of lists by what they say. Any thread; the app asks for them in a worker, which holds their parsers. */
import { StudioError } from '../../kernel/errors.ts';
import type { PathFile } from '../path-file.ts';
import { listBoxes } from './boxes.ts';
import { listClasses } from './class-lists.ts';
import { listSegments } from './motion.ts';
import { refusal, type ListKind, type Listed, type ReadLists } from './reader.ts';

const READERS: Record<ListKind, ReadLists> = { boxes: listBoxes, segments: listSegments, classes: listClasses };

const isReadable = ({ blob }: PathFile) =>
  blob
    .slice(0, 1)
    .arrayBuffer()
    .then(
      () => true,
      () => false,
    );

/** Reads the lists among `files`; one that was changed or taken away since it was chosen is said, and the others are read. @param known paths of the examples of the project. */
export async function readLists(kind: ListKind, ...[files, known]: Parameters<ReadLists>): Promise<Listed> {
  try {
    return await READERS[kind](files, known);
  } catch (error) {
    const able: PathFile[] = [];
    const gone: PathFile[] = [];
    for (const file of files) ((await isReadable(file)) ? able : gone).push(file);
    if (gone.length === 0) throw error;
    const listed = await READERS[kind](able, known);
    return {
      ...listed,
      used: new Set([...listed.used, ...gone.map(({ path }) => path)]),
      remarks: [...listed.remarks, ...gone.map(({ path }) => refusal(path, new StudioError('media/unreadable')))],
    };
  }
}
