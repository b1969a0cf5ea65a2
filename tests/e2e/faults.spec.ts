/** What goes wrong in the middle of work: a killed tab, a sleeping device, a full disk, a microphone pulled out. Nothing is lost, and the page says so. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContext, Page } from '@playwright/test';
import { dumpDatabase } from '../helpers/database.ts';
import { tone } from '../helpers/signals.ts';
import { wavBytes } from '../helpers/microphone-file.ts';
import { expect, StudioPage, test } from './pages/studio.ts';

const beep = (name: string, hz: number, sec = 1) => ({
  name,
  mimeType: 'audio/wav',
  buffer: wavBytes(tone(hz, sec), 16000),
});
const clips = [
  ...Array.from({ length: 8 }, (_, i) => beep(`low.${i}.wav`, 200 + 10 * i, 3)),
  ...Array.from({ length: 8 }, (_, i) => beep(`high.${i}.wav`, 3000 + 50 * i, 3)),
];

/** Ends the renderer as a crash does, and opens the same address in a new tab. */
async function killTab(context: BrowserContext, page: Page, url: string): Promise<StudioPage> {
  const address = page.url();
  const session = await context.newCDPSession(page);
  const gone = new Promise((resolve) => page.once('crash', resolve));
  void session.send('Page.crash').catch(() => {});
  await gone;
  const next = new StudioPage(await context.newPage(), url);
  await page.close();
  await next.page.goto(address);
  return next;
}

test('a tab killed while importing keeps what was read, in one step that can be undone', async ({
  studio,
  context,
  folder,
}) => {
  await studio.newProject('Killed import');
  mkdirSync(join(folder, 'low'));
  for (let i = 0; i < 150; i++) writeFileSync(join(folder, 'low', `${i}.wav`), wavBytes(tone(200 + i, 4), 16000));
  await studio.page.getByTestId('folder').setInputFiles(folder);
  await expect(studio.page.getByText(/^Reading (4|5|6|7)\d of 150/)).toBeVisible({ timeout: 20_000 });
  const next = await killTab(context, studio.page, studio.url);
  await expect(next.page.getByText(/\d+ clips ·/)).toBeVisible();
  const stored = await dumpDatabase(next.page, ['items', 'blobs', 'pictures']);
  const count = Object.keys(stored.items!).length;
  expect(count).toBeGreaterThanOrEqual(20);
  expect(count % 20).toBe(0);
  expect(Object.keys(stored.blobs!)).toHaveLength(count);
  expect(Object.keys(stored.pictures!)).toHaveLength(count);
  await next.button('Undo').click();
  await expect(next.page.getByText('Start with two sounds')).toBeVisible();
});

for (const [phase, sign] of [
  ['features', /^(Features \d|Iteration 0)/],
  ['training', /^Iteration [3-9]/],
] as const) {
  test(`a tab killed during ${phase} loses nothing and trains on`, async ({ studio, context }) => {
    test.setTimeout(240_000);
    await studio.newProject('Killed');
    await studio.importFiles(clips);
    await studio.closeReport();
    await studio.step('Train');
    await studio.iterations(40);
    await studio.button('Train').click();
    await expect(studio.page.locator('.bignum', { hasText: sign })).toBeVisible({ timeout: 60_000 });
    if (phase === 'training') await studio.page.waitForTimeout(1500);
    const next = await killTab(context, studio.page, studio.url);
    const go = next.button(phase === 'training' ? 'Resume' : 'Train').or(next.button('Resume'));
    await expect(go).toBeVisible({ timeout: 20_000 });
    if (phase === 'training') {
      const at = Number(/Iteration (\d+)/.exec(await next.page.locator('.bignum').first().innerText())![1]);
      expect(at).toBeGreaterThanOrEqual(1);
    }
    await go.click();
    await expect(next.button('Snapshot')).toBeEnabled({ timeout: 60_000 });
    await next.button('Stop').click();
    await expect(next.page.getByText(/of validation clips right/)).toBeVisible({ timeout: 60_000 });
    await next.step('Data');
    await expect(next.button('low 8')).toBeVisible();
    await expect(next.button('high 8')).toBeVisible();
  });
}

test('a tab killed while evaluating scores again when it is opened', async ({ studio, context }) => {
  test.setTimeout(240_000);
  await studio.newProject('Killed score');
  await studio.importFiles(clips);
  await studio.closeReport();
  await studio.step('Train');
  await studio.iterations(2);
  await studio.train();
  await studio.step('Evaluate');
  await expect(studio.page.getByText(/of \d+ clips, mean over/)).toBeVisible();
  const first = await studio.page.locator('.bignum').innerText();
  await studio.button('Evaluate again').click();
  const next = await killTab(context, studio.page, studio.url);
  await expect(next.page.getByText(/of \d+ clips, mean over/)).toBeVisible();
  expect(await next.page.locator('.bignum').innerText()).toBe(first);
});

test('a device that sleeps in the middle of training goes on where it was', async ({ studio }) => {
  test.setTimeout(240_000);
  const { page } = studio;
  await studio.newProject('Sleep');
  await studio.importFiles(clips);
  await studio.closeReport();
  await studio.step('Train');
  await studio.iterations(14);
  await studio.button('Train').click();
  await expect(page.locator('.bignum', { hasText: /Iteration [2-9]/ })).toBeVisible({ timeout: 60_000 });
  // Every process of the browser stands still, as in sleep; the clocks go on.
  const profile = await page.evaluate(() => navigator.userAgent).then(() => process.pid);
  const tree = execFileSync('ps', ['-eo', 'pid=,ppid=,comm='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  const children = (pid: string): string[] =>
    tree.filter((row) => row[1] === pid).flatMap((row) => [row[0]!, ...children(row[0]!)]);
  const browser = children(String(profile)).filter((pid) =>
    /chrom/i.test(tree.find((row) => row[0] === pid)?.[2] ?? ''),
  );
  expect(browser.length).toBeGreaterThan(2);
  for (const pid of browser) process.kill(Number(pid), 'SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, 4000));
  for (const pid of browser) process.kill(Number(pid), 'SIGCONT');
  await expect(page.getByText(/of validation clips right/)).toBeVisible({ timeout: 90_000 });
  const [source] = Object.values((await dumpDatabase(page, ['sources'])).sources!) as {
    iteration: number;
    curve: { iteration: number }[];
    log: { text: string }[];
  }[];
  expect(source!.curve.map((point) => point.iteration)).toEqual(
    Array.from({ length: source!.iteration }, (_, i) => i + 1),
  );
  expect(source!.log.filter((line) => line.text.startsWith('Started'))).toHaveLength(1);
});

test('a disk that fills up during checkpoints does not end the training, and its end waits for room', async ({
  studio,
}) => {
  test.setTimeout(180_000);
  const { page } = studio;
  await studio.newProject('Full');
  await studio.importFiles(clips);
  await studio.closeReport();
  // A real limit of the browser, not a made-up error.
  const session = await page.context().newCDPSession(page);
  const { origin } = new URL(page.url());
  await studio.step('Train');
  await page.getByText('seed, batch size, learning rate, engine').click();
  await page.getByRole('spinbutton', { name: 'Stop after iterations without improvement' }).fill('0');
  await studio.iterations(1000);
  await studio.button('Train').click();
  await expect(page.locator('.bignum', { hasText: /Iteration [2-9]/ })).toBeVisible({ timeout: 60_000 });
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1000 });
  // Chromium asks for the quota anew after half a minute.
  await expect(page.getByText('Not saved, storage full')).toBeVisible({ timeout: 60_000 });
  await studio.button('Stop').click();
  await expect(page.getByText('The model waits for room')).toBeVisible({ timeout: 20_000 });
  await session.send('Storage.overrideQuotaForOrigin', { origin });
  await expect(page.getByText(/of validation clips right/)).toBeVisible({ timeout: 60_000 });
  await page.reload();
  await expect(page.getByText(/of validation clips right/)).toBeVisible();
});

test.describe('a microphone pulled out while recording', () => {
  test('keeps every finished take and what was heard of the last', async ({ studio }) => {
    const { page } = studio;
    await page.addInitScript(() => {
      const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async (wanted) => {
        const stream = await open(wanted);
        const [track] = stream.getAudioTracks();
        // What the browser does when a device goes: the track ends by itself.
        (globalThis as unknown as { unplug: () => void }).unplug = () => {
          track!.stop();
          track!.dispatchEvent(new Event('ended'));
        };
        return stream;
      };
    });
    await studio.newProject('Unplugged');
    await studio.addClass('hum');
    await page.getByRole('combobox', { name: 'Countdown' }).selectOption('0');
    await page.getByRole('spinbutton', { name: 'Number of clips' }).fill('50');
    await page.getByRole('spinbutton', { name: 'Clip length in seconds' }).fill('2');
    await studio.button('Record').click();
    // In the middle of the third take, however slow the machine is.
    await page.evaluate(
      () =>
        new Promise<void>((resolve) => {
          const watch = setInterval(() => {
            if (!/Clip 3 of 50 · (0\.[5-9]|1\.[0-4])/.test(document.body.innerText)) return;
            clearInterval(watch);
            (globalThis as unknown as { unplug: () => void }).unplug();
            resolve();
          }, 20);
        }),
    );
    await expect(page.getByRole('alert')).toContainText(
      'The microphone stopped while recording. Every finished take was kept, and the sound up to that moment. Connect it again',
    );
    await expect(studio.button('hum 3')).toBeVisible();
    const items = Object.values((await dumpDatabase(page, ['items'])).items!) as { media: { durationSec: number } }[];
    const lengths = items.map((item) => item.media.durationSec).sort();
    expect(lengths[0]).toBeGreaterThan(0.3);
    expect(lengths[0]).toBeLessThan(1.9);
    expect(lengths.slice(1).every((sec) => Math.abs(sec - 2) < 0.05)).toBe(true);
    await page.getByRole('alert').getByRole('button', { name: 'Try again' }).click();
    await expect(page.getByRole('meter', { name: 'Input level' })).toBeVisible();
  });
});

test.describe('a disk that is slow to answer', () => {
  test('what is pressed meanwhile is not taken back, and takes go where the recording began', async ({ studio }) => {
    const { page } = studio;
    // Every write is stored when it is; only that it is is told late.
    await page.addInitScript(() => {
      const listen = IDBTransaction.prototype.addEventListener;
      IDBTransaction.prototype.addEventListener = function (this: IDBTransaction, type: string, ...rest: never[]) {
        const [told, ...options] = rest as unknown as [(event: Event) => void, ...never[]];
        const late = (event: Event) => setTimeout(() => told.call(this, event), 1500);
        const wanted = this.mode === 'readwrite' && type === 'complete' ? late : told;
        return (listen as (...all: unknown[]) => void).call(this, type, wanted, ...options);
      } as typeof listen;
    });
    await studio.newProject('Slow');
    await studio.addClass('hum');
    await studio.addClass('hiss');
    const into = page.getByRole('combobox', { name: 'Record into class' });
    await into.selectOption({ label: 'hum' });
    // Until both classes are told, one after the other.
    await page.waitForTimeout(3500);
    await expect(into.locator('option:checked')).toHaveText('hum');

    await studio.button('hum 0').click();
    await page.getByRole('combobox', { name: 'Countdown' }).selectOption('0');
    await page.getByRole('spinbutton', { name: 'Number of clips' }).fill('2');
    await page.getByRole('spinbutton', { name: 'Clip length in seconds' }).fill('3');
    await studio.button('Record').click();
    await expect(page.getByText(/Clip [12] of 2/)).toBeVisible();
    await studio.button('hiss 0').click();
    await expect(studio.button('hum 2')).toBeVisible({ timeout: 40_000 });
    await expect(studio.button('hiss 0')).toBeVisible();
    // The other class is shown, so the next recording goes there.
    await expect(studio.button('Record')).toBeVisible({ timeout: 40_000 });
    await expect(into.locator('option:checked')).toHaveText('hiss');
  });
});

test('a folder of hundreds of classes comes in, says what happened and can be undone', async ({ studio, folder }) => {
  test.setTimeout(180_000);
  const { page } = studio;
  await studio.newProject('Hundreds');
  for (let i = 0; i < 400; i++) {
    mkdirSync(join(folder, `k${i}`));
    writeFileSync(join(folder, `k${i}`, '1.wav'), wavBytes(tone(100 + 7 * i, 0.3), 16000));
  }
  await page.getByTestId('folder').setInputFiles(folder);
  await expect(page.getByRole('heading', { name: 'Added 400 of 400 files' })).toBeVisible({ timeout: 120_000 });
  await expect(page.getByText(/This made 400 classes, one for each folder/)).toBeVisible();
  await expect(studio.button('k399 1')).toBeAttached();
  await studio.step('Train');
  await expect(page.getByText(/k0 has one clip/)).toBeVisible();
  await studio.step('Data');
  await studio.button('Undo import').click();
  await expect(page.getByText('Start with two sounds')).toBeVisible({ timeout: 20_000 });
});
