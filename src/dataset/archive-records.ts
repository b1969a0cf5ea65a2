/**
 * The records of an archive, checked before one of them is stored: an archive may come from anywhere. Any thread; pure. What is checked is what the app relies on;
 * unknown fields stay.
 */
import * as v from 'valibot';
import { fileHashOf, stretchOfHash } from '../domain/stretch.ts';
import { upgradeItem, upgradeReport, upgradeSource } from '../domain/task-upgrade.ts';
import { isTaskKind, TASKS, type Modality } from '../domain/task.ts';

/** Newest archive version this build reads, and the one it writes. Version 1 had records without modality and problem, version 2 no stretches of sounds. */
export const ARCHIVE_VERSION = 3;

/** Any text. */
export const text = v.string();
const MOST_RECORDS = 200_000;
/** Points of a learning curve, lines of a log: more than any run makes, less than a page can draw. */
const MOST_POINTS = 20_000;
/** Identities stand in addresses and in names of files. */
const identity = v.pipe(text, v.regex(/^[\w.-]{1,80}$/));
const finite = v.pipe(v.number(), v.finite());
const positive = v.pipe(finite, v.gtValue(0));
const ratio = v.pipe(finite, v.minValue(-1e-6), v.maxValue(1 + 1e-6));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const list = <S extends v.GenericSchema>(item: S, most = MOST_RECORDS) => v.pipe(v.array(item), v.maxLength(most));
const Part = v.picklist(['training', 'validation', 'testing']);

const modalities = [...new Set(Object.values(TASKS).map(({ modality }) => modality))];
const problems = [...new Set(Object.values(TASKS).map(({ problem }) => problem))];
const Clip = { durationSec: v.pipe(finite, v.minValue(0)) };
const Sides = { width: positive, height: positive };
/** Levels of a file with a broken sample are no numbers, which JSON writes as null. */
const level = v.nullable(v.number());
const MEDIA: Record<Modality, v.ObjectEntries> = {
  sound: {
    ...Clip,
    sampleRateHz: positive,
    channelCount: count,
    peakDb: level,
    rmsDb: level,
    stretch: v.optional(v.looseObject({ startSec: finite, endSec: finite, fileSec: finite })),
  },
  movement: {
    ...Clip,
    ...Sides,
    source: v.picklist(['video', 'landmarks']),
    startSec: finite,
    endSec: finite,
    fileSec: finite,
    frameRateHz: positive,
    joints: v.optional(list(text, 1000)),
  },
  picture: { ...Sides, orientation: v.optional(v.pipe(count, v.minValue(1), v.maxValue(8))) },
};
const Media = v.variant(
  'kind',
  modalities.map((kind) => v.looseObject({ kind: v.literal(kind), ...MEDIA[kind] })),
);
const Box = v.looseObject({ id: text, classId: text, x: ratio, y: ratio, width: ratio, height: ratio });
const Label = v.variant('kind', [
  v.looseObject({ kind: v.literal('class'), classId: v.nullable(text) }),
  v.looseObject({ kind: v.literal('boxes'), boxes: list(Box, 10_000), isDone: v.boolean() }),
]);
const Scored = v.looseObject({ itemId: text, path: text });

/** `project.json` of an archive. */
export const ProjectFile = v.object({
  project: v.looseObject({
    id: identity,
    name: text,
    kind: v.custom<string>(isTaskKind, 'a task of this version'),
    classes: list(
      v.looseObject({ id: identity, name: text, color: v.pipe(count, v.minValue(1), v.maxValue(10)) }),
      10_000,
    ),
    createdAtMs: finite,
    openedAtMs: finite,
    nextColor: v.pipe(count, v.minValue(1), v.maxValue(10)),
  }),
  items: list(
    v.looseObject({
      id: identity,
      projectId: identity,
      name: text,
      path: text,
      hash: text,
      bytes: count,
      media: Media,
      label: Label,
      part: v.picklist(['training', 'validation', 'testing', 'background']),
      recording: text,
      session: text,
      addedAtMs: finite,
    }),
  ),
  sources: list(
    v.looseObject({
      id: identity,
      projectId: identity,
      name: text,
      createdAtMs: finite,
      status: v.picklist(['untrained', 'training', 'paused', 'done', 'failed']),
      settings: v.looseObject({
        algorithm: text,
        seed: finite,
        iterations: v.nullable(count),
        validation: text,
        keepTogether: v.picklist(['recording', 'session', 'pattern']),
        groupPattern: v.pipe(text, v.maxLength(200)),
        modality: v.looseObject({ kind: v.picklist(modalities) }),
        problem: v.looseObject({ kind: v.picklist(problems) }),
      }),
      plannedIterations: count,
      iteration: count,
      bestIteration: v.nullable(count),
      curve: list(v.looseObject({ iteration: count, trainingLoss: v.number() }), MOST_POINTS),
      snapshots: list(v.looseObject({ iteration: count }), 1000),
      log: list(v.looseObject({ text }), MOST_POINTS),
      scores: v.looseObject({}),
      data: v.nullable(
        v.looseObject({
          training: list(text),
          validation: list(text),
          hashes: list(text),
          classIds: list(text),
          classNames: list(text),
        }),
      ),
    }),
    1000,
  ),
  reports: list(
    v.variant('kind', [
      v.looseObject({
        kind: v.literal('class'),
        sourceId: identity,
        part: Part,
        clipAccuracy: ratio,
        windowAccuracy: ratio,
        classes: list(v.looseObject({ label: text })),
        confusion: v.looseObject({ labels: list(text), rows: list(list(finite)) }),
        items: list(v.looseObject({ ...Scored.entries, label: text, predicted: text, scores: list(finite) })),
      }),
      v.looseObject({
        kind: v.literal('boxes'),
        sourceId: identity,
        part: Part,
        map50: ratio,
        map: ratio,
        labels: list(text),
        classes: list(v.looseObject({ label: text, curve: list(v.looseObject({})) })),
        bestThreshold: finite,
        pictures: list(
          v.looseObject({ ...Scored.entries, truth: list(v.looseObject({})), found: list(v.looseObject({})) }),
        ),
      }),
    ]),
    3000,
  ),
  media: list(v.object({ hash: text, path: text, type: text })),
  pictures: list(v.object({ hash: text, peaks: count, spectrogram: count, poster: v.optional(count, 0) })),
  weights: list(v.object({ sourceId: text, kind: text, path: text })),
});

type Content = v.InferOutput<typeof ProjectFile>;

/** What does not fit together in records that are right each on its own, in words; null when all does. */
export function checkRecords({ project, items, sources, reports, weights, media, pictures }: Content): string | null {
  const { modality, problem } = TASKS[project.kind as keyof typeof TASKS];
  const twice = (ids: readonly string[]) => new Set(ids).size < ids.length;
  if (twice(project.classes.map(({ id }) => id))) return 'two classes have one identity';
  if (twice(items.map(({ id }) => id))) return 'two examples have one identity';
  if (twice(sources.map(({ id }) => id))) return 'two model sources have one identity';
  const known = new Set(media.map(({ hash }) => hash));
  for (const item of items) {
    if (item.projectId !== project.id) return `${item.name} belongs to another project`;
    if (!known.has(fileHashOf(item.hash))) return `the file of ${item.name} is missing`;
    const stretch = stretchOfHash(item.hash);
    if (item.hash.includes('@') && !(stretch && stretch.endSec > stretch.startSec))
      return `${item.name} is no stretch of its file`;
    if (item.media.kind !== modality) return `${item.name} is no example of this kind of project`;
    if ((item.label.kind === 'boxes') !== (problem !== 'classification'))
      return `${item.name} has a label of another kind of project`;
  }
  for (const { projectId, settings } of sources) {
    if (projectId !== project.id) return 'a model source belongs to another project';
    if (settings.modality.kind !== modality || settings.problem.kind !== problem)
      return 'a model source has settings of another kind of project';
  }
  const ids = new Set(sources.map(({ id }) => id));
  if ([...reports, ...weights].some(({ sourceId }) => !ids.has(sourceId)))
    return 'a model source belongs to another project';
  // Numbers are added up when pictures.bin is read.
  return pictures.every(({ hash }) => known.has(fileHashOf(hash))) ? null : 'a small picture belongs to no file';
}

/** `project.json` of version 1 with records as they are now; what is no such file is left for the check to refuse. */
export function upgradeProjectFile(raw: unknown): unknown {
  if (typeof raw !== 'object' || raw === null) return raw;
  const file = raw as Record<string, unknown>;
  const each = (value: unknown, upgrade: (record: unknown) => unknown) =>
    Array.isArray(value)
      ? value.map((record: unknown) => (typeof record === 'object' && record !== null ? upgrade(record) : record))
      : value;
  return {
    ...file,
    items: each(file.items, upgradeItem),
    sources: each(file.sources, (record) =>
      'settings' in (record as object) && (record as { settings: unknown }).settings ? upgradeSource(record) : record,
    ),
    reports: each(file.reports, upgradeReport),
  };
}
