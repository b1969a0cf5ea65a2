/** Log-mel spectrograms of sound files, cached. Worker thread. */
import type { Store } from '../../dataset/index.ts';
import { StudioError, throwIfAborted } from '../../kernel/errors.ts';
import { joinBlocks } from '../../media/index.ts';
import { readSound } from '../../media/jobs.ts';
import type { ExtractProgress, ExtractResult } from '../slot.ts';
import { extractLogMel, LogMelStream } from './log-mel.ts';
import { LOG_MEL_EXTRACTOR, LOG_MEL_SPEC } from './spec.ts';

/**
 * Log-mel spectrogram of a sound file, streamed; a sound shorter than one analysis window is padded to one row.
 * @returns shape [frames, 64] and the length read. @throws as media `readSound`.
 */
export async function logMelOfFile(
  blob: Blob,
  signal?: AbortSignal,
): Promise<{ logMel: Float32Array; durationSec: number }> {
  const stream = new LogMelStream();
  const rows: Float32Array[] = [];
  let head = new Float32Array(0);
  const { readSec } = await readSound(
    blob,
    (pcm) => {
      if (head.length < LOG_MEL_SPEC.windowSamples) head = joinBlocks([head, pcm]) as Float32Array<ArrayBuffer>;
      const block = stream.push(pcm);
      if (block.length) rows.push(block);
    },
    { signal },
  );
  return { logMel: rows.length ? joinBlocks(rows) : extractLogMel(head), durationSec: readSec };
}

/** Computes and stores the spectrograms that are missing. Files that fail are listed, the rest go on. */
export async function extractLogMels(
  db: Store,
  hashes: readonly string[],
  signal: AbortSignal,
  progress: (value: ExtractProgress) => void,
): Promise<Omit<ExtractResult, 'seconds'>> {
  const unique = [...new Set(hashes)];
  const missing = await db.missingFeatures(unique, LOG_MEL_EXTRACTOR);
  const failed: { hash: string; reason: string }[] = [];
  let audioSec = 0;
  for (const [i, hash] of missing.entries()) {
    throwIfAborted(signal);
    try {
      const blob = await db.loadBlob(hash);
      if (!blob) throw new StudioError('features/clip-missing', { details: { hash } });
      const { logMel, durationSec } = await logMelOfFile(blob, signal);
      await db.saveFeatures({
        hash,
        extractor: LOG_MEL_EXTRACTOR,
        shape: [logMel.length / LOG_MEL_SPEC.bandCount, LOG_MEL_SPEC.bandCount],
        values: logMel,
      });
      audioSec += durationSec;
    } catch (error) {
      if (!isFileFault(error)) throw error;
      failed.push({ hash, reason: (error as StudioError).message });
    }
    progress({ done: i + 1, total: missing.length, audioSec });
  }
  return { extracted: missing.length - failed.length, cached: unique.length - missing.length, audioSec, failed };
}

const isFileFault = (error: unknown): boolean =>
  error instanceof StudioError && (error.code.startsWith('media/') || error.code === 'features/clip-missing');
