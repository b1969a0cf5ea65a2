/** Models that come in: what this app exported in any format, and Teachable Machine's image models. Any thread; pure. */
import * as v from 'valibot';
import type { PathFile } from '../dataset/index.ts';
import { ANSWERING } from '../domain/answering.ts';
import type { ModelArtifact } from '../domain/model.ts';
import { StudioError } from '../kernel/errors.ts';
import { asRead, classesOf, readBundle, readDescription, type ReadBundle } from './bundle.ts';
import type { ReadFile } from './contract.ts';
import type { BundleSlot } from './slot.ts';

/** A file of each kind says how it is opened. `unzip` gives the files of a zip, `readFile` what is in a TFLite, ONNX or Core ML file. */
export type OpenTools = {
  unzip: (blob: Blob) => Promise<PathFile[]>;
  readFile: (file: Blob, name: string) => Promise<ReadFile>;
};

/** A model that came in, and the files of pretrained networks beside it. */
export type OpenedBundle<S extends BundleSlot> = ReadBundle<S> & { networkFiles: PathFile[] };

const refuse = (name: string, reason: string, cause?: unknown) =>
  new StudioError('export/model-damaged', { message: `${name} was not opened: ${reason}`, cause });

/** Files that a page of one file carries (export/runtime-files.ts). */
async function carriedFiles(blob: Blob): Promise<PathFile[]> {
  const text = await blob.text();
  const files: PathFile[] = [];
  for (const [, path, base64] of text.matchAll(
    /<script type="text\/plain" data-file="([^"]+)">([A-Za-z0-9+/=]*)<\/script>/g,
  )) {
    const bytes = Uint8Array.from(atob(base64!), (char) => char.charCodeAt(0));
    const packed = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    // The engines are the app's own already.
    if (!/^(engine\.wasm|litert\.bin|third-party-notices\.txt)$/.test(path!))
      files.push({ path: path!, blob: await new Response(packed).blob() });
  }
  return files;
}

/** Topmost folder that holds a model. */
function folderOf(files: readonly PathFile[]): string {
  const models = files.map(({ path }) => path).filter((path) => /(^|\/)model\.json$/.test(path));
  return (models.toSorted((a, b) => a.length - b.length)[0] ?? '').replace(/model\.json$/, '');
}

const TmMetadata = v.object({
  packageName: v.optional(v.string()),
  modelName: v.optional(v.string()),
  labels: v.pipe(v.array(v.string()), v.minLength(2)),
  imageSize: v.optional(v.number()),
});
type TmModel = {
  modelTopology: unknown;
  weightsManifest: { paths: string[]; weights: ModelArtifact['weightSpecs'] }[];
};

/** Models here answer with logits: the softmax at the end of a topology becomes nothing. */
function withoutSoftmax(topology: unknown): string {
  const text = JSON.stringify(topology);
  const at = text.lastIndexOf('"activation":"softmax"');
  return at < 0 ? text : `${text.slice(0, at)}"activation":"linear"${text.slice(at + '"activation":"softmax"'.length)}`;
}

/** An image model of Teachable Machine: MobileNet and a small head on pictures of 224 pixels, values −1 to 1. */
async function readTeachable<S extends BundleSlot>(
  slots: readonly S[],
  name: string,
  file: (path: string) => Blob | null,
): Promise<ReadBundle<S>> {
  const metadata = v.safeParse(TmMetadata, JSON.parse(await file('metadata.json')!.text()));
  if (!metadata.success) throw refuse(name, 'its metadata.json names no classes.');
  const { packageName = '', modelName, labels, imageSize = 224 } = metadata.output;
  const slot = slots.find(({ teachable }) => teachable === packageName || (teachable && packageName === ''));
  if (!slot)
    throw refuse(
      name,
      `it is a model of ${packageName}: its features are computed by a library this app does not have. Its examples can be opened here instead (the .tm project, or the samples as zip), and trained on.`,
    );
  const { modelTopology, weightsManifest } = JSON.parse(await file('model.json')!.text()) as TmModel;
  const parts = weightsManifest.flatMap(({ paths }) => paths.map((path) => file(path)));
  if (parts.some((part) => part === null)) throw refuse(name, 'weights.bin is missing.');
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
  const weights = await new Blob(parts as Blob[]).arrayBuffer();
  const expected = weightSpecs.reduce((sum, { shape }) => sum + 4 * shape.reduce((a, b) => a * b, 1), 0);
  if (expected !== weights.byteLength)
    throw refuse(name, `its weights have ${weights.byteLength} bytes instead of ${expected}: it is cut off.`);
  return {
    slot,
    name: modelName ?? '',
    calibration: null,
    answering: ANSWERING,
    model: {
      topology: withoutSoftmax(modelTopology),
      weightSpecs,
      weights,
      classes: classesOf(labels),
      preprocessing: {
        kind: 'picture-pixels',
        network: null,
        networkFiles: [],
        pixels: imageSize,
        mean: 127.5,
        deviation: 127.5,
        shape: [imageSize, imageSize, 3],
      },
    },
  };
}

/**
 * @param slots of the tasks there are. @param given a zip, a page, or the files of a folder.
 * @returns the model, and the networks' files beside it. @throws StudioError `export/model-damaged` with what it is and what to do.
 */
export async function openExported<S extends BundleSlot>(
  slots: readonly S[],
  given: readonly PathFile[],
  tools: OpenTools,
): Promise<OpenedBundle<S>> {
  const [first] = given;
  if (!first) throw refuse('Nothing', 'no file was chosen.');
  const name = first.path.replace(/^.*\//, '');
  try {
    return await open(slots, given, first, name, tools);
  } catch (error) {
    if (error instanceof StudioError) throw error;
    // What is cut off or was changed fails in its packing, or in its JSON.
    throw refuse(name, `it is damaged, or cut off (${error instanceof Error ? error.message : String(error)}).`, error);
  }
}

async function open<S extends BundleSlot>(
  slots: readonly S[],
  given: readonly PathFile[],
  first: PathFile,
  name: string,
  { unzip, readFile }: OpenTools,
): Promise<OpenedBundle<S>> {
  let files = given;
  if (given.length === 1 && /\.zip$/i.test(name)) files = await unzip(first.blob);
  else if (/\.html?$/i.test(name)) files = await carriedFiles(first.blob);
  else if (given.length === 1 && /\.(tflite|onnx|mlmodel)$/i.test(name)) {
    const { description, layers } = await readFile(first.blob, name);
    return { ...asRead(readDescription(slots, description), layers, ''), networkFiles: [] };
  }
  const folder = folderOf(files);
  const inside = new Map(
    files.filter(({ path }) => path.startsWith(folder)).map(({ path, blob }) => [path.slice(folder.length), blob]),
  );
  if (!inside.has('model.json'))
    throw refuse(name, 'there is no model.json in it. A model exported by this app is a zip with one, or a web page.');
  const file = (path: string) => inside.get(path) ?? null;
  if (!inside.has('preprocessing.json') && inside.has('metadata.json'))
    return { ...(await readTeachable(slots, name, file)), networkFiles: [] };
  const read = await readBundle(slots, async (path) => file(path));
  const networkFiles = [...inside]
    .filter(([path]) => /^[^/]+\.(tflite|onnx|zip|pt)$/.test(path) && !/^model\b/.test(path))
    .map(([path, blob]) => ({ path, blob }));
  return { ...read, networkFiles };
}
