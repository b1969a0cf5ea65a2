/** kernel: errors, random numbers, words. */
import { describe, expect, it } from 'vitest';
import {
  abortError,
  ERROR_CATALOGUE,
  fromWireError,
  isAbort,
  StudioError,
  toStudioError,
  toWireError,
} from '../../src/kernel/errors.ts';
import { formatBytes, formatDuration, formatPercent, formatPosition, formatTimeLeft } from '../../src/kernel/format.ts';
import { createRandom } from '../../src/kernel/random.ts';
import { hashBlob } from '../../src/kernel/content-hash.ts';
import { Scope } from '../../src/kernel/scope.ts';

describe('errors', () => {
  it('say what happened, what was kept and what to do, for every code', () => {
    for (const [code, entry] of Object.entries(ERROR_CATALOGUE)) {
      for (const text of [entry.title, entry.kept, entry.advice]) expect(text, code).toMatch(/^[A-Z].+\.$/);
      expect(`${entry.title}${entry.kept}${entry.advice}`, code).not.toMatch(/!|\bplease\b|\boops\b/i);
    }
  });
  it('cross a thread with code, message and details', () => {
    const error = fromWireError(
      structuredClone(
        toWireError(new StudioError('media/empty-file', { message: 'Empty.', details: { path: 'a.wav' } })),
      ),
    );
    expect(error).toBeInstanceOf(StudioError);
    expect(error).toMatchObject({ code: 'media/empty-file', message: 'Empty.', details: { path: 'a.wav' } });
  });
  it('keep an abort an abort', () => {
    expect(isAbort(fromWireError(toWireError(abortError())))).toBe(true);
  });
  it('know a full disk', () => {
    expect(toStudioError(new DOMException('full', 'QuotaExceededError')).code).toBe('dataset/quota-exceeded');
  });
  it('turn an unknown code of another version into a bug', () => {
    expect(
      fromWireError({ name: 'StudioError', code: 'moon/landed', message: 'x', details: {}, stack: '' }),
    ).toMatchObject({ code: 'bug' });
  });
});

describe('random numbers', () => {
  it('repeat for the same seed and purpose and differ for others', () => {
    const draw = (seed: number, ...keys: (string | number)[]) => {
      const random = createRandom(seed, ...keys);
      return Array.from({ length: 5 }, () => random.next());
    };
    expect(draw(1, 'a', 2)).toEqual(draw(1, 'a', 2));
    expect(draw(1, 'a', 2)).not.toEqual(draw(1, 'a', 3));
    expect(draw(1, 'a', 2)).not.toEqual(draw(2, 'a', 2));
  });
  it('are uniform and normal', () => {
    const random = createRandom(3, 'moments');
    const uniform = Array.from({ length: 20000 }, () => random.next());
    const normal = Array.from({ length: 20000 }, () => random.normal());
    const mean = (list: number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
    expect(mean(uniform)).toBeCloseTo(0.5, 1);
    expect(mean(normal)).toBeCloseTo(0, 1);
    expect(mean(normal.map((value) => value ** 2))).toBeCloseTo(1, 1);
  });
  it('shuffle keeps every element', () => {
    const list = createRandom(1, 's').shuffle(Array.from({ length: 50 }, (_, i) => i));
    expect(list).not.toEqual([...list].sort((a, b) => a - b));
    expect([...list].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });
});

describe('words', () => {
  it('write numbers as the design says', () => {
    expect(formatPercent(0.9253)).toBe('92.5\u202f%');
    expect(formatPercent(null)).toBe('—');
    expect(formatDuration(70)).toBe('1\u202fmin 10\u202fs');
    expect(formatDuration(2.04)).toBe('2.0\u202fs');
    expect(formatTimeLeft(61)).toBe('1\u202fmin 10\u202fs left');
    expect(formatBytes(4_400_000)).toBe('4.4\u202fMB');
    expect(formatBytes(999)).toBe('999\u202fB');
    expect(formatPosition(67.44)).toBe('1:07.4');
  });
});

describe('content hash', () => {
  it('depends on every byte and on nothing else', async () => {
    const bytes = new Uint8Array(9 * 2 ** 20);
    const same = await hashBlob(new Blob([bytes]));
    expect(await hashBlob(new Blob([bytes.slice(0, 5), bytes.slice(5)], { type: 'audio/wav' }))).toBe(same);
    bytes[bytes.length - 1] = 1;
    expect(await hashBlob(new Blob([bytes]))).not.toBe(same);
  });
});

describe('scope', () => {
  it('ends what was started, last first, and late comers at once', () => {
    const scope = new Scope();
    const log: string[] = [];
    scope.add(() => log.push('a'));
    scope.add(() => log.push('b'));
    scope.dispose();
    scope.add(() => log.push('late'));
    scope.dispose();
    expect(log).toEqual(['b', 'a', 'late']);
  });
});
