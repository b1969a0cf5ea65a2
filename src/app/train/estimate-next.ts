/** How long the next run of a project will take, by the ones before it. Main thread. */
import { trainedAtFirst, type ModelSource } from '../../domain/project.ts';
import type { TrainingSettings } from '../../domain/task.ts';
import { estimateRun, tellEstimate, type RunPlan } from '../../training/index.ts';
import type { Workbench } from '../studio.svelte.ts';

/** A sentence; '' where nothing is known. @param automatic iterations where `settings` leave them to the app. */
export function estimateNext(
  { project, task }: Workbench,
  { data }: RunPlan,
  settings: TrainingSettings,
  automatic: number,
): string {
  const workOf = (
    of: Pick<RunPlan['data'], 'training' | 'validation' | 'folds'>,
    own: TrainingSettings,
    iterations: number,
  ) => {
    const [training, all] = [new Set(trainedAtFirst(of)), new Set([...of.training, ...of.validation])];
    const exampleCount = task.exampleCount(
      own,
      project.items.filter(({ id }) => training.has(id)),
    );
    return { algorithm: own.algorithm, items: project.items.filter(({ id }) => all.has(id)), exampleCount, iterations };
  };
  const past = project.sources
    .filter(
      (run): run is ModelSource & { data: NonNullable<ModelSource['data']> } =>
        run.status === 'done' && run.data !== null,
    )
    .map((run) => ({ source: run, work: workOf(run.data, run.settings, run.plannedIterations) }));
  const measured = task.algorithms.find(({ id }) => id === settings.algorithm)?.pace ?? null;
  return tellEstimate(estimateRun(workOf(data, settings, settings.iterations ?? automatic), past, measured));
}
