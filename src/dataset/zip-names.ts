/** Names in zip files that do not say how they are written. Any thread; pure. */
import { areUtf8, writingOf } from './writing.ts';

const isAscii = (bytes: Uint8Array) => bytes.every((byte) => byte < 0x80);

/**
 * The names of entries whose zip does not flag them as UTF-8 (Windows writes them in its own code page).
 * @param raw bytes of every such name; one writing is chosen for all of them.
 * @returns the names; null when no writing fits, then what the zip reader made of them (code page 437) stands.
 */
export function decodeNames(raw: readonly Uint8Array[]): string[] | null {
  const odd = raw.filter((bytes) => !isAscii(bytes));
  if (odd.length === 0) return null;
  const writing = areUtf8(odd) ? 'utf-8' : writingOf(odd);
  // Zips of Western systems are written in code page 437, which no browser decodes.
  if (writing === 'windows-1252' || writing === 'windows-1251') return null;
  const decoder = new TextDecoder(writing);
  return raw.map((bytes) => decoder.decode(bytes));
}

/** Whether names that are not flagged can be trusted: plain letters, or valid UTF-8. Others are a guess. */
export const areNamesSure = areUtf8;
