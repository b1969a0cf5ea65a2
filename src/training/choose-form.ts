/** Before a run that is cross-validated: which form of its settings does better in the folds, and what they say of it. Worker thread, after the engine was started. */
import { classIdOf } from '../domain/label.ts';
import type { MediaItem, RunData } from '../domain/project.ts';
import type { ClassificationReport } from '../domain/report.ts';
import type { TrainingSettings } from '../domain/task.ts';
import { buildReport } from '../evaluation/index.ts';
import { nowMs } from '../kernel/clock.ts';
import { formatPercent } from '../kernel/format.ts';
import { accuracyOf, crossValidate, type CrossValidated } from './cross-validate.ts';
import type { PreparedRun } from './slot.ts';

/** The form that is trained. `words`: how the forms compared, for the log; '' where there was one. */
export type ChosenForm = {
  settings: TrainingSettings;
  prepared: PreparedRun;
  folded: CrossValidated;
  report: ClassificationReport;
  words: string;
};

type Given = {
  sourceId: string;
  data: RunData;
  items: readonly MediaItem[];
  /** Settings as people see them, prepared on all examples; their plain form, null where there is none. */
  settings: TrainingSettings;
  prepared: PreparedRun;
  plain: TrainingSettings | null;
  prepare: (settings: TrainingSettings, data: RunData) => Promise<PreparedRun>;
  signal: AbortSignal;
  /** @param ratio done of all forms, 0..1. */
  progress: (ratio: number) => void;
};

/** What the folds say of a run's examples. */
function reportOf({ scores, points }: CrossValidated, { data, items, sourceId }: Given): ClassificationReport {
  const clips = items.flatMap((item) => {
    const windowScores = scores.get(item.id);
    const classIndex = data.classIds.indexOf(classIdOf(item) ?? '');
    return windowScores ? [{ itemId: item.id, path: item.path, classIndex, windowScores }] : [];
  });
  const report = buildReport(clips, data.classNames, { sourceId, part: 'validation', createdAtMs: nowMs() });
  const folds = new Set(data.folds!.filter((fold) => fold >= 0)).size;
  return { ...report, folds, foldedIterations: points.length };
}

/** @returns null when no fold could be judged. @throws as {@link crossValidate}. */
export async function chooseForm(given: Given): Promise<ChosenForm | null> {
  const { data, items, settings, prepared, plain, prepare, signal, progress } = given;
  const byId = new Map(items.map((item) => [item.id, item]));
  const classOf = (id: string) => data.classIds.indexOf(classIdOf(byId.get(id)!) ?? '');
  const forms = [settings, ...(plain ? [plain] : [])];
  const tried: { form: TrainingSettings; run: PreparedRun; found: CrossValidated; accuracy: number }[] = [];
  for (const [n, form] of forms.entries()) {
    // Nothing does better than all right.
    if (tried[0]?.accuracy === 1) break;
    const run = form === settings ? prepared : await prepare(form, data);
    const found = await crossValidate(data, (part) => prepare(form, part), {
      iterations: form.iterations ?? run.automaticIterations,
      learningRate: form.learningRate,
      signal,
      progress: (ratio) => progress((n + ratio) / forms.length),
    });
    if (found) tried.push({ form, run, found, accuracy: accuracyOf(found, classOf, data.classIds.length) });
  }
  // What people see in the settings wins where both do alike.
  const best = tried.reduce<(typeof tried)[number] | null>((a, b) => (a && a.accuracy >= b.accuracy ? a : b), null);
  if (!best) return null;
  const [full, other] = tried.map(({ accuracy }) => formatPercent(accuracy));
  const words = other
    ? `Varied copies: ${full} right in the folds, without them ${other}; trained ${best.form === plain ? 'without' : 'with'} them`
    : '';
  return { settings: best.form, prepared: best.run, folded: best.found, report: reportOf(best.found, given), words };
}
