/** Names in zip files that do not say how they are written. Any thread; pure. */

/** Writings that zips of other systems use, most telling first: what they decode to must look like their language. */
const WRITINGS: readonly { encoding: string; looksRight: (text: string, bytes: Uint8Array) => boolean }[] = [
  { encoding: 'utf-8', looksRight: () => true },
  { encoding: 'shift_jis', looksRight: (text) => /[\u3041-\u30ff]/.test(text) && !/[\uff61-\uff9f]/.test(text) },
  { encoding: 'gbk', looksRight: (text, bytes) => arePairs(bytes) && /[\u4e00-\u9fff]/.test(text) },
];

/** Letters of two bytes from A1 on, as in common Chinese names; a single umlaut of a Western code page is none. */
function arePairs(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i]! < 0x80) continue;
    if (bytes[i]! < 0xa1 || !(bytes[i + 1]! >= 0xa1)) return false;
    i++;
  }
  return true;
}

const isAscii = (bytes: Uint8Array) => bytes.every((byte) => byte < 0x80);

/**
 * The names of entries whose zip does not flag them as UTF-8 (Windows writes them in its own code page).
 * @param raw bytes of every such name; one writing is chosen for all of them.
 * @returns the names; null when no writing fits, then what the zip reader made of them (code page 437) stands.
 */
export function decodeNames(raw: readonly Uint8Array[]): string[] | null {
  const odd = raw.filter((bytes) => !isAscii(bytes));
  if (odd.length === 0) return null;
  for (const { encoding, looksRight } of WRITINGS) {
    const decoder = new TextDecoder(encoding, { fatal: true });
    try {
      if (!odd.every((bytes) => looksRight(decoder.decode(bytes), bytes))) continue;
      return raw.map((bytes) => decoder.decode(bytes));
    } catch {
      // Not this one.
    }
  }
  return null;
}

/** Whether names that are not flagged can be trusted: plain letters, or valid UTF-8. Others are a guess. */
export function areNamesSure(raw: readonly Uint8Array[]): boolean {
  try {
    for (const bytes of raw) new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
