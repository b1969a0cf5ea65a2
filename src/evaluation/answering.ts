/** How a source's model answers: what the person chose, else what its validation examples say. Any thread; pure. */
import { ANSWERING, type Answering } from '../domain/answering.ts';
import type { ModelSource } from '../domain/project.ts';
import type { Report } from '../domain/report.ts';

/** Of boxes, where the validation part does not tell: few false ones, most true ones. */
const BOX_THRESHOLD = 0.4;
/** Lower thresholds show boxes everywhere. */
const LEAST_BOX_THRESHOLD = 0.1;

/** @param reports of that source; borrowed. @param isDetector its answers are boxes. */
export function answeringOf(
  source: Pick<ModelSource, 'answering'> | null,
  reports: readonly Report[],
  isDetector: boolean,
): Answering {
  const boxes = reports.find((report) => report.kind === 'boxes' && report.part === 'validation');
  const best = boxes && 'bestThreshold' in boxes ? boxes.bestThreshold : BOX_THRESHOLD;
  const threshold = isDetector ? Math.max(LEAST_BOX_THRESHOLD, best) : ANSWERING.threshold;
  return { ...ANSWERING, threshold, ...source?.answering };
}
