/**
 * npm run test:browsers: installs Firefox and WebKitGTK where Debian's packages can be (root, apt), and runs the stories of tests/e2e/engines.spec.ts in them.
 * npm test runs the first of them where the browsers are, and says so where they are not.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { findChromium } from './chromium.mjs';
import { ensureBuilt } from './fresh-build.mjs';

const PACKAGES = [
  ...['firefox-esr', 'pulseaudio', 'webkit2gtk-driver', 'xvfb', 'python3-gi', 'gir1.2-gtk-3.0', 'gir1.2-webkit2-4.1'],
  ...['gstreamer1.0-plugins-base', 'gstreamer1.0-plugins-good', 'gstreamer1.0-plugins-bad', 'gstreamer1.0-libav'],
];
const run = (command, args, env = {}) =>
  spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } }).status ?? 1;

const isHere = ['firefox-esr', 'pulseaudio', 'WebKitWebDriver', 'Xvfb'].every((name) => existsSync(`/usr/bin/${name}`));
if (!isHere && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
  run('apt-get', ['update', '-qq']);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...PACKAGES], {
    DEBIAN_FRONTEND: 'noninteractive',
  });
} else if (!isHere) console.error(`What is missing is skipped. On Debian: apt-get install ${PACKAGES.join(' ')}`);
await findChromium({ mayInstall: true });
ensureBuilt();
process.exit(run('npx', ['playwright', 'test', 'engines'], { ENGINE_STORIES: '1' }));
