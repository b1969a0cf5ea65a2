/** A recorded example becomes one of the project, in one step. Main thread. */
import type { ProjectSession } from '../dataset/ui.ts';
import type { InspectedMedia, MediaItem } from '../domain/project.ts';
import { newId, nowMs } from '../kernel/clock.ts';

/** Where a recorded example goes. `recording`: what was taken in one go stays on one side of a split; absent: a take of its own. `session`: undone together. */
export type Recorded = { name: string; classId: string | null; session: string; recording?: string };

/** Names a take by its class and time. @param n counts the takes of a recording, from 1. */
export const takeName = (className: string, startedAtMs: number, n: number, ending: string): string =>
  `${className}-${new Date(startedAtMs).toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-')}-${String(n).padStart(2, '0')}.${ending}`;

/** @throws StudioError as a commit does. */
export async function keepRecorded(project: ProjectSession, made: InspectedMedia, recorded: Recorded): Promise<void> {
  const id = newId();
  const { name, classId, session, recording = `take:${id}` } = recorded;
  const item: MediaItem = {
    id,
    projectId: project.id,
    name,
    path: name,
    hash: made.hash,
    bytes: made.blob.size,
    media: made.media,
    label: { kind: 'class', classId },
    part: 'training',
    recording,
    session,
    addedAtMs: nowMs(),
  };
  await project.commit('Recorded clips', [{ store: 'items', before: null, after: item }], {
    group: session,
    content: { blobs: [{ hash: made.hash, blob: made.blob }], pictures: [{ hash: made.hash, ...made.picture }] },
  });
}
