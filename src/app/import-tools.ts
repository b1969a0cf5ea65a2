/** What imports need from workers, for a task. Main thread. */
import { isListPath, type ImportTools } from '../dataset/index.ts';
import type { TaskKind } from '../domain/task.ts';
import { decodeInPage, isUnread } from '../media/ui.ts';
import type { Clients } from './workers.ts';

/** See the file header. */
export const importTools = (
  { features, archive }: Pick<Clients, 'features' | 'archive'>,
  task: TaskKind,
): ImportTools => ({
  async inspect({ blob, path }, signal) {
    try {
      return await features.call('inspect', { task, blob, name: path }, { signal });
    } catch (error) {
      const decoded = isUnread(error) ? await decodeInPage(blob) : null;
      if (!decoded) throw error;
      const found = await features.call('inspectTake', decoded, { transfer: [decoded.pcm.buffer], signal });
      return [{ ...found, notice: 'Only the browser itself could read it: it was kept as WAV, in mono.' }];
    }
  },
  readLists(kind, files, known, signal) {
    // Thousands of sounds and pictures stay here: only their names are asked for.
    const lists = files.filter(({ path }) => isListPath(path));
    const media = files.filter(({ path }) => !isListPath(path)).map(({ path }) => path);
    return archive.call('readLists', { kind, lists, media, known }, { signal });
  },
  cut: ({ blob }, segments, signal) => features.call('cutSegments', { blob, segments: [...segments] }, { signal }),
  unzip(blob, onFile, signal) {
    return archive.call('unzip', { blob }, { signal, onProgress: ({ file }) => onFile(file) });
  },
});
