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
    !/hei[cxsm]|hev[cx]/.test(text(8, Math.min(64, head.length)).replace(/(.{4}).{4}/s, '$1'))
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

/** EXIF orientation of a JPEG file, 1..8; 1 when it says none (EXIF 2.32 §4.6.4, tag 0112 in the first directory). */
export function readOrientation(head: Uint8Array): number {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (head.length < 4 || view.getUint16(0) !== 0xffd8) return 1;
  for (let at = 2; at + 4 < head.length && head[at] === 0xff;) {
    const [marker, size] = [head[at + 1]!, view.getUint16(at + 2)];
    if (marker === 0xda || size < 2) return 1;
    const tiff = at + 10;
    if (marker === 0xe1 && tiff + 8 < head.length && view.getUint32(at + 4) === 0x45786966) {
      const isLittle = view.getUint16(tiff) === 0x4949;
      const first = tiff + view.getUint32(tiff + 4, isLittle);
      if (first + 2 > head.length) return 1;
      const count = view.getUint16(first, isLittle);
      for (let i = 0, entry = first + 2; i < count && entry + 12 <= head.length; i++, entry += 12) {
        if (view.getUint16(entry, isLittle) !== 0x0112) continue;
        const value = view.getUint16(entry + 8, isLittle);
        return value >= 1 && value <= 8 ? value : 1;
      }
      return 1;
    }
    at += 2 + size;
  }
  return 1;
}

/** What a picture of another kind is called; null when it is none. HEIC: ISO/IEC 23008-12; TIFF 6.0; JPEG XL: ISO/IEC 18181-2. */
export function foreignPicture(head: Uint8Array): string | null {
  const text = String.fromCharCode(...head.subarray(0, 512));
  if (text.slice(4, 8) === 'ftyp' && /^(hei[cxsm]|hev[cxsm]|mif1|msf1)/.test(text.slice(8, 12))) return 'HEIC';
  if (/^(II\*\0|MM\0\*)/.test(text)) return 'TIFF (or a raw photo)';
  if (/^(\uFEFF|\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*|<!--[^]*?-->\s*|<!DOCTYPE[^>]*>\s*)*<svg[\s>]/i.test(text))
    return 'SVG, a drawing';
  if (text.startsWith('8BPS')) return 'Photoshop';
  if (text.startsWith('\xff\x0a') || text.slice(4, 8) === 'JXL ') return 'JPEG XL';
  if (text.slice(4, 8) === 'jP  ') return 'JPEG 2000';
  return text.startsWith('%PDF') ? 'PDF' : null;
}

/** Behind the last byte of a JPEG file that was cut off: decoders then give what there is. */
const JPEG_END = new Uint8Array([0xff, 0xd9]);

/**
 * A picture, upright (EXIF orientation applied). Caller closes it.
 * @returns also whether the file ended early: what was missing is grey.
 * @throws StudioError `media/empty-file`, `media/not-picture`, `media/picture-format`, `media/picture-too-large`, `media/damaged`.
 */
export async function decodePicture(
  blob: Blob,
): Promise<{ bitmap: ImageBitmap; type: string; orientation: number; isCut: boolean }> {
  if (blob.size === 0) throw new StudioError('media/empty-file');
  const head = new Uint8Array(await blob.slice(0, 256 * 1024).arrayBuffer());
  const header = readPictureHeader(head);
  if (!header) {
    const foreign = foreignPicture(head);
    if (!foreign) throw new StudioError('media/not-picture');
    throw new StudioError('media/picture-format', {
      message: foreign.startsWith('SVG')
        ? 'The picture is SVG, a drawing without pixels of its own: save it as PNG.'
        : `The picture is ${foreign}, a format that browsers do not show.`,
    });
  }
  const { type, width, height } = header;
  if (Math.max(width, height) > MOST_SIDE || width * height > MOST_PIXELS)
    throw new StudioError('media/picture-too-large', {
      message: `The picture has ${width} × ${height} pixels. The most is ${MOST_SIDE} along a side and 100 megapixels.`,
    });
  const decode = (...more: BlobPart[]) => createImageBitmap(new Blob([blob, ...more], { type }));
  const orientation = readOrientation(head);
  try {
    return { bitmap: await decode(), type, orientation, isCut: false };
  } catch (cause) {
    const bitmap = type === 'image/jpeg' ? await decode(JPEG_END).catch(() => null) : null;
    if (bitmap) return { bitmap, type, orientation, isCut: true };
    throw new StudioError('media/damaged', { cause });
  }
}
