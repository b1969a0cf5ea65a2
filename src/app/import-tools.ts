/** What imports need from workers, for a task. Main thread. */
import type { ImportTools } from '../dataset/index.ts';
import type { TaskKind } from '../domain/task.ts';
import type { Clients } from './workers.ts';

/** See the file header. */
export const importTools = (
  { features, archive }: Pick<Clients, 'features' | 'archive'>,
  task: TaskKind,
): ImportTools => ({
  inspect: ({ blob, path }, signal) => features.call('inspect', { task, blob, name: path }, { signal }),
  readLists: (kind, files, known, signal) => archive.call('readLists', { kind, files: [...files], known }, { signal }),
  cut: ({ blob }, segments, signal) => features.call('cutSegments', { blob, segments: [...segments] }, { signal }),
  async unzip(blob, onFile, signal) {
    const { failed } = await archive.call('unzip', { blob }, { signal, onProgress: ({ file }) => onFile(file) });
    return failed;
  },
});
