/**
 * npm run test:faults [-- --seed N --kills N]: the stories of faults, long: the whole browser killed at random moments (100 times when nothing is said), and all that
 * tests/e2e/faults.spec.ts does. npm test runs the same with a few kills.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { findChromium } from './chromium.mjs';
import { ensureBuilt } from './fresh-build.mjs';

const { values } = parseArgs({ options: { seed: { type: 'string' }, kills: { type: 'string' } } });
await findChromium({ mayInstall: true });
ensureBuilt();
const { status } = spawnSync('npx', ['playwright', 'test', 'kills', 'faults'], {
  stdio: 'inherit',
  env: { ...process.env, FAULT_KILLS: values.kills ?? '100', FAULT_SEED: values.seed ?? '1' },
});
process.exit(status ?? 1);
