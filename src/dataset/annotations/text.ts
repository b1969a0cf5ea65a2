/** Text files as people have them: any encoding, any line end. Any thread; pure but for reading the blob. */

import { writingOf } from '../writing.ts';

/** Larger text files are data, not annotations. */
export const MOST_ANNOTATION_BYTES = 60e6;

/** What XML says of its writing: `encoding="GBK"`. */
const DECLARED = /^\s*<\?xml[^>]*encoding\s*=\s*["']([\w.:-]+)["']/;

/**
 * The text of a file without its byte order mark: UTF-8, UTF-16 of either order, what XML declares, else what the bytes look like (writing.ts). A first line `sep=;`, which
 * Excel asks for, is left out.
 */
export async function readText(blob: Blob): Promise<string> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const decode = (encoding: string, isFatal = false) => new TextDecoder(encoding, { fatal: isFatal }).decode(bytes);
  const [a, b] = bytes;
  if (a === 0xff && b === 0xfe) return decode('utf-16le');
  if (a === 0xfe && b === 0xff) return decode('utf-16be');
  // Latin letters in UTF-16 have a zero in every pair.
  if (bytes.length > 3 && a !== 0 && b === 0 && bytes[3] === 0) return decode('utf-16le');
  if (bytes.length > 3 && a === 0 && b !== 0 && bytes[2] === 0) return decode('utf-16be');
  let text: string;
  try {
    text = decode('utf-8', true);
  } catch {
    const declared = DECLARED.exec(new TextDecoder('latin1').decode(bytes.subarray(0, 200)))?.[1];
    text = decode(declared && isWriting(declared) ? declared : writingOf([bytes]));
  }
  return text.replace(/^sep=[^\r\n]\r?\n/i, '');
}

function isWriting(name: string): boolean {
  try {
    new TextDecoder(name);
    return true;
  } catch {
    return false;
  }
}

/** Lines that hold something, without their ends. */
export const linesOf = (text: string): string[] => text.split(/\r\n|\r|\n/).filter((line) => line.trim());
