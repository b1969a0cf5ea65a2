/**
 * Finds or installs a Chromium: CHROME_PATH, then a system Chrome, Chromium or Edge, then Playwright's own, then Debian's package
 * when root. Says which one is used, or what to do when there is none.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const SYSTEM = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/microsoft-edge',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  `${process.env.PROGRAMFILES ?? 'C:\\Program Files'}\\Google\\Chrome\\Application\\chrome.exe`,
  `${process.env['PROGRAMFILES(X86)'] ?? 'C:\\Program Files (x86)'}\\Microsoft\\Edge\\Application\\msedge.exe`,
];

const runs = (path) => spawnSync(path, ['--version'], { timeout: 20_000 }).status === 0;

async function playwrightPath() {
  const { chromium } = await import('playwright');
  const path = chromium.executablePath();
  return path && existsSync(path) ? path : null;
}

/**
 * @param mayInstall also download or install one.
 * @returns path of the executable; also set as CHROME_PATH for child processes. Throws with advice when none works.
 */
export async function findChromium({ mayInstall = false, log = console.log } = {}) {
  const use = (path, from) => {
    process.env.CHROME_PATH = path;
    log(`Chromium: ${path} (${from})`);
    return path;
  };
  const given = process.env.CHROME_PATH;
  if (given) {
    if (!existsSync(given)) throw new Error(`CHROME_PATH is ${given}, which does not exist.`);
    return use(given, 'CHROME_PATH');
  }
  for (const path of SYSTEM) if (existsSync(path) && runs(path)) return use(path, 'found on this system');
  const own = await playwrightPath();
  if (own) return use(own, "Playwright's");
  if (mayInstall) {
    log('No Chromium on this system: trying the download of Playwright.');
    const cli = spawnSync('npx', ['playwright', 'install', 'chromium'], {
      stdio: 'ignore',
      timeout: 300_000,
      shell: process.platform === 'win32',
    });
    const fetched = cli.status === 0 ? await playwrightPath() : null;
    if (fetched) return use(fetched, 'downloaded by Playwright');
    if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
      log("That did not work: installing Debian's package chromium.");
      execFileSync('apt-get', ['update', '-qq'], { stdio: 'inherit' });
      execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], {
        stdio: 'inherit',
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      });
      if (runs('/usr/bin/chromium')) return use('/usr/bin/chromium', "Debian's package, installed now");
    }
  }
  throw new Error(
    'No Chromium, Chrome or Edge works here. Install one (Debian: apt-get install chromium) or set CHROME_PATH to its executable.',
  );
}
