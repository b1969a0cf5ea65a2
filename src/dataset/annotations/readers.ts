/** The readers of lists by what they say. Any thread; the app asks for them in a worker, which holds their parsers. */
import { listBoxes } from './boxes.ts';
import { listClasses } from './class-lists.ts';
import { listSegments } from './motion.ts';
import type { ListKind, Listed, ReadLists } from './reader.ts';

const READERS: Record<ListKind, ReadLists> = { boxes: listBoxes, segments: listSegments, classes: listClasses };

/** Reads the lists among `files`. @param known paths of the examples of the project. */
export const readLists = (kind: ListKind, ...asked: Parameters<ReadLists>): Promise<Listed> => READERS[kind](...asked);
