/** What differs between tasks when the app speaks of examples and scores. */
import type { TaskKind } from '../domain/project.ts';
import { formatCount, formatPercent } from '../kernel/format.ts';

/** What a task is called, and its sign. */
export const TASKS: Record<TaskKind, { title: string; icon: 'sound' | 'action' | 'detect' }> = {
  sound: { title: 'Sounds', icon: 'sound' },
  action: { title: 'Actions', icon: 'action' },
  detection: { title: 'Objects', icon: 'detect' },
};

/** An example of a task in one word. */
export const exampleWord = (kind: TaskKind): string => (kind === 'detection' ? 'picture' : 'clip');

/** A number of examples in words. */
export const formatExamples = (count: number, kind: TaskKind): string => formatCount(count, exampleWord(kind));

/** A score as the task reports it: clips right in percent, average precision with two decimals. */
export const formatScore = (score: number | null | undefined, kind: TaskKind): string =>
  kind === 'detection' ? (score?.toFixed(2) ?? '—') : formatPercent(score);

/** What a score counts. */
export const scoreAbout = (kind: TaskKind, isTest: boolean): string =>
  kind === 'detection'
    ? `average precision on ${isTest ? 'test' : 'validation'} pictures`
    : `of ${isTest ? 'test' : 'validation'} clips right`;
