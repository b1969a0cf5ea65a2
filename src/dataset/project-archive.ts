/**
 * The project archive `.understudy.zip`: all of a project but its undo history and caches, in files a person can read. Worker thread.
 *
 * - `understudy.json`: format, version, the app that wrote it
 * - `project.json`: the records as they are stored (project, items, sources, reports) and where each clip's file is
 * - `media/{class}/{name}`: the clips, so that a plain unzip is a labelled folder; pictures lie in `media/` itself, with Create ML's `annotations.json`
 * - `pictures.bin`: small pictures, as described by `pictures` in project.json
 * - `weights/{source}/{kind}.json` and `.bin`: best model, checkpoint and snapshots; float32, little endian
 */
import * as v from 'valibot';
import { boxesOf, classIdOf, isLabelled } from '../domain/label.ts';
import type { MediaItem } from '../domain/project.ts';
import { fileHashOf, stretchOfHash } from '../domain/stretch.ts';
import { required } from '../kernel/assert.ts';
import { hashBlob } from '../kernel/content-hash.ts';
import { StudioError } from '../kernel/errors.ts';
import { ARCHIVE_VERSION, checkRecords, ProjectFile, text, upgradeProjectFile } from './archive-records.ts';
import { writeCreateMl } from './annotations/create-ml.ts';
import { Names, safeName as safe } from './saving/set.ts';
import type { StoredPicture, StoredWeights } from './schema.ts';
import type { Store, WholeProject } from './store.ts';

export { ARCHIVE_VERSION } from './archive-records.ts';

/** One file of an archive; its content is read when its turn comes. */
export type ArchiveFile = { path: string; read: () => Promise<Blob> };

const WeightsFile = v.looseObject({
  model: v.looseObject({
    topology: text,
    weightSpecs: v.array(v.looseObject({})),
    classes: v.array(v.looseObject({})),
  }),
  weightBytes: v.number(),
  state: v.nullable(
    v.object({ numbers: v.record(text, v.number()), arrays: v.array(v.object({ name: text, length: v.number() })) }),
  ),
});

const json = (value: unknown) => new Blob([JSON.stringify(value, null, 1)], { type: 'application/json' });

/**
 * Files of a project's archive, in order.
 * @throws StudioError `dataset/not-found`; `features/clip-missing` from `read` when a clip's file is gone.
 */
export async function archiveFiles(
  store: Store,
  projectId: string,
  savedBy: string,
  savedAtMs: number,
): Promise<ArchiveFile[]> {
  const { project, items, sources } = await store.loadProject(projectId);
  const className = new Map(project.classes.map((label) => [label.id, label.name]));
  const media: { hash: string; path: string; type: string }[] = [];
  const taken = new Names();
  // Stretches of sounds are no files of their own; their pictures are.
  const hashes = [...new Set(items.flatMap((item) => [item.hash, fileHashOf(item.hash)]))];
  const firstOf = new Map([...items].reverse().map((item) => [fileHashOf(item.hash), item]));
  for (const hash of new Set(hashes.map(fileHashOf))) {
    const item = firstOf.get(hash)!;
    const folder =
      item.label.kind === 'boxes' ? 'media' : `media/${safe(className.get(classIdOf(item) ?? '') ?? 'no class')}`;
    const name = safe(stretchOfHash(item.hash) ? item.path.replace(/^.*\//, '') : item.name);
    const dot = name.lastIndexOf('.') > 0 ? name.lastIndexOf('.') : name.length;
    const path = taken.take(`${folder}/${name.slice(0, dot)}`, name.slice(dot));
    media.push({ hash, path, type: (await store.loadType(hash)) ?? '' });
  }
  const pictures = [...(await store.loadPictures(hashes)).values()];
  const weights: { sourceId: string; kind: string; path: string }[] = [];
  for (const source of sources)
    for (const kind of await store.listWeightKinds(source.id))
      weights.push({ sourceId: source.id, kind, path: `weights/${safe(source.id)}/${safe(kind)}` });
  const reports = (await Promise.all(sources.map((source) => store.loadReports(source.id)))).flat();
  return [
    {
      path: 'understudy.json',
      read: async () => json({ format: 'understudy-project', version: ARCHIVE_VERSION, savedBy, savedAtMs }),
    },
    {
      path: 'project.json',
      read: async () =>
        json({
          project,
          items,
          sources,
          reports,
          media,
          pictures: pictures.map(({ hash, peaks, spectrogram, poster }) => ({
            hash,
            peaks: peaks.length,
            spectrogram: spectrogram.length,
            ...(poster ? { poster: poster.length } : {}),
          })),
          weights,
        }),
    },
    {
      path: 'pictures.bin',
      read: async () =>
        new Blob(
          pictures.flatMap(({ peaks, spectrogram, poster }) => [
            peaks,
            spectrogram,
            ...(poster ? [poster] : []),
          ]) as BlobPart[],
        ),
    },
    ...weights.flatMap(({ sourceId, kind, path }): ArchiveFile[] => {
      // Read once for both files: a checkpoint may be replaced by a newer one in between.
      let record: Promise<StoredWeights | null> | null = null;
      const load = async () => required(await (record ??= store.loadWeights(sourceId, kind)), 'weights');
      return [
        { path: `${path}.json`, read: async () => json(describeWeights(await load())) },
        {
          path: `${path}.bin`,
          read: async () => {
            const bytes = weightBytes(await load());
            record = null;
            return bytes;
          },
        },
      ];
    }),
    ...media.map(({ hash, path }): ArchiveFile => ({
      path,
      read: async () => {
        const blob = await store.loadBlob(hash);
        if (!blob) throw new StudioError('features/clip-missing', { details: { path } });
        return blob;
      },
    })),
    ...(items.some((item) => item.label.kind === 'boxes')
      ? [
          {
            path: 'media/annotations.json',
            read: async () => new Blob([createMlAnnotations(items, className, media)], { type: 'application/json' }),
          },
        ]
      : []),
  ];
}

/** Boxes of all annotated pictures as Create ML reads them. */
function createMlAnnotations(
  items: readonly MediaItem[],
  className: ReadonlyMap<string, string>,
  media: readonly { hash: string; path: string }[],
): string {
  const paths = new Map(media.map(({ hash, path }) => [hash, path]));
  const pictures = items.flatMap((item) => {
    const { hash, media: file } = item;
    if (!('width' in file) || item.label.kind !== 'boxes' || !isLabelled(item)) return [];
    const boxes = boxesOf(item).map(({ classId, ...rect }) => ({
      ...rect,
      label: className.get(classId) ?? 'no class',
    }));
    const { width, height } = file;
    return [{ path: paths.get(hash)!.replace(/^media\//, ''), width, height, part: 'training' as const, boxes }];
  });
  return writeCreateMl(pictures, 'annotations.json').content;
}

const isArray = (entry: [string, Float32Array | number]): entry is [string, Float32Array] =>
  typeof entry[1] !== 'number';

function describeWeights({ model, state }: StoredWeights) {
  const { weights, ...rest } = model;
  const entries = Object.entries(state ?? {});
  return {
    model: rest,
    weightBytes: weights.byteLength,
    state: state && {
      numbers: Object.fromEntries(entries.filter((entry) => !isArray(entry))),
      arrays: entries.filter(isArray).map(([name, values]) => ({ name, length: values.length })),
    },
  };
}

function weightBytes({ model, state }: StoredWeights): Blob {
  const arrays = Object.entries(state ?? {}).filter(isArray);
  return new Blob([model.weights, ...arrays.map(([, values]) => values as Float32Array<ArrayBuffer>)]);
}

/**
 * Reads an archive into records, with the ids it was saved with. Nothing is stored.
 * @param file gives the content of a path, null when the archive has none; throws when it is damaged. `type` is the MIME type to give it.
 * @param onMedia reports clips read.
 * @throws StudioError `dataset/not-an-archive`, `dataset/archive-newer`, `dataset/archive-damaged`.
 */
export async function readArchive(
  file: (path: string, type?: string) => Promise<Blob | null>,
  onMedia: (done: number, total: number) => void = () => {},
): Promise<WholeProject> {
  const damaged = (reason: string, cause?: unknown) =>
    new StudioError('dataset/archive-damaged', {
      message: `The project file is damaged or incomplete: ${reason}.`,
      cause,
    });
  const check = <S extends v.GenericSchema>(schema: S, content: unknown, path: string): v.InferOutput<S> => {
    try {
      return v.parse(schema, content);
    } catch (error) {
      const where =
        error instanceof v.ValiError
          ? ` (${(error.issues[0].path ?? []).map((step: { key: unknown }) => String(step.key)).join('.')})`
          : '';
      throw damaged(`${path} cannot be read${where}`, error);
    }
  };
  const parse = <S extends v.GenericSchema>(schema: S, content: string, path: string): v.InferOutput<S> => {
    let value: unknown;
    try {
      value = JSON.parse(content);
    } catch (error) {
      throw damaged(`${path} cannot be read`, error);
    }
    return check(schema, value, path);
  };
  const read = async (path: string, type?: string): Promise<Blob> => {
    const blob = await file(path, type);
    if (!blob) throw damaged(`${path} is missing`);
    return blob;
  };

  const head = await file('understudy.json');
  if (!head) throw new StudioError('dataset/not-an-archive');
  const about = parse(v.looseObject({ format: text, version: v.number() }), await head.text(), 'understudy.json');
  if (about.format !== 'understudy-project') throw new StudioError('dataset/not-an-archive');
  if (about.version > ARCHIVE_VERSION)
    throw new StudioError('dataset/archive-newer', { details: { version: about.version } });

  const raw: unknown = await (
    await read('project.json')
  )
    .text()
    .then((content) => JSON.parse(content) as unknown)
    .catch((cause: unknown) => Promise.reject(damaged('project.json cannot be read', cause)));
  const content = check(ProjectFile, about.version === 1 ? upgradeProjectFile(raw) : raw, 'project.json');
  const fault = checkRecords(content);
  if (fault) throw damaged(fault);
  const { project, items, sources, reports } = content as unknown as WholeProject;

  const bytes = await (await read('pictures.bin')).arrayBuffer();
  const pictures: StoredPicture[] = [];
  let at = 0;
  for (const { hash, peaks, spectrogram, poster } of content.pictures) {
    if (at + peaks + spectrogram + poster > bytes.byteLength) throw damaged('pictures.bin is too short');
    pictures.push({
      hash,
      peaks: new Uint8Array(bytes.slice(at, at + peaks)),
      spectrogram: new Uint8Array(bytes.slice(at + peaks, at + peaks + spectrogram)),
      ...(poster
        ? { poster: new Uint8Array(bytes.slice(at + peaks + spectrogram, at + peaks + spectrogram + poster)) }
        : {}),
    });
    at += peaks + spectrogram + poster;
  }

  const weights: StoredWeights[] = [];
  for (const { sourceId, kind, path } of content.weights) {
    const {
      model,
      weightBytes: size,
      state,
    } = parse(WeightsFile, await (await read(`${path}.json`)).text(), `${path}.json`);
    const values = await (await read(`${path}.bin`)).arrayBuffer();
    const expected = size + 4 * (state?.arrays ?? []).reduce((sum, { length }) => sum + length, 0);
    if (values.byteLength !== expected)
      throw damaged(`${path}.bin has ${values.byteLength} bytes instead of ${expected}`);
    let from = size;
    const arrays = (state?.arrays ?? []).map(({ name, length }) => {
      const part = new Float32Array(values.slice(from, from + 4 * length));
      from += 4 * length;
      return [name, part] as const;
    });
    weights.push({
      sourceId,
      kind,
      model: { ...(model as unknown as StoredWeights['model']), weights: values.slice(0, size) },
      state: state && { ...state.numbers, ...Object.fromEntries(arrays) },
    });
  }

  const blobs: WholeProject['blobs'] = [];
  for (const { hash, path, type } of content.media) {
    const blob = await read(path, type);
    // Files are kept by their content: a wrong one must never stand in for another.
    if ((await hashBlob(blob)) !== hash) throw damaged(`${path} is not the file it should be`);
    blobs.push({ hash, blob });
    onMedia(blobs.length, content.media.length);
  }
  return { project, items, sources, reports, pictures, weights, blobs };
}
