/**
 * A recording of three hours in the built app: it is opened in the segment editor, zoomed, scrolled and played, and divided into 500 segments; the longest task of the
 * main thread meanwhile. Used by npm run bench; alone: node tools/bench-long-sound.mjs [FILE]
 */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright';
import { findChromium } from './chromium.mjs';
import { ensureBuilt } from './fresh-build.mjs';
import { watchTasks, worstTask } from './long-tasks.mjs';
import { serve } from './serve.mjs';

const HOURS = 3;
const RATE = 16_000;
/** A sound of a second, so many seconds apart: 500 in three hours. */
const APART_SEC = 21.6;

/** Quiet noise with a tone in it now and then, written a minute at a time. */
function writeRecording(path) {
  const bytes = HOURS * 3600 * RATE * 2;
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + bytes, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(RATE, 24);
  head.writeUInt32LE(RATE * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(bytes, 40);
  const file = openSync(path, 'w');
  writeSync(file, head);
  let noise = 1;
  for (let minute = 0; minute < HOURS * 60; minute++) {
    const samples = new Int16Array(60 * RATE);
    for (let i = 0; i < samples.length; i++) {
      noise = (noise * 1_103_515_245 + 12_345) & 0x7fffffff;
      const sec = minute * 60 + i / RATE;
      const isTone = sec % APART_SEC > 10 && sec % APART_SEC < 11;
      samples[i] = (noise % 200) - 100 + (isTone ? 12_000 * Math.sin(2 * Math.PI * 700 * sec) : 0);
    }
    writeSync(file, new Uint8Array(samples.buffer));
  }
  closeSync(file);
}

/** @param note takes (what, value, remark). @param given a recording of one's own. */
export async function benchLongSound(note, given = null) {
  ensureBuilt(() => {});
  const folder = mkdtempSync(join(tmpdir(), 'understudy-long-'));
  const recording = given ?? join(folder, 'day.wav');
  if (!given) writeRecording(recording);
  const server = await serve('dist');
  const browser = await chromium.launchPersistentContext(join(folder, 'profile'), {
    executablePath: await findChromium({ mayInstall: true }),
    viewport: { width: 1440, height: 900 },
    args: ['--no-sandbox'],
  });
  try {
    const page = browser.pages()[0];
    page.setDefaultTimeout(600_000);
    await watchTasks(page);
    await page.goto(server.url);
    const now = () => page.evaluate(() => performance.now());
    const since = async (from) => `${(((await now()) - from) / 1000).toFixed(1)} s`;
    const tell = async (what, from) => {
      await page.waitForTimeout(200);
      const worst = await worstTask(page, from);
      note(`longest main-thread task while ${what}`, `${worst.toFixed(0)} ms`, '0 = none over 50 ms');
    };
    await page.getByRole('button', { name: 'New Sound classification project' }).click();
    await page.getByRole('button', { name: 'Create project' }).click();
    await page.getByTestId('files').waitFor({ state: 'attached' });
    let from = await now();
    await page.getByTestId('files').setInputFiles(recording);
    await page.getByRole('region', { name: 'Import report' }).waitFor();
    note(`import of a recording of ${given ? 'your own' : `${HOURS} hours`}`, await since(from));
    await tell('importing it', from);
    await page.getByRole('button', { name: 'Close', exact: true }).click();

    from = await now();
    await page.getByRole('button', { name: 'Segment editor' }).click();
    const editor = page.getByRole('region', { name: 'Segment editor' });
    const picture = editor.getByRole('img', { name: /^Spectrogram/ });
    const isDrawn = () => editor.locator('[role=img][aria-busy=false]').waitFor();
    await picture.waitFor();
    await isDrawn();
    note('it is opened and drawn whole', await since(from), 'bound 3 s');
    await tell('opening it', from);

    from = await now();
    const box = await picture.boundingBox();
    const wheel = async (dx, dy, times) => {
      await page.mouse.move(box.x + box.width * 0.4, box.y + 40);
      for (let i = 0; i < times; i++) {
        await page.mouse.wheel(dx, dy);
        await page.waitForTimeout(50);
      }
    };
    await wheel(0, -300, 10);
    await wheel(400, 0, 30);
    await wheel(0, -300, 6);
    await wheel(-400, 0, 20);
    await wheel(0, 300, 20);
    await isDrawn();
    await tell('zooming and scrolling it', from);
    from = await now();
    await wheel(0, -250, 12);
    await isDrawn();
    note('a closer look at another place, until it is drawn', await since(from));

    from = await now();
    await editor.getByRole('button', { name: 'Play' }).click();
    await page.waitForTimeout(5000);
    await editor.getByRole('button', { name: 'Pause' }).click();
    await tell('playing it', from);

    from = await now();
    await editor.getByRole('button', { name: 'Find sounds' }).click();
    await editor.getByText(/^.*, [1-9]\d* segments$/).waitFor();
    const text = await editor.getByText(/^.*, [1-9]\d* segments$/).innerText();
    note('its sounds are found and added', await since(from), text.replace(/^.*, /, ''));
    await tell('finding them', from);
    from = await now();
    await editor.getByRole('button', { name: 'Whole recording' }).click();
    await wheel(0, -300, 10);
    await wheel(400, 0, 30);
    await wheel(0, 300, 20);
    for (let i = 0; i < 20; i++) await page.keyboard.press(']');
    await tell('scrolling and stepping through them', from);
  } finally {
    await browser.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const print = (what, value, about = '') => console.log(`${what.padEnd(58)} ${value.padStart(14)}  ${about}`);
  await benchLongSound(print, process.argv[2] ?? null);
  process.exit(0);
}
