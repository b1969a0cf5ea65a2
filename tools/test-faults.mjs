/**
 * npm run test:faults [-- --seed N --kills N --inputs N]: the stories of faults, long: hostile inputs for every reader (5000 each when nothing is said), the whole browser
 * killed at random moments (100 times), and all that tests/e2e/faults.spec.ts does. npm test runs the same with few.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { findChromium } from './chromium.mjs';
import { ensureBuilt } from './fresh-build.mjs';

const { values } = parseArgs({
  options: { seed: { type: 'string' }, kills: { type: 'string' }, inputs: { type: 'string' } },
});
await findChromium({ mayInstall: true });
ensureBuilt();
const env = {
  ...process.env,
  FAULT_SEED: values.seed ?? '1',
  FAULT_KILLS: values.kills ?? '100',
  FAULT_INPUTS: values.inputs ?? '5000',
};
const run = (...args) => spawnSync('npx', args, { stdio: 'inherit', env }).status ?? 1;
const statuses = [
  run('vitest', 'run', '--project', 'unit', 'tests/unit/hostile.test.ts'),
  run('playwright', 'test', 'kills', 'faults'),
];
process.exit(Math.max(...statuses));
