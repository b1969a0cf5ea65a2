/** Embeddings of stored clips and of their varied copies, into the cache. Worker thread. */
import type { Store } from '../../dataset/index.ts';
import { StudioError, throwIfAborted } from '../../kernel/errors.ts';
import { createRandom } from '../../kernel/random.ts';
import { readPcm } from './read-pcm.ts';
import { embeddingExtractor, rateOfNetwork, type CopySettings, type EmbeddingCut } from './embedding-spec.ts';
import type { Embedder } from './embedders.ts';
import { cutPcmWindows, sampleCut } from './pcm-windows.ts';

/** What to compute: the clips, and for some of them varied copies. */
export type EmbeddingRequest = {
  cut: EmbeddingCut;
  hashes: string[];
  /** Varied copies for these clips; null = none. */
  copies: (CopySettings & { hashes: string[] }) | null;
};

/** Background sounds used, and samples of all: 256 MB. */
const MOST_BACKGROUND = 200;
const BACKGROUND_SAMPLES = 20 * 16_000;

/** A fault of one file, which must not end the work on the others. */
const isClipFault = (error: unknown): error is StudioError =>
  error instanceof StudioError && (error.code.startsWith('media/') || error.code === 'features/clip-missing');

/** One clip in one version. */
type Task = { hash: string; copy: number; extractor: string };

/**
 * A varied copy of a clip: moved by up to half a hop, up to 6 dB louder or quieter, a background sound behind it. Drawn by seed, clip and
 * number of the copy, so that a cached copy and a new one are the same.
 * @returns owned by the caller; as long as `pcm`.
 */
export function varyPcm(
  pcm: Float32Array,
  hash: string,
  copy: number,
  settings: CopySettings,
  hopSamples: number,
  background: readonly Float32Array[],
): Float32Array {
  const random = createRandom(settings.seed, 'copy', hash, copy);
  const shift = settings.isShifted ? random.int(hopSamples) - Math.floor(hopSamples / 2) : 0;
  const gain = settings.isGained ? 10 ** ((random.next() * 12 - 6) / 20) : 1;
  const behind = background.length && random.next() < 0.7 ? background[random.int(background.length)]! : null;
  const level = 0.1 + 0.4 * random.next();
  const from = behind ? random.int(Math.max(1, behind.length)) : 0;
  const out = new Float32Array(pcm.length);
  for (let i = 0; i < out.length; i++) {
    const own = pcm[i + shift] ?? 0;
    const noise = behind ? level * behind[(from + i) % behind.length]! : 0;
    out[i] = Math.max(-1, Math.min(1, gain * (own + noise)));
  }
  return out;
}

/**
 * Computes and stores what is missing. Clips that fail are listed, the rest go on.
 * @throws StudioError `network/failed`, an AbortError between windows.
 */
export async function extractEmbeddings(
  store: Store,
  loadEmbedder: () => Promise<Embedder>,
  { cut, hashes, copies }: EmbeddingRequest,
  signal: AbortSignal,
  onProgress: (done: number, total: number, audioSec: number) => void,
): Promise<{ extracted: number; cached: number; audioSec: number; failed: { hash: string; reason: string }[] }> {
  const wanted: Task[] = [...new Set(hashes)].map((hash) => ({ hash, copy: 0, extractor: embeddingExtractor(cut) }));
  for (const hash of new Set(copies?.hashes ?? []))
    for (let copy = 1; copy <= copies!.count; copy++)
      wanted.push({ hash, copy, extractor: embeddingExtractor(cut, copy, copies) });
  const missing: Task[] = [];
  for (const extractor of new Set(wanted.map((task) => task.extractor))) {
    const tasks = wanted.filter((task) => task.extractor === extractor);
    const absent = new Set(
      await store.missingFeatures(
        tasks.map((task) => task.hash),
        extractor,
      ),
    );
    missing.push(...tasks.filter((task) => absent.has(task.hash)));
  }
  const result = {
    extracted: 0,
    cached: wanted.length - missing.length,
    audioSec: 0,
    failed: [] as { hash: string; reason: string }[],
  };
  if (missing.length === 0) return result;
  const rateHz = rateOfNetwork(cut.network);
  const background: Float32Array[] = [];
  if (copies && missing.some((task) => task.copy > 0))
    for (const hash of copies.background) {
      if (background.length >= MOST_BACKGROUND) break;
      try {
        // A stretch of each, so that a folder of hour-long recordings fits into memory.
        const pcm = await readPcm(store, hash, signal, rateHz);
        const from = createRandom(copies.seed, 'background', hash).int(Math.max(1, pcm.length - BACKGROUND_SAMPLES));
        background.push(pcm.slice(from, from + BACKGROUND_SAMPLES));
      } catch (error) {
        // One background sound less; the others do.
        if (!isClipFault(error)) throw error;
      }
    }

  // Clip by clip, so that each is decoded once.
  const byHash = new Map<string, Task[]>();
  for (const task of missing) byHash.set(task.hash, [...(byHash.get(task.hash) ?? []), task]);
  const embedder = await loadEmbedder();
  const size = embedder.shape.reduce((product, side) => product * side, 1);
  let done = 0;
  for (const [hash, tasks] of byHash) {
    throwIfAborted(signal);
    try {
      const pcm = await readPcm(store, hash, signal, rateHz);
      for (const { copy, extractor } of tasks) {
        const version = copy === 0 ? pcm : varyPcm(pcm, hash, copy, copies!, cut.hopSamples, background);
        const windows = cutPcmWindows(version, sampleCut(cut.windowSamples, cut.hopSamples));
        const values = new Float32Array(windows.length * size);
        for (const [i, window] of windows.entries()) {
          throwIfAborted(signal);
          values.set(await embedder.embed(window.pcm), i * size);
        }
        await store.saveFeatures({ hash, extractor, shape: [windows.length, ...cut.shape], values });
        result.extracted++;
        result.audioSec += pcm.length / rateHz;
        onProgress(++done, missing.length, result.audioSec);
      }
    } catch (error) {
      if (!isClipFault(error)) throw error;
      result.failed.push({ hash, reason: error.message });
      done += tasks.length;
    }
  }
  return result;
}
