/** Which picture an annotation means. Any thread; pure. */
import { fileName } from '../labels.ts';

/** Finds pictures by what annotation files call them. */
export class PictureIndex {
  readonly #byName = new Map<string, string[]>();
  readonly #byStem = new Map<string, string[]>();

  constructor(paths: readonly string[]) {
    for (const path of paths) {
      const name = fileName(path).toLowerCase();
      const stem = name.replace(/\.[^.]*$/, '');
      this.#byName.set(name, [...(this.#byName.get(name) ?? []), path]);
      this.#byStem.set(stem, [...(this.#byStem.get(stem) ?? []), path]);
    }
  }

  /**
   * @param folder of the annotation file, with a slash at the end or empty. @returns null when there is none; `others` counts further pictures it could mean.
   */
  find(wanted: string, folder: string): { path: string; others: number } | null {
    const clean = wanted
      .replace(/\\/g, '/')
      .replace(/^(\.?\/)+/, '')
      .toLowerCase();
    const name = fileName(clean);
    const candidates =
      this.#byName.get(name) ?? this.#byStem.get(name) ?? this.#byStem.get(name.replace(/\.[^.]*$/, ''));
    if (!candidates?.length) return null;
    const lower = (path: string) => path.toLowerCase();
    const near = folder.toLowerCase();
    const exact =
      candidates.find((path) => lower(path) === near + clean || lower(path) === clean) ??
      (clean.includes('/') ? candidates.find((path) => lower(path).endsWith(`/${clean}`)) : undefined);
    if (exact) return { path: exact, others: 0 };
    // labels/train/x.txt belongs to images/train/x.jpg: the folder that shares most of its path is meant.
    const shared = (path: string) => {
      const [a, b] = [lower(path).split('/').slice(0, -1), near.split('/').slice(0, -1)];
      return a.filter((part) => b.includes(part)).length * 100 - a.length;
    };
    const best = [...candidates].sort((a, b) => shared(b) - shared(a));
    const isTie = best.length > 1 && shared(best[0]!) === shared(best[1]!);
    return { path: best[0]!, others: isTie ? best.length - 1 : 0 };
  }
}
