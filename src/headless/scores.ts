/** Scores and curves as `npm run studio` reports and prints them (docs/report.schema.json). Any thread; pure. */
import type { CurvePoint } from '../domain/project.ts';
import type { ClassificationReport, DetectionReport, Report } from '../domain/report.ts';
import { formatInterval, wilsonInterval } from '../evaluation/index.ts';
import { formatPercent } from '../kernel/format.ts';

/** Of a detector. */
export type PictureScore = Pick<DetectionReport, 'map50' | 'map50Interval' | 'map' | 'bySize'> & {
  classes: { label: string; ap50: number | null; ap: number | null; support: number }[];
  /** At the threshold with the best F1 on the validation pictures. */
  pictures: number;
  /** The pictures were held out for so many iterations, judged then, and trained on after that. */
  foldedIterations?: number;
};
/** Of a classifier. `folds`: each example was judged by one of so many models that had never seen it. */
export type PartScore = Pick<
  ClassificationReport,
  'clipAccuracy' | 'windowAccuracy' | 'windowCount' | 'macroF1' | 'chance' | 'classes' | 'confusion' | 'folds'
> & {
  /** 95 % (Wilson). */
  clipAccuracyInterval: [low: number, high: number];
  items: { path: string; label: string; predicted: string; confidence: number }[];
};

/** A point of the learning curve in words. */
export const tellPoint = ({ trainingLoss, trainingAccuracy, validationAccuracy, parts }: CurvePoint): string =>
  parts
    ? `loss ${trainingLoss.toFixed(3)} (classes ${parts.classes.toFixed(3)}, boxes ${parts.boxes.toFixed(3)}), overlap ${trainingAccuracy.toFixed(2)}, validation AP50 ${validationAccuracy?.toFixed(3) ?? '—'}`
    : `loss ${trainingLoss.toFixed(3)}, training ${formatPercent(trainingAccuracy)}, validation ${formatPercent(validationAccuracy)}`;

/** A score in words. */
export const tellScore = (score: PartScore | PictureScore | undefined): string =>
  !score
    ? 'no score'
    : 'map50' in score
      ? `average precision ${score.map50.toFixed(3)} at an overlap of 0.50${score.map50Interval ? ` (95 % interval ${score.map50Interval.map((end) => end.toFixed(2)).join(' to ')})` : ''}, ${score.map.toFixed(3)} from 0.50 to 0.95, on ${score.pictures} pictures`
      : `${formatPercent(score.clipAccuracy)} of ${score.items.length} right (95 % interval ${formatInterval(score.clipAccuracyInterval)}), ${formatPercent(score.windowAccuracy)} of windows${score.folds ? `, cross-validated in ${score.folds} folds` : ''}`;

/** A report as it is written. */
export function scoreOf(report: Report): PartScore | PictureScore {
  if (report.kind === 'boxes') {
    const { map50, map50Interval, map, bySize, classes, pictures, foldedIterations } = report;
    const ofClass = ({ label, ap50, ap, support }: DetectionReport['classes'][number]) => ({
      label,
      ap50,
      ap,
      support,
    });
    return {
      map50,
      ...(map50Interval ? { map50Interval } : {}),
      map,
      bySize,
      classes: classes.map(ofClass),
      pictures: pictures.length,
      ...(foldedIterations ? { foldedIterations } : {}),
    };
  }
  const { clipAccuracy, windowAccuracy, windowCount, macroF1, chance, classes, confusion, folds } = report;
  const items = report.items.map(({ path, label, predicted, confidence }) => ({ path, label, predicted, confidence }));
  const right = report.items.filter((item) => item.label === item.predicted).length;
  return {
    clipAccuracy,
    clipAccuracyInterval: wilsonInterval(right, report.items.length),
    windowAccuracy,
    windowCount,
    macroF1,
    chance,
    classes,
    confusion,
    items,
    ...(folds ? { folds } : {}),
  };
}
