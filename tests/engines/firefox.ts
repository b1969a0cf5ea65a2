/** Firefox by WebDriver BiDi, headless, with a fake microphone and camera. */
import { existsSync } from 'node:fs';
import type { ElementHandle, KeyInput } from 'puppeteer-core';
import type { Driver } from './driver.ts';
import { openSoundCard } from './sound-card.ts';

export const FIREFOX =
  process.env.FIREFOX_PATH ?? ['/usr/bin/firefox-esr', '/usr/bin/firefox'].find((path) => existsSync(path)) ?? null;

/** @throws when Firefox does not start. */
export async function openFirefox(): Promise<Driver> {
  const { launch } = await import('puppeteer-core');
  const card = await openSoundCard();
  const browser = await launch({
    env: { ...process.env, ...card.env },
    browser: 'firefox',
    executablePath: FIREFOX!,
    headless: true,
    protocol: 'webDriverBiDi',
    defaultViewport: { width: 1440, height: 900 },
    protocolTimeout: 300_000,
    extraPrefsFirefox: {
      'media.navigator.streams.fake': true,
      'media.navigator.permission.disabled': true,
      'focusmanager.testmode': true,
    },
  });
  const page = (await browser.pages())[0] ?? (await browser.newPage());
  await page.bringToFront();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(`page: ${(error as Error).stack ?? String(error)}`));
  page.on('console', (message) => message.type() === 'error' && errors.push(`console: ${message.text()}`));
  const find = async (selector: string) => {
    const handle = await page.$(selector);
    if (!handle) throw new Error(`${selector} is gone`);
    return handle;
  };
  return {
    version: await browser.version(),
    goto: async (url) => void (await page.goto(url, { waitUntil: 'domcontentloaded' })),
    reload: async () => void (await page.reload({ waitUntil: 'domcontentloaded' })),
    evaluate: <T>(body: string) => page.evaluate(`(async () => {${body}})()`) as Promise<T>,
    click: async (selector) => (await find(selector)).click(),
    async fill(selector, text) {
      await (await find(selector)).click({ count: 3 });
      await page.keyboard.down('Control');
      await page.keyboard.press('a');
      await page.keyboard.up('Control');
      await page.keyboard.type(text);
      await page.keyboard.press('Tab');
      // A headless window is not the active one: leaving a field fires no change event.
      await page.evaluate(
        `document.hasFocus() || document.querySelector(${JSON.stringify(selector)})?.dispatchEvent(new Event('change', { bubbles: true }))`,
      );
    },
    async press(keys) {
      const all = keys.split('+') as KeyInput[];
      for (const key of all) await page.keyboard.down(key);
      for (const key of all.reverse()) await page.keyboard.up(key);
    },
    async drag(from, to) {
      await page.mouse.move(...from);
      await page.mouse.down();
      await page.mouse.move((from[0] + to[0]) / 2, (from[1] + to[1]) / 2);
      await page.mouse.move(...to);
      await page.mouse.up();
    },
    setFiles: async (selector, paths) =>
      ((await find(selector)) as ElementHandle<HTMLInputElement>).uploadFile(...paths),
    resize: (width, height) => page.setViewport({ width, height }),
    screenshot: async (path) => void (await page.screenshot({ path: path as `${string}.png` })),
    takeErrors: () => errors.splice(0),
    async close() {
      await browser.close();
      card.close();
    },
  };
}
