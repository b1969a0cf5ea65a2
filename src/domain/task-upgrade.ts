/**
 * Records of version 2 of the database, and of version 1 of the archive, as they are now: unions by modality and problem instead of fields that may be absent.
 * Any thread; pure. A record that has the new form already is returned as it is. Never edit: it reads what people stored.
 */
import type { MediaItem, ModelSource, Project } from './project.ts';
import type { Report } from './report.ts';

type Old = Record<string, unknown>;
type OldChange = { store: string; before: unknown; after: unknown };
const isRecord = (value: unknown): value is Old => typeof value === 'object' && value !== null;

/** An item: `sound`, `motion` or `image` become `media`; `classId`, or the boxes of `image`, become `label`. */
export function upgradeItem(record: unknown): MediaItem {
  const old = record as Old;
  if ('media' in old) return old as unknown as MediaItem;
  const { sound, motion, image, classId, ...rest } = old;
  if (isRecord(image)) {
    const { boxes, isAnnotated, width, height } = image;
    return {
      ...rest,
      media: { kind: 'picture', width, height },
      label: { kind: 'boxes', boxes, isDone: isAnnotated },
    } as unknown as MediaItem;
  }
  const label = { kind: 'class', classId: classId ?? null };
  if (isRecord(motion)) {
    const { kind: source, ...info } = motion;
    return { ...rest, media: { kind: 'movement', source, ...info }, label } as unknown as MediaItem;
  }
  return { ...rest, media: { kind: 'sound', ...(sound as Old) }, label } as unknown as MediaItem;
}

/** Settings: what belongs to the modality and to the problem goes into a part of its own. */
export function upgradeSettings(settings: unknown): ModelSource['settings'] {
  const old = settings as Old;
  if ('modality' in old) return old as unknown as ModelSource['settings'];
  const { windowSec, overlapRatio, balanceClasses, augment, head, motion, vision, ...common } = old;
  if (isRecord(vision)) {
    const { tiles, mosaic, unfreezeFrom, ...picture } = vision;
    return {
      ...common,
      modality: { kind: 'picture', ...picture },
      problem: { kind: 'detection', tiles, mosaic, ...(unfreezeFrom === undefined ? {} : { unfreezeFrom }) },
    } as unknown as ModelSource['settings'];
  }
  const modality = isRecord(motion)
    ? { kind: 'movement', windowSec, overlapRatio, ...motion }
    : { kind: 'sound', windowSec, overlapRatio, augment };
  return {
    ...common,
    modality,
    problem: { kind: 'classification', balanceClasses, head: head ?? 'linear' },
  } as unknown as ModelSource['settings'];
}

/** A model source, with its settings. */
export const upgradeSource = (record: unknown): ModelSource => {
  const old = record as ModelSource;
  return { ...old, settings: upgradeSettings(old.settings) };
};

/** A report says what it judges: classes, which had no `kind`, or boxes. */
export const upgradeReport = (record: unknown): Report => {
  const old = record as Old;
  return { ...old, kind: 'pictures' in old ? 'boxes' : 'class' } as unknown as Report;
};

/** One record before and after a change, in the undo history. */
export function upgradeChange(change: OldChange): OldChange {
  const upgrade: ((record: unknown) => MediaItem | ModelSource | Project) | null =
    change.store === 'items' ? upgradeItem : change.store === 'sources' ? upgradeSource : null;
  if (!upgrade) return change;
  return {
    ...change,
    before: change.before === null ? null : upgrade(change.before),
    after: change.after === null ? null : upgrade(change.after),
  };
}
