/**
 * A large set of pictures in the built app: 5000 with two boxes each are imported, stepped through, scrolled and drawn on; the longest task of the main thread
 * meanwhile. Used by npm run bench; alone: node tools/bench-pictures.mjs
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright';
import { findChromium } from './chromium.mjs';
import { ensureBuilt } from './fresh-build.mjs';
import { watchTasks, worstTask } from './long-tasks.mjs';
import { serve } from './serve.mjs';

const COUNT = 5000;
const STEPS = 40;

/** @param note takes (what, value, remark). */
export async function benchPictures(note) {
  ensureBuilt(() => {});
  const folder = mkdtempSync(join(tmpdir(), 'understudy-pictures-'));
  const server = await serve('dist');
  const browser = await chromium.launch({
    executablePath: await findChromium({ mayInstall: true }),
    args: ['--no-sandbox'],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.setDefaultTimeout(600_000);
    await watchTasks(page);
    await page.goto(server.url);
    // Pictures a camera would give, drawn by the same browser: noise keeps them from being one and the same.
    mkdirSync(join(folder, 'set'));
    for (let first = 0; first < COUNT; first += 250) {
      const made = await page.evaluate(
        async ({ from, count }) => {
          const canvas = new OffscreenCanvas(640, 480);
          const context = canvas.getContext('2d');
          const files = [];
          for (let n = from; n < from + count; n++) {
            context.fillStyle = `hsl(${n % 360} 40% 60%)`;
            context.fillRect(0, 0, 640, 480);
            for (let i = 0; i < 60; i++) {
              context.fillStyle = `hsl(${(n * 7 + i * 13) % 360} 60% ${20 + (i % 60)}%)`;
              context.fillRect((n * 31 + i * 97) % 600, (n * 17 + i * 71) % 440, 40, 30);
            }
            const bytes = new Uint8Array(
              await (await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.8 })).arrayBuffer(),
            );
            files.push(btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')));
          }
          return files;
        },
        { from: first, count: 250 },
      );
      made.forEach((file, i) =>
        writeFileSync(join(folder, 'set', `p${String(first + i).padStart(4, '0')}.jpg`), Buffer.from(file, 'base64')),
      );
    }
    const boxes = (n) => [
      { label: 'left', coordinates: { x: 160, y: 200 + (n % 80), width: 120, height: 90 } },
      { label: 'right', coordinates: { x: 460, y: 220, width: 90, height: 100 + (n % 60) } },
    ];
    writeFileSync(
      join(folder, 'set/annotations.json'),
      JSON.stringify(
        Array.from({ length: COUNT }, (_, n) => ({
          image: `p${String(n).padStart(4, '0')}.jpg`,
          annotations: boxes(n),
        })),
      ),
    );

    const now = () => page.evaluate(() => performance.now());
    const tell = async (what, from) => {
      await page.waitForTimeout(200);
      note(
        `longest main-thread task while ${what}`,
        `${(await worstTask(page, from)).toFixed(0)} ms`,
        '0 = none over 50 ms',
      );
    };
    await page.getByRole('button', { name: 'New Object detection project' }).click();
    await page.getByRole('button', { name: 'Create project' }).click();
    await page.getByTestId('folder').waitFor({ state: 'attached' });
    await page.waitForTimeout(500);
    await page.getByTestId('folder').setInputFiles(join(folder, 'set'));
    await page.getByRole('region', { name: /Import/ }).waitFor();
    let from = await now();
    await page.getByRole('region', { name: 'Import report' }).waitFor();
    note(`import of ${COUNT} pictures with boxes`, `${(((await now()) - from) / 1000).toFixed(1)} s`);
    await tell('importing pictures', from);
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await page.getByText(`1 of ${COUNT}`, { exact: true }).waitFor();
    await page.waitForTimeout(1000);

    from = await now();
    const times = await page.evaluate(async (steps) => {
      const times = [];
      const button = document.querySelector('button[aria-label="Next picture"]');
      for (let i = 0; i < steps; i++) {
        const started = performance.now();
        button.click();
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        times.push(performance.now() - started);
        await new Promise((done) => setTimeout(done, 60));
      }
      return times.sort((a, b) => a - b);
    }, STEPS);
    note(`next of ${COUNT} pictures, two frames drawn, median`, `${times[STEPS / 2].toFixed(0)} ms`);
    await tell('stepping through them', from);

    from = await now();
    const canvas = await page.locator('.canvas, .stage').first().boundingBox();
    for (let i = 0; i < 5; i++) {
      const left = canvas.x + canvas.width * (0.08 + 0.17 * i);
      await page.mouse.move(left, canvas.y + canvas.height * 0.72);
      await page.mouse.down();
      await page.mouse.move(left + canvas.width * 0.1, canvas.y + canvas.height * 0.82, { steps: 8 });
      await page.mouse.up();
      await page.waitForTimeout(250);
    }
    const drawn = await page.getByText(/^\d+ boxes here$/).innerText();
    if (drawn !== '7 boxes here') throw new Error(`five boxes were drawn on two, and the page says: ${drawn}`);
    await tell('drawing boxes', from);

    from = await now();
    await page
      .getByRole('link', { name: 'Grid' })
      .or(page.getByRole('tab', { name: 'Grid' }))
      .click();
    await page.waitForTimeout(800);
    for (let i = 0; i < 20; i++) {
      await page.mouse.move(800, 600);
      await page.mouse.wheel(0, 1500);
      await page.waitForTimeout(80);
    }
    await tell('opening and scrolling the grid', from);
  } finally {
    await browser.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await benchPictures((what, value, about = '') => console.log(`${what.padEnd(58)} ${value.padStart(14)}  ${about}`));
  process.exit(0);
}
