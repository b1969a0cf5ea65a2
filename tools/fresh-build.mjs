/** Builds dist/ when it is missing or older than its sources. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

function newest(path) {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(
    0,
    ...readdirSync(path)
      .filter(
        (name) => name !== 'runtime' && name !== 'litert' && name !== 'models' && name !== 'third-party-notices.txt',
      )
      .map((name) => newest(join(path, name))),
  );
}

/** @returns true when it had to build. */
export function ensureBuilt(log = console.log) {
  const built = existsSync('dist/sw.js') ? statSync('dist/sw.js').mtimeMs : 0;
  const sources = Math.max(
    ...['src', 'workers', 'public', 'index.html', 'package.json', 'vite.config.ts', 'vite.runtime.config.ts'].map(
      newest,
    ),
  );
  if (built >= sources) return false;
  log('Building the app (once per change, under a minute)…');
  execFileSync(process.execPath, ['tools/build.mjs'], { stdio: ['ignore', 'inherit', 'inherit'] });
  return true;
}
