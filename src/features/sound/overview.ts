/** Long sounds as pictures of any part of them, in tiles: what is looked at is decoded, not the whole file. Worker thread. */
import { throwIfAborted } from '../../kernel/errors.ts';
import { SOUND_RATE_HZ } from '../../media/rate.ts';
import { joinBlocks, Resampler } from '../../media/index.ts';
import { readOn, type OpenSound } from '../../media/jobs.ts';
import { extractLogMel } from './log-mel.ts';
import { LOG_MEL_SPEC, quantiseLogMel } from './spec.ts';
import { TILE_COLUMNS, type SoundTile } from './tile.ts';

/** Columns longer than this are judged by a part of them. */
const WHOLE_COLUMN_SEC = 0.25;
/** That part. */
const PROBE_SEC = 0.1;

const { bandCount, hopSamples, windowSamples } = LOG_MEL_SPEC;
const WINDOW_SEC = (windowSamples + 1) / SOUND_RATE_HZ;

async function samplesOf(sound: OpenSound, startSec: number, endSec: number, signal?: AbortSignal) {
  const blocks: Float32Array[] = [];
  await readOn(sound.blocks(signal, { startSec, endSec }), (block) => blocks.push(block));
  return joinBlocks(blocks);
}

function peakOf(pcm: Float32Array): number {
  let peak = 0;
  for (const value of pcm) peak = Math.max(peak, Math.abs(value));
  return Math.min(255, Math.round(peak * 255));
}

function logMelOf(pcm: Float32Array, sampleRateHz: number): Uint8Array {
  const resampler = new Resampler(sampleRateHz, SOUND_RATE_HZ);
  return quantiseLogMel(extractLogMel(joinBlocks([resampler.push(pcm), resampler.flush()])));
}

/** The loudest of rows `from` to `to` (at least one of them), band by band. */
function writeColumn(rows: Uint8Array, from: number, to: number, target: Uint8Array, column: number): void {
  const count = rows.length / bandCount;
  if (count === 0 || from >= count) return;
  for (let row = Math.max(0, from); row < Math.min(count, Math.max(to, from + 1)); row++)
    for (let band = 0; band < bandCount; band++) {
      const at = column * bandCount + band;
      target[at] = Math.max(target[at]!, rows[row * bandCount + band]!);
    }
}

/** @param columnSec seconds of a column. @throws an AbortError; StudioError `media/damaged`. */
export async function readTile(
  sound: OpenSound,
  startSec: number,
  columnSec: number,
  signal?: AbortSignal,
): Promise<SoundTile> {
  const peaks = new Uint8Array(TILE_COLUMNS);
  const spectrogram = new Uint8Array(TILE_COLUMNS * bandCount);
  const { sampleRateHz } = sound;
  if (columnSec > WHOLE_COLUMN_SEC) {
    for (let column = 0; column < TILE_COLUMNS; column++) {
      throwIfAborted(signal);
      const at = startSec + column * columnSec;
      const pcm = await samplesOf(sound, at, at + PROBE_SEC, signal);
      if (pcm.length === 0) break;
      peaks[column] = peakOf(pcm);
      const rows = logMelOf(pcm, sampleRateHz);
      writeColumn(rows, 0, rows.length / bandCount, spectrogram, column);
    }
    return { peaks, spectrogram };
  }
  // The windows of the last column reach a little further.
  const pcm = await samplesOf(sound, startSec, startSec + TILE_COLUMNS * columnSec + WINDOW_SEC, signal);
  if (pcm.length === 0) return { peaks, spectrogram };
  const rows = logMelOf(pcm, sampleRateHz);
  const rowsPerColumn = (columnSec * SOUND_RATE_HZ) / hopSamples;
  for (let column = 0; column < TILE_COLUMNS; column++) {
    const own = pcm.subarray(
      Math.round(column * columnSec * sampleRateHz),
      Math.round((column + 1) * columnSec * sampleRateHz),
    );
    if (own.length === 0) break;
    peaks[column] = peakOf(own);
    writeColumn(
      rows,
      Math.floor(column * rowsPerColumn),
      Math.floor((column + 1) * rowsPerColumn),
      spectrogram,
      column,
    );
  }
  return { peaks, spectrogram };
}
