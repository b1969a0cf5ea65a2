/**
 * Seeded random numbers. Any thread. Every random choice of the product (split, initial weights, shuffles, augmentation)
 * takes a generator from here, keyed by what it is for, so a run can be repeated and resumed at any step.
 */

/** A repeatable source of random numbers. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Integer, uniform in [0, below). */
  int(below: number): number;
  /** Normal with mean 0 and deviation 1. */
  normal(): number;
  /** In-place Fisher-Yates shuffle; returns the same array. */
  shuffle<T extends { length: number; [index: number]: unknown }>(list: T): T;
}

/** 32-bit FNV-1a hash of a text; used to turn a purpose into a seed. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}

/**
 * A generator for one purpose: the same `seed` and `keys` always give the same numbers.
 * @param keys e.g. `'shuffle', epoch` — a generator per epoch needs no stored state, so a resumed run repeats exactly.
 * @see sfc32, C. Doty-Humphrey, PractRand (public domain)
 */
export function createRandom(seed: number, ...keys: (string | number)[]): Random {
  let a = hashText(`${seed}`);
  let b = hashText(keys.join('|'));
  let c = 0x9e3779b9;
  let counter = 1;
  const next32 = (): number => {
    const t = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 15; i++) next32();
  const next = () => next32() / 4294967296;
  return {
    next,
    int: (below) => Math.floor(next() * below),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    shuffle: (list) => {
      for (let i = list.length - 1; i > 0; i--) {
        const j = Math.floor(next() * (i + 1));
        const kept = list[i];
        list[i] = list[j];
        list[j] = kept;
      }
      return list;
    },
  };
}
