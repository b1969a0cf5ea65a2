/** Door of the evaluation room. Any thread. */
export { buildReport, classScores, confusionOf, macroF1, meanOverWindows, type ScoredClip } from './metrics.ts';
export { reportToCsv, reportToHtml, type ReportAbout } from './report-files.ts';
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
