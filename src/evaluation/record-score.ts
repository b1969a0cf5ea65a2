/** What a report means for its model source. Any thread; pure. */
import type { ModelSource } from '../domain/project.ts';
import type { Report } from '../domain/report.ts';
import { calibrate, recalibrate } from './calibration.ts';

/** The one number of a report: clips right, or average precision at an overlap of 0.50; 0..1. */
export const headlineOf = (report: Report): number => (report.kind === 'boxes' ? report.map50 : report.clipAccuracy);

/**
 * What a new report changes about its source: the score of its own part, and the calibration when it judges validation clips. Source and part come from the report,
 * never from what is shown at the moment.
 * @param isNewModel the source was trained since it was calibrated: what the person chose stays, the numbers are found anew. @param lengthOf seconds of a clip.
 * @returns null when the report is not about this source.
 */
export function recordScore(
  report: Report,
  source: ModelSource,
  isNewModel: boolean,
  lengthOf: (itemId: string) => number,
): Pick<ModelSource, 'scores' | 'calibration'> | null {
  if (report.sourceId !== source.id) return null;
  const scores = { ...source.scores, [report.part]: headlineOf(report) };
  if (report.kind === 'boxes' || report.part !== 'validation') return { scores };
  if (isNewModel) return { scores, calibration: recalibrate(report, source.calibration ?? null, lengthOf) };
  return source.calibration ? { scores } : { scores, calibration: calibrate(report) };
}
