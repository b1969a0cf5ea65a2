/** How bytes that are no UTF-8 are written, told by their looks: names in zips, lists of older programs. Any thread; pure. */

/** Bytes outside ASCII that are looked at: more would not change the answer. */
const MOST_LOOKED_AT = 100_000;

/** Runs of bytes outside ASCII, the first of them. */
function foreignRuns(all: readonly Uint8Array[]): Uint8Array[] {
  const runs: Uint8Array[] = [];
  let count = 0;
  for (const bytes of all)
    for (let at = 0; at < bytes.length && count < MOST_LOOKED_AT; at++) {
      if (bytes[at]! < 0x80) continue;
      const from = at;
      while (at < bytes.length && at - from < MOST_LOOKED_AT && bytes[at]! >= 0x80) at++;
      runs.push(bytes.subarray(from, at));
      count += at - from;
    }
  return runs;
}

/** All of them in one writing; null where one does not fit. */
function decodeAll(all: readonly Uint8Array[], encoding: string): string[] | null {
  try {
    const decoder = new TextDecoder(encoding, { fatal: true });
    return all.map((bytes) => decoder.decode(bytes));
  } catch {
    return null;
  }
}

/** Letters of two bytes from A1 on, as in common Chinese and Korean names; a single umlaut of a Western code page is none. */
const arePairs = (run: Uint8Array) => run.length % 2 === 0 && run.every((byte) => byte >= 0xa1);

/** Whether all of these bytes are UTF-8. */
export const areUtf8 = (all: readonly Uint8Array[]): boolean => decodeAll(all, 'utf-8') !== null;

/**
 * The writing that fits all of these bytes: Japanese by its kana, Korean where all its letters are syllables of a long enough text, Chinese by letters of two bytes,
 * Cyrillic by words of letters above C0, else Western.
 */
export function writingOf(all: readonly Uint8Array[]): string {
  const japanese = decodeAll(all, 'shift_jis');
  if (japanese?.some((text) => /[\u3041-\u30ff]/.test(text)) && !japanese.some((text) => /[\uff61-\uff9f]/.test(text)))
    return 'shift_jis';
  const runs = foreignRuns(all);
  if (runs.every(arePairs)) {
    const firsts = runs.flatMap((run) => [...run].filter((_, i) => i % 2 === 0));
    // Syllables of Korean stand in rows B0 to C8, common letters of Chinese up to D7.
    const isKorean =
      new Set(firsts).size >= 4 && firsts.length >= 6 && firsts.every((byte) => byte >= 0xb0 && byte <= 0xc8);
    if (isKorean && decodeAll(all, 'euc-kr')) return 'euc-kr';
    const common = firsts.filter((byte) => byte >= 0xb0 && byte <= 0xd7).length;
    if (common >= 0.7 * firsts.length && decodeAll(all, 'gbk')) return 'gbk';
  }
  const letters = runs.flatMap((run) => [...run]);
  const isCyrillic =
    runs.some((run) => run.length >= 3) && letters.filter((byte) => byte >= 0xc0).length >= 0.9 * letters.length;
  return isCyrillic ? 'windows-1251' : 'windows-1252';
}
