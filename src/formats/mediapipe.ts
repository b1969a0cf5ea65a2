/**
 * What MediaPipe asks of a TensorFlow Lite file beside its graph: metadata, and files behind it. Any thread; pure.
 * @see mediapipe/tasks/metadata/metadata_schema.fbs, object_detector_metadata_schema.fbs (google-ai-edge/mediapipe @85c0cdc7)
 */
import {
  configure,
  Uint8ArrayReader,
  Uint8ArrayWriter,
  ZipReader,
  ZipWriter,
} from '@zip.js/zip.js/lib/zip-core-native.js';
import type { Offset } from 'flatbuffers';
import { FlatWriter } from './flatbuffer.ts';
import { FormatError, type Graph } from './graph.ts';
import { writeTflite } from './write-tflite.ts';

configure({ useWebWorkers: false });

const LABELS = 'labels.txt';
const AXIS_LABELS = 2;
const CONTENT = { feature: 1, image: 2, box: 3, audio: 4 } as const;
const [RGB, NORMALISATION] = [1, 1];
/** The one kind of boxes MediaPipe knows; the order of their values is that of its decoding, whatever this says. */
const BOUNDARIES = 1;
/** The oldest reader that knows all fields used here. */
const PARSER = '1.5.0';

/** What is said of a model. */
export type TfliteAbout = { name: string; description: string; version: string; author: string; licence: string };
/** What a model takes. A sound is one channel. */
export type TfliteInput = { kind: 'image' } | { kind: 'audio'; sampleRateHz: number } | { kind: 'values' };

/** Metadata of a file with one input. */
function writeMetadata(graph: Graph, about: TfliteAbout, input: TfliteInput, inputAbout: string): Uint8Array {
  const w = new FlatWriter();
  const { builder } = w;
  const content = (kind: number, properties: Offset) =>
    w.table(3, (b) => {
      b.addFieldInt8(0, kind, 0);
      b.addFieldOffset(1, properties, 0);
    });
  const isPicture = input.kind === 'image';
  const properties = () => {
    if (isPicture)
      return content(
        CONTENT.image,
        w.table(2, (b) => b.addFieldInt8(0, RGB, 0)),
      );
    if (input.kind !== 'audio')
      return content(
        CONTENT.feature,
        w.table(0, () => {}),
      );
    const audio = w.table(2, (b) => {
      b.addFieldInt32(0, input.sampleRateHz, 0);
      b.addFieldInt32(1, 1, 0);
    });
    return content(CONTENT.audio, audio);
  };
  /** Numbers are given as they are: the graph does the rest. */
  const units = (): Offset => {
    const [mean, deviation] = [w.floats([0]), w.floats([1])];
    const options = w.table(2, (b) => {
      b.addFieldOffset(0, mean, 0);
      b.addFieldOffset(1, deviation, 0);
    });
    const unit = w.table(2, (b) => {
      b.addFieldInt8(0, NORMALISATION, 0);
      b.addFieldOffset(1, options, 0);
    });
    return w.tables([unit]);
  };
  const tensor = (name: string, text: string, inside: Offset, more: { units?: Offset; files?: Offset } = {}) => {
    const [title, description] = [w.text(name), w.text(text)];
    return w.table(7, (b) => {
      b.addFieldOffset(0, title, 0);
      b.addFieldOffset(1, description, 0);
      b.addFieldOffset(3, inside, 0);
      if (more.units) b.addFieldOffset(4, more.units, 0);
      if (more.files) b.addFieldOffset(6, more.files, 0);
    });
  };
  const given = tensor(
    graph.values[graph.inputs[0]!]!.name,
    inputAbout,
    properties(),
    isPicture ? { units: units() } : {},
  );
  const labels = () => {
    const [name, text] = [w.text(LABELS), w.text('Classes, in the order of the scores')];
    const file = w.table(5, (b) => {
      b.addFieldOffset(0, name, 0);
      b.addFieldOffset(1, text, 0);
      b.addFieldInt8(2, AXIS_LABELS, 0);
    });
    return w.tables([file]);
  };
  const outputs = graph.outputs.map((at) => {
    const { name } = graph.values[at]!;
    if (name !== 'location')
      return tensor(
        name,
        'Score of each class, 0 to 1',
        content(
          CONTENT.feature,
          w.table(0, () => {}),
        ),
        {
          files: labels(),
        },
      );
    const index = w.ints([1, 0, 3, 2]);
    const box = w.table(3, (b) => {
      b.addFieldOffset(0, index, 0);
      b.addFieldInt8(1, BOUNDARIES, 0);
    });
    return tensor(name, 'Middle y, middle x, height and width of each box, in ratios', content(CONTENT.box, box));
  });
  const [inputList, outputList] = [w.tables([given]), w.tables(outputs)];
  const detector = graph.outputs.length > 1 ? customOf(w, writeDetectorOptions(graph)) : 0;
  const subgraph = w.table(10, (b) => {
    b.addFieldOffset(2, inputList, 0);
    b.addFieldOffset(3, outputList, 0);
    if (detector) b.addFieldOffset(9, detector, 0);
  });
  const subgraphs = w.tables([subgraph]);
  const texts = [about.name, about.description, about.version, about.author, about.licence, PARSER].map((text) =>
    w.text(text),
  ) as [Offset, Offset, Offset, Offset, Offset, Offset];
  const root = w.table(8, (b) => {
    b.addFieldOffset(0, texts[0], 0);
    b.addFieldOffset(1, texts[1], 0);
    b.addFieldOffset(2, texts[2], 0);
    b.addFieldOffset(3, subgraphs, 0);
    b.addFieldOffset(4, texts[3], 0);
    b.addFieldOffset(5, texts[4], 0);
    b.addFieldOffset(7, texts[5], 0);
  });
  builder.finish(root, 'M001');
  return builder.asUint8Array().slice();
}

function customOf(w: FlatWriter, data: Uint8Array): Offset {
  const [name, bytes] = [w.text('DETECTOR_METADATA'), w.bytes(data, 16)];
  const custom = w.table(2, (b) => {
    b.addFieldOffset(0, name, 0);
    b.addFieldOffset(1, bytes, 0);
  });
  return w.tables([custom]);
}

/** How MediaPipe reads the boxes: `location` is the boxes themselves, so every anchor is the whole picture's unit. */
function writeDetectorOptions(graph: Graph): Uint8Array {
  const w = new FlatWriter();
  const { builder } = w;
  const shapeOf = (name: string) => graph.values[graph.outputs.find((at) => graph.values[at]!.name === name)!]!.shape;
  const count = shapeOf('location')[1]!;
  const classCount = shapeOf('score')[2]!;
  const anchor = w.table(4, (b) => {
    b.addFieldFloat32(2, 1, 0);
    b.addFieldFloat32(3, 1, 0);
  });
  // One table, referred to by all.
  const anchors = w.tables(new Array<Offset>(count).fill(anchor));
  const fixed = w.table(1, (b) => b.addFieldOffset(0, anchors, 0));
  const ssd = w.table(1, (b) => b.addFieldOffset(0, fixed, 0));
  const decoding = w.table(12, (b) => {
    b.addFieldInt32(0, classCount, 0);
    b.addFieldInt32(1, count, 0);
    b.addFieldInt32(2, 4, 0);
    // Asked for even without keypoints.
    b.addFieldInt32(5, 2, 0);
    for (const id of [6, 7, 8, 9]) b.addFieldFloat32(id, 1, 0);
  });
  const parser = w.text('1.0.0');
  const root = w.table(3, (b) => {
    b.addFieldOffset(0, parser, 0);
    b.addFieldOffset(1, ssd, 0);
    b.addFieldOffset(2, decoding, 0);
  });
  builder.finish(root, 'V001');
  return builder.asUint8Array().slice();
}

/** A fixed time: the same model gives the same file. */
const STAMP = new Date(2000, 0, 1);

/** Puts files behind a TensorFlow Lite file, as a zip without compression. @returns owned by the caller. */
async function attach(file: Uint8Array, files: Readonly<Record<string, string>>): Promise<Uint8Array<ArrayBuffer>> {
  const zip = new ZipWriter(new Uint8ArrayWriter(), {
    level: 0,
    offset: file.length,
    dataDescriptor: false,
    extendedTimestamp: false,
    lastModDate: STAMP,
  });
  for (const [name, text] of Object.entries(files))
    await zip.add(name, new Uint8ArrayReader(new TextEncoder().encode(text)));
  const tail = await zip.close();
  const whole = new Uint8Array(file.length + tail.length);
  whole.set(file);
  whole.set(tail, file.length);
  return whole;
}

/**
 * A TensorFlow Lite file that MediaPipe's tasks load: graph, metadata, labels. A graph with one output is a classifier; one with `location` and `score` a
 * detector whose boxes are still to be suppressed.
 * @param labels one each, without line breaks. @param files more of them, by name. @returns owned by the caller.
 */
export function writeMediapipe(
  graph: Graph,
  labels: readonly string[],
  about: TfliteAbout,
  input: TfliteInput,
  inputAbout: string,
  files: Readonly<Record<string, string>> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const metadata = { TFLITE_METADATA: writeMetadata(graph, about, input, inputAbout) };
  const file = writeTflite(graph, { description: about.description || about.name, metadata });
  return attach(file, { [LABELS]: labels.map((label) => label.replaceAll(/[\r\n]+/g, ' ')).join('\n'), ...files });
}

/** The files behind a TensorFlow Lite file, by name; none when nothing is attached. @throws FormatError when they are damaged. */
export async function readAttached(file: Uint8Array): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  try {
    const reader = new ZipReader(new Uint8ArrayReader(file));
    for (const entry of await reader.getEntries())
      if (!entry.directory)
        found.set(entry.filename, new TextDecoder().decode(await entry.getData(new Uint8ArrayWriter())));
  } catch (cause) {
    if (/End of central directory|not found/i.test(String(cause))) return found;
    throw new FormatError('the files behind the model are damaged', { cause });
  }
  return found;
}
