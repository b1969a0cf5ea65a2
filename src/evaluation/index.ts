/** Door of the evaluation room. Any thread. */
export { buildReport, classScores, confusionOf, macroF1, meanOverWindows, type ScoredClip } from './metrics.ts';
export {
  averagePrecision,
  bootstrapInterval,
  bestThreshold,
  buildDetectionReport,
  findErrors,
  IOU_STEPS,
  meanAveragePrecision,
  scoresAt,
  type ScoredPicture,
} from './detection.ts';
export { isStaleReport, scoresByGroup, tellForeign, type GroupScores } from './reading.ts';
export { formatReport, type ReportAbout, type ReportFormat } from './report-files.ts';
export {
  applyTemperature,
  isNothing,
  calibrate,
  recalibrate,
  examplesOf,
  answeredAt,
  clipsFor,
  FEWEST_CLIPS,
  fewestOf,
  reliability,
  thresholdsFor,
  thresholdsForFalseAlarms,
  thresholdsForGoal,
  type ThresholdGoal,
  type ReliabilityBin,
} from './calibration.ts';
export { answeringOf } from './answering.ts';
export { FEW_EXAMPLES, formatInterval, wilsonInterval } from './intervals.ts';
export { headlineOf, recordScore } from './record-score.ts';
export type { EvaluationSlot, Judge, LoadJudge } from './slot.ts';
