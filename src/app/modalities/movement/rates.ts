/** Rates at which landmarks of videos may be known: those of the models there are, and the one used when nobody chose. Main thread; pure. */
import type { ModelSource } from '../../../domain/project.ts';

const USUAL_HZ = 10;

/** See the file header. */
export const knownRates = (sources: readonly ModelSource[]): number[] => [
  ...new Set([
    ...sources.map(
      ({ settings: { modality } }) => ('frameRateHz' in modality ? modality.frameRateHz : null) ?? USUAL_HZ,
    ),
    USUAL_HZ,
  ]),
];
