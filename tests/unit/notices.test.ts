/** Licence notices: what counts as bundled, and that what is missing is named. The build itself refuses when a package in it has no notice (tools/build.mjs). */
import { describe, expect, it } from 'vitest';
import { packageOf, withoutNotice } from '../../tools/bundled.mjs';
// @ts-expect-error -- a plain script of tools/
import { writeNotices as write } from '../../tools/notices.mjs';

const notices = (write as () => string)();

describe('the licence notices', () => {
  it('know the package of a module, however deep it lies', () => {
    expect(packageOf('/x/node_modules/idb/build/index.js')).toBe('idb');
    expect(packageOf('/x/node_modules/@litertjs/core/dist/index.js')).toBe('@litertjs/core');
    expect(packageOf('/x/node_modules/a/node_modules/@b/c/d.js?v=1')).toBe('@b/c');
    expect(packageOf('C:\\x\\node_modules\\idb\\index.js')).toBe('idb');
    expect(packageOf('/x/src/main.ts')).toBeNull();
  });
  it('hold what the app depends on and what its tools leave in it, with a licence each', () => {
    expect(
      withoutNotice(['svelte', '@tensorflow/tfjs-core', 'workbox-precaching', 'vite-plugin-pwa'], notices),
    ).toEqual([]);
    expect(withoutNotice(['svelte', 'left-pad'], notices)).toEqual(['left-pad']);
    const entries = notices.split(`\n${'-'.repeat(80)}\n\n`);
    expect(entries.length).toBeGreaterThan(20);
    for (const entry of entries) expect(entry).toMatch(/^Licence: \S/m);
  });
});
