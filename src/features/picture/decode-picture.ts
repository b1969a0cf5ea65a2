/** Reading picture files: size from the header, decoding upright, the first frame of a moving one. Worker thread. */
import { StudioError } from '../../kernel/errors.ts';

/** Larger pictures are refused before they fill the memory: sides beyond what canvases take, or more than 100 megapixels. */
const MOST_SIDE = 16384;
const MOST_PIXELS = 100e6;

/** Kind and size a file claims to have; null when it is no picture this app knows. Sides may be 0 when the header does not say. */
export function readPictureHeader(head: Uint8Array): { type: string; width: number; height: number } | null {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const text = (from: number, to: number) => String.fromCharCode(...head.subarray(from, to));
  if (head.length >= 24 && head[0] === 0x89 && text(1, 4) === 'PNG')
    return { type: 'image/png', width: view.getUint32(16), height: view.getUint32(20) };
  if (head.length >= 10 && text(0, 3) === 'GIF')
    return { type: 'image/gif', width: view.getUint16(6, true), height: view.getUint16(8, true) };
  if (head.length >= 30 && text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP') {
    const kind = text(12, 16);
    const size =
      kind === 'VP8X'
        ? [1 + (view.getUint32(23, true) >>> 8), 1 + (view.getUint32(26, true) >>> 8)]
        : kind === 'VP8 '
          ? [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff]
          : [1 + (view.getUint32(21, true) & 0x3fff), 1 + ((view.getUint32(21, true) >>> 14) & 0x3fff)];
    return { type: 'image/webp', width: size[0]!, height: size[1]! };
  }
  if (
    head.length >= 12 &&
    text(4, 8) === 'ftyp' &&
    /avif|avis|mif1/.test(text(8, Math.min(64, head.length))) &&
    !/hei[cxsm]|hev[cx]/.test(text(8, 12))
  ) {
    for (let at = 12; at + 20 <= head.length; at++)
      if (text(at, at + 4) === 'ispe')
        return { type: 'image/avif', width: view.getUint32(at + 8), height: view.getUint32(at + 12) };
    return { type: 'image/avif', width: 0, height: 0 };
  }
  if (head.length >= 4 && head[0] === 0xff && head[1] === 0xd8) {
    for (let at = 2; at + 9 < head.length;) {
      if (head[at] !== 0xff) break;
      const marker = head[at + 1]!;
      if (marker === 0xff) {
        at++;
        continue;
      }
      if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
        return { type: 'image/jpeg', width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
      at += 2 + view.getUint16(at + 2);
    }
    return { type: 'image/jpeg', width: 0, height: 0 };
  }
  if (head.length >= 26 && text(0, 2) === 'BM')
    return { type: 'image/bmp', width: view.getInt32(18, true), height: Math.abs(view.getInt32(22, true)) };
  return null;
}

/**
 * A picture, upright (EXIF orientation applied). Caller closes it.
 * @throws StudioError `media/empty-file`, `media/not-picture`, `media/picture-too-large`, `media/damaged`.
 */
export async function decodePicture(blob: Blob): Promise<{ bitmap: ImageBitmap; type: string }> {
  if (blob.size === 0) throw new StudioError('media/empty-file');
  const header = readPictureHeader(new Uint8Array(await blob.slice(0, 256 * 1024).arrayBuffer()));
  if (!header) throw new StudioError('media/not-picture');
  const { type, width, height } = header;
  if (Math.max(width, height) > MOST_SIDE || width * height > MOST_PIXELS)
    throw new StudioError('media/picture-too-large', {
      message: `The picture has ${width} × ${height} pixels. The most is ${MOST_SIDE} along a side and 100 megapixels.`,
    });
  try {
    return { bitmap: await createImageBitmap(new Blob([blob], { type })), type };
  } catch (cause) {
    throw new StudioError('media/damaged', { cause });
  }
}
