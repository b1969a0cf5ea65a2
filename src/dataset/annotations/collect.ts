/**
 * The annotation files of an import of pictures, whatever their formats (box-formats.ts): which picture gets which boxes and part. Any thread; pure. What is odd is
 * listed, never guessed silently.
 */
import type { Part } from '../../domain/project.ts';
import { fileName } from '../labels.ts';
import { partOfListName, partOfWord } from '../parts.ts';
import { readBoxJson, readBoxXml } from './box-formats.ts';
import { readClassCodes, readCsv } from './csv.ts';
import { FileIndex } from './file-index.ts';
import { type NotedBox, type PictureAnnotations, type PictureNote, type TextFile } from './notes.ts';
import { formatCount } from '../../kernel/format.ts';
import { parseJson } from '../../kernel/json.ts';
import type { ImportRemark } from './reader.ts';
import { linesOf } from './text.ts';
import { readYoloLine, readYoloSet, type YoloSet } from './yolo.ts';

/** What all annotation files of an import say: notes by the path of their picture, what is odd, parts of pictures, and the files that were read. */
export type CollectedAnnotations = {
  notes: Map<string, PictureNote>;
  remarks: ImportRemark[];
  parts: Map<string, Part>;
  used: Set<string>;
};

const stemOf = (path: string): string => fileName(path).replace(/\.[^.]*$/, '');
const folderOf = (path: string) => path.slice(0, path.lastIndexOf('/') + 1);
const some = (names: readonly string[]) =>
  `${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`;

/** Works through the files of one import. */
class Collector implements CollectedAnnotations {
  readonly notes = new Map<string, PictureNote>();
  readonly remarks: ImportRemark[] = [];
  readonly parts = new Map<string, Part>();
  readonly used = new Set<string>();
  /** Files that said something of a picture. */
  readonly #useful = new Set<string>();
  readonly #index: FileIndex;
  readonly #paths: readonly string[];
  /** File that spoke of a picture first. */
  readonly #first = new Map<string, string>();

  constructor(paths: readonly string[]) {
    this.#paths = paths;
    this.#index = new FileIndex(paths);
  }

  fault(path: string, reason: string): void {
    this.remarks.push({ path, reason, isAdded: false });
  }

  hint(path: string, reason: string): void {
    this.remarks.push({ path, reason, isAdded: true });
  }

  hasPicture(name: string, folder: string): boolean {
    return this.#index.find(name, folder) !== null;
  }

  /** Takes what a file says. */
  take(path: string, { notes, faults, hints = [] }: PictureAnnotations): void {
    this.used.add(path);
    for (const reason of faults) this.fault(path, reason);
    for (const reason of hints) this.hint(path, reason);
    const lost: string[] = [];
    // A file of many pictures may be called after a part: `instances_val2017.json`, `train.csv`.
    const part = notes.length > 1 ? partOfListName(path) : null;
    for (const note of notes) {
      if (!this.#put(path, note, part)) lost.push(note.picture);
      else if (note.boxes.length > 0 || !note.isPartial) this.#useful.add(path);
    }
    if (lost.length === 1) this.fault(path, `There is no picture ${lost[0]} among the files.`);
    else if (lost.length > 1) this.fault(path, `There are no pictures ${some(lost)} among the files.`);
  }

  #put(file: string, note: PictureNote, filePart: Part | null): boolean {
    const folder = folderOf(file);
    const names = [note.picture, ...(note.otherNames ?? [])];
    const found = names.map((name) => this.#index.find(name, folder, false, filePart)).find((one) => one !== null);
    if (!found) return false;
    const { path, others } = found;
    if (others > 0) this.fault(file, `${others + 1} pictures are called ${note.picture}. The boxes went to ${path}.`);
    const part = note.part ?? filePart;
    if (part && !this.parts.has(path)) this.parts.set(path, part);
    if (note.isSilent) return true;
    const before = this.notes.get(path);
    if (!before) {
      this.notes.set(path, { ...note, boxes: [...note.boxes] });
      this.#first.set(path, file);
      return true;
    }
    const first = this.#first.get(path)!;
    // What two files say is told apart by its file; one file may speak of a picture many times.
    if (first !== file) for (const box of before.boxes) box.from ??= first;
    const from = first === file && before.boxes[0]?.from === undefined ? {} : { from: file };
    for (const box of note.boxes) before.boxes.push({ ...box, ...from });
    before.width ??= note.width;
    before.height ??= note.height;
    if (note.isPartial) before.isPartial = true;
    return true;
  }

  /** A file of which something came in was not skipped. Call it once, at the end. */
  settle(): void {
    this.remarks.forEach((one, i) => {
      if (!one.isAdded && this.#useful.has(one.path)) this.remarks[i] = { ...one, isAdded: true, isPart: true };
    });
  }

  /** A list of pictures, one a line, all of one part. Most lines must name one. */
  takeList({ path, text }: TextFile, part: Part): boolean {
    const lines = linesOf(text).map((line) => line.trim());
    const find = (line: string) =>
      this.#index.find(line, folderOf(path)) ?? this.#index.find(line.split(/\s+/)[0]!, folderOf(path));
    if (lines.length === 0 || lines.slice(0, 200).filter(find).length * 2 < Math.min(lines.length, 200)) return false;
    this.used.add(path);
    const lost: string[] = [];
    for (const line of lines) {
      const found = find(line);
      if (!found) lost.push(line);
      else if (!this.parts.has(found.path)) this.parts.set(found.path, part);
    }
    if (lost.length < lines.length) this.#useful.add(path);
    if (lost.length > 0) this.fault(path, `These are not among the files: ${some(lost)}.`);
    return true;
  }

  /** Pictures below a folder that data.yaml names are of a part, where no list and no other folder says more. */
  takeFolder(place: string, part: Part): void {
    const tail = place
      .replace(/\\/g, '/')
      .replace(/^(\.{0,2}\/)+/, '')
      .replace(/\/+$/, '')
      .toLowerCase();
    if (!tail) return;
    for (const path of this.#paths)
      if (`/${path.toLowerCase()}`.includes(`/${tail}/`) && !this.parts.has(path)) this.parts.set(path, part);
  }
}

/** What stands in front of a list: its own name, or what data.yaml and obj.data call it. */
function partOfList(path: string, declared: ReadonlyMap<string, Part>): Part | null {
  return declared.get(fileName(path).toLowerCase()) ?? partOfWord(stemOf(path));
}

/** A folder or list that stands for two parts says nothing. */
const singlePlaces = (parts: YoloSet['parts']): YoloSet['parts'] =>
  parts.filter(([word, place]) => !parts.some(([other, same]) => other !== word && same === place));

/** Boxes of one YOLO text. @param names the list that counts for it. */
function readYolo(
  file: TextFile,
  set: YoloSet | undefined,
): { note: PictureNote; faults: string[]; unnamed: number[] } {
  const faults: string[] = [];
  const boxes: NotedBox[] = [];
  const unnamed: number[] = [];
  let [pixels, bad] = [0, 0];
  for (const line of linesOf(file.text)) {
    const read = readYoloLine(line, set?.keypoints);
    if (!read) {
      bad++;
      continue;
    }
    const { index, rect, isPixels } = read;
    if (isPixels) pixels++;
    else boxes.push({ ...rect, label: set?.names[index] ?? `class ${index}`, unit: 'ratio' });
    if (set?.names[index] === undefined) unnamed.push(index);
  }
  if (pixels > 0)
    faults.push(
      `The numbers of ${formatCount(pixels, 'box', 'boxes')} look like pixels: YOLO files hold shares of the picture, 0 to 1. Divide them by its width and height.`,
    );
  if (bad > 0)
    faults.push(`${bad} of its lines cannot be read: a line is a class number and four numbers from 0 to 1.`);
  const note = {
    picture: stemOf(file.path),
    boxes,
    width: null,
    height: null,
    ...(pixels + bad > 0 ? { isPartial: true } : {}),
  };
  return { note, faults, unnamed };
}

/** Reads the annotation files among `texts` for the pictures of an import. */
export function collectPictureAnnotations(
  texts: readonly TextFile[],
  picturePaths: readonly string[],
): CollectedAnnotations {
  const all = new Collector(picturePaths);
  const sets: { folder: string; set: YoloSet }[] = [];
  const declared = new Map<string, Part>();
  const codes = new Map<string, string>();
  const open: TextFile[] = [];
  // First what explains the others: names of classes, lists of parts.
  for (const file of texts) {
    const set = readYoloSet(file);
    const own = /\.csv$/i.test(file.path) ? readClassCodes(file.text) : null;
    if (set || own || /\.pbtxt$/i.test(file.path)) all.used.add(file.path);
    else open.push(file);
    for (const [code, name] of own ?? []) codes.set(code, name);
    if (!set) continue;
    if (set.fault) all.fault(file.path, set.fault);
    sets.push({ folder: folderOf(file.path), set });
    for (const [word, place] of singlePlaces(set.parts))
      if (/\.txt$/i.test(place)) declared.set(fileName(place.replace(/\\/g, '/')).toLowerCase(), partOfWord(word)!);
  }
  const yolo: TextFile[] = [];
  for (const file of open) {
    const { path, text } = file;
    if (/\.(json|labels|jsonl)$/i.test(path)) {
      try {
        const read = readBoxJson(/\.jsonl$/i.test(path) ? linesOf(text).map(parseJson) : parseJson(text), path);
        if (read) all.take(path, read);
      } catch (error) {
        all.used.add(path);
        all.fault(path, `It is not valid JSON: ${(error as Error).message}.`);
      }
    } else if (/\.xml$/i.test(path)) {
      const read = readBoxXml(text, path);
      if (read) all.take(path, read);
    } else if (/\.(csv|tsv|tab)$/i.test(path)) {
      const read = readCsv(text, (label) => codes.get(label) ?? label);
      if (read) all.take(path, read);
    } else if (/\.txt$/i.test(path)) {
      const isOfSet = /(?:^|\/)ImageSets\//i.test(path);
      const lines = linesOf(text);
      const good = lines.filter((line) => readYoloLine(line) !== null).length;
      // A bad line among good ones is said; it does not make the text another thing.
      const areBoxes =
        good === lines.length || (2 * good >= lines.length && all.hasPicture(stemOf(path), folderOf(path)));
      const part = areBoxes ? null : partOfList(path, declared);
      if (part && all.takeList(file, part)) continue;
      const table = areBoxes ? null : readCsv(text, (label) => codes.get(label) ?? label);
      // `trainval.txt` and lists by class say no part.
      if (table) all.take(path, table);
      else if (isOfSet) all.used.add(path);
      else if (areBoxes && (text.trim() || all.hasPicture(stemOf(path), folderOf(path)))) yolo.push(file);
    }
  }
  // The deepest folder says most.
  const places = sets.flatMap(({ set }) => singlePlaces(set.parts));
  for (const [word, place] of places.sort((a, b) => b[1].length - a[1].length))
    if (!/\.txt$/i.test(place)) all.takeFolder(place, partOfWord(word)!);
  const unnamed = new Map<number, string>();
  for (const file of yolo) {
    const near = sets
      .filter(({ folder, set }) => set.names.length > 0 && file.path.startsWith(folder))
      .sort((a, b) => b.folder.length - a.folder.length)[0];
    const own = near?.set ?? sets.find(({ set }) => set.names.length > 0)?.set;
    const keypoints =
      own?.keypoints ??
      sets.find(({ folder, set }) => set.keypoints && file.path.startsWith(folder))?.set.keypoints ??
      null;
    const read = readYolo(
      file,
      own ? { ...own, keypoints } : keypoints ? { names: [], keypoints, parts: [] } : undefined,
    );
    for (const index of read.unnamed) if (!unnamed.has(index)) unnamed.set(index, file.path);
    all.take(file.path, { notes: [read.note], faults: read.faults });
  }
  const numbers = [...unnamed.keys()].sort((a, b) => a - b);
  if (numbers.length > 0)
    all.hint(
      unnamed.get(numbers[0]!)!,
      `No list of names (data.yaml, classes.txt) names the classes ${some(numbers.map(String))}: they are called class ${numbers[0]}${numbers.length > 1 ? ' and so on' : ''}. Add the list, or rename them.`,
    );
  all.settle();
  return all;
}
