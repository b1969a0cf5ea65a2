/** Which file of an import an annotation means. Any thread; pure. */
import type { Part } from '../../domain/project.ts';
import { fileName } from '../labels.ts';
import { partOfWord } from '../parts.ts';

/** One name for all spellings: composed letters (Macs store é as two), slashes, case, and no `./` in front. */
const plain = (path: string): string =>
  path
    .normalize('NFC')
    .replace(/\\/g, '/')
    .replace(/^[a-z]:(?=\/)/i, '')
    .replace(/^(\.{0,2}\/)+/, '')
    .toLowerCase();

/** A name whose signs are percent-encoded (Label Studio); null when it is none. */
function decoded(name: string): string | null {
  if (!/%[0-9a-f]{2}/i.test(name)) return null;
  try {
    return decodeURIComponent(name);
  } catch {
    return null;
  }
}

/** Files by what annotation files call them: by path, name or stem, in any Unicode form, with `\` for `/`, or percent-encoded. */
export class FileIndex {
  readonly #byName = new Map<string, string[]>();
  readonly #byStem = new Map<string, string[]>();
  /** By whole path, with and without its ending. */
  readonly #byPath = new Map<string, string>();

  readonly paths: readonly string[];

  constructor(paths: readonly string[]) {
    this.paths = paths;
    const put = (map: Map<string, string[]>, key: string, path: string) => {
      const known = map.get(key);
      if (known) known.push(path);
      else map.set(key, [path]);
    };
    for (const path of paths) {
      const whole = plain(path);
      for (const spelling of new Set([whole, plain(decoded(whole) ?? whole)])) {
        const name = fileName(spelling);
        put(this.#byName, name, path);
        put(this.#byStem, name.replace(/\.[^.]*$/, ''), path);
        this.#byPath.set(spelling, path);
        const bare = spelling.replace(/\.[^./]*$/, '');
        if (!this.#byPath.has(bare)) this.#byPath.set(bare, path);
      }
    }
  }

  /**
   * @param folder of the annotation file, with a slash at the end or empty.
   * @param isExact a name without its ending is no match. @param part the annotation file is for: among files of one name the one of its part is meant.
   * @returns null when there is none; `others` counts further files it could mean.
   */
  find(
    wanted: string,
    folder: string,
    isExact = false,
    part: Part | null = null,
  ): { path: string; others: number } | null {
    const alternative = decoded(wanted);
    return (
      this.#find(plain(wanted), plain(folder), isExact, part) ??
      (alternative === null ? null : this.#find(plain(alternative), plain(folder), isExact, part))
    );
  }

  #find(clean: string, near: string, isExact: boolean, part: Part | null): { path: string; others: number } | null {
    const name = fileName(clean);
    const candidates =
      this.#byName.get(name) ??
      (isExact ? undefined : (this.#byStem.get(name) ?? this.#byStem.get(name.replace(/\.[^.]*$/, ''))));
    if (!candidates?.length) return null;
    if (candidates.length === 1) return { path: candidates[0]!, others: 0 };
    const direct = this.#byPath.get(near + clean) ?? this.#byPath.get(clean);
    if (direct !== undefined && candidates.includes(direct)) return { path: direct, others: 0 };
    const inside = clean.includes('/') ? candidates.find((path) => plain(path).endsWith(`/${clean}`)) : undefined;
    if (inside) return { path: inside, others: 0 };
    // labels/train/x.txt belongs to images/train/x.jpg: the folder that shares most of its path is meant.
    const own = new Set(near.split('/').slice(0, -1));
    let [best, most, others] = [candidates[0]!, -Infinity, 0];
    for (const path of candidates) {
      const folders = plain(path).split('/').slice(0, -1);
      const isOfPart = part !== null && folders.some((folder) => partOfWord(folder) === part);
      const shared =
        folders.filter((folder) => own.has(folder)).length * 100 - folders.length + (isOfPart ? 10_000 : 0);
      if (shared > most) [best, most, others] = [path, shared, 0];
      else if (shared === most) others++;
    }
    return { path: best, others };
  }
}
