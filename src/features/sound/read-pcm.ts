/** Stored sounds as samples. Worker thread. */
import { joinBlocks, SOUND_RATE_HZ } from '../../media/index.ts';
import { readSound } from '../../media/jobs.ts';
import type { Store } from '../../dataset/index.ts';
import { StudioError } from '../../kernel/errors.ts';

/** A stored sound as mono samples at `rateHz`. @throws StudioError `features/clip-missing`, and as media `readSound`. */
export async function readPcm(
  store: Store,
  hash: string,
  signal?: AbortSignal,
  rateHz: number = SOUND_RATE_HZ,
): Promise<Float32Array> {
  const blob = await store.loadBlob(hash);
  if (!blob) throw new StudioError('features/clip-missing', { details: { hash } });
  const blocks: Float32Array[] = [];
  await readSound(blob, (pcm) => void blocks.push(pcm), { signal, rateHz });
  return joinBlocks(blocks);
}
