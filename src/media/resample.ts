/**
 * Sample-rate conversion by a windowed-sinc polyphase filter. Any thread; pure. Own code because every ready-made converter
 * in reach either aliases (mediabunny interpolates linearly) or differs by browser (OfflineAudioContext).
 */

/** Zero crossings of the sinc on each side, at the lower of the two rates: with the Kaiser window below, 80 dB stop band. */
const ZERO_CROSSINGS = 32;
/** Kaiser window shape for 80 dB: 0.1102 (A − 8.7), Oppenheim & Schafer, Discrete-Time Signal Processing, eq. 7.75. */
const KAISER_BETA = 7.857;
/** Pass band edge as a share of the lower Nyquist frequency; the transition band ends at that Nyquist frequency. */
const PASS_RATIO = 0.92;
/** Most filter phases kept; rates with a larger numerator use the nearest phase (error below −66 dB). */
const MAX_PHASES = 2048;

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** Modified Bessel function of the first kind, order 0, by its power series. */
function bessel0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

type FilterBank = { phaseCount: number; halfWidth: number; taps: Float32Array };

const banks = new Map<string, FilterBank>();

function filterBank(inputHz: number, outputHz: number): FilterBank {
  const key = `${inputHz}/${outputHz}`;
  const known = banks.get(key);
  if (known) return known;
  const phaseCount = Math.min(MAX_PHASES, outputHz / greatestCommonDivisor(inputHz, outputHz));
  const scale = Math.min(1, outputHz / inputHz);
  const cutoff = scale * PASS_RATIO;
  const halfWidth = Math.ceil(ZERO_CROSSINGS / scale);
  const width = 2 * halfWidth;
  const taps = new Float32Array(phaseCount * width);
  const norm = bessel0(KAISER_BETA);
  for (let phase = 0; phase < phaseCount; phase++) {
    let sum = 0;
    const row = new Float64Array(width);
    for (let k = 0; k < width; k++) {
      const x = k - halfWidth + 1 - phase / phaseCount;
      const edge = x / halfWidth;
      const window = Math.abs(edge) >= 1 ? 0 : bessel0(KAISER_BETA * Math.sqrt(1 - edge * edge)) / norm;
      const sinc = x === 0 ? cutoff : Math.sin(Math.PI * cutoff * x) / (Math.PI * x);
      row[k] = sinc * window;
      sum += row[k]!;
    }
    for (let k = 0; k < width; k++) taps[phase * width + k] = row[k]! / sum;
  }
  const bank = { phaseCount, halfWidth, taps };
  banks.set(key, bank);
  return bank;
}

/**
 * Converts a stream of mono samples from one rate to another without delay (output sample n lies at input time
 * n · inputHz / outputHz; the ends are padded with silence).
 */
export class Resampler {
  readonly #ratio: number;
  readonly #bank: FilterBank;
  readonly #isCopy: boolean;
  /** Input samples still needed; `#start` is the input index of the first. */
  #held: Float32Array;
  #start: number;
  #inputCount = 0;
  #outputCount = 0;

  /** @param inputHz rate of the samples given to `push`. @param outputHz wanted rate. Both positive integers. */
  constructor(inputHz: number, outputHz: number) {
    this.#isCopy = inputHz === outputHz;
    this.#ratio = inputHz / outputHz;
    this.#bank = filterBank(inputHz, outputHz);
    this.#held = new Float32Array(this.#bank.halfWidth);
    this.#start = -this.#bank.halfWidth;
  }

  /**
   * Adds input samples (borrowed) and returns the output samples that became computable, possibly none.
   */
  push(samples: Float32Array): Float32Array {
    this.#inputCount += samples.length;
    if (this.#isCopy) return samples.slice();
    return this.#run(samples, this.#inputCount - this.#bank.halfWidth);
  }

  /** The remaining output samples; total output length is ceil(input length · outputHz / inputHz). */
  flush(): Float32Array {
    if (this.#isCopy) return new Float32Array(0);
    return this.#run(new Float32Array(this.#bank.halfWidth + 1), this.#inputCount);
  }

  /** Computes every output whose input position is below `limit`. */
  #run(samples: Float32Array, limit: number): Float32Array {
    const { halfWidth, phaseCount, taps } = this.#bank;
    const width = 2 * halfWidth;
    const input = new Float32Array(this.#held.length + samples.length);
    input.set(this.#held);
    input.set(samples, this.#held.length);
    const end = Math.max(this.#outputCount, Math.ceil(limit / this.#ratio));
    const output = new Float32Array(end - this.#outputCount);
    for (let n = this.#outputCount; n < end; n++) {
      const position = n * this.#ratio;
      let whole = Math.floor(position + 1e-9);
      let phase = Math.round((position - whole) * phaseCount);
      if (phase === phaseCount) {
        phase = 0;
        whole++;
      }
      const first = whole - halfWidth + 1 - this.#start;
      const row = phase * width;
      // Two sums, so that one product need not wait for the other; the width is even and the input always long enough.
      let even = 0;
      let odd = 0;
      for (let k = 0; k < width; k += 2) {
        even += input[first + k]! * taps[row + k]!;
        odd += input[first + k + 1]! * taps[row + k + 1]!;
      }
      output[n - this.#outputCount] = even + odd;
    }
    this.#outputCount = end;
    const keepFrom = Math.max(0, Math.floor(end * this.#ratio) - halfWidth - this.#start);
    this.#held = input.slice(Math.min(keepFrom, input.length));
    this.#start += Math.min(keepFrom, input.length);
    return output;
  }
}

/** Resamples a whole clip: {@link Resampler} in one step. @param pcm mono, borrowed. @returns a new array. */
export function resample(pcm: Float32Array, inputHz: number, outputHz: number): Float32Array {
  const resampler = new Resampler(inputHz, outputHz);
  const head = resampler.push(pcm);
  const tail = resampler.flush();
  const whole = new Float32Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
}
