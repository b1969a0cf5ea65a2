/** Licence notices of everything that is shipped: the packages reached from "dependencies". */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Parts of tools that end up in the app: the service worker, and what registers it. */
const BROUGHT = [
  ...['core', 'precaching', 'routing', 'strategies', 'window'].map((part) => `workbox-${part}`),
  'vite-plugin-pwa',
];

/** @returns one text with name, version, licence and licence text of each shipped package. */
export function writeNotices() {
  const seen = new Map();
  const visit = (name, from, isAlone = false) => {
    for (let folder = from; ; folder = dirname(folder)) {
      const path = join(folder, 'node_modules', name);
      if (existsSync(join(path, 'package.json'))) {
        if (seen.has(path)) return;
        const pkg = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
        seen.set(path, pkg);
        for (const dependency of Object.keys((isAlone ? null : pkg.dependencies) ?? {})) visit(dependency, path);
        return;
      }
      if (folder === '.') return;
    }
  };
  const root = JSON.parse(readFileSync('package.json', 'utf8'));
  for (const name of Object.keys(root.dependencies)) visit(name, '.');
  // Not what the tools need themselves.
  for (const name of BROUGHT) visit(name, '.', true);
  const entries = [...seen].map(([path, pkg]) => {
    const file = readdirSync(path).find((name) => /^(licen[cs]e|copying)/i.test(name));
    const licence = typeof pkg.license === 'string' ? pkg.license : (pkg.license?.type ?? 'see below');
    return `${pkg.name} ${pkg.version}\nLicence: ${licence}\n\n${file ? readFileSync(join(path, file), 'utf8').trim() : '(no licence file in the package)'}\n`;
  });
  return `Understudy ships with these packages.\n\n${entries.sort().join(`\n${'-'.repeat(80)}\n\n`)}`;
}
