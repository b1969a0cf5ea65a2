/** Where something sounds in a recording, by its level. Any thread; pure. */
import type { Stretch } from '../../domain/stretch.ts';

/** Seconds between two levels. */
export const LEVEL_SEC = 0.02;
/** Levels of nothing at all. */
const SILENCE_DB = -90;
/** The quiet of a recording: the level this share of it lies below. */
const QUIET_SHARE = 0.2;
/** A sound lasts until the level fell by this much more, so that it is not cut where it wavers. */
const HOLD_DB = 6;
/** Pauses shorter than this belong to a sound, sounds shorter than that are clicks. */
const PAUSE_SEC = 0.3;
const LEAST_SEC = 0.06;
/** Sounds keep this much of what is around them. */
const MARGIN_SEC = 0.05;

/** Levels of a stream of samples, in dB of full scale. */
export class LevelMeter {
  readonly #perLevel: number;
  readonly #levels: number[] = [];
  #power = 0;
  #count = 0;

  constructor(sampleRateHz: number) {
    this.#perLevel = Math.max(1, Math.round(sampleRateHz * LEVEL_SEC));
  }

  /** @param pcm borrowed. */
  push(pcm: Float32Array): void {
    for (const value of pcm) {
      this.#power += value * value;
      if (++this.#count < this.#perLevel) continue;
      this.#levels.push(Math.max(SILENCE_DB, 10 * Math.log10(this.#power / this.#count + 1e-12)));
      this.#power = this.#count = 0;
    }
  }

  get levels(): readonly number[] {
    return this.#levels;
  }
}

/**
 * Stretches that are louder than the quiet of the recording, in order and apart from each other.
 * @param levels in dB, one every {@link LEVEL_SEC}. @param aboveDb how much louder.
 */
export function findSounds(levels: readonly number[], aboveDb: number): Stretch[] {
  if (levels.length === 0) return [];
  // Digital silence is no quiet to measure by.
  const sounding = levels.filter((level) => level > SILENCE_DB + 1).sort((a, b) => a - b);
  const quiet = sounding[Math.floor(sounding.length * QUIET_SHARE)] ?? SILENCE_DB;
  // A recording that begins and ends in digital silence is measured by that.
  const floor = sounding.length < levels.length * (1 - QUIET_SHARE) ? Math.min(quiet, -60 - aboveDb) : quiet;
  const found: Stretch[] = [];
  let start = -1;
  let last = -1;
  const end = () => {
    if (start >= 0 && (last + 1 - start) * LEVEL_SEC >= LEAST_SEC)
      found.push({ startSec: start * LEVEL_SEC, endSec: (last + 1) * LEVEL_SEC });
    start = -1;
  };
  levels.forEach((level, i) => {
    if (level > floor + aboveDb || (start >= 0 && level > floor + aboveDb - HOLD_DB)) {
      if (start < 0) start = i;
      last = i;
    } else if (start >= 0 && (i - last) * LEVEL_SEC > PAUSE_SEC) end();
  });
  end();
  const whole = levels.length * LEVEL_SEC;
  return found.map(({ startSec, endSec }) => ({
    startSec: Math.max(0, startSec - MARGIN_SEC),
    endSec: Math.min(whole, endSec + MARGIN_SEC),
  }));
}
