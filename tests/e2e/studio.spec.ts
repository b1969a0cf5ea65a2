/** The headless studio: the same app from the command line, with a report that keeps its contract. Sounds are made here. */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { build } from 'vite';
// @ts-expect-error -- a plain script of tools/
import { serve as serveFolder } from '../../tools/serve.mjs';
import { SHARED } from '../helpers/data.ts';
import { violations } from '../helpers/json-schema.ts';
import { noise, tone } from '../helpers/signals.ts';
import { wavBytes } from '../helpers/microphone-file.ts';
import { expect, test } from './pages/studio.ts';

const serve = serveFolder as (root: string) => Promise<{ url: string; close(): Promise<void> }>;
const schema = JSON.parse(readFileSync('docs/report.schema.json', 'utf8')) as Parameters<typeof violations>[1];

function writeSounds(folder: string, kinds: string[], from: number, count: number): string {
  for (const kind of kinds) {
    mkdirSync(join(folder, kind), { recursive: true });
    for (let n = from; n < from + count; n++) {
      const hum = tone(200 + 20 * n, 0.8);
      const pcm = noise(0.8, n).map((value, k) => (kind === 'hiss' ? value : 0.05 * value + hum[k]!));
      writeFileSync(join(folder, kind, `take-${n % 3}-${n}.wav`), wavBytes(pcm, 16000));
    }
  }
  return folder;
}

function studio(...args: string[]) {
  const { status, stderr } = spawnSync(process.execPath, ['tools/studio.mjs', ...args], {
    encoding: 'utf8',
    timeout: 170_000,
  });
  return { status, text: stderr };
}
const read = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Record<string, never>;

test('trains, exports, evaluates the export, repeats itself, and its examples run', async ({ folder, context }) => {
  test.setTimeout(240_000);
  const data = writeSounds(join(folder, 'data'), ['hiss', 'hum'], 0, 8);
  const tests = writeSounds(join(folder, 'test'), ['hiss', 'hum'], 100, 3);
  const config = join(folder, 'config.json');
  writeFileSync(config, JSON.stringify({ algorithm: 'full-network', iterations: 8 }));
  const out = (name: string) => join(folder, `${name}.json`);
  const train = (name: string, ...formats: string[]) =>
    studio(
      'train',
      '--task',
      'sound',
      '--data',
      data,
      '--test',
      tests,
      '--config',
      config,
      '--seed',
      '3',
      '--out',
      out(name),
      '--export',
      join(folder, name),
      ...formats,
    );

  const first = train('one', '--formats', 'all');
  expect(first.status, first.text).toBe(0);
  expect(first.text).toContain('Clips right:');
  const one = read(out('one')) as never as {
    seed: number;
    data: { training: { items: number } };
    evaluation: { testing: { clipAccuracy: number; items: { path: string }[] } };
    seconds: object;
  };
  expect(violations(one, schema)).toEqual([]);
  expect(one.seed).toBe(3);
  expect(one.evaluation.testing.clipAccuracy).toBeGreaterThanOrEqual(0.8);
  expect(one.evaluation.testing.items[0]!.path).toMatch(/^(hiss|hum)\//);

  // Same seed, same engine: same numbers.
  expect(train('two').status).toBe(0);
  const two = read(out('two')) as never as typeof one;
  expect(two.evaluation).toEqual(one.evaluation);

  const evaluated = studio('evaluate', '--model', join(folder, 'one'), '--data', tests, '--out', out('evaluated'));
  expect(evaluated.status, evaluated.text).toBe(0);
  const report = read(out('evaluated')) as never as typeof one;
  expect(violations(report, schema)).toEqual([]);
  expect(report.evaluation.testing).toEqual(one.evaluation.testing);

  // The same model as one file: the same score.
  const scoreFile = (name: string) => {
    const run = studio('evaluate', '--model', join(folder, 'one', name), '--data', tests, '--out', out('file'));
    expect(run.status, run.text).toBe(0);
    return (read(out('file')) as never as typeof one).evaluation.testing;
  };
  for (const name of ['model.tflite', 'model.onnx', 'model.mlmodel']) {
    const { clipAccuracy, items } = scoreFile(name);
    expect(clipAccuracy, name).toBe(one.evaluation.testing.clipAccuracy);
    expect(items.length).toBe(6);
  }
  const cut = join(folder, 'cut.onnx');
  writeFileSync(cut, readFileSync(join(folder, 'one/model.onnx')).subarray(0, 5000));
  const refused = studio('evaluate', '--model', cut, '--data', tests, '--out', out('cut'));
  expect(refused.status).toBe(1);
  expect(refused.text).toContain('cut.onnx cannot be used: the file is damaged or cut off.');

  // The examples beside the model run: as a plain page, in React and in Svelte, built with Vite, and in Node.
  const bundle = join(folder, 'one');
  const plain = await serve(bundle);
  try {
    const page = await context.newPage();
    await page.goto(`${plain.url}examples/page.html`);
    const heard = page.waitForEvent('console', { predicate: (said) => /^(hiss|hum|null) [\d.]+$/.test(said.text()) });
    await page.getByRole('button', { name: 'Start' }).click();
    await heard;
    await page.close();
  } finally {
    await plain.close();
  }
  const site = makeSite(bundle, join(folder, 'site'));
  await build({ root: site, configFile: false, logLevel: 'error', plugins: [svelte()] });
  const host = await serve(join(site, 'dist'));
  try {
    const page = await context.newPage();
    const broken: string[] = [];
    page.on('pageerror', ({ message }) => broken.push(message));
    await page.goto(host.url);
    for (const id of ['react', 'svelte']) {
      const part = page.locator(`#${id}`);
      await part.getByRole('button', { name: 'Start' }).click();
      await expect(part.locator('output')).toHaveText(/^(hiss|hum|Not sure)$/, { timeout: 30_000 });
      await part.getByRole('button', { name: 'Stop' }).click();
    }
    expect(broken).toEqual([]);
    await page.close();
  } finally {
    await host.close();
  }
  const script = join(site, 'node.mjs');
  // The same interface; its other build is here.
  const text = readFileSync(join(bundle, 'examples/node.mjs'), 'utf8');
  writeFileSync(script, text.replaceAll('onnxruntime-node', 'onnxruntime-web'));
  const run = spawnSync(process.execPath, [script, join(bundle, 'model.onnx')], {
    encoding: 'utf8',
    env: { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1' },
  });
  expect(run.stdout, run.stderr).toMatch(/^hiss [\d.e-]+\nhum [\d.e-]+\n$/);
});

/** A Vite project with the examples of a bundle in it. @returns its folder. */
function makeSite(bundle: string, root: string): string {
  mkdirSync(join(root, 'public'), { recursive: true });
  cpSync(bundle, join(root, 'public/model'), { recursive: true });
  symlinkSync(resolve('node_modules'), join(root, 'node_modules'));
  for (const name of ['understudy.js', 'understudy.d.ts']) copyFileSync(join(bundle, name), join(root, name));
  for (const name of ['React.jsx', 'Live.svelte']) copyFileSync(join(bundle, 'examples', name), join(root, name));
  writeFileSync(
    join(root, 'main.jsx'),
    `import { createRoot } from 'react-dom/client';
import { mount } from 'svelte';
import React from './React.jsx';
import Live from './Live.svelte';
createRoot(document.getElementById('react')).render(<React />);
mount(Live, { target: document.getElementById('svelte') });`,
  );
  writeFileSync(
    join(root, 'index.html'),
    '<!doctype html><div id="react"></div><div id="svelte"></div><script type="module" src="./main.jsx"></script>',
  );
  return root;
}

test('makes folds of whole recordings and takes a split file', async ({ folder }) => {
  test.setTimeout(240_000);
  const data = writeSounds(join(folder, 'data'), ['hiss', 'hum'], 0, 6);
  const config = join(folder, 'config.json');
  writeFileSync(config, JSON.stringify({ iterations: 2, validation: 'none' }));
  const out = join(folder, 'folds.json');
  const folds = studio(
    'train',
    '--task',
    'sound',
    '--data',
    data,
    '--folds',
    '3',
    '--group-by',
    '^([^/]+/take-\\d)',
    '--config',
    config,
    '--out',
    out,
  );
  expect(folds.status, folds.text).toBe(0);
  const report = read(out) as never as {
    evaluation: { mean: { clipAccuracy: number }; folds: { items: { path: string }[] }[] };
  };
  expect(violations(report, schema)).toEqual([]);
  const groups = report.evaluation.folds.map(
    (fold) => new Set(fold.items.map(({ path }) => path.replace(/-\d+\.wav$/, ''))),
  );
  expect(report.evaluation.folds.flatMap((fold) => fold.items).length).toBe(12);
  for (const [i, one] of groups.entries())
    for (const other of groups.slice(i + 1)) expect([...one].filter((name) => other.has(name))).toEqual([]);

  const split = join(folder, 'split.csv');
  writeFileSync(
    split,
    'path,part\nhiss/take-0-0.wav,test\nhum/take-0-0.wav,test\nhiss/take-1-1.wav,validation\nhum/take-1-1.wav,validation\n',
  );
  const bySplit = studio(
    'train',
    '--task',
    'sound',
    '--data',
    data,
    '--split',
    split,
    '--config',
    (writeFileSync(config, JSON.stringify({ iterations: 2 })), config),
    '--out',
    out,
  );
  expect(bySplit.status, bySplit.text).toBe(0);
  expect(read(out)).toMatchObject({
    data: { training: { items: 8 }, validation: { items: 2 }, testing: { items: 2 } },
  });
});

test('refuses what it cannot do, with a sentence and a failing exit code', async ({ folder }) => {
  const data = writeSounds(join(folder, 'data'), ['hiss'], 0, 2);
  const out = join(folder, 'r.json');
  const refused = (...args: string[]) => {
    const { status, text } = studio(...args);
    expect(status, args.join(' ')).toBe(1);
    return text;
  };
  expect(refused('train', '--data', data)).toContain('--out is missing');
  expect(refused('train', '--data', join(folder, 'none'), '--out', out)).toContain('is not a folder');
  expect(refused('train', '--data', data, '--folds', 'two', '--out', out)).toContain('whole number');
  expect(refused('train', '--data', data, '--group-by', '(', '--out', out)).toContain('--group-by');
  expect(refused('train', '--task', 'sound', '--data', data, '--out', out)).toContain('only one class');
  expect(refused('train', '--data', data, '--classes', 'name', '--out', out)).toContain(
    'cannot be read as name here. Possible: folder',
  );
  const config = join(folder, 'config.json');
  writeFileSync(config, '{"windowSec": 99}');
  expect(refused('train', '--task', 'sound', '--data', data, '--config', config, '--out', out)).toContain('windowSec');
  mkdirSync(join(folder, 'model'));
  writeFileSync(join(folder, 'model', 'model.json'), '{}');
  expect(refused('evaluate', '--model', join(folder, 'model'), '--data', data, '--out', out)).toContain(
    'could not be read',
  );
});

test('converts a data set, and tells what it cannot do', async ({ folder }) => {
  const data = writeSounds(join(folder, 'data', 'train'), ['hiss', 'hum'], 0, 2);
  writeSounds(join(folder, 'data', 'test'), ['hum'], 7, 1);
  const out = join(folder, 'out');
  const first = studio('convert', '--data', join(folder, 'data'), '--as', 'audacity', '--parts', 'lists', '--out', out);
  expect(first.status, first.text).toBe(0);
  expect(first.text).toContain('task: sound');
  expect(first.text).toContain('5 examples, 5 of them labelled, in 12 files');
  expect(readFileSync(join(out, 'testing.txt'), 'utf8')).toBe('take-1-7.wav\n');
  expect(readFileSync(join(out, 'take-1-7.txt'), 'utf8')).toMatch(/^0\.000000\t0\.800000\thum\n$/);
  expect(readFileSync(join(out, 'take-1-7.wav'))).toEqual(readFileSync(join(folder, 'data/test/hum/take-1-7.wav')));
  const again = studio('convert', '--data', data, '--as', 'audacity', '--out', out);
  expect([again.status, again.text]).toEqual([1, expect.stringContaining('is not an empty folder')]);
  const unknown = studio('convert', '--data', data, '--as', 'tfrecord', '--out', join(folder, 'new'));
  expect([unknown.status, unknown.text]).toEqual([1, expect.stringContaining('none of the forms: folders, create-ml')]);
  expect(existsSync(join(folder, 'new'))).toBe(false);
});

/** Ten pictures of dice for training and four for testing, with their annotations. */
function copyDice(dice: string, folder: string): void {
  const names = readdirSync(dice)
    .filter((name) => name.endsWith('.jpg'))
    .sort()
    .slice(0, 14);
  for (const [part, list] of [
    ['data', names.slice(0, 10)],
    ['test', names.slice(10)],
  ] as const) {
    mkdirSync(join(folder, part));
    for (const name of list) copyFileSync(join(dice, name), join(folder, part, name));
    const notes = JSON.parse(readFileSync(join(dice, 'annotations.json'), 'utf8')) as { image: string }[];
    writeFileSync(
      join(folder, part, 'annotations.json'),
      JSON.stringify(notes.filter(({ image }) => list.includes(image))),
    );
  }
}

test('a detector is trained, exported and scored again from annotated pictures', async ({ folder }) => {
  const dice = join(SHARED, 'data/detection-dice/train');
  test.skip(!existsSync(dice) || !existsSync(join(SHARED, 'models')), 'needs ../shared/data/detection-dice and models');
  test.setTimeout(240_000);
  copyDice(dice, folder);
  const config = join(folder, 'config.json');
  writeFileSync(config, JSON.stringify({ iterations: 2, copies: 1, vision: { pixels: 320, tiles: 1 } }));
  const train = (name: string, ...formats: string[]) =>
    studio(
      ...['train', '--task', 'detection', '--data', join(folder, 'data'), '--test', join(folder, 'test')],
      ...['--config', config, '--out', join(folder, `${name}.json`), '--export', join(folder, name)],
      ...formats,
    );
  const first = train('one', '--formats', 'tfjs,tflite');
  expect(first.status, first.text).toBe(0);
  expect(first.text).toContain('Average precision:');
  type Found = { evaluation: { testing: { map50: number; classes: { label: string; support: number }[] } } };
  const one = read(join(folder, 'one.json')) as never as Found;
  expect(violations(one, schema)).toEqual([]);
  expect(one.evaluation.testing.classes.map(({ label }) => label).sort()).toEqual([
    'five',
    'four',
    'one',
    'six',
    'three',
    'two',
  ]);
  expect(train('two').status).toBe(0);
  expect((read(join(folder, 'two.json')) as never as Found).evaluation).toEqual(one.evaluation);
  const again = studio(
    ...[
      'evaluate',
      '--model',
      join(folder, 'one'),
      '--data',
      join(folder, 'test'),
      '--out',
      join(folder, 'again.json'),
    ],
  );
  expect(again.status, again.text).toBe(0);
  const report = read(join(folder, 'again.json')) as never as Found;
  expect(violations(report, schema)).toEqual([]);
  expect(report.evaluation.testing).toEqual(one.evaluation.testing);
  const file = studio(
    ...['evaluate', '--model', join(folder, 'one/model.tflite'), '--data', join(folder, 'test')],
    ...['--out', join(folder, 'file.json')],
  );
  expect(file.status, file.text).toBe(0);
  const { map50 } = (read(join(folder, 'file.json')) as never as Found).evaluation.testing;
  expect(Math.abs(map50 - one.evaluation.testing.map50)).toBeLessThan(0.01);
});

test('pictures in folders are learnt, exported and scored again', async ({ folder }) => {
  const zip = join(SHARED, 'data/teachable-machine/image-model-data.zip');
  test.skip(!existsSync(zip), 'needs ../shared/data/teachable-machine');
  test.setTimeout(240_000);
  mkdirSync(join(folder, 'data'));
  copyFileSync(zip, join(folder, 'data/set.zip'));
  const config = join(folder, 'config.json');
  writeFileSync(config, JSON.stringify({ algorithm: 'full-network', iterations: 4, copies: 2 }));
  const train = (name: string) =>
    studio(
      ...['train', '--task', 'picture', '--data', join(folder, 'data'), '--config', config],
      ...['--out', join(folder, `${name}.json`), '--export', join(folder, name)],
    );
  const first = train('one');
  expect(first.status, first.text).toBe(0);
  type Found = { evaluation: { training: { clipAccuracy: number; items: unknown[]; classes: { label: string }[] } } };
  const one = read(join(folder, 'one.json')) as never as Found;
  expect(violations(one, schema)).toEqual([]);
  expect(one.evaluation.training.classes.map(({ label }) => label)).toEqual(['Class 1', 'Class 2']);
  expect(train('two').status).toBe(0);
  expect((read(join(folder, 'two.json')) as never as Found).evaluation).toEqual(one.evaluation);
  const out = join(folder, 'again.json');
  const again = studio('evaluate', '--model', join(folder, 'one'), '--data', join(folder, 'data'), '--out', out);
  expect(again.status, again.text).toBe(0);
  const report = read(out) as never as { evaluation: { testing: { clipAccuracy: number; items: unknown[] } } };
  expect(violations(report, schema)).toEqual([]);
  expect(report.evaluation.testing.items.length).toBeGreaterThan(20);
});

test('a detector is fine-tuned on the engine that was asked for', async ({ folder }) => {
  const dice = join(SHARED, 'data/detection-dice/train');
  test.skip(!existsSync(dice) || !existsSync(join(SHARED, 'models')), 'needs ../shared/data/detection-dice and models');
  test.setTimeout(240_000);
  copyDice(dice, folder);
  const config = join(folder, 'config.json');
  const vision = { pixels: 320, unfreezeFrom: 14 };
  writeFileSync(config, JSON.stringify({ algorithm: 'fine-tune', engine: 'wasm', iterations: 2, vision }));
  const out = join(folder, 'report.json');
  const { status, text } = studio(
    ...['train', '--task', 'detection', '--data', join(folder, 'data'), '--test', join(folder, 'test')],
    ...['--config', config, '--out', out, '--export', join(folder, 'model')],
  );
  expect(status, text).toBe(0);
  const report = read(out) as never as { evaluation: { testing: object } };
  expect(violations(report, schema)).toEqual([]);
  // The bundle holds the whole network: it needs no pretrained file.
  const again = studio(
    ...[
      'evaluate',
      '--model',
      join(folder, 'model'),
      '--data',
      join(folder, 'test'),
      '--out',
      join(folder, 'again.json'),
    ],
  );
  expect(again.status, again.text).toBe(0);
  expect((read(join(folder, 'again.json')) as never as typeof report).evaluation.testing).toEqual(
    report.evaluation.testing,
  );
});
