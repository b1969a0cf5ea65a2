/**
 * The headless runner: the app's own import, training and evaluation, driven by `npm run studio`. Main thread. Results follow
 * docs/report.schema.json.
 */
import { dividedOf, isSlowPattern, partOfWord, splitByGroup, type PathFile } from '../dataset/index.ts';
import { ImportSession, ProjectSession } from '../dataset/ui.ts';
import { isLabelled, shownClassIds } from '../domain/label.ts';
import type { ItemPart, MediaItem, ModelSource, Part } from '../domain/project.ts';
import { BACKGROUND_CLIPS } from '../domain/settings.ts';
import { isTaskKind, TASK_KINDS, type TaskKind, type TrainingSettings } from '../domain/task.ts';
import { evaluateSource, itemsOfPart } from '../evaluation/ui.ts';
import type { FormatId } from '../export/index.ts';
import { answeringOf } from '../evaluation/index.ts';
import { required } from '../kernel/assert.ts';
import { StudioError } from '../kernel/errors.ts';
import { taskOf, type Task } from '../tasks/index.ts';
import { readConfig, writeConfig } from '../training/index.ts';
import { TrainingSession } from '../training/ui.ts';
import { filesOfInput } from '../app/files.ts';
import { importTools } from '../app/import-tools.ts';
import type { Studio } from '../app/studio.svelte.ts';
import { VERSION } from '../app/version.ts';
import { newSource } from '../app/workbench.svelte.ts';
import { base64Of, convert, type ConvertTools, type HeadlessConvert } from './convert.ts';
import { openBundle, openFile } from './open-model.ts';
import { scoreOf, tellPoint, tellScore, type PartScore, type PictureScore } from './scores.ts';

/** What the command line asks for. Folders are given through the inputs of the page. */
export type HeadlessTrain = {
  task: string;
  config: unknown;
  seed: number | null;
  folds: number | null;
  groupBy: string | null;
  /** Path to the word of a part, from a split file. */
  split: Record<string, string> | null;
  /** Id of the reading of folders and names; null = the best. */
  classes: string | null;
  /** Formats the model is exported in; none = it is not. */
  formats: readonly FormatId[];
};

const NO_OPTIONS: Omit<HeadlessTrain, 'task'> = {
  config: null,
  seed: null,
  folds: null,
  groupBy: null,
  split: null,
  classes: null,
  formats: [],
};

type PartCount = { items: number; perClass: Record<string, number> };
/** One run, without what is the same for all. */
type RunResult = {
  data: Record<Part, PartCount>;
  seconds: Record<'features' | 'training' | 'evaluation', number>;
  evaluation: Partial<Record<Part, PartScore | PictureScore>>;
  engine: string;
  settings: TrainingSettings;
  iterations: number;
  bestIteration: number;
};

/** Settings as a config's flat keys give them, over the defaults of a task. */
const settingsOf = (task: Task, config: unknown, items: readonly MediaItem[]): TrainingSettings =>
  readConfig(
    config,
    task.algorithms.map(({ id }) => id),
    (algorithm) => {
      const base = task.defaults(items);
      return algorithm ? task.withAlgorithm(base, algorithm) : base;
    },
  );

/** Parts of a split file. @throws StudioError for a word that is none. */
function partsOf(split: Record<string, string>): Record<string, Part> {
  return Object.fromEntries(
    Object.entries(split).map(([path, word]) => {
      const part = partOfWord(word);
      if (!part)
        throw new StudioError('studio/bad-arguments', {
          message: `--split: ${word} is no part; use training, validation or testing.`,
        });
      return [path, part];
    }),
  );
}

const say = (text: string) => console.warn(`studio: ${text}`);

function countItems(items: readonly MediaItem[], names: ReadonlyMap<string, string>): PartCount {
  const perClass: Record<string, number> = {};
  for (const name of names.values()) perClass[name] = 0;
  for (const item of items) {
    for (const classId of shownClassIds(item)) {
      const name = names.get(classId) ?? '';
      perClass[name] = (perClass[name] ?? 0) + 1;
    }
  }
  return { items: items.length, perClass };
}

/** @param input gives the folder input of a name. */
export function createHeadless(studio: Studio, input: (name: string) => HTMLInputElement | null) {
  /** Files of a folder input, with paths inside the folder. */
  const folder = (name: string): PathFile[] =>
    filesOfInput(required(input(name), `input ${name}`)).map((file) => ({
      path: file.path.slice(file.path.indexOf('/') + 1),
      blob: file.blob,
    }));

  const onError = (error: unknown) => {
    throw error;
  };

  /** A project of its own for one command. */
  async function makeProject(task: Task): Promise<ProjectSession> {
    const record = await studio.library.create('Headless', task.kind);
    return ProjectSession.open(record.id, { store: studio.store, onError, slotOf: taskOf });
  }

  async function importFolder(
    project: ProjectSession,
    name: string,
    part: ItemPart,
    options: HeadlessTrain,
  ): Promise<number> {
    const files = folder(name);
    if (files.length === 0) return 0;
    const task = taskOf(project.project.kind);
    const imports = new ImportSession(project, task, importTools(studio.clients, task.kind));
    const split = options.split && partsOf(options.split);
    const pulse = setInterval(() => {
      if (imports.state.kind === 'running') say(`reading ${name}: ${imports.state.done} of ${imports.state.total}`);
    }, 2000);
    try {
      const report = await imports.run(files, {
        classId: null,
        part,
        isFixed: part === 'background',
        reading: options.classes ?? 'best',
        // A folder of its own is of one part, whatever its folders are called.
        ...(split
          ? { partOf: (path: string) => split[path] ?? null }
          : part === 'validation' || part === 'testing'
            ? { partOf: () => part }
            : {}),
        ...(options.groupBy ? { recordingPattern: options.groupBy } : {}),
      });
      if (report.reading) say(`classes of ${name}: ${report.reading}`);
      for (const { id, title } of report.others) say(`  also possible: --classes ${id}: ${title}`);
      for (const remark of report.remarks)
        say(`${remark.isPart ? 'in part' : remark.isAdded ? 'note' : 'skipped'}: ${remark.path}: ${remark.reason}`);
      if (imports.state.kind === 'failed') throw imports.state.error;
      if (report.added === 0)
        throw new StudioError('dataset/no-usable-files', { message: `No file of ${name} can be used.` });
      return report.added;
    } finally {
      clearInterval(pulse);
    }
  }

  async function trainOnce(
    project: ProjectSession,
    settings: TrainingSettings,
    name: string,
  ): Promise<RunResult & { source: ModelSource }> {
    const source = newSource(project.id, name, settings);
    await project.putSource(`Added ${name}`, source);
    const task = taskOf(project.project.kind);
    const training = new TrainingSession(project, task, studio.clients);
    let last = '';
    const pulse = setInterval(() => {
      const { state } = training;
      const current = project.sources.find((candidate) => candidate.id === source.id);
      const point = current?.curve.at(-1);
      const text =
        state.kind === 'features'
          ? `features: ${state.done} of ${state.total}`
          : state.kind === 'training'
            ? `iteration ${state.iteration} of ${state.planned}${point ? `: ${tellPoint(point)}` : ''}`
            : state.kind === 'preparing'
              ? state.text
              : '';
      if (text && text !== last) say(`${name}: ${text}`);
      last = text;
    }, 1000);
    let trained: ModelSource;
    try {
      const result = await training.run(source);
      for (const line of result?.log ?? []) if (/^(Chose|Started|Varied)/.test(line.text)) say(`${name}: ${line.text}`);
      if (!result) throw training.state.kind === 'failed' ? training.state.error : new Error('training ended early');
      trained = result;
    } finally {
      clearInterval(pulse);
    }
    const started = performance.now();
    const evaluation: RunResult['evaluation'] = {};
    const names = new Map(project.project.classes.map((label) => [label.id, label.name]));
    const data = {} as RunResult['data'];
    for (const part of ['training', 'validation', 'testing'] as const) {
      const items = itemsOfPart(project.items, trained, part);
      data[part] = countItems(items, names);
      if (items.length === 0) continue;
      say(`${name}: scoring ${items.length} ${part} ${task.example[1]}`);
      evaluation[part] = scoreOf(await evaluateSource(studio.clients, task, trained, project.items, part));
    }
    return {
      source: trained,
      data,
      evaluation,
      engine: trained.engine ?? 'wasm',
      settings: trained.settings,
      iterations: trained.iteration,
      bestIteration: trained.bestIteration ?? trained.iteration,
      seconds: {
        features: trained.featureSec,
        training: trained.trainingSec,
        evaluation: (performance.now() - started) / 1000,
      },
    };
  }

  const versions = () => ({ understudy: VERSION, tfjs: '4.22.0', browser: navigator.userAgent });

  /** `npm run studio -- train`. @returns the report, and the bundle's files as base64 when asked for. */
  async function train(
    options: HeadlessTrain,
  ): Promise<{ report: unknown; bundle: { path: string; base64: string }[] }> {
    if (!isTaskKind(options.task))
      throw new StudioError('studio/bad-arguments', {
        message: `There is no task ${options.task}. It may be ${TASK_KINDS.join(', ')}.`,
      });
    const task = taskOf(options.task);
    const started = performance.now();
    const config = {
      ...(options.config as object | null),
      ...(options.seed !== null ? { seed: options.seed } : {}),
    };
    if (options.groupBy !== null && isSlowPattern(options.groupBy))
      throw new StudioError('studio/bad-arguments', {
        message: '--group-by could take for ever: it repeats a group that itself repeats or chooses. Write it without.',
      });
    const hasValidationFolder = folder('validation').length > 0;
    const hasOwn = hasValidationFolder || Object.values(partsOf(options.split ?? {})).includes('validation');
    // A wrong setting is said before minutes of import.
    settingsOf(task, config, []);
    const project = await makeProject(task);
    await importFolder(project, 'data', 'training', options);
    const settings = settingsOf(
      task,
      { ...(hasOwn ? { validation: 'own' } : {}), ...config },
      project.items.filter((item) => item.part === 'training'),
    );
    // Only sounds have a background to mix in.
    const augment = 'augment' in settings.modality ? settings.modality.augment : null;
    if (hasValidationFolder) await importFolder(project, 'validation', 'validation', options);
    if (folder('test').length > 0) await importFolder(project, 'test', 'testing', options);
    if (folder('background').length > 0) {
      await importFolder(project, 'background', 'background', options);
      if (augment) augment.backgroundClassId = BACKGROUND_CLIPS;
    }
    if (options.split) {
      const paths = new Set(project.items.filter((item) => item.part !== 'background').map((item) => item.path));
      const given = new Set(folder('data').map((file) => file.path));
      const missing = Object.keys(options.split).filter((path) => !paths.has(path));
      // A file that could not be read is left out and said; one that is not there is a mistake in the split.
      const unknown = missing.filter((path) => !given.has(path));
      const skipped = missing.filter((path) => given.has(path));
      const unlisted = [...paths].filter((path) => !(path in options.split!));
      const tell = (list: string[]) =>
        `${list.slice(0, 3).join(', ')}${list.length > 3 ? ` and ${list.length - 3} more` : ''}`;
      if (unknown.length > 0)
        throw new StudioError('studio/bad-arguments', {
          message: `The split names files that the data do not have: ${tell(unknown)}.`,
        });
      if (skipped.length > 0) say(`note: ${skipped.length} files of the split were skipped: ${tell(skipped)}`);
      for (const path of unlisted.slice(0, 1))
        say(`note: ${unlisted.length} files are not in the split and are trained on, ${path} first`);
    }
    const importSec = (performance.now() - started) / 1000;
    // A background class is given by name in a config.
    const background = augment?.backgroundClassId ?? null;
    if (augment && background !== null && background !== BACKGROUND_CLIPS) {
      const label =
        project.findClass(background) ?? project.project.classes.find((candidate) => candidate.id === background);
      if (!label)
        throw new StudioError('studio/bad-arguments', {
          message: `The config names the class ${background}, which the data do not have.`,
        });
      augment.backgroundClassId = label.id;
    }

    const finish = (
      body: Omit<RunResult, 'seconds' | 'iterations' | 'bestIteration'> & { seconds: RunResult['seconds'] },
      extra: object,
    ) => ({
      task: options.task,
      seed: settings.seed,
      engine: body.engine,
      versions: versions(),
      settings: writeConfig(body.settings),
      data: body.data,
      seconds: { import: importSec, ...body.seconds, total: (performance.now() - started) / 1000 },
      evaluation: { ...body.evaluation, ...extra },
    });

    if (options.folds === null) {
      const { source, ...run } = await trainOnce(project, settings, 'Model 1');
      const bundle = options.formats.length ? await exportFiles(task.kind, source, run, options.formats) : [];
      const { iterations, bestIteration, ...body } = run;
      return { report: { ...finish(body, {}), iterations, bestIteration }, bundle };
    }

    const labelled = project.items.filter(isLabelled);
    const folds = splitByGroup(
      dividedOf(labelled),
      new Array<number>(options.folds).fill(1 / options.folds),
      settings.seed,
      settings,
    );
    if (new Set(folds.values()).size < options.folds)
      throw new StudioError('studio/bad-arguments', {
        message: `There are too few recordings for ${options.folds} folds.`,
      });
    const results: RunResult[] = [];
    for (let fold = 0; fold < options.folds; fold++) {
      await project.applyParts(
        new Map(labelled.map((item) => [item.id, folds.get(item.id) === fold ? 'testing' : 'training'])),
      );
      const { source: _source, ...run } = await trainOnce(project, settings, `Fold ${fold + 1}`);
      say(`fold ${fold + 1} of ${options.folds}: ${tellScore(run.evaluation.testing)}`);
      results.push(run);
    }
    const scores = results.map((run) => required(run.evaluation.testing, 'test score'));
    const mean = (list: number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
    const deviation = (list: number[]) => Math.sqrt(mean(list.map((value) => (value - mean(list)) ** 2)));
    const of = (pick: (score: PartScore) => number) =>
      scores.flatMap((score) => ('map50' in score ? [] : [pick(score)]));
    const boxes = (pick: (score: PictureScore) => number) =>
      scores.flatMap((score) => ('map50' in score ? [pick(score)] : []));
    const clip = of((score) => score.clipAccuracy);
    const windows = of((score) => score.windowAccuracy);
    const [map50, map] = [boxes((score) => score.map50), boxes((score) => score.map)];
    const total = (phase: keyof RunResult['seconds']) => results.reduce((sum, run) => sum + run.seconds[phase], 0);
    const names = new Map(project.project.classes.map((label) => [label.id, label.name]));
    const body = {
      data: {
        training: countItems(labelled, names),
        validation: countItems([], names),
        testing: countItems([], names),
      },
      engine: results[0]!.engine,
      settings: results[0]!.settings,
      seconds: { features: total('features'), training: total('training'), evaluation: total('evaluation') },
      evaluation: {},
    };
    const report = finish(body, {
      folds: results.map((run) => ({
        ...run.evaluation.testing,
        training: run.evaluation.training,
        validation: run.evaluation.validation,
        data: run.data,
        seconds: run.seconds,
        iterations: run.iterations,
        bestIteration: run.bestIteration,
      })),
      mean: map50.length
        ? { map50: mean(map50), map50Deviation: deviation(map50), map: mean(map), mapDeviation: deviation(map) }
        : {
            clipAccuracy: mean(clip),
            clipAccuracyDeviation: deviation(clip),
            windowAccuracy: mean(windows),
            windowAccuracyDeviation: deviation(windows),
            macroF1: mean(of((score) => score.macroF1)),
          },
    });
    return { report, bundle: [] };
  }

  async function exportFiles(
    task: TaskKind,
    source: ModelSource,
    run: RunResult,
    formats: readonly FormatId[],
  ): Promise<{ path: string; base64: string }[]> {
    const weights = required(await studio.store.loadWeights(source.id, 'best'), 'weights');
    const { words } = taskOf(task);
    const exported = await studio.clients.exports.call('exportModel', {
      task,
      model: weights.model,
      about: { name: words.model, author: '', description: 'Trained by npm run studio.', licence: '', version: '' },
      calibration: null,
      answering: answeringOf(source, await studio.store.loadReports(source.id), taskOf(task).bundle.isDetector),
      scores: Object.entries(run.evaluation).map(([part, score]) => `${part}: ${tellScore(score)}`),
      generatedBy: `Understudy ${VERSION}`,
      base: 'model',
      formats,
    });
    for (const { refusal } of exported) if (refusal) say(refusal);
    // Its files are called as those of the TensorFlow.js bundle beside them.
    const files = exported.flatMap(({ id, files: own }) =>
      id === 'teachable' && formats.length > 1 ? own.map((file) => ({ ...file, path: `teachable/${file.path}` })) : own,
    );
    return Promise.all(files.map(async ({ path, blob }) => ({ path, base64: await base64Of(blob) })));
  }

  /** `npm run studio -- evaluate`: scores an exported bundle or file on a labelled folder. */
  async function evaluate(): Promise<{ report: unknown }> {
    const started = performance.now();
    const file = filesOfInput(required(input('model-file'), 'input model-file'))[0];
    const { task, score } = await (file ? openFile(studio.clients, file) : openBundle(studio.clients, folder('model')));
    const project = await makeProject(task);
    const options = { ...NO_OPTIONS, task: task.kind };
    await importFolder(project, 'data', 'testing', options);
    const importSec = (performance.now() - started) / 1000;
    const items = project.items.filter(isLabelled);
    const { report, featureSec, scoringSec } = await score(project.id, items);
    const names = new Map(project.project.classes.map((label) => [label.id, label.name]));
    return {
      report: {
        task: task.kind,
        seed: null,
        engine: 'wasm',
        versions: versions(),
        data: { training: countItems([], names), validation: countItems([], names), testing: countItems(items, names) },
        seconds: {
          import: importSec,
          features: featureSec,
          training: 0,
          evaluation: scoringSec,
          total: (performance.now() - started) / 1000,
        },
        evaluation: { testing: scoreOf(report) },
      },
    };
  }

  /** Errors as a sentence a person can act on. */
  const guard =
    <A extends unknown[], R>(run: (...args: A) => Promise<R>) =>
    (...args: A): Promise<{ ok: R } | { error: string; code: string }> =>
      run(...args).then(
        (ok) => ({ ok }),
        (error: unknown) => ({
          error:
            error instanceof StudioError
              ? [error.sentence, ...Object.entries(error.details).map(([key, value]) => `${key}: ${value}`)].join('\n')
              : String(error),
          code: error instanceof StudioError ? error.code : 'bug',
        }),
      );

  /** `npm run studio -- convert`. @param write stores a piece of a file of the new set. */
  const convertData = (asked: HeadlessConvert, write: ConvertTools['write']) =>
    convert(asked, {
      clients: studio.clients,
      say,
      files: folder('data'),
      write,
      async importAll(task) {
        const project = await makeProject(task);
        const options = { ...NO_OPTIONS, task: task.kind, classes: asked.classes };
        await importFolder(project, 'data', 'training', options);
        if (folder('validation').length > 0) await importFolder(project, 'validation', 'validation', options);
        if (folder('test').length > 0) await importFolder(project, 'test', 'testing', options);
        return project;
      },
    });

  return { train: guard(train), evaluate: guard(evaluate), convert: guard(convertData) };
}
