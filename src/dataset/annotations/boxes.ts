/** Annotation files of pictures in an import, of any format: which picture gets which boxes and part. Any thread. */
import { XMLValidator } from 'fast-xml-parser';
import { collectPictureAnnotations } from './collect.ts';
import type { TextFile } from './notes.ts';
import { nothingListed, type ReadLists } from './reader.ts';
import { linesOf, MOST_ANNOTATION_BYTES, readWritten } from './text.ts';

const isText = (path: string) => /\.(json|jsonl|xml|csv|tsv|tab|txt|ya?ml|names|labels|data|pbtxt)$/i.test(path);
const isVideo = (path: string) => /\.(mp4|mov|m4v|webm|mkv)$/i.test(path);

/** Why a text gave nothing: it is no whole XML, or nothing in it is known. */
function whyUnread(text: string, path: string): { reason: string; advice?: string } {
  const advice = 'Save it again where it comes from.';
  if (/\.xml$/i.test(path)) {
    const checked = XMLValidator.validate(text);
    if (checked !== true)
      return { reason: `It is cut off or damaged: line ${checked.err.line} is no XML (${checked.err.msg}).`, advice };
  }
  if (
    /\.txt$/i.test(path) &&
    linesOf(text)
      .slice(0, 20)
      .some((line) => (line.match(/-?\d+(?:[.,]\d+)?/g) ?? []).length >= 4)
  )
    return {
      reason: 'Its lines have numbers, but are no lines of YOLO.',
      advice: 'A line of YOLO is a class number and four numbers from 0 to 1: centre, width and height of the box.',
    };
  return {
    reason: 'It holds no annotations this app can read.',
    advice:
      'Boxes come in as Create ML, COCO, YOLO, Pascal VOC, CSV, VIA, LabelMe, VoTT, Label Studio or Edge Impulse.',
  };
}

/** See the file header. */
export const listBoxes: ReadLists = async (files, known) => {
  const texts: TextFile[] = [];
  const tooLarge: string[] = [];
  const guesses = new Map<string, string>();
  for (const file of files) {
    if (!isText(file.path)) continue;
    if (file.blob.size >= MOST_ANNOTATION_BYTES) {
      tooLarge.push(file.path);
      continue;
    }
    const { text, guess } = await readWritten(file.blob);
    texts.push({ path: file.path, text });
    if (guess) guesses.set(file.path, guess);
  }
  const media = files.map(({ path }) => path).filter((path) => !isText(path));
  // Without pictures of their own they are for those of the project.
  const isForProject = media.length === 0;
  // A note that names a video is for none of its frames.
  const found = collectPictureAnnotations(texts, isForProject ? known : media.filter((path) => !isVideo(path)));
  const { notes, remarks, parts, used } = found;
  for (const [path, reason] of guesses) if (used.has(path)) remarks.push({ path, reason, isAdded: true });
  for (const path of tooLarge) {
    used.add(path);
    remarks.push({
      path,
      reason: 'It is too large for annotations (60 MB at most).',
      isAdded: false,
      advice: 'Split it, or save it with fewer pictures.',
    });
  }
  // Notes of people beside their pictures are nothing to import.
  for (const { path, text } of texts) {
    if (used.has(path)) continue;
    used.add(path);
    remarks.push({ path, ...whyUnread(text, path), isAdded: false });
  }
  return { ...nothingListed('boxes'), used, remarks, parts, notes, isForProject };
};
