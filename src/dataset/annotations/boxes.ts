/** Annotation files of pictures in an import: which picture gets which boxes, and what is odd about them. Any thread. */
import type { Rect } from '../../domain/boxes.ts';
import type { InspectedMedia, MediaItem } from '../../domain/project.ts';
import { collectPictureAnnotations } from './collect.ts';
import type { PictureNote, TextFile } from './notes.ts';
import { placeBoxes } from './place.ts';
import type { ImportRemark, Named, ReadAnnotations } from './reader.ts';
import { MOST_ANNOTATION_BYTES, readText } from './text.ts';

/** Whether a picture is done with what a file says of it: it has boxes, or the file says that it has none. Boxes that could not be read leave it to do. */
const isDoneBy = (note: PictureNote | undefined, kept: number): boolean =>
  note !== undefined && (kept > 0 || (note.boxes.length === 0 && !note.isPartial));

const isText = (path: string) => /\.(json|jsonl|xml|csv|tsv|txt|ya?ml|names|labels|data|pbtxt)$/i.test(path);
const isVideo = (path: string) => /\.(mp4|mov|m4v|webm|mkv)$/i.test(path);

function place(
  path: string,
  { media }: Pick<InspectedMedia, 'media'>,
  note: PictureNote,
  remark: (remark: ImportRemark) => void,
): (Rect & { label: string })[] {
  if (!('height' in media)) return [];
  const { boxes, remarks } = placeBoxes(
    note,
    media.width,
    media.height,
    'orientation' in media ? media.orientation : 1,
  );
  for (const { reason, isKept } of remarks) remark({ path, reason, isAdded: isKept });
  return boxes;
}

/** See the file header. */
export const readBoxFiles: ReadAnnotations = async (files, items, remark) => {
  const texts: TextFile[] = [];
  const tooLarge: string[] = [];
  for (const file of files) {
    if (!isText(file.path)) continue;
    if (file.blob.size < MOST_ANNOTATION_BYTES) texts.push({ path: file.path, text: await readText(file.blob) });
    else tooLarge.push(file.path);
  }
  const media = files.map(({ path }) => path).filter((path) => !isText(path));
  // A note that names a video is for none of its frames.
  const given = media.filter((path) => !isVideo(path));
  // Without pictures of their own they are for those of the project.
  const isForProject = media.length === 0;
  const { notes, remarks, parts, used } = collectPictureAnnotations(
    texts,
    isForProject ? items.map(({ path }) => path) : given,
  );
  for (const path of tooLarge) {
    used.add(path);
    remarks.push({
      path,
      reason: 'It is too large for annotations (60 MB at most).',
      isAdded: false,
      advice: 'Split it, or save it with fewer pictures.',
    });
  }
  for (const one of remarks) remark(one);
  // Notes of people beside their pictures are nothing to import.
  for (const { path } of texts) {
    if (used.has(path)) continue;
    used.add(path);
    remark({ path, reason: 'It holds no annotations this app can read.', isAdded: false });
  }
  const known = (isForProject ? items : []).flatMap((item: MediaItem) => {
    const note = notes.get(item.path);
    if (!note) return [];
    const boxes = place(item.path, item, note, remark);
    return [{ item, boxes, isDone: isDoneBy(note, boxes.length) }];
  });
  return {
    used,
    known,
    hasClassOf: () => false,
    partOf: (path) => parts.get(path) ?? null,
    groupOf: () => null,
    name: (path, found, _className, note) =>
      found.map((one): Named => {
        const own = notes.get(path);
        if (!own && notes.size > 0)
          note({ path, reason: 'The annotations do not name it: it is not annotated yet.', isAdded: true });
        const list = own ? place(path, one, own, note) : [];
        return { media: one, className: null, boxes: { list, isDone: isDoneBy(own, list.length) } };
      }),
  };
};
