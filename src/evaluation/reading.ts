/** What can be read off a stored report later: whether it still speaks of the data as they are, and how groups fared. Any thread; pure. */
import { groupOf } from '../dataset/index.ts';
import { boxesOf, classIdOf } from '../domain/label.ts';
import { formatCount } from '../kernel/format.ts';
import type { ClassLabel, MediaItem, ModelSource } from '../domain/project.ts';
import type { ItemPrediction, Report } from '../domain/report.ts';

/** Whether examples came, went or were labelled anew after a report was made. @param items of the report's part, as they are now. */
export function isStaleReport(report: Report, items: readonly MediaItem[], classes: readonly ClassLabel[]): boolean {
  if (report.kind === 'boxes') {
    const then = new Map(report.pictures.map((picture) => [picture.itemId, picture.truth.length]));
    return items.length !== then.size || items.some((item) => then.get(item.id) !== boxesOf(item).length);
  }
  const names = new Map(classes.map((label) => [label.id, label.name]));
  const then = new Map(report.items.map((item) => [item.itemId, item.label]));
  return items.length !== then.size || items.some((item) => then.get(item.id) !== names.get(classIdOf(item) ?? ''));
}

/** What a report counts as wrong because the model has never learnt it; null when there is none. @param words what a person labels here, one and many. */
export function tellForeign(
  report: Report,
  [one, many]: readonly [string, string],
): { title: string; text: string } | null {
  const { foreign = [] } = report;
  if (foreign.length === 0) return null;
  const first = (report.kind === 'boxes' ? report.labels : report.confusion.labels).length - foreign.length;
  const count =
    report.kind === 'boxes'
      ? report.pictures.reduce(
          (sum, { truth }) => sum + truth.filter(({ classIndex }) => classIndex >= first).length,
          0,
        )
      : report.items.filter(({ label }) => foreign.includes(label)).length;
  return {
    title: `This model has not learnt ${foreign.slice(0, 3).join(', ')}${foreign.length > 3 ? ` and ${foreign.length - 3} more` : ''}`,
    text: `${formatCount(count, one, many)} of ${foreign.length === 1 ? 'that class' : 'those classes'} ${count === 1 ? 'counts' : 'count'} as wrong. Train again with examples of ${foreign.length === 1 ? 'it' : 'them'}, or take them out of this part.`,
  };
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
