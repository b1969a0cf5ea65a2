/** Which file of an import an annotation means. Any thread; pure. */
import { fileName } from '../labels.ts';

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
      }
    }
  }

  /**
   * @param folder of the annotation file, with a slash at the end or empty.
   * @param isExact a name without its ending is no match.
   * @returns null when there is none; `others` counts further files it could mean.
   */
  find(wanted: string, folder: string, isExact = false): { path: string; others: number } | null {
    const alternative = decoded(wanted);
    return (
      this.#find(plain(wanted), plain(folder), isExact) ??
      (alternative === null ? null : this.#find(plain(alternative), plain(folder), isExact))
    );
  }

  #find(clean: string, near: string, isExact: boolean): { path: string; others: number } | null {
    const name = fileName(clean);
    const candidates =
      this.#byName.get(name) ??
      (isExact ? undefined : (this.#byStem.get(name) ?? this.#byStem.get(name.replace(/\.[^.]*$/, ''))));
    if (!candidates?.length) return null;
    if (candidates.length === 1) return { path: candidates[0]!, others: 0 };
    const exact =
      candidates.find((path) => plain(path) === near + clean || plain(path) === clean) ??
      (clean.includes('/') ? candidates.find((path) => plain(path).endsWith(`/${clean}`)) : undefined);
    if (exact) return { path: exact, others: 0 };
    // labels/train/x.txt belongs to images/train/x.jpg: the folder that shares most of its path is meant.
    const own = near.split('/').slice(0, -1);
    const shared = (path: string) => {
      const folders = plain(path).split('/').slice(0, -1);
      return folders.filter((part) => own.includes(part)).length * 100 - folders.length;
    };
    const best = [...candidates].sort((a, b) => shared(b) - shared(a));
    const isTie = best.length > 1 && shared(best[0]!) === shared(best[1]!);
    return { path: best[0]!, others: isTie ? best.length - 1 : 0 };
  }
}
