/** How bytes that are no UTF-8 are written, told by their looks: names in zips, lists of older programs. Any thread; pure. */

/** Runs of bytes outside ASCII. */
function foreignRuns(bytes: Uint8Array): Uint8Array[] {
  const runs: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at]! < 0x80) continue;
    const from = at;
    while (at < bytes.length && bytes[at]! >= 0x80) at++;
    runs.push(bytes.subarray(from, at));
  }
  return runs;
}

/** Letters of two bytes from A1 on, as in common Chinese and Korean names; a single umlaut of a Western code page is none. */
const arePairs = (run: Uint8Array) => run.length % 2 === 0 && run.every((byte) => byte >= 0xa1);
const leads = (runs: readonly Uint8Array[]) => runs.flatMap((run) => [...run].filter((_, i) => i % 2 === 0));

function decodes(all: readonly Uint8Array[], encoding: string, looksRight: (text: string) => boolean): boolean {
  try {
    const decoder = new TextDecoder(encoding, { fatal: true });
    return all.every((bytes) => looksRight(decoder.decode(bytes)));
  } catch {
    return false;
  }
}

/**
 * The writing that fits all of these bytes: Japanese by its kana, Korean where all its letters are syllables of a long enough text, Chinese by letters of two bytes,
 * Cyrillic by words of letters above C0, else Western.
 */
export function writingOf(all: readonly Uint8Array[]): string {
  if (
    decodes(all, 'shift_jis', (text) => !/[\uff61-\uff9f\ufffd]/.test(text)) &&
    decodes([joined(all)], 'shift_jis', (text) => /[\u3041-\u30ff]/.test(text))
  )
    return 'shift_jis';
  const runs = all.flatMap(foreignRuns);
  const firsts = leads(runs);
  if (runs.every(arePairs)) {
    // Syllables of Korean stand in rows B0 to C8, common letters of Chinese up to D7.
    const isKorean =
      new Set(firsts).size >= 4 && firsts.length >= 6 && firsts.every((byte) => byte >= 0xb0 && byte <= 0xc8);
    if (isKorean && decodes(all, 'euc-kr', () => true)) return 'euc-kr';
    const common = firsts.filter((byte) => byte >= 0xb0 && byte <= 0xd7).length;
    if (common >= 0.7 * firsts.length && decodes(all, 'gbk', () => true)) return 'gbk';
  }
  const letters = runs.flatMap((run) => [...run]);
  const isCyrillic =
    runs.some((run) => run.length >= 3) && letters.filter((byte) => byte >= 0xc0).length >= 0.9 * letters.length;
  return isCyrillic ? 'windows-1251' : 'windows-1252';
}

function joined(all: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(all.reduce((sum, bytes) => sum + bytes.length, 0));
  let at = 0;
  for (const bytes of all) {
    whole.set(bytes, at);
    at += bytes.length;
  }
  return whole;
}
