/** Real recordings outside the repository (shared/DATA.md). Tests that need them skip visibly when they are missing. */
import { existsSync, mkdirSync, copyFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The shared folder beside the project, or wherever SHARED_DIR points. */
export const SHARED = resolve(process.env.SHARED_DIR ?? join(import.meta.dirname, '../../../shared'));

/** Whether the spoken digits are there. */
export const hasDigits = existsSync(join(SHARED, 'data/sound-digits/clips'));

/** Why tests are skipped without the data. */
export const NO_DATA = `needs ${SHARED}/data/sound-digits (see README, Tests)`;

/** Copies `count` recordings of each digit into `target/{digit}`. @param from index of the first. */
export function copyDigits(target: string, digits: readonly string[], count: number, from = 0): string {
  for (const digit of digits) {
    const source = join(SHARED, 'data/sound-digits/clips', digit);
    mkdirSync(join(target, digit), { recursive: true });
    const files = readdirSync(source)
      .sort()
      .slice(from, from + count);
    for (const name of files) copyFileSync(join(source, name), join(target, digit, name));
  }
  return target;
}
