/** npm run check: types (page and workers), Svelte, lint, format. Runs all, fails when one does. */
import { spawnSync } from 'node:child_process';

const steps = [
  [
    'types, page',
    'npx',
    ['svelte-check', '--tsconfig', './tsconfig.json', '--fail-on-warnings', '--output', 'human-verbose'],
  ],
  ['types, workers', 'npx', ['tsc', '-p', 'tsconfig.worker.json']],
  ['lint', 'npx', ['eslint', '--max-warnings', '0', '.']],
  ['format', 'npx', ['prettier', '--check', '--log-level', 'warn', '.']],
];
let failures = 0;
for (const [name, command, args] of steps) {
  const started = Date.now();
  const { status } = spawnSync(command, args, { stdio: 'inherit', shell: process.platform === 'win32' });
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${name}, ${((Date.now() - started) / 1000).toFixed(1)} s`);
  if (status !== 0) failures++;
}
process.exit(failures === 0 ? 0 : 1);
