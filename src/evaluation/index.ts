/** Door of the evaluation room. Any thread. */
export { buildReport, classScores, confusionOf, macroF1, meanOverWindows, type ScoredClip } from './metrics.ts';
export { reportToCsv, reportToHtml, type ReportAbout } from './report-files.ts';
