/** npm run check: types (page and workers), Svelte, lint, format. Runs all, two at once; fails when one does. */
import { spawn } from 'node:child_process';

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
/** One step, its output kept until it ends: two run at once. @returns whether it passed. */
function run([name, command, args]) {
  const started = Date.now();
  return new Promise((resolve) => {
    const child = spawn(command, args, { shell: process.platform === 'win32' });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (said += part));
    child.on('error', (error) => (said += error.message));
    child.on('close', (status) => {
      if (status !== 0) process.stdout.write(said);
      console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${name}, ${((Date.now() - started) / 1000).toFixed(1)} s`);
      resolve(status === 0);
    });
  });
}

let failures = 0;
const waiting = [...steps];
const work = async () => {
  for (let step = waiting.shift(); step; step = waiting.shift()) if (!(await run(step))) failures++;
};
await Promise.all([work(), work()]);
process.exitCode = failures === 0 ? 0 : 1;
