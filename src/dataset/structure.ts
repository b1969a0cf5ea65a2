/**
 * What the folders and names of an import say: the part, the class and the group of every file. Where two readings are possible all of them are given, the best first;
 * nothing is guessed silently. Any thread; pure; linear in the length of the paths.
 */
import type { Part } from '../domain/project.ts';
import { fileName } from './labels.ts';
import { partOfWord, squash } from './parts.ts';

/** One way to read the classes of an import. Maps go by path; files that are not in them have none. */
export type Reading = {
  /** Name of the way, for the headless runner: `folder`, `folder-2` (one further up), `name`, `name-2` (second field), `none`. */
  id: string;
  /** Where the classes stand, in words. */
  title: string;
  classes: ReadonlyMap<string, string>;
  /** What belongs together and goes into one part: people, sessions. */
  groups: ReadonlyMap<string, string>;
};

/** See the file header. */
export type Structure = {
  parts: ReadonlyMap<string, Part>;
  /** Best first, at least one. */
  readings: readonly Reading[];
  /** What a person should be asked, in words; null when there is one reading only. */
  question: string | null;
};

/** What a class of noise is called, whatever its folder says. */
export const BACKGROUND_CLASS = 'Background';

/** Folders that only hold others: they name no class. */
const WRAPPER =
  /^(?:recordings?|audios?|audiofiles?|sounds?|wavs?|wave|wavfiles?|mp3s?|flacs?|oggs?|images?|imgs?|pictures?|pics?|photos?|jpegimages|jpe?gs?|pngs?|clips?|videos?|movies?|samples?|files?|data|datasets?|raw|media|content|export|fold\d+|set\d+|part\d+|batch\d+)$/;
const isBackground = (name: string) => /^background(?:noises?|sounds?)?$/.test(squash(name));
/** Names that devices and programs give: they say nothing of what is in the file. */
const DEVICE =
  /^(?:img|image|dsc|dscn|dscf|dcim|pxl|mvi|mov|vid|video|movie|gopr|gx|rec|record|recording|newrecording|aufnahme|neueaufnahme|enregistrement|voice|voicememo|memo|audio|track|untitled|sound|sample|clip|file|frame|photo|picture|pic|screenshot|scan|capture|wa|ptt|aud|zoom|take|tone|beep)$/;
/** A person or session by number: `person01`, `s3`, `subject-2`. */
const PERSON =
  /^(?:person|people|subject|subj|sub|speaker|spk|spkr|user|actor|participant|session|sess|p|s|u|id)\d{1,4}$/i;
/** Dates, times and long numbers. */
const isStamp = (text: string) => /\d{6,}|\d{4}-\d{1,2}|\d{1,2}[.:h]\d{2}/.test(text);
/** What systems put behind the name of a copy. */
const COPY = /[ _-]+(?:-[ _-]*)?(?:copy|kopie|copie|copia)(?:[ _-]*\(?\d{1,3}\)?)?$/i;
const stemOf = (path: string) => fileName(path).replace(/\.[^.]*$/, '');
const clean = (name: string) => (isBackground(name) ? BACKGROUND_CLASS : name.trim().normalize('NFC'));

/** Folders of every file, and which of them have which neighbours. */
class Tree {
  readonly #children = new Map<string, Set<string>>();
  constructor(chains: Iterable<readonly string[]>) {
    for (const chain of chains)
      chain.forEach((name, depth) => {
        const parent = chain.slice(0, depth).join('/');
        const known = this.#children.get(parent) ?? new Set();
        this.#children.set(parent, known.add(name));
      });
  }
  children(chain: readonly string[]): ReadonlySet<string> {
    return this.#children.get(chain.join('/')) ?? new Set();
  }
}

/** Parts from folders at any level. Where folders are classes, one called `train` beside `car` and `bus` is a class. */
function takeParts(chains: Map<string, string[]>, hasClassFolders: boolean): Map<string, Part> {
  const tree = new Tree(chains.values());
  const parts = new Map<string, Part>();
  const known = new Map<string, Part | null>();
  const isOther = (other: string) => !partOfWord(other) && !WRAPPER.test(squash(other)) && !isBackground(other);
  const partAt = (chain: readonly string[], depth: number): Part | null => {
    const part = partOfWord(chain[depth]!);
    if (!part || !hasClassFolders) return part;
    const key = chain.slice(0, depth + 1).join('/');
    const said = known.get(key);
    if (said !== undefined) return said;
    const parent = chain.slice(0, depth);
    const own = tree.children([...parent, chain[depth]!]);
    const siblings = [...tree.children(parent)].filter((other) => other !== chain[depth]);
    const isAlone = siblings.length === 0 && own.size === 0;
    // Two parts with the same folders inside are parts, whatever stands beside them.
    const isTwin = siblings.some((other) => {
      const otherPart = partOfWord(other);
      return otherPart && otherPart !== part && [...tree.children([...parent, other])].some((child) => own.has(child));
    });
    const found = isAlone || (siblings.some(isOther) && !isTwin) ? null : part;
    known.set(key, found);
    return found;
  };
  for (const [path, chain] of chains) {
    const rest = chain.filter((_name, depth) => {
      const part = partAt(chain, depth);
      if (!part) return true;
      if (!parts.has(path)) parts.set(path, part);
      return false;
    });
    chains.set(path, rest);
  }
  return parts;
}

/** Takes away folders that only wrap: one that holds everything, and `audio`, `images`, `fold1` beside their like. */
function takeWrappers(chains: Map<string, string[]>): void {
  for (let guard = 0; guard < 32; guard++) {
    const tree = new Tree(chains.values());
    let isChanged = false;
    // Said once for each folder, not for each file.
    const wrapping = new Map<string, boolean>();
    const isWrapping = (chain: readonly string[], i: number): boolean => {
      const parent = chain.slice(0, i).join('/');
      const known = wrapping.get(parent);
      if (known !== undefined) return known;
      const inside = tree.children(chain.slice(0, i));
      // A single folder around folders holds everything; around files alone it may be the class.
      const isOne = i === 0 && inside.size === 1 && tree.children([chain[0]!]).size > 0;
      const found = isOne || [...inside].every((other) => WRAPPER.test(squash(other)));
      wrapping.set(parent, found);
      return found;
    };
    for (const [path, chain] of chains) {
      const depth = chain.findIndex((_name, i) => isWrapping(chain, i));
      if (depth < 0) continue;
      chains.set(path, chain.toSpliced(depth, 1));
      isChanged = true;
    }
    if (!isChanged) return;
  }
}

const list = (names: Iterable<string>, most = 4): string => {
  const all = [...new Set(names)];
  return all.length > most ? `${all.slice(0, most).join(', ')} and ${all.length - most} more` : all.join(', ');
};

/** Groups that are of use: every class has at least two, else a class could not be in two parts. Noise is nobody's. */
function usefulGroups(classes: ReadonlyMap<string, string>, groups: Map<string, string>): Map<string, string> {
  const perClass = new Map<string, Set<string>>();
  for (const [path, name] of classes) {
    if (name === BACKGROUND_CLASS) continue;
    const known = perClass.get(name) ?? new Set();
    perClass.set(name, known);
    const group = groups.get(path);
    if (group) known.add(group);
  }
  return perClass.size > 0 && [...perClass.values()].every((known) => known.size >= 2) ? groups : new Map();
}

/** Readings of folders; chains are what is left of the folders of each file. */
function readFolders(chains: ReadonlyMap<string, readonly string[]>): Pick<Structure, 'readings' | 'question'> {
  const inside = [...chains].filter(([, chain]) => chain.length > 0);
  if (inside.length === 0) return { readings: [], question: null };
  const nearest = new Map(inside.map(([path, chain]) => [path, clean(chain.at(-1)!)]));
  const people = groupsOfNames([...nearest].flatMap(([path, name]) => (name === BACKGROUND_CLASS ? [] : [path])));
  const folder: Reading = {
    id: 'folder',
    title: `the folders ${list(nearest.values())}`,
    classes: nearest,
    groups: usefulGroups(nearest, people),
  };
  if (inside.every(([, chain]) => chain.length === 1)) return { readings: [folder], question: null };
  const top = new Map(inside.map(([path, chain]) => [path, clean(chain[0]!)]));
  const below = new Map(inside.flatMap(([path, chain]) => (chain.length > 1 ? [[path, chain[1]!] as const] : [])));
  const upper: Reading = {
    id: 'folder-2',
    title: `the folders ${list(top.values())}`,
    classes: top,
    groups: usefulGroups(top, below),
  };
  const inner: Reading = { ...folder, groups: usefulGroups(nearest, top) };
  // Two readings that say the same are one.
  if ([...nearest].every(([path, name]) => top.get(path) === name)) return { readings: [folder], question: null };
  // Files that lie directly in an upper folder make it a class; so does a folder below that comes again under others, and one alone in each.
  const tops = new Map<string, Set<string>>();
  let isMixed = false;
  for (const [, chain] of inside) {
    const known = tops.get(chain[0]!) ?? new Set<string>();
    tops.set(chain[0]!, known);
    if (chain.length === 1) isMixed = true;
    else known.add(chain.at(-1)!);
  }
  const lower = [...tops.values()].flatMap((known) => [...known]);
  const isShared = new Set(lower).size < lower.length;
  const isOneEach = [...tops.values()].every((known) => known.size <= 1);
  const isUpper = tops.size > 1 && (isMixed || isOneEach || (isShared && tops.size <= new Set(lower).size));
  const [upperNames, innerNames] = [list(top.values()), list(below.values())];
  return {
    readings: isUpper ? [upper, inner] : [inner, upper],
    question:
      tops.size > 1
        ? `Folders ${innerNames} inside ${upperNames}: are the classes ${upperNames}, or ${list(nearest.values())}?`
        : null,
  };
}

/** People and sessions in the names of files: `0c40e715_nohash_1` (Speech Commands), `person01_walking_d1`. Empty unless every name has them. */
function groupsOfNames(paths: readonly string[]): Map<string, string> {
  const groups = new Map<string, string>();
  for (const path of paths) {
    const stem = stemOf(path);
    const found =
      /^([0-9a-f]{6,})_nohash_\d+$/i.exec(stem)?.[1] ?? stem.split(/[_\-. ]/).find((field) => PERSON.test(field));
    if (!found) return new Map();
    groups.set(path, found.toLowerCase());
  }
  return groups;
}

/** `Label.anything.ext`, as Create ML writes it. */
function readDotted(paths: readonly string[]): Reading | null {
  const labels = new Map<string, string>();
  const counts = new Map<string, number>();
  for (const path of paths) {
    const parts = fileName(path).split('.');
    if (
      parts.length < 3 ||
      !parts[0]!.trim() ||
      /^\d+$/.test(parts[0]!) ||
      isStamp(parts[0]!) ||
      // A number across the dot: `speed1.5_run2.wav`.
      (/\d$/.test(parts[0]!) && /^\d+[^\d.]/.test(parts[1]!)) ||
      // A time across it: `Recording 10.15.30.wav`; `c5.10.wav` counts.
      (/(?:^|[\s_-])\d{1,2}$/.test(parts[0]!) && /^\d{2}(?!\d)/.test(parts[1]!))
    )
      continue;
    labels.set(path, parts[0]!.trim());
    counts.set(parts[0]!.trim(), (counts.get(parts[0]!.trim()) ?? 0) + 1);
  }
  if (counts.size < 2 && ![...counts.values()].some((count) => count >= 2)) return null;
  return {
    id: 'name-dot',
    title: `the names before the first dot: ${list(labels.values())}`,
    classes: labels,
    groups: new Map(),
  };
}

/** Field patterns: `dog_1`, `0_george_3`, `person01_boxing_d1`; without fields the word before a number: `dog (2)`. */
function readFields(paths: readonly string[]): Reading[] {
  const stems = paths.map((path) => stemOf(path).normalize('NFC').trim());
  const signs = ['_', '-', ' '].filter((sign) => stems.every((stem) => stem.includes(sign)));
  for (const sign of signs) {
    const rows = stems.map((stem) => stem.split(sign).map((field) => field.trim()));
    const width = rows[0]!.length;
    if (width < 2 || width > 8 || rows.some((row) => row.length !== width)) continue;
    const columns = Array.from({ length: width }, (_, i) => rows.map((row) => row[i]!));
    const isPerson = (i: number) => columns[i]!.every((value) => PERSON.test(value));
    const kinds = columns.map((values) => new Set(values).size);
    const mayBe = (i: number) =>
      kinds[i]! >= 2 &&
      kinds[i]! <= paths.length / 2 &&
      !isPerson(i) &&
      columns[i]!.every((value) => value && !isStamp(value) && !DEVICE.test(squash(value.replace(/\d+$/, '')))) &&
      // Numbers are classes only in front, where people write what is in the file (0_george_3), and not behind, where they count.
      (i === 0
        ? width > 2 || columns[i]!.some((value) => /\p{L}/u.test(value))
        : columns[i]!.every((value) => /\p{L}/u.test(value)));
    const able = columns.map((_, i) => i).filter(mayBe);
    if (able.length === 0) continue;
    return able.slice(0, 2).map((at): Reading => {
      const classes = new Map(paths.map((path, i) => [path, columns[at]![i]!]));
      const groupAt = columns.findIndex((_, i) => i !== at && (isPerson(i) || (able.includes(i) && kinds[i]! >= 2)));
      const groups =
        groupAt < 0 ? new Map<string, string>() : new Map(paths.map((path, i) => [path, columns[groupAt]![i]!]));
      const useful = usefulGroups(classes, groups);
      const pattern = columns
        .map((_, i) => (i === at ? '{class}' : i === groupAt && useful.size ? '{group}' : '…'))
        .join(sign);
      return {
        id: at === able[0] ? 'name' : 'name-2',
        title: `the names, ${pattern}: ${list(classes.values())}`,
        classes,
        groups: useful,
      };
    });
  }
  const words = new Map<string, string>();
  const plain = stems.map((stem) => stem.replace(COPY, ''));
  paths.forEach((path, i) => {
    const word = /^(.*?\p{L}[^\d]*?)[ _.-]*\(?\d{1,5}\)?$/u.exec(plain[i]!)?.[1]?.trim();
    if (word && !isStamp(stems[i]!) && !DEVICE.test(squash(word))) words.set(path, word);
  });
  // The first of a row has no number: `dog`, `dog (1)`, `dog copy`.
  const counted = new Set(words.values());
  const times = new Map<string, number>();
  for (const stem of plain) times.set(stem, (times.get(stem) ?? 0) + 1);
  paths.forEach((path, i) => {
    const isCopied = plain[i] !== stems[i] || times.get(plain[i]!)! > 1;
    if (!words.has(path) && !isStamp(stems[i]!) && (counted.has(plain[i]!) || isCopied)) words.set(path, plain[i]!);
  });
  const kinds = new Set(words.values()).size;
  if (words.size < paths.length || kinds < 2 || kinds > paths.length / 2) return [];
  return [
    { id: 'name', title: `the names before their numbers: ${list(words.values())}`, classes: words, groups: new Map() },
  ];
}

/** Whether values are words and not numbers or single letters: then they say more than the folder around them. */
const areWords = (values: Iterable<string>) => [...values].every((value) => /\p{L}.*\p{L}/u.test(value));

/**
 * Parts of an import from its folders. Where lists name every class, no folder does: then one called `train` is a part whatever is beside it.
 * @param open those of `paths` whose class no list names.
 */
export function partsOfFolders(
  paths: readonly string[],
  open: readonly string[],
  hasClassFolders: boolean,
): ReadonlyMap<string, Part> {
  return readStructure(paths, hasClassFolders && open.length > 0).parts;
}

/**
 * Reads an import.
 * @param media paths of its examples; `/` between folders.
 * @param hasClassFolders false where folders say no class (boxes): then only parts are read.
 */
export function readStructure(media: readonly string[], hasClassFolders = true): Structure {
  const chains = new Map(media.map((path) => [path, path.split('/').slice(0, -1).filter(Boolean)]));
  const parts = takeParts(chains, hasClassFolders);
  const none: Reading = {
    id: 'none',
    title: 'none yet: the files come in without',
    classes: new Map(),
    groups: new Map(),
  };
  if (!hasClassFolders) return { parts, readings: [none], question: null };
  takeWrappers(chains);
  // One folder around files that name their classes is only a folder.
  const lone = new Set([...chains.values()].map((chain) => chain.join('/')));
  const isFlat = lone.size <= 1;
  const dotted = readDotted(media.filter((path) => chains.get(path)!.length === 0 || isFlat));
  const folders = readFolders(chains);
  if (dotted && isFlat) return { parts, readings: [dotted, ...folders.readings, none], question: null };
  if (folders.readings.length > 0 && !isFlat) {
    const readings = folders.readings.map((reading) =>
      dotted ? { ...reading, classes: new Map([...dotted.classes, ...reading.classes]) } : reading,
    );
    return { parts, readings: [...readings, none], question: folders.question };
  }
  const hasFolder = folders.readings.length > 0;
  const fields = (media.length >= 4 ? readFields(media) : []).filter(
    ({ classes }) => !hasFolder || areWords(classes.values()),
  );
  if (fields.length === 0) return { parts, readings: [...folders.readings, none], question: null };
  return {
    parts,
    readings: [...fields, ...folders.readings, none],
    question: `Names such as ${fileName(media[0]!)} seem to say a class: are the classes ${list(fields[0]!.classes.values())}?`,
  };
}
