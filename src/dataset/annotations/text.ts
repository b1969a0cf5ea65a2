/** Text files as people have them: any encoding, any line end. Any thread; pure but for reading the blob. */

/** Larger text files are data, not annotations. */
export const MOST_ANNOTATION_BYTES = 60e6;

/**
 * The text of a file without its byte order mark: UTF-8, UTF-16 of either order, else Windows-1252 (what Excel and older programs of Western
 * systems write).
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
  try {
    return decode('utf-8', true);
  } catch {
    return decode('windows-1252');
  }
}

/** Lines that hold something, without their ends. */
export const linesOf = (text: string): string[] => text.split(/\r\n|\r|\n/).filter((line) => line.trim());
