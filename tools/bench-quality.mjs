/**
 * npm run bench:quality: what the product reaches on the real sets of shared/DATA.md, with the splits named there. Slow (hours on
 * 2 cores). Prints the lines of docs/results.md; reports go to test-results/quality/.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const shared = resolve(process.env.SHARED_DIR ?? '../shared');
const out = 'test-results/quality';
mkdirSync(out, { recursive: true });

function studio(name, settings, args, task = 'sound') {
  const report = join(out, `${name}.json`);
  const config = join(out, `${name}-config.json`);
  writeFileSync(config, JSON.stringify(settings));
  console.log(`\n${name}: npm run studio -- train --task ${task} ${args.join(' ')} --config ${config}`);
  execFileSync(
    process.execPath,
    ['tools/studio.mjs', 'train', '--task', task, ...args, '--config', config, '--out', report],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  return JSON.parse(readFileSync(report, 'utf8'));
}
const percent = (value) => `${(value * 100).toFixed(1)} %`;
const lines = [];
const FULL = { algorithm: 'full-network' };
const NOT_VARIED = { specAugment: false, timeShift: false, gain: false, mixup: false };
/** One softmax layer on the frozen features, nothing varied. */
const PLAIN = { copies: 0, augment: { mixup: false } };

const digits = join(shared, 'data/sound-digits/clips');
if (existsSync(digits)) {
  const split = (name, isTest) => {
    const parts = { training: [], testing: [] };
    for (const digit of readdirSync(digits).sort())
      for (const file of readdirSync(join(digits, digit)).sort())
        parts[isTest(file) ? 'testing' : 'training'].push(`${digit}/${file}`);
    const path = join(out, `${name}-split.json`);
    writeFileSync(path, JSON.stringify(parts));
    return path;
  };
  const a = studio('digits-a', FULL, [
    '--data',
    digits,
    '--split',
    split('digits-a', (file) => Number(/_(\d+)\.wav$/.exec(file)[1]) < 5),
  ]);
  lines.push(
    `digits (a), n = 0..4 test, full network: ${percent(a.evaluation.testing.clipAccuracy)} of ${a.data.testing.items} clips, ${a.seconds.total.toFixed(0)} s`,
  );
  const speakers = [...new Set(readdirSync(join(digits, '0')).map((file) => file.split('_')[1]))].sort();
  for (const [title, settings] of [
    ['full network', FULL],
    ['spoken words', { algorithm: 'spoken-words' }],
    ['plain softmax', { algorithm: 'spoken-words', head: 'linear', ...PLAIN }],
  ]) {
    const scores = speakers.map((speaker) => {
      const name = `digits-b-${speaker}-${title.replace(' ', '-')}`;
      const b = studio(name, settings, [
        '--data',
        digits,
        '--split',
        split(`digits-b-${speaker}`, (file) => file.split('_')[1] === speaker),
      ]);
      lines.push(
        `digits (b), ${speaker} left out, ${title}: ${percent(b.evaluation.testing.clipAccuracy)} of ${b.data.testing.items} clips, ${b.seconds.total.toFixed(0)} s`,
      );
      return b.evaluation.testing.clipAccuracy;
    });
    lines.push(`digits (b), mean, ${title}: ${percent(scores.reduce((sum, value) => sum + value, 0) / scores.length)}`);
  }
}
const esc = join(shared, 'data/sound-esc10/clips');
if (existsSync(esc)) {
  for (const [title, settings] of [
    ['full network', FULL],
    ['full network, not varied', { ...FULL, augment: NOT_VARIED }],
    ['transfer learning', { algorithm: 'transfer-learning' }],
    ['plain softmax', { algorithm: 'transfer-learning', ...PLAIN }],
    ['whole sounds', { algorithm: 'whole-sounds' }],
  ]) {
    const name = `esc10-${title.replaceAll(/\W+/g, '-')}`;
    const { evaluation, seconds } = studio(name, settings, [
      '--data',
      esc,
      '--folds',
      '4',
      '--group-by',
      '^[^/]+/\\d+-(\\d+)-',
    ]);
    const { mean } = evaluation;
    lines.push(
      `ESC-10, 4 grouped folds, ${title}: ${percent(mean.clipAccuracy)} ± ${percent(mean.clipAccuracyDeviation)} of clips, ${percent(mean.windowAccuracy)} of windows, ${seconds.total.toFixed(0)} s`,
    );
  }
}
const cells = join(shared, 'data/detection-cells');
const dice = join(shared, 'data/detection-dice/train');
const tellBoxes = (name, { evaluation: { testing }, seconds }) =>
  lines.push(
    `${name}: AP50 ${testing.map50.toFixed(3)}, AP50-95 ${testing.map.toFixed(3)} (${testing.classes.map(({ label, ap50 }) => `${label} ${ap50.toFixed(3)}`).join(', ')}) on ${testing.pictures} pictures, ${seconds.total.toFixed(0)} s`,
  );
if (existsSync(cells)) tellBoxes('blood cells, own lists', studio('cells', {}, ['--data', cells], 'detection'));
if (existsSync(dice)) {
  // Every fifth picture by name for testing.
  const names = readdirSync(dice)
    .filter((name) => name.endsWith('.jpg'))
    .sort();
  const parts = { training: names.filter((_, i) => i % 5 !== 0), testing: names.filter((_, i) => i % 5 === 0) };
  writeFileSync(join(out, 'dice-split.json'), JSON.stringify(parts));
  tellBoxes(
    'dice, every fifth picture for testing',
    studio('dice', {}, ['--data', dice, '--split', join(out, 'dice-split.json')], 'detection'),
  );
}
// Whole pictures cut by class, three seeds each, beside the nearest class mean.
execFileSync(process.execPath, ['tools/whole-pictures.mjs'], { stdio: 'inherit' });
for (const set of ['dice', 'cells', 'webcam']) {
  const folder = (part) => join('test-results/pictures', set, part);
  if (!existsSync(folder('train'))) continue;
  for (const algorithm of ['transfer-learning', 'full-network']) {
    const scores = [1, 2, 3].map(
      (seed) =>
        studio(
          `pictures-${set}-${algorithm}-${seed}`,
          { algorithm },
          ['--data', folder('train'), '--test', folder('test'), '--seed', String(seed)],
          'picture',
        ).evaluation.testing.clipAccuracy,
    );
    const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
    const spread = Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / (scores.length - 1));
    lines.push(`pictures, ${set}, ${algorithm}: ${percent(mean)} ± ${percent(spread)} (seeds 1, 2, 3)`);
  }
}
console.log(`\n${lines.join('\n')}`);
