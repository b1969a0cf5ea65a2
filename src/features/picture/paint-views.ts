/** A stored picture as the squares a network looks at. Worker thread. */
import type { Store } from '../../dataset/index.ts';
import { StudioError } from '../../kernel/errors.ts';
import { decodePicture } from './decode-picture.ts';
import { tileRegions, type VisionInput } from './spec.ts';
import { plainView, ViewPainter } from './views.ts';

/** @returns shape [pixels, pixels, 3] each, RGB; owned by the caller. @throws StudioError `features/clip-missing`, `media/…`. */
export async function paintViews(store: Store, hash: string, { pixels, tiles }: VisionInput): Promise<Uint8Array[]> {
  const blob = await store.loadBlob(hash);
  if (!blob) throw new StudioError('features/clip-missing', { details: { hash } });
  const { bitmap } = await decodePicture(blob);
  try {
    const painter = new ViewPainter(pixels);
    return tileRegions(tiles).map((region) => painter.paint(bitmap, plainView(region)));
  } finally {
    bitmap.close();
  }
}
