/**
 * Pictures per second of the live preview of an object detector, at each picture size, in the built app: the sample is trained for one iteration, then Chromium's
 * fake camera (640 × 480, 30 frames a second) is watched. Used by npm run bench; alone: node tools/bench-objects.mjs
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright';
import { findChromium } from './chromium.mjs';
import { ensureBuilt } from './fresh-build.mjs';
import { serve } from './serve.mjs';

const NETWORK = join(resolve(process.env.SHARED_DIR ?? '../shared'), 'models/ssd-mobilenet-v1-coco.tflite');
const WATCHED_MS = 8000;

/** @param note takes (what, value, remark). */
export async function benchObjects(note) {
  if (!existsSync(NETWORK)) return console.log(`Skipped: objects (no ${NETWORK})`);
  ensureBuilt(() => {});
  const server = await serve('dist');
  const browser = await chromium.launch({
    executablePath: await findChromium({ mayInstall: true }),
    args: ['--no-sandbox', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.setDefaultTimeout(120_000);
    const button = (name) => page.getByRole('button', { name, exact: true });
    const step = (name) => page.getByRole('navigation', { name: 'Project steps' }).getByRole('link', { name }).click();
    await page.goto(server.url);
    await button('Pretrained networks').first().click();
    await page.getByTestId('network-file').setInputFiles(NETWORK);
    await page
      .getByRole('status', { name: 'SSD MobileNet status' })
      .filter({ hasText: /device|Stored/ })
      .waitFor();
    await page.keyboard.press('Escape');
    await button('Open sample: Dice').click();
    await page.getByText('80 of 80 pictures done').waitFor();
    for (const pixels of ['320', '480', '640']) {
      await step('Train');
      await page
        .getByRole('group', { name: 'Picture size' })
        .getByRole('button', { name: pixels, exact: true })
        .click();
      await page.getByRole('spinbutton', { name: 'Varied copies of each picture' }).fill('0');
      const iterations = page.getByRole('spinbutton', { name: 'Iterations, exact' });
      await iterations.fill('1');
      await iterations.press('Tab');
      const before = await page.getByText(/Model \d · trained/).count();
      await button('Train').click();
      if (before) await page.getByText(/· (features|preparing|training)/).waitFor();
      await page.getByText(/Model \d · trained/).waitFor();
      // Scoring goes on for a moment.
      await page.getByText('average precision on test pictures').waitFor();
      await step('Preview');
      await button('Start camera').click();
      await page.locator('.chip.onair').waitFor();
      await page.waitForTimeout(WATCHED_MS);
      const text = await page.locator('.chip.onair').innerText();
      note(`objects live, ${pixels} pixels`, text, 'floor 10 pictures/s');
      await button('Stop camera').click();
    }
  } finally {
    await browser.close();
    await server.close();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await benchObjects((what, value, about = '') => console.log(`${what.padEnd(58)} ${value.padStart(14)}  ${about}`));
  process.exit(0);
}
