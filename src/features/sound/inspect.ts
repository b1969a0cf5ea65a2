/** One look at a whole sound file: is it readable, how loud, how long, and its two small pictures. Worker thread. */
import { hashBlob } from '../../kernel/content-hash.ts';
import type { InspectedMedia } from '../../domain/project.ts';
import type { MediaOf } from '../../domain/task.ts';
import { formatCount } from '../../kernel/format.ts';
import { readSound } from '../../media/jobs.ts';
import { LogMelStream } from './log-mel.ts';
import { LOG_MEL_SPEC, quantiseLogMel } from './spec.ts';

/** A sound file after inspection. */
export type InspectedSound = InspectedMedia<MediaOf<'sound'>>;

/** Columns of a stored waveform. */
export const PEAK_COUNT = 240;
/** Most columns of a stored small spectrogram. */
const MOST_COLUMNS = 128;
/** Halves a row list by joining neighbours with `join`. */
function joinPairs(list: number[], join: (a: number, b: number) => number): number[] {
  const half: number[] = [];
  for (let i = 0; i < list.length; i += 2) half.push(join(list[i]!, list[i + 1] ?? list[i]!));
  return half;
}

/**
 * Reads all of a sound file in constant memory.
 * @throws StudioError as media/decode-sound `readSound`.
 */
export async function inspectSound(blob: Blob, signal?: AbortSignal): Promise<InspectedSound> {
  let peaks: number[] = [];
  let perPeak = 64;
  let peakCount = 0;
  let current = 0;
  let loudest = 0;
  let power = 0;
  let sampleCount = 0;
  let clippedCount = 0;
  let run = 0;

  const measure = (block: Float32Array) => {
    sampleCount += block.length;
    for (let i = 0; i < block.length; i++) {
      const magnitude = Math.abs(block[i]!);
      power += magnitude * magnitude;
      if (magnitude > loudest) loudest = magnitude;
      run = magnitude >= 0.999 ? run + 1 : 0;
      if (run === 3) clippedCount += 3;
      else if (run > 3) clippedCount++;
      if (magnitude > current) current = magnitude;
      if (++peakCount === perPeak) {
        peaks.push(current);
        peakCount = 0;
        current = 0;
        if (peaks.length === PEAK_COUNT * 2) {
          peaks = joinPairs(peaks, Math.max);
          perPeak *= 2;
        }
      }
    }
  };

  let columns: Float32Array[] = [];
  let stride = 1;
  const stream = new LogMelStream(() => stride);
  const hash = await hashBlob(blob);
  const { sound, readSec, isCut } = await readSound(
    blob,
    (pcm) => {
      const rows = stream.push(pcm);
      for (let at = 0; at < rows.length; at += LOG_MEL_SPEC.bandCount) {
        columns.push(rows.slice(at, at + LOG_MEL_SPEC.bandCount));
        if (columns.length === MOST_COLUMNS * 2) {
          columns = columns.filter((_, i) => i % 2 === 0);
          stride *= 2;
        }
      }
    },
    { signal, onNative: measure },
  );
  if (peakCount > 0) peaks.push(current);
  while (peaks.length > PEAK_COUNT) peaks = joinPairs(peaks, Math.max);
  if (columns.length > MOST_COLUMNS) columns = columns.filter((_, i) => i % 2 === 0);
  const flat = new Float32Array(columns.length * LOG_MEL_SPEC.bandCount);
  columns.forEach((column, i) => flat.set(column, i * LOG_MEL_SPEC.bandCount));

  const toDb = (magnitude: number) => 20 * Math.log10(Math.max(magnitude, 1e-6));
  const { codec, sampleRateHz, channelCount, claimedSec, odd } = sound;
  const ofAll = claimedSec ? ` of ${claimedSec.toFixed(1)} s` : '';
  const notices = [
    ...(isCut ? [`The file stops early: ${readSec.toFixed(1)} s${ofAll} could be read and were kept.`] : []),
    ...(odd.samples > 0
      ? [`${formatCount(odd.samples, 'sample is no number', 'samples are no numbers')}: silence was put there.`]
      : []),
    ...(odd.isOpposite ? ['Its two channels are opposite and cancel out: only the first is used.'] : []),
  ];
  return {
    hash,
    blob,
    media: {
      kind: 'sound',
      durationSec: readSec,
      sampleRateHz,
      channelCount,
      codec,
      peakDb: toDb(loudest),
      rmsDb: toDb(Math.sqrt(power / sampleCount)),
      clippedRatio: clippedCount / sampleCount,
    },
    picture: {
      peaks: Uint8Array.from(peaks, (peak) => Math.min(255, Math.round(peak * 255))),
      spectrogram: quantiseLogMel(flat),
    },
    notice: notices.join(' ') || null,
    name: null,
    label: null,
  };
}
