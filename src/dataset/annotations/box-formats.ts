/** The formats of boxes this app reads: one file each, tried in turn. Any thread; pure. */
import { CREATE_ML, readCreateMl } from './create-ml.ts';
import { COCO, readCoco } from './coco.ts';
import { CSV } from './csv.ts';
import { CVAT, readCvat } from './cvat.ts';
import { EDGE_IMPULSE, readEdgeImpulse } from './edge-impulse.ts';
import type { FormatTable } from './format.ts';
import { LABEL_STUDIO, readLabelStudio } from './label-studio.ts';
import { LABELME, readLabelMe } from './labelme.ts';
import { isObject, type PictureAnnotations } from './notes.ts';
import { HUGGING_FACE, readHuggingFace } from './hugging-face.ts';
import { readVia, VIA } from './via.ts';
import { readVoc, VOC } from './voc.ts';
import { readVott, VOTT } from './vott.ts';
import { YOLO } from './yolo.ts';

/** Their tables, in the order of the documentation. */
export const BOX_FORMATS: readonly FormatTable[] = [
  CREATE_ML,
  COCO,
  YOLO,
  VOC,
  CSV,
  LABEL_STUDIO,
  CVAT,
  VIA,
  LABELME,
  VOTT,
  EDGE_IMPULSE,
  HUGGING_FACE,
];

/** JSON of any format. null when it is none of them. */
export function readBoxJson(whole: unknown, path: string): PictureAnnotations | null {
  if (isObject(whole)) {
    const read =
      readCoco(whole) ?? readEdgeImpulse(whole) ?? readLabelMe(whole, path) ?? readVott(whole) ?? readVia(whole);
    if (read) return read;
  }
  // A list of nothing annotates nothing.
  if (Array.isArray(whole) && whole.length === 0) return { notes: [], faults: [] };
  return readHuggingFace(whole) ?? readLabelStudio(whole) ?? readCreateMl(whole);
}

/** XML of any format. null when it is none of them. */
export const readBoxXml = (text: string, path: string): PictureAnnotations | null =>
  readVoc(text, path) ?? readCvat(text);
