/** Records for tests. */
import type { SoundInfo } from '../../src/domain/media.ts';
import type { MediaItem, Project } from '../../src/domain/project.ts';
import type { Label, TaskKind, TrainingSettings } from '../../src/domain/task.ts';
import { taskOf } from '../../src/tasks/index.ts';
import { readConfig } from '../../src/training/index.ts';

const SOUND: SoundInfo = {
  durationSec: 2,
  sampleRateHz: 16000,
  channelCount: 1,
  codec: 'pcm-s16',
  peakDb: -3,
  rmsDb: -20,
  clippedRatio: 0,
};

/** The label of an example of a class. */
export const ofClass = (classId: string | null): Label => ({ kind: 'class', classId });

/** A clip of sound with sensible values. @param patch `classId` and `sound` stand for what they are in the record. */
export function makeItem({
  classId = 'a',
  sound = {},
  ...patch
}: Partial<MediaItem> & { id: string; classId?: string | null; sound?: Partial<SoundInfo> }): MediaItem {
  return {
    projectId: 'p',
    name: `${patch.id}.wav`,
    path: `${patch.id}.wav`,
    hash: `hash-${patch.id}`,
    bytes: 1000,
    media: { kind: 'sound', ...SOUND, ...sound },
    label: ofClass(classId),
    part: 'training',
    recording: `file:${patch.id}`,
    session: 's',
    addedAtMs: 1,
    ...patch,
  };
}

/** A project of sounds with one class, A. */
export const SOUND_PROJECT: Project = {
  id: 'p',
  name: 'P',
  kind: 'sound',
  classes: [{ id: 'a', name: 'A', color: 1 }],
  createdAtMs: 1,
  openedAtMs: 1,
  nextColor: 2,
  isSample: false,
};

/** Settings of a task as a config gives them. */
export const readSettings = (config: unknown, kind: TaskKind = 'sound'): TrainingSettings => {
  const task = taskOf(kind);
  return readConfig(
    config,
    task.algorithms.map(({ id }) => id),
    (algorithm) => (algorithm ? task.withAlgorithm(task.defaults([]), algorithm) : task.defaults([])),
  );
};
