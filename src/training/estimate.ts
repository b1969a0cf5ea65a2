/** How long a run will take, before it begins: from the runs before it, else from what was measured here. Any thread; pure. */
import { durationOf, type MediaItem, type ModelSource } from '../domain/project.ts';
import type { Algorithm } from '../domain/settings.ts';

/** What work costs, in seconds: features of a second of sound or video, or of a picture; an example in an iteration. */
export type Pace = { unitSec: number; exampleSec: number };

/** What a run works on. */
export type Work = {
  algorithm: Algorithm;
  /** Examples it takes features of. */
  items: readonly MediaItem[];
  exampleCount: number;
  iterations: number;
};
/** A finished run with what it worked on. */
export type PastRun = { source: ModelSource; work: Work };

/** Shorter runs say more about starting than about working, in seconds. */
const LEAST_SEC = 2;

const units = (items: readonly MediaItem[]): number => items.reduce((sum, item) => sum + (durationOf(item) || 1), 0);

/** What runs of this algorithm cost on this device; null before one was long enough. */
function paceOf(runs: readonly PastRun[], algorithm: Algorithm): Pace | null {
  const own = runs.filter(
    ({ source, work }) => work.algorithm === algorithm && !source.openedFrom && source.trainingSec >= LEAST_SEC,
  );
  if (own.length === 0) return null;
  // Features that were there already cost nothing: the dearest run took all of them.
  const unitSec = Math.max(...own.map(({ source, work }) => source.featureSec / Math.max(1, units(work.items))));
  const costs = own.map(({ source, work }) => source.trainingSec / Math.max(1, source.iteration * work.exampleCount));
  return { unitSec, exampleSec: costs.sort((a, b) => a - b)[Math.floor(costs.length / 2)]! };
}

/**
 * Seconds of a run, features included unless a run of the same algorithm took them; `isOwn` where runs on this device say so.
 * @param measured what the task knows of the algorithm, on 2 cores without a graphics processor: most devices are faster. @returns null where nothing is known.
 */
export function estimateRun(
  work: Work,
  runs: readonly PastRun[],
  measured: Pace | null,
): { sec: number; isOwn: boolean } | null {
  const own = paceOf(runs, work.algorithm);
  const pace = own ?? measured;
  if (!pace) return null;
  const there = new Set(
    runs
      .filter((run) => run.work.algorithm === work.algorithm && !run.source.openedFrom)
      .flatMap((run) => run.work.items.map(({ hash }) => hash)),
  );
  const fresh = work.items.filter(({ hash }) => !there.has(hash));
  return {
    sec: units(fresh) * pace.unitSec + work.exampleCount * work.iterations * pace.exampleSec,
    isOwn: own !== null,
  };
}

/** The estimate as a sentence; '' where nothing is known. Coarse on purpose: it is told before anything was measured on these examples. */
export function tellEstimate(estimate: { sec: number; isOwn: boolean } | null): string {
  if (!estimate) return '';
  const minutes = Math.ceil(estimate.sec / 60);
  const time = estimate.sec < 60 ? 'less than a minute' : `about ${minutes} min`;
  return estimate.isOwn ? `Takes ${time}.` : `Takes ${time} on a laptop without a graphics processor.`;
}
