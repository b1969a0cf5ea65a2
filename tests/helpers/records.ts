/** Records for tests. */
import type { MediaItem } from '../../src/domain/project.ts';

/** A clip with sensible values. */
export function makeItem(patch: Partial<MediaItem> & { id: string }): MediaItem {
  return {
    projectId: 'p',
    name: `${patch.id}.wav`,
    path: `${patch.id}.wav`,
    hash: `hash-${patch.id}`,
    bytes: 1000,
    classId: 'a',
    part: 'training',
    recording: `file:${patch.id}`,
    session: 's',
    addedAtMs: 1,
    sound: {
      durationSec: 2,
      sampleRateHz: 16000,
      channelCount: 1,
      codec: 'pcm-s16',
      peakDb: -3,
      rmsDb: -20,
      clippedRatio: 0,
    },
    ...patch,
  };
}
