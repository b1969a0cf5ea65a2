/**
 * What a project recognises: two axes, one table. Any thread; data only. The words of the axes are tied to the shapes of records here and nowhere else:
 * a task is a modality (what an example is) and a problem (what is asked of it); everything else a task decides is a row of the tables in tasks/.
 */
import type { BoundingBox } from './boxes.ts';
import type { MovementInfo, PictureInfo, SoundInfo } from './media.ts';
import type {
  ClassificationSettings,
  CommonSettings,
  DetectionSettings,
  MovementSettings,
  PictureSettings,
  SoundSettings,
} from './settings.ts';

/** One row per task. */
export const TASKS = {
  sound: { modality: 'sound', problem: 'classification' },
  action: { modality: 'movement', problem: 'classification' },
  detection: { modality: 'picture', problem: 'detection' },
  picture: { modality: 'picture', problem: 'classification' },
} as const;

/** What a project recognises. */
export type TaskKind = keyof typeof TASKS;
/** What an example is. */
export type Modality = (typeof TASKS)[TaskKind]['modality'];
/** What is asked of an example. */
export type Problem = (typeof TASKS)[TaskKind]['problem'];

/** All tasks, in the order they are shown. */
export const TASK_KINDS = Object.keys(TASKS) as TaskKind[];

/** Whether a text names a task. */
export const isTaskKind = (text: unknown): text is TaskKind => typeof text === 'string' && Object.hasOwn(TASKS, text);

/** What is known of an example's file, by modality. */
export type Media =
  ({ kind: 'sound' } & SoundInfo) | ({ kind: 'movement' } & MovementInfo) | ({ kind: 'picture' } & PictureInfo);
/** {@link Media} of one modality. */
export type MediaOf<K extends Modality> = Extract<Media, { kind: K }>;

/** What a person says of an example: its class (null = none yet), or boxes (`isDone`: somebody looked at all of it; without boxes it shows none of the classes). */
export type Label =
  { kind: 'class'; classId: string | null } | { kind: 'boxes'; boxes: BoundingBox[]; isDone: boolean };

/** Settings that belong to the modality. */
export type ModalitySettings =
  | ({ kind: 'sound' } & SoundSettings)
  | ({ kind: 'movement' } & MovementSettings)
  | ({ kind: 'picture' } & PictureSettings);
/** {@link ModalitySettings} of one modality. */
export type ModalitySettingsOf<K extends Modality> = Extract<ModalitySettings, { kind: K }>;
/** Settings that belong to the problem. */
export type ProblemSettings =
  ({ kind: 'classification' } & ClassificationSettings) | ({ kind: 'detection' } & DetectionSettings);
/** {@link ProblemSettings} of one problem. */
export type ProblemSettingsOf<K extends Problem> = Extract<ProblemSettings, { kind: K }>;

/** Settings of a model source: what all tasks have, what the modality adds, what the problem adds. */
export type TrainingSettings = CommonSettings & { modality: ModalitySettings; problem: ProblemSettings };

/** The file of an example, which must be of this modality. @throws Error when it is not: a bug. */
export function mediaOf<K extends Modality>({ media }: { media: Media }, kind: K): MediaOf<K> {
  if (media.kind !== kind) throw new Error(`An example of ${kind} was expected, not one of ${media.kind}`);
  return media as MediaOf<K>;
}

/** Settings of the modality, which must be this one. @throws Error when it is not: a bug. */
export function modalityOf<K extends Modality>({ modality }: TrainingSettings, kind: K): ModalitySettingsOf<K> {
  if (modality.kind !== kind) throw new Error(`Settings of ${kind} were expected, not of ${modality.kind}`);
  return modality as ModalitySettingsOf<K>;
}

/** Settings of the problem, which must be this one. @throws Error when it is not: a bug. */
export function problemOf<K extends Problem>({ problem }: TrainingSettings, kind: K): ProblemSettingsOf<K> {
  if (problem.kind !== kind) throw new Error(`Settings of ${kind} were expected, not of ${problem.kind}`);
  return problem as ProblemSettingsOf<K>;
}

/** The row of a task in a table of tasks. @throws Error naming the rows there are. */
export function rowOf<T>(table: Record<TaskKind, T>, kind: string): T {
  if (!Object.hasOwn(table, kind)) throw new Error(`No task ${kind}: there are ${Object.keys(table).join(', ')}`);
  return table[kind as TaskKind];
}
