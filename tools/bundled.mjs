/** Which packages went into a build: seen in its chunks, so that the licence notices can be held against them (tools/build.mjs). Vite bundles its configuration, so the list is the process's. */

/** Names of packages. */
export const bundled = () => (globalThis.understudyBundled ??= new Set());

/** The package a module belongs to; null for our own. */
export function packageOf(id) {
  const at = id.replaceAll('\\', '/').lastIndexOf('/node_modules/');
  if (at < 0) return null;
  const [first, second] = id
    .replaceAll('\\', '/')
    .slice(at + 14)
    .split('/');
  return first.startsWith('@') ? `${first}/${second}` : first;
}

/** For every build, workers included. */
export const noteBundled = () => ({
  name: 'note-bundled-packages',
  generateBundle(_options, bundle) {
    for (const file of Object.values(bundle))
      for (const id of Object.keys(file.modules ?? {})) {
        const name = packageOf(id);
        if (name) bundled().add(name);
      }
  },
});

/** Packages of the list that the notices do not name. */
export const withoutNotice = (names, notices) =>
  [...names].filter((name) => !notices.split('\n').some((line) => line.startsWith(`${name} `))).sort();
