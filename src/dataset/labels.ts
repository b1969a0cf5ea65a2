/** What file names and folders say about labels. Any thread; pure. */
import type { Part } from '../domain/project.ts';

/** Files that every system leaves behind and nobody wants imported. */
const JUNK = /(^|\/)(\.[^/]*|__MACOSX|Thumbs\.db|desktop\.ini)(\/|$)/;

/** True for hidden and system files. */
export function isJunkPath(path: string): boolean {
  return JUNK.test(path);
}

/** The part of a path after the last slash. */
export function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/**
 * Proposes a label for every path of one import.
 * A folder of class folders: the nearest folder name. Loose files named `Label.anything.ext`: the first dotted part, when at
 * least two files of the import share it or every file has the form (Create ML, FEATURES §1.2 b).
 * @returns label by path; null where nothing can be told.
 */
export function proposeLabels(paths: readonly string[]): Map<string, string | null> {
  const parents = paths.map((path) => path.split('/').slice(0, -1));
  const depth = parents.length ? Math.max(...parents.map((folders) => folders.length)) : 0;
  const deepest = new Set(parents.filter((folders) => folders.length === depth).map((folders) => folders.join('/')));
  // One single folder that holds everything is a container, not a class.
  const isContainer = depth === 1 && deepest.size === 1 && parents.every((folders) => folders.length === 1);
  const dotted = (path: string) => {
    const parts = fileName(path).split('.');
    return parts.length >= 3 && parts[0] ? parts[0] : null;
  };
  const counts = new Map<string, number>();
  for (const path of paths) {
    const label = dotted(path);
    if (label) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return new Map(
    paths.map((path, i) => {
      const folder = parents[i]!.at(-1);
      if (folder && !isContainer) return [path, folder];
      const label = dotted(path);
      if (label && (counts.get(label)! >= 2 || counts.size > 1)) return [path, label];
      return [path, isContainer && folder && !paths.some((other) => dotted(other)) ? folder : null];
    }),
  );
}

const PART_FOLDERS: Record<string, Part> = {
  train: 'training',
  training: 'training',
  val: 'validation',
  valid: 'validation',
  validation: 'validation',
  test: 'testing',
  testing: 'testing',
};

/** The part a folder above the class folder names (`test/dog/1.wav`), or null. */
export function proposePart(path: string, hasClassFolders = true): Part | null {
  for (const folder of path.split('/').slice(0, hasClassFolders ? -2 : -1)) {
    const part = PART_FOLDERS[folder.toLowerCase()];
    if (part) return part;
  }
  return null;
}
