/**
 * The headless studio: trains and evaluates with the built app's own code in headless Chromium, with a fresh profile.
 *   npm run studio -- train --task TASK --data DIR [--validation DIR] [--test DIR | --split FILE | --folds K --group-by REGEX]
 *                     [--classes WAY] [--config FILE.json] [--seed N] [--background DIR] --out report.json
 *                     [--export DIR [--formats all|LIST]]
 *   npm run studio -- evaluate --model DIR|FILE --data DIR --out report.json
 *   npm run studio -- convert --data DIR --as FORM --out DIR [--task TASK] [--parts folders|lists] [--classes WAY]
 */
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright';
import { findChromium } from './chromium.mjs';
import { ensureBuilt } from './fresh-build.mjs';
import { fetchModels } from './models.mjs';
import { checkPlace, NotWritten, putFile } from './put-file.mjs';
import { serve } from './serve.mjs';

const HELP = `Usage:
  npm run studio -- train --task TASK --data DIR [--validation DIR] [--test DIR | --split FILE | --folds K --group-by REGEX]
                    [--classes WAY] [--config FILE.json] [--seed N] [--background DIR] --out report.json
                    [--export DIR [--formats all|LIST]]
  npm run studio -- evaluate --model DIR|FILE --data DIR --out report.json
  npm run studio -- convert --data DIR [--validation DIR] [--test DIR] --as FORM --out DIR [--task TASK]
                    [--parts folders|lists] [--classes WAY]

--task      sound (the default), action, detection or picture
--data, --validation, --test   folders with one folder per class, or files named Label.anything.ext, or a list of files and
            classes; of actions also an annotation file; of objects annotations (Create ML, COCO, YOLO, Pascal VOC, CSV …)
--classes   where the classes stand when there are two readings: folder (the inner), folder-2 (the outer), name, name-2 (first
            and second part of the file name), none; what was chosen is printed
--split     JSON {"training": [paths], "validation": [paths], "testing": [paths]} or CSV lines path,part; paths inside --data
--folds     K folds over --data; recordings stay together
--group-by  regular expression on the path inside --data; its first capture names the recording
--config    settings (see README); what is missing is what the app would choose
--background  sounds without classes, mixed in behind half of the training examples
--as        form of the new data set: coco, yolo, voc, create-ml, create-ml-apple, csv, label-studio (boxes); folders, create-ml,
            csv, audacity, teachable-machine (classes); create-ml, create-ml-csv (actions); docs/formats.md tells all
--parts     how the new set says its parts: folders (the default), or lists of files
--out       where the JSON report goes (docs/report.schema.json); of convert the empty folder for the new data set
--export    folder for the model
--formats   all, or some of tfjs (the default), html, tflite, tflite-int8, onnx, coreml, with commas between
--model     folder of an exported bundle, or one exported file (.tflite, .onnx, .mlmodel)
`;

class Refusal extends Error {}

function folderOf(values, name, isRequired = false) {
  const path = values[name];
  if (!path) {
    if (isRequired) throw new Refusal(`--${name} is missing.`);
    return null;
  }
  if (!existsSync(path) || !statSync(path).isDirectory()) throw new Refusal(`--${name}: ${path} is not a folder.`);
  return resolve(path);
}

const FORMATS = ['tfjs', 'html', 'teachable', 'tflite', 'tflite-int8', 'onnx', 'coreml'];

/** @param task Teachable Machine has models of pictures only. */
function formatsOf(text, task) {
  if (text === 'all') return FORMATS.filter((id) => id !== 'teachable' || task === 'picture');
  const wanted = text.split(',').map((name) => name.trim());
  const strange = wanted.find((name) => !FORMATS.includes(name));
  if (strange !== undefined) throw new Refusal(`--formats: ${strange} is none of ${FORMATS.join(', ')}.`);
  return wanted;
}

/** @returns paths to give to the page: all of a folder, or one file. */
function modelOf(path) {
  if (!path) throw new Refusal('--model is missing.');
  if (!existsSync(path)) throw new Refusal(`--model: ${path} does not exist.`);
  if (!statSync(path).isDirectory() && !/\.(tflite|onnx|mlmodel)$/i.test(path))
    throw new Refusal(`--model: ${path} is no folder, and no .tflite, .onnx or .mlmodel file.`);
  return resolve(path);
}

function readJson(path, name) {
  if (!existsSync(path)) throw new Refusal(`--${name}: ${path} does not exist.`);
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Refusal(`--${name}: ${path} is not JSON: ${error.message}`);
  }
}

/** @returns word of the part by path; the page knows which words are parts. */
function readSplit(path) {
  if (!existsSync(path)) throw new Refusal(`--split: ${path} does not exist.`);
  const parts = {};
  const put = (file, part) => {
    parts[
      String(file)
        .trim()
        .replace(/^\.?\//, '')
    ] = String(part).trim();
  };
  if (/\.json$/i.test(path)) {
    const split = readJson(path, 'split');
    if (typeof split !== 'object' || split === null || Array.isArray(split))
      throw new Refusal('--split: it is no object with a list of paths for each part.');
    for (const [part, files] of Object.entries(split)) {
      if (Array.isArray(files)) for (const file of files) put(file, part);
      else put(part, files);
    }
  } else {
    for (const line of readFileSync(path, 'utf8').split(/\r?\n/)) {
      if (!line.trim() || /^(path|file|filename)\s*[,;\t]/i.test(line)) continue;
      const at = Math.max(line.lastIndexOf(','), line.lastIndexOf(';'), line.lastIndexOf('\t'));
      if (at < 0) throw new Refusal(`--split: the line "${line}" is not path,part.`);
      put(line.slice(0, at).replace(/^"|"$/g, ''), line.slice(at + 1));
    }
  }
  return parts;
}

function readArguments() {
  const [command, ...rest] = process.argv.slice(2);
  if (!command || command === 'help' || rest.includes('--help')) {
    console.log(HELP);
    process.exit(command ? 0 : 2);
  }
  const text = { type: 'string' };
  let values;
  try {
    ({ values } = parseArgs({
      args: rest,
      options: Object.fromEntries(
        [
          'task',
          'data',
          'validation',
          'test',
          'background',
          'split',
          'classes',
          'folds',
          'group-by',
          'config',
          'seed',
          'out',
          'export',
          'formats',
          'model',
          'as',
          'parts',
        ].map((name) => [name, text]),
      ),
    }));
  } catch (error) {
    throw new Refusal(error.message);
  }
  if (!values.out) throw new Refusal('--out is missing: say where the report goes.');
  const common = { command, out: resolve(values.out), data: folderOf(values, 'data', true) };
  if (command === 'evaluate') return { ...common, model: modelOf(values.model) };
  if (command === 'convert') {
    if (!values.as) throw new Refusal('--as is missing: say which form the data set is to have, such as coco.');
    if (existsSync(common.out) && (!statSync(common.out).isDirectory() || readdirSync(common.out).length > 0))
      throw new Refusal(`--out: ${common.out} is not an empty folder. Nothing in it was touched.`);
    return {
      ...common,
      validation: folderOf(values, 'validation'),
      test: folderOf(values, 'test'),
      job: {
        task: values.task ?? null,
        as: values.as,
        parts: values.parts ?? null,
        classes: values.classes ?? null,
      },
    };
  }
  if (command !== 'train') throw new Refusal(`${command} is no command; use train, evaluate or convert.`);
  const whole = (name) => {
    if (values[name] === undefined) return null;
    if (!/^\d+$/.test(values[name])) throw new Refusal(`--${name} must be a whole number.`);
    return Number(values[name]);
  };
  const folds = whole('folds');
  if (folds !== null && (folds < 2 || folds > 100)) throw new Refusal('--folds must be 2 to 100.');
  if ([values.test, values.split, values.folds].filter(Boolean).length > 1)
    throw new Refusal('Use only one of --test, --split and --folds.');
  if (folds !== null && (values.validation || values.export))
    throw new Refusal('--folds goes with neither --validation nor --export: every fold is a model of its own.');
  const groupBy = values['group-by'] ?? null;
  if (groupBy !== null) {
    try {
      new RegExp(groupBy);
    } catch (error) {
      throw new Refusal(`--group-by: ${error.message}`);
    }
  }
  return {
    ...common,
    validation: folderOf(values, 'validation'),
    test: folderOf(values, 'test'),
    background: folderOf(values, 'background'),
    export: values.export ? resolve(values.export) : null,
    job: {
      task: values.task ?? 'sound',
      config: values.config ? readJson(values.config, 'config') : null,
      seed: whole('seed'),
      folds,
      groupBy,
      split: values.split ? readSplit(values.split) : null,
      classes: values.classes ?? null,
      formats: values.export ? formatsOf(values.formats ?? 'tfjs', values.task) : [],
    },
  };
}

async function main() {
  const args = readArguments();
  // An hour of training is not to end at a folder that cannot be written to.
  if (args.command !== 'convert') checkPlace(args.out);
  if (args.export) checkPlace(join(args.export, 'model'));
  const log = (line) => console.error(line);
  ensureBuilt(log);
  const executablePath = await findChromium({ mayInstall: true, log });
  const mirror = process.env.MODELS_MIRROR ?? (existsSync('../shared/models') ? '../shared/models' : null);
  if (mirror)
    for (const { path, reason } of await fetchModels({ mirror, log: () => {} })) log(`Without ${path}: ${reason}`);
  const server = await serve('dist', 0, { models: 'public/models' });
  const profile = mkdtempSync(join(tmpdir(), 'understudy-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-background-networking',
      '--disable-component-update',
      ...(process.env.UNDERSTUDY_CHROME_ARGS?.split(' ') ?? []),
    ],
  });
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    page.on('console', (message) => {
      const text = message.text();
      if (text.startsWith('studio: ')) log(text.slice(8));
      else if (message.type() === 'error') log(`page: ${text}`);
    });
    const crashed = new Promise((_, reject) =>
      page.on('crash', () => reject(new Error('The page ran out of memory or crashed.'))),
    );
    await page.goto(`${server.url}#/headless`);
    await page.waitForFunction(() => 'understudyHeadless' in globalThis);
    const give = async (name, folder) => {
      if (folder) await page.getByTestId(`headless-${name}`).setInputFiles(folder);
    };
    await give('data', args.data);
    await give('validation', args.validation);
    await give('test', args.test);
    await give('background', args.background);
    if (args.model) await give(statSync(args.model).isDirectory() ? 'model' : 'model-file', args.model);
    page.setDefaultTimeout(0);
    await page.exposeFunction('understudyWrite', (path, base64, isAppended) => {
      const target = resolve(args.out, path);
      if (!target.startsWith(args.out + sep)) throw new Error(`${path} leads out of the folder`);
      const content = Buffer.from(base64, 'base64');
      if (!isAppended) return putFile(target, content);
      try {
        appendFileSync(target, content);
      } catch (cause) {
        rmSync(target, { force: true });
        throw new NotWritten(target, cause);
      }
    });
    const commands = {
      train: () => page.evaluate((job) => globalThis.understudyHeadless.train(job), args.job),
      evaluate: () => page.evaluate(() => globalThis.understudyHeadless.evaluate()),
      convert: () =>
        page.evaluate((job) => globalThis.understudyHeadless.convert(job, globalThis.understudyWrite), args.job),
    };
    const result = await Promise.race([commands[args.command](), crashed]);
    if ('error' in result) throw new Refusal(result.error);
    if (args.command === 'convert') {
      const { as, files, examples, labelled } = result.ok.report;
      log(`Data: ${args.out} as ${as}: ${examples} examples, ${labelled} of them labelled, in ${files} files`);
      return;
    }
    const { report, bundle = [] } = result.ok;
    const text = JSON.stringify(report, null, 2) + '\n';
    try {
      putFile(args.out, text);
    } catch (error) {
      // What was worked out is not lost.
      process.stdout.write(text);
      log(`${error.message} The report is printed instead.`);
      process.exitCode = 1;
    }
    if (args.export) {
      for (const file of bundle) putFile(join(args.export, file.path), Buffer.from(file.base64, 'base64'));
      log(`Model: ${args.export}`);
    }
    const score =
      report.evaluation.mean ?? report.evaluation.testing ?? report.evaluation.validation ?? report.evaluation.training;
    log(
      'map50' in score
        ? `Average precision: ${score.map50.toFixed(3)} at an overlap of 0.50, ${score.map.toFixed(3)} from 0.50 to 0.95, ${report.seconds.total.toFixed(1)} s in all`
        : `Clips right: ${(score.clipAccuracy * 100).toFixed(1)} %, windows right: ${(score.windowAccuracy * 100).toFixed(1)} %, ${report.seconds.total.toFixed(1)} s in all`,
    );
    if (!process.exitCode) log(`Report: ${args.out}`);
  } finally {
    await context.close().catch(() => {});
    await server.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

main().catch((error) => {
  console.error(
    error instanceof Refusal || error instanceof NotWritten ? error.message : (error.stack ?? String(error)),
  );
  process.exit(1);
});
