/** What can be read off a stored report later: whether it still speaks of the data as they are, and how groups fared. Any thread; pure. */
import { groupOf } from '../dataset/index.ts';
import { boxesOf, classIdOf } from '../domain/label.ts';
import type { ClassLabel, MediaItem, ModelSource } from '../domain/project.ts';
import type { ItemPrediction, Report } from '../domain/report.ts';

/** Whether examples came, went or were labelled anew after a report was made. @param items of the report's part, as they are now. */
export function isStaleReport(
  report: Report,
  items: readonly MediaItem[],
  source: Pick<ModelSource, 'data'>,
  classes: readonly ClassLabel[],
): boolean {
  if (report.kind === 'boxes') {
    const then = new Map(report.pictures.map((picture) => [picture.itemId, picture.truth.length]));
    const known = new Set(source.data?.classIds ?? []);
    return (
      items.length !== then.size ||
      items.some((item) => then.get(item.id) !== boxesOf(item).filter((box) => known.has(box.classId)).length)
    );
  }
  const names = new Map(classes.map((label) => [label.id, label.name]));
  const then = new Map(report.items.map((item) => [item.itemId, item.label]));
  return items.length !== then.size || items.some((item) => then.get(item.id) !== names.get(classIdOf(item) ?? ''));
}

/** Share of examples right in groups (people, sessions) that training knew, and in new ones. */
export type GroupScores = { known: number; fresh: number; word: string };

/** See {@link GroupScores}; null when the run does not tell groups apart, or a side is empty. @param byId examples as they are now. */
export function scoresByGroup(
  report: Report,
  { data, settings }: Pick<ModelSource, 'data' | 'settings'>,
  byId: ReadonlyMap<string, MediaItem>,
): GroupScores | null {
  if (report.kind !== 'class' || !data || report.part !== 'testing' || settings.keepTogether === 'recording')
    return null;
  const group = (id: string) => {
    const item = byId.get(id);
    return item ? groupOf(item, settings) : '';
  };
  const trained = new Set([...data.training, ...data.validation].map(group));
  const side = (isKnown: boolean) => report.items.filter((item) => trained.has(group(item.itemId)) === isKnown);
  const [known, fresh] = [side(true), side(false)];
  if (known.length === 0 || fresh.length === 0) return null;
  const right = (items: readonly ItemPrediction[]) =>
    items.filter((item) => item.label === item.predicted).length / items.length;
  return {
    known: right(known),
    fresh: right(fresh),
    word: settings.keepTogether === 'session' ? 'sessions' : 'groups',
  };
}
