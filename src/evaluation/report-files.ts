/** A report as files: a table for spreadsheets and a page to print or send. Any thread; pure. */
import type { ClassificationReport, DetectionReport, Report } from '../domain/report.ts';
import { scoresAt } from './detection.ts';
import { formatInterval, wilsonInterval } from './intervals.ts';
import { formatCsv, formatPercent } from '../kernel/format.ts';

/** One row per clip: path, true class, predicted class, right or wrong, confidence, then the score of every class. */
function classesToCsv(report: ClassificationReport): string {
  const { labels } = report.confusion;
  const learnt = labels.slice(0, labels.length - (report.foreign?.length ?? 0));
  const head = ['path', 'label', 'predicted', 'right', 'confidence', ...learnt.map((label) => `score ${label}`)];
  const rows = report.items.map((item) => [
    item.path,
    item.label,
    item.predicted,
    item.label === item.predicted ? '1' : '0',
    item.confidence.toFixed(4),
    ...item.scores.map((score) => score.toFixed(4)),
  ]);
  return formatCsv([head, ...rows]);
}

const escape = (text: string) =>
  text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign]!);

/** A page of its own, without scripts. */
function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(title)}</title><style>
body{font:14px/20px -apple-system,"Segoe UI",Roboto,Arial,sans-serif;color:#17201c;max-width:960px;margin:32px auto;padding:0 24px}
h1{font:28px/32px Palatino,Georgia,serif}h2{font-size:16px;margin:32px 0 8px}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}th,td{padding:4px 12px 4px 0;text-align:right;border-bottom:1px solid #d9deda}
th:first-child,tbody th{text-align:left;font-weight:500}.facts td{text-align:left}.wide{overflow-x:auto}
@media print{body{margin:0;max-width:none}tr{break-inside:avoid}h2{break-after:avoid}}
</style></head><body>
${body}
</body></html>
`;
}

function table(head: string[], body: string[][], className = ''): string {
  return `<table class="${className}"><thead><tr>${head.map((cell) => `<th>${escape(cell)}</th>`).join('')}</tr></thead><tbody>${body
    .map(
      (row) => `<tr>${row.map((cell, i) => `<${i ? 'td' : 'th'}>${escape(cell)}</${i ? 'td' : 'th'}>`).join('')}</tr>`,
    )
    .join('')}</tbody></table>`;
}

/** What the printed page says about the run beside its scores, as pairs. */
export type ReportAbout = { project: string; model: string; facts: readonly (readonly [string, string])[] };

/** A page of its own, without scripts: scores, classes, confusions, and every clip that was wrong. */
function classesToHtml(report: ClassificationReport, about: ReportAbout): string {
  const { labels, rows } = report.confusion;
  const wrong = report.items.filter((item) => item.label !== item.predicted);
  const ratio = (value: number | null) => (value === null ? '—' : formatPercent(value));
  const facts: (readonly [string, string])[] = [
    [
      'Clips right',
      `${formatPercent(report.clipAccuracy)} of ${report.items.length} (95 % interval ${formatInterval(wilsonInterval(Math.round(report.clipAccuracy * report.items.length), report.items.length))})`,
    ],
    ['Windows right', `${formatPercent(report.windowAccuracy)} of ${report.windowCount}`],
    ['Macro F1', report.macroF1.toFixed(3)],
    ['Chance level', formatPercent(report.chance)],
    ['Data', report.part],
    ['Scored', new Date(report.createdAtMs).toISOString().slice(0, 16).replace('T', ' ')],
    ...about.facts,
  ];
  const title = `${about.project}, ${about.model}, ${report.part}`;
  return page(
    title,
    `<h1>${escape(about.project)}</h1><p>${escape(about.model)} on the ${report.part} clips</p>
<table class="facts"><tbody>${facts.map(([name, value]) => `<tr><th>${escape(name)}</th><td>${escape(value)}</td></tr>`).join('')}</tbody></table>
<h2>By class</h2>${table(
      ['Class', 'Precision', 'Recall', 'F1', 'Clips'],
      report.classes.map((score) => [
        score.label,
        ratio(score.precision),
        ratio(score.recall),
        ratio(score.f1),
        String(score.support),
      ]),
    )}
<h2>Confusions: rows are the true class, columns the predicted class</h2><div class="wide">${table(
      ['', ...labels],
      rows.map((row, i) => [labels[i]!, ...row.map((count) => (count ? String(count) : '·'))]),
    )}</div>
<h2>${wrong.length ? 'Clips that were wrong' : 'No clip was wrong'}</h2>${
      wrong.length
        ? table(
            ['Clip', 'True', 'Predicted', 'Confidence'],
            wrong.map((item) => [item.path, item.label, item.predicted, formatPercent(item.confidence)]),
          )
        : ''
    }`,
  );
}

/** One row per box: picture, whether it was there or found, class, score, then its sides in ratios of the picture. */
function detectionToCsv(report: DetectionReport): string {
  const sides = ({ x, y, width, height }: { x: number; y: number; width: number; height: number }) =>
    [x, y, width, height].map((value) => value.toFixed(5));
  const rows = report.pictures.flatMap((picture) => [
    ...picture.truth.map((box) => [picture.path, 'true', report.labels[box.classIndex]!, '', ...sides(box)]),
    ...picture.found.map((box) => [
      picture.path,
      'found',
      report.labels[box.classIndex]!,
      box.score.toFixed(4),
      ...sides(box),
    ]),
  ]);
  return formatCsv([['picture', 'box', 'class', 'score', 'x', 'y', 'width', 'height'], ...rows]);
}

/** The same as {@link classesToHtml} for an object detector. */
function detectionToHtml(report: DetectionReport, about: ReportAbout): string {
  const number = (value: number | null) => value?.toFixed(3) ?? '—';
  const at = scoresAt(report.pictures, report.bestThreshold);
  const facts: (readonly [string, string])[] = [
    [
      'Average precision at an overlap of 0.50',
      `${number(report.map50)}${report.map50Interval ? ` (95 % interval ${report.map50Interval.map(number).join(' to ')})` : ''}`,
    ],
    ['Average precision from 0.50 to 0.95', number(report.map)],
    ['Found', `${at.right} of ${at.truth} at a threshold of ${report.bestThreshold.toFixed(2)}`],
    ['False boxes', `${at.found - at.right} on ${report.pictures.length} pictures`],
    ['Data', report.part],
    ['Scored', new Date(report.createdAtMs).toISOString().slice(0, 16).replace('T', ' ')],
    ...about.facts,
  ];
  const rows = report.classes.map((score, c) => {
    const one = scoresAt(report.pictures, report.bestThreshold, c);
    return [
      score.label,
      number(score.ap50),
      number(score.ap),
      one.precision === null ? '—' : formatPercent(one.precision),
      one.recall === null ? '—' : formatPercent(one.recall),
      String(score.support),
    ];
  });
  return page(
    `${about.project}, ${about.model}, ${report.part}`,
    `<h1>${escape(about.project)}</h1><p>${escape(about.model)} on the ${report.part} pictures</p>
<table class="facts"><tbody>${facts.map(([name, value]) => `<tr><th>${escape(name)}</th><td>${escape(value)}</td></tr>`).join('')}</tbody></table>
<h2>By class</h2>${table(['Class', 'AP50', 'AP50–95', 'Precision', 'Recall', 'Boxes'], rows)}`,
  );
}

/** How a report is saved. */
export type ReportFormat = 'json' | 'csv' | 'html';

/** A report as a file's text. @param about heads the printable page. */
export function formatReport(report: Report, format: ReportFormat, about: ReportAbout): string {
  if (format === 'json') return JSON.stringify(report, null, 2);
  if (report.kind === 'boxes') return format === 'csv' ? detectionToCsv(report) : detectionToHtml(report, about);
  return format === 'csv' ? classesToCsv(report) : classesToHtml(report, about);
}
