/** Embeddings of whole pictures and their varied copies, cached. Worker thread. */
import type { Store } from '../../dataset/index.ts';
import { StudioError, throwIfAborted } from '../../kernel/errors.ts';
import { decodePicture } from './decode-picture.ts';
import type { PictureEmbedder } from './embedder.ts';
import { EMBEDDED_PIXELS, pictureExtractor, wholePicture, type PictureNetworkId } from './embedding.ts';
import type { ViewVariation } from './spec.ts';
import { viewOf, ViewPainter } from './views.ts';

/** Each picture as it is, and `copies` varied copies of those in `varied`. */
export type PictureEmbeddingRequest = {
  network: PictureNetworkId;
  hashes: readonly string[];
  varied: readonly string[];
  copies: number;
  variation: ViewVariation | null;
};

/** Computes and stores what is missing. A picture is decoded once for all its copies; files that fail are listed, the rest go on. @param embedder called when the first picture needs it. */
export async function extractPictureEmbeddings(
  store: Store,
  embedder: () => Promise<PictureEmbedder>,
  { network, hashes, varied, copies, variation }: PictureEmbeddingRequest,
  signal: AbortSignal,
  progress: (done: number, total: number) => void,
): Promise<{ extracted: number; cached: number; failed: { hash: string; reason: string }[] }> {
  const isVaried = new Set(varied);
  const all = [...new Set(hashes)];
  const missing = new Map<string, number[]>();
  for (let copy = 0; copy <= (variation ? copies : 0); copy++) {
    const asked = copy === 0 ? all : all.filter((hash) => isVaried.has(hash));
    for (const hash of await store.missingFeatures(asked, pictureExtractor(network, copy, variation)))
      missing.set(hash, [...(missing.get(hash) ?? []), copy]);
  }
  const total = [...missing.values()].reduce((sum, list) => sum + list.length, 0);
  const failed: { hash: string; reason: string }[] = [];
  const painter = new ViewPainter(EMBEDDED_PIXELS);
  const input = wholePicture(EMBEDDED_PIXELS);
  let done = 0;
  for (const [hash, list] of missing) {
    throwIfAborted(signal);
    try {
      const blob = await store.loadBlob(hash);
      if (!blob) throw new StudioError('features/clip-missing', { details: { hash } });
      const { bitmap } = await decodePicture(blob);
      try {
        for (const copy of list) {
          throwIfAborted(signal);
          const values = await (await embedder()).embed(painter.paint(bitmap, viewOf(hash, input, 0, copy, variation)));
          const extractor = pictureExtractor(network, copy, variation);
          await store.saveFeatures({ hash, extractor, shape: [values.length], values });
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
      done += list.length;
    }
  }
  return { extracted: missing.size - failed.length, cached: all.length - missing.size, failed };
}
