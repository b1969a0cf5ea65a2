/** Door of the evaluation room. Any thread. */
export { buildReport, classScores, confusionOf, macroF1, meanOverWindows, type ScoredClip } from './metrics.ts';
export {
  averagePrecision,
  bestThreshold,
  buildDetectionReport,
  findErrors,
  IOU_STEPS,
  meanAveragePrecision,
  scoresAt,
  type ScoredPicture,
} from './detection.ts';
export { detectionToCsv, detectionToHtml, reportToCsv, reportToHtml, type ReportAbout } from './report-files.ts';
export {
  applyTemperature,
  calibrate,
  recalibrate,
  examplesOf,
  FEWEST_CLIPS,
  reliability,
  thresholdsFor,
  thresholdsForFalseAlarms,
  type ReliabilityBin,
} from './calibration.ts';
