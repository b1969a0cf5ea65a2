/** Text files as people have them: any encoding, any line end. Any thread; pure but for reading the blob. */

import { areUtf8, writingOf } from '../writing.ts';

/** Larger text files are data, not annotations. */
export const MOST_ANNOTATION_BYTES = 60e6;

/** What XML says of its writing: `encoding="GBK"`. */
const DECLARED = /^\s*<\?xml[^>]*encoding\s*=\s*["']([\w.:-]+)["']/;

/** What people call the writings that are told by their looks. The Western one is what Excel and older programs write there: it was always taken. */
const GUESSED: Readonly<Record<string, string>> = {
  shift_jis: 'Japanese (Shift JIS)',
  'euc-kr': 'Korean (EUC-KR)',
  gbk: 'Chinese (GBK)',
  'windows-1251': 'Cyrillic (Windows-1251)',
};

function isWriting(name: string): boolean {
  try {
    new TextDecoder(name);
    return true;
  } catch {
    return false;
  }
}

/** How bytes are written: UTF-8, UTF-16 of either order, what XML declares, else what they look like (writing.ts). `isGuess`: they do not say so. */
function writingOfText(bytes: Uint8Array): { writing: string; isGuess: boolean } {
  const sure = (writing: string) => ({ writing, isGuess: false });
  const [a, b] = bytes;
  if (a === 0xff && b === 0xfe) return sure('utf-16le');
  if (a === 0xfe && b === 0xff) return sure('utf-16be');
  // Latin letters in UTF-16 have a zero in every pair.
  if (bytes.length > 3 && a !== 0 && b === 0 && bytes[3] === 0) return sure('utf-16le');
  if (bytes.length > 3 && a === 0 && b !== 0 && bytes[2] === 0) return sure('utf-16be');
  if (areUtf8([bytes])) return sure('utf-8');
  const declared = DECLARED.exec(new TextDecoder('latin1').decode(bytes.subarray(0, 200)))?.[1];
  return declared && isWriting(declared) ? sure(declared) : { writing: writingOf([bytes]), isGuess: true };
}

/**
 * The text of a file, without its byte order mark and without a first line `sep=;`, which Excel asks for.
 * @returns `guess`: a sentence where the writing was told by its looks; null where it is known, or Western.
 */
export async function readWritten(blob: Blob): Promise<{ text: string; guess: string | null }> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const { writing, isGuess } = writingOfText(bytes);
  const text = new TextDecoder(writing).decode(bytes).replace(/^sep=[^\r\n]\r?\n/i, '');
  const name = isGuess ? GUESSED[writing] : undefined;
  const guess = name
    ? `It does not say how it is written: its letters were read as ${name}. Check the names of the classes.`
    : null;
  return { text, guess };
}

/** {@link readWritten} where nobody is told. */
export const readText = async (blob: Blob): Promise<string> => (await readWritten(blob)).text;

/** Lines that hold something, without their ends. */
export const linesOf = (text: string): string[] => text.split(/\r\n|\r|\n/).filter((line) => line.trim());
