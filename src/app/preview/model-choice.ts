/** The models a preview offers: best weights and snapshots of every source, newest first. */
import type { ClassLabel, ModelSource } from '../../domain/project.ts';
import type { ModelRef } from '../../domain/model.ts';

/** A model with the name people read. */
export type Choice = ModelRef & { title: string };

/** Identity of a choice as the value of an option. */
export const keyOf = (ref: ModelRef): string => `${ref.sourceId}/${ref.kind}`;

/** A choice without its title, as it goes to a worker. */
export const refOf = ({ sourceId, kind }: Choice): ModelRef => ({ sourceId, kind });

/** All models of a project. */
export const listChoices = (sources: readonly ModelSource[]): Choice[] =>
  sources.toReversed().flatMap((source) => [
    ...(source.bestIteration !== null ? [{ sourceId: source.id, kind: 'best', title: source.name }] : []),
    ...source.snapshots.map((snapshot) => ({
      sourceId: source.id,
      kind: `snapshot-${snapshot.iteration}`,
      title: `${source.name}, iteration ${snapshot.iteration}`,
    })),
  ]);

/** What is tried: the person's choice, else what the address names of the selected source, else that source, else the newest. */
export const pickChoice = (
  choices: readonly Choice[],
  chosen: string | null,
  sourceId: string | undefined,
  kind: string | null,
): Choice | null =>
  choices.find((choice) => keyOf(choice) === chosen) ??
  choices.find((choice) => choice.sourceId === sourceId && choice.kind === (kind ?? 'best')) ??
  choices.find((choice) => choice.sourceId === sourceId) ??
  choices[0] ??
  null;

/** Classes of a run in the order of its scores, as they are called now; deleted ones as they were called then. */
export const classesOf = (source: ModelSource | null, classes: readonly ClassLabel[]): ClassLabel[] =>
  (source?.data?.classIds ?? []).map(
    (id, i) => classes.find((label) => label.id === id) ?? { id, name: source!.data!.classNames[i]!, color: 10 },
  );
