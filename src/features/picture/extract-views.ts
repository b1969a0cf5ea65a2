/** Features of views of pictures, cached. Worker thread. */
import type { Store } from '../../dataset/index.ts';
import { StudioError, throwIfAborted } from '../../kernel/errors.ts';
import { decodePicture } from './decode-picture.ts';
import { featureBytes, viewExtractor, type ViewVariation, type VisionInput } from './spec.ts';
import type { VisionNetwork } from './vision-network.ts';
import { viewOf, ViewPainter } from './views.ts';

/** What is to be extracted: each picture as it is, and `copies` varied copies of those in `varied`. */
export type ViewRequest = {
  input: VisionInput;
  hashes: readonly string[];
  varied: readonly string[];
  copies: number;
  variation: ViewVariation | null;
};

/**
 * Computes and stores what is missing. A picture is decoded once for all its views; files that fail are listed, the rest go on.
 * @param network called when the first view needs it.
 */
export async function extractViews(
  store: Store,
  network: () => Promise<VisionNetwork>,
  request: ViewRequest,
  signal: AbortSignal,
  progress: (done: number, total: number) => void,
): Promise<{ extracted: number; cached: number; failed: { hash: string; reason: string }[] }> {
  const { input, variation } = request;
  const varied = new Set(request.varied);
  const hashes = [...new Set(request.hashes)];
  const tiles = input.tiles * input.tiles;
  const missing: { hash: string; views: { tile: number; copy: number }[] }[] = [];
  for (let tile = 0; tile < tiles; tile++) {
    for (let copy = 0; copy <= (variation ? request.copies : 0); copy++) {
      const asked = copy === 0 ? hashes : hashes.filter((hash) => varied.has(hash));
      for (const hash of await store.missingFeatures(asked, viewExtractor(input, tile, copy, variation))) {
        const entry = missing.find((other) => other.hash === hash);
        if (entry) entry.views.push({ tile, copy });
        else missing.push({ hash, views: [{ tile, copy }] });
      }
    }
  }
  const total = missing.reduce((sum, { views }) => sum + views.length, 0);
  const failed: { hash: string; reason: string }[] = [];
  const painter = new ViewPainter(input.pixels);
  let done = 0;
  let writing: Promise<void> = Promise.resolve();
  for (const { hash, views } of missing) {
    throwIfAborted(signal);
    try {
      const blob = await store.loadBlob(hash);
      if (!blob) throw new StudioError('features/clip-missing', { details: { hash } });
      const { bitmap } = await decodePicture(blob);
      try {
        for (const { tile, copy } of views) {
          throwIfAborted(signal);
          const rgb = painter.paint(bitmap, viewOf(hash, input, tile, copy, variation));
          const values = input.kind === 'pixels' ? rgb : await (await network()).extract(rgb);
          // Written while the next view is computed.
          await writing;
          writing = store.saveFeatures({
            hash,
            extractor: viewExtractor(input, tile, copy, variation),
            shape: [featureBytes(input)],
            values,
          });
          progress(++done, total);
        }
      } finally {
        bitmap.close();
      }
    } catch (error) {
      const isFileFault =
        error instanceof StudioError && (error.code.startsWith('media/') || error.code === 'features/clip-missing');
      if (!isFileFault) throw error;
      failed.push({ hash, reason: error.message });
      done += views.length;
    }
  }
  await writing;
  return { extracted: missing.length - failed.length, cached: hashes.length - missing.length, failed };
}
