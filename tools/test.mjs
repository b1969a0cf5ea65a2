/**
 * npm test: check, unit, browser and e2e tests, one after the other; all run even when one fails. Provisions Chromium.
 * Usage: node tools/test.mjs [check] [unit] [browser] [e2e]   (no names: all)
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { findChromium } from './chromium.mjs';
import { ensureBuilt } from './fresh-build.mjs';

const ALL = ['check', 'unit', 'browser', 'e2e'];
const wanted = process.argv.slice(2).length ? process.argv.slice(2) : ALL;
const started = Date.now();
const total = { passed: 0, failed: 0, skipped: 0 };
const out = 'test-results';
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

function run(command, args, env = {}) {
  return (
    spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env }, shell: process.platform === 'win32' })
      .status ?? 1
  );
}

function addVitest(file, status) {
  if (!existsSync(file)) {
    total.failed++;
    return;
  }
  const report = JSON.parse(readFileSync(file, 'utf8'));
  total.passed += report.numPassedTests;
  total.failed += report.numFailedTests;
  total.skipped += report.numPendingTests + report.numTodoTests;
  // A file that does not load fails the run without a failed test.
  if (status !== 0 && report.numFailedTests === 0) total.failed++;
}

if (wanted.includes('browser') || wanted.includes('e2e')) {
  try {
    await findChromium({ mayInstall: true });
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
  ensureBuilt();
}
if (wanted.includes('check')) {
  if (run(process.execPath, ['tools/check.mjs']) === 0) total.passed++;
  else total.failed++;
}
for (const project of ['unit', 'browser']) {
  if (!wanted.includes(project)) continue;
  const file = `${out}/${project}.json`;
  addVitest(
    file,
    run('npx', [
      'vitest',
      'run',
      '--project',
      project,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
    ]),
  );
}
if (wanted.includes('e2e')) {
  const file = `${out}/e2e.json`;
  const status = run('npx', ['playwright', 'test'], { PLAYWRIGHT_JSON_OUTPUT_NAME: file });
  if (existsSync(file)) {
    const { stats } = JSON.parse(readFileSync(file, 'utf8'));
    total.passed += stats.expected;
    total.failed += stats.unexpected + stats.flaky;
    total.skipped += stats.skipped;
    if (status !== 0 && stats.unexpected + stats.flaky === 0) total.failed++;
  } else total.failed++;
}
console.log(`\nTook ${Math.round((Date.now() - started) / 1000)} s`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
