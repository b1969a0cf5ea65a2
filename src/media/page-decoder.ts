/** The browser's own decoder of sounds, for files whose container no demuxer here takes. Main thread: workers have none. */

import { StudioError } from '../kernel/errors.ts';

/** Refusals after which the browser itself is asked. */
const UNREAD = new Set(['media/not-audio', 'media/no-audio-track', 'media/codec-unsupported']);
/** Whether the browser's own decoder may read what the app's could not. */
export const isUnread = (error: unknown): boolean => error instanceof StudioError && UNREAD.has(error.code);

/** Larger files would fill the memory: they are decoded as a whole. */
const MOST_BYTES = 100e6;
/** Rate it decodes to; high enough for any feature. */
const RATE_HZ = 44_100;
/** Samples mixed in one go: a few milliseconds. */
const PIECE = 1 << 20;

/** @returns mono samples (mean of the channels), owned by the caller; null when the browser cannot read it either. */
export async function decodeInPage(
  blob: Blob,
): Promise<{ pcm: Float32Array<ArrayBuffer>; sampleRateHz: number } | null> {
  if (blob.size > MOST_BYTES) return null;
  try {
    const context = new OfflineAudioContext(1, 1, RATE_HZ);
    const buffer = await context.decodeAudioData(await blob.arrayBuffer());
    const pcm = new Float32Array(buffer.length);
    for (let channel = 0; channel < buffer.numberOfChannels; channel++) {
      const samples = buffer.getChannelData(channel);
      for (let from = 0; from < pcm.length; from += PIECE) {
        const to = Math.min(pcm.length, from + PIECE);
        for (let i = from; i < to; i++) pcm[i] = pcm[i]! + samples[i]! / buffer.numberOfChannels;
        // The page stays responsive while hours are mixed.
        await new Promise((resolve) => setTimeout(resolve));
      }
    }
    return pcm.length > 0 ? { pcm, sampleRateHz: buffer.sampleRate } : null;
  } catch {
    return null;
  }
}
