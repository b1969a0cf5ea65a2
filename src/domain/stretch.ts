/**
 * Stretches of sound files that are examples of their own. Nothing is copied: the identity of a stretch names its file and its edges, and its content is cut out of that
 * file when it is asked for (`Store.loadBlob`). Videos name the stretch beside the file instead (`MovementInfo`), since their content is never cut. Any thread; pure.
 */

import type { Media } from './task.ts';

/** Start and end in seconds of a file. */
export type Stretch = { startSec: number; endSec: number };

/** Where an example lies in its file; null when it is all of it. */
export function stretchOfMedia(media: Media): Stretch | null {
  if ('stretch' in media) return media.stretch ?? null;
  if (!('fileSec' in media)) return null;
  return media.startSec > 0 || media.endSec < media.fileSec ? media : null;
}

const IDENTITY = /^([^@]+)@(\d+\.\d{3})-(\d+\.\d{3})$/;

/** Identity of a stretch, to the millisecond. @param fileHash content identity of the stored file. */
export const stretchHash = (fileHash: string, { startSec, endSec }: Stretch): string =>
  `${fileHash}@${startSec.toFixed(3)}-${endSec.toFixed(3)}`;

/** The file of an identity: its own, or that of the file it is a stretch of. */
export const fileHashOf = (hash: string): string => hash.split('@', 1)[0]!;

/** What an identity is a stretch of; null when it is that of a file. */
export function stretchOfHash(hash: string): (Stretch & { fileHash: string }) | null {
  const parts = IDENTITY.exec(hash);
  if (!parts) return null;
  const [, fileHash, start, end] = parts as unknown as [string, string, string, string];
  return { fileHash, startSec: Number(start), endSec: Number(end) };
}
