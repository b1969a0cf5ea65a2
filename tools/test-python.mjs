/**
 * npm run test:python: the exported files in the runtimes of Python. Makes a virtual environment (.venv-exports), has the unit tests write a file of every kind,
 * and runs tools/check-exports.py on them. npm test does not need it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const venv = '.venv-exports';
const python = join(venv, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
const run = (command, args, env = {}) =>
  spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env }, shell: process.platform === 'win32' })
    .status ?? 1;
const stop = (reason) => {
  console.error(reason);
  process.exit(1);
};

if (!existsSync(python) && run('python3', ['-m', 'venv', venv]) !== 0)
  stop('Python 3.10 or newer with its venv module is needed.');
if (run(python, ['-m', 'pip', 'install', '--quiet', '-r', 'tools/requirements-exports.txt']) !== 0)
  stop('The packages of tools/requirements-exports.txt could not be installed.');
const folder = mkdtempSync(join(tmpdir(), 'understudy-exports-'));
try {
  const made = run('npx', ['vitest', 'run', '--project', 'unit', 'tests/unit/exports.test.ts'], {
    KEEP_EXPORTS: folder,
  });
  if (made !== 0) stop('The files could not be made.');
  process.exitCode = run(python, ['tools/check-exports.py', folder]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
