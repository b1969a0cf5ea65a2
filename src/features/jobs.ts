/** Door of the features room for workers: handlers of {@link FeaturesContract}. */
import type { InspectedSound } from '../domain/project.ts';
import { encodeWav, SOUND_RATE_HZ, synthesise } from '../media/index.ts';
import { readSound } from '../media/jobs.ts';
import type { Store } from '../dataset/index.ts';
import { StudioError, throwIfAborted } from '../kernel/errors.ts';
import type { Jobs } from '../rpc/contract.ts';
import type { FeaturesContract } from './contract.ts';
import { inspectSound } from './sound/inspect.ts';
import { extractLogMel, LogMelStream } from './sound/log-mel.ts';
import { LOG_MEL_SPEC } from './sound/spec.ts';
import { FeatureCache, LOG_MEL_EXTRACTOR } from './sound/cache.ts';

export { extractLogMel, FeatureCache, LogMelStream };

/** Joins blocks of samples or rows. */
export function joinBlocks(blocks: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(blocks.reduce((sum, block) => sum + block.length, 0));
  let at = 0;
  for (const block of blocks) {
    whole.set(block, at);
    at += block.length;
  }
  return whole;
}

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

/** A stored sound as mono samples at 16 kHz. @throws StudioError `features/clip-missing`, and as media `readSound`. */
export async function loadPcm(store: Store, hash: string, signal?: AbortSignal): Promise<Float32Array> {
  const blob = await store.loadBlob(hash);
  if (!blob) throw new StudioError('features/clip-missing', { details: { hash } });
  const blocks: Float32Array[] = [];
  await readSound(blob, (pcm) => void blocks.push(pcm), { signal });
  return joinBlocks(blocks);
}

/** @param store opens the database of this thread, once. */
export function createFeaturesJobs(store: () => Promise<Store>): Jobs<FeaturesContract> {
  return {
    async inspectSound({ blob }, { signal }) {
      return inspectSound(blob, signal);
    },
    async inspectTake({ pcm, sampleRateHz }, { signal }) {
      if (pcm.length === 0) throw new StudioError('media/zero-length');
      const blob = encodeWav(pcm, sampleRateHz);
      return inspectSound(blob, signal);
    },
    async makeSample({ kind, seed }, { signal }) {
      return inspectSound(encodeWav(synthesise(kind, seed), SOUND_RATE_HZ), signal);
    },
    async extractLogMel({ hashes }, { signal, progress }) {
      const started = performance.now();
      const db = await store();
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
          const isClipFault =
            error instanceof StudioError && (error.code.startsWith('media/') || error.code === 'features/clip-missing');
          if (!isClipFault) throw error;
          failed.push({ hash, reason: error.message });
        }
        progress({ done: i + 1, total: missing.length, audioSec });
      }
      return {
        extracted: missing.length - failed.length,
        cached: unique.length - missing.length,
        audioSec,
        seconds: (performance.now() - started) / 1000,
        failed,
      };
    },
    async cutSegments({ blob, segments }, { signal, progress }) {
      const cuts = segments.map(() => [] as Float32Array[]);
      let at = 0;
      let rateHz = 0;
      const { sound } = await readSound(blob, () => {}, {
        signal,
        onNative: (block, sampleRateHz) => {
          rateHz = sampleRateHz;
          segments.forEach(({ startSec, endSec }, i) => {
            const from = Math.max(0, Math.round(startSec * sampleRateHz) - at);
            const to = Math.min(block.length, Math.round(endSec * sampleRateHz) - at);
            if (to > from) cuts[i]!.push(block.slice(from, to));
          });
          at += block.length;
        },
      });
      const made: (InspectedSound | null)[] = [];
      for (const [i, blocks] of cuts.entries()) {
        throwIfAborted(signal);
        const pcm = joinBlocks(blocks);
        made.push(pcm.length > 0 ? await inspectSound(encodeWav(pcm, rateHz || sound.sampleRateHz), signal) : null);
        progress({ done: i + 1, total: segments.length });
      }
      return made;
    },
    async loadPcm({ hash }, { signal, transfer }) {
      const pcm = await loadPcm(await store(), hash, signal);
      transfer(pcm.buffer);
      return pcm;
    },
  };
}
