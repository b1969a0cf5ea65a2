/**
 * npm run test:faults [-- --seed N --kills N --inputs N --minutes N]: the stories of faults, long: hostile inputs for every reader (5000 each when nothing is said), the whole browser
 * killed at random moments (100 times), twenty trainings and an hour of listening with memory measured, and all that tests/e2e/faults.spec.ts does. npm test runs the same with few.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { findChromium } from './chromium.mjs';
import { ensureBuilt } from './fresh-build.mjs';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    kills: { type: 'string' },
    inputs: { type: 'string' },
    minutes: { type: 'string' },
  },
});
await findChromium({ mayInstall: true });
ensureBuilt();
const env = {
  ...process.env,
  FAULT_SEED: values.seed ?? '1',
  FAULT_KILLS: values.kills ?? '100',
  FAULT_INPUTS: values.inputs ?? '5000',
  STEADY_MIN: values.minutes ?? '60',
  STEADY_RUNS: '20',
};
const run = (...args) => spawnSync('npx', args, { stdio: 'inherit', env }).status ?? 1;
const statuses = [
  run('vitest', 'run', '--project', 'unit', 'tests/unit/hostile.test.ts'),
  run('playwright', 'test', 'kills', 'faults', 'steady'),
];
process.exit(Math.max(...statuses));
