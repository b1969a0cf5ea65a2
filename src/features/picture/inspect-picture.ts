/** One look at a picture file: readable? how large, a small picture, content identity. Worker thread. */
import { posterOf } from '../../domain/media.ts';
import type { InspectedMedia } from '../../domain/project.ts';
import type { MediaOf } from '../../domain/task.ts';
import { hashBlob } from '../../kernel/content-hash.ts';
import { decodePicture } from './decode-picture.ts';

/** Longer side of the small picture. */
const POSTER_PIXELS = 320;

/** A picture after inspection. */
export type InspectedPicture = InspectedMedia<MediaOf<'picture'>>;

/** @throws as {@link decodePicture}. */
export async function inspectPicture(blob: Blob): Promise<InspectedPicture> {
  const { bitmap, type, orientation, isCut } = await decodePicture(blob);
  try {
    const { width, height } = bitmap;
    const scale = Math.min(1, POSTER_PIXELS / Math.max(width, height));
    const canvas = new OffscreenCanvas(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
    const context = canvas.getContext('2d')!;
    context.fillStyle = '#fff';
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const poster = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.8 });
    const typed = blob.type === type ? blob : new Blob([blob], { type });
    return {
      hash: await hashBlob(blob),
      blob: typed,
      picture: posterOf(new Uint8Array(await poster.arrayBuffer())),
      notice: isCut
        ? 'The file ends early. What could be read was kept; look whether it is enough.'
        : type === 'image/gif'
          ? 'Of a moving picture only the first frame is used.'
          : null,
      media: { kind: 'picture', width, height, ...(orientation === 1 ? {} : { orientation }) },
      name: null,
      label: null,
    };
  } finally {
    bitmap.close();
  }
}
