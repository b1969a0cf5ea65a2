/** The whole path on real recordings: import, record, train, evaluate, listen, export, come back, offline. */
import AxeBuilder from '@axe-core/playwright';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyDigits, hasDigits, NO_DATA, SHARED } from '../helpers/data.ts';
import { resample } from '../../src/media/resample.ts';
import { makeMicrophoneFile, readWav, wavBytes } from '../helpers/microphone-file.ts';
import { expect, test } from './pages/studio.ts';

test.skip(!hasDigits, NO_DATA);

/** Ten recordings of "zero" by one person, 0.3 s apart: what the fake microphone says over and over. */
const microphone = hasDigits
  ? makeMicrophoneFile(
      readdirSync(join(SHARED, 'data/sound-digits/clips/0'))
        .sort()
        .slice(0, 10)
        .map((name) => join(SHARED, 'data/sound-digits/clips/0', name)),
      0.3,
    )
  : '';
test.use({ microphone });

test('a person makes a working classifier from real recordings and finds it again, also offline', async ({
  studio,
  context,
  server,
  folder,
}) => {
  test.setTimeout(420_000);
  const { page } = studio;

  // Import a folder of class folders.
  await studio.newProject('Zero or seven');
  const clips = copyDigits(join(folder, 'clips'), ['0', '7'], 30);
  await studio.importFolder(clips);
  await expect(page.getByRole('heading', { name: 'Added 60 of 60 files' })).toBeVisible();
  await studio.closeReport();
  await expect(studio.button('0 30')).toBeVisible();
  await expect(studio.button('7 30')).toBeVisible();

  // Record two takes from the microphone: level and picture first, then the takes appear.
  await studio.button('0 30').click();
  await page.getByRole('combobox', { name: 'Countdown' }).selectOption('0');
  await page.getByRole('spinbutton', { name: 'Number of clips' }).fill('2');
  await page.getByRole('spinbutton', { name: 'Clip length in seconds' }).fill('1');
  await studio.button('Turn on the microphone').click();
  await expect
    .poll(async () => Number(await page.getByRole('meter', { name: 'Input level' }).getAttribute('aria-valuenow')))
    .toBeGreaterThan(20);
  await studio.button('Record').click();
  await expect(studio.button('0 32')).toBeVisible({ timeout: 20_000 });
  await expect(page.getByText('Recorded 2 clips')).toBeVisible();

  // Divide, train, and see an honest score.
  await studio.divide();
  await studio.step('Train');
  await studio.iterations(18);
  await studio.train();
  await studio.step('Evaluate');
  await expect(page.getByText('Clips right', { exact: true })).toBeVisible();
  const score = Number.parseFloat(await page.locator('.heads .bignum').innerText());
  expect(score, 'clips right, percent').toBeGreaterThanOrEqual(85);
  expect(await page.getByText('Chance level').isVisible()).toBe(true);

  // A confusion cell lists its clips, and they play.
  const cell = page
    .getByRole('group', { name: /Confusion matrix/ })
    .getByRole('button', { name: /^\d+ 7 clips predicted as 7$/ });
  await cell.click();
  const inCell = page.getByRole('region', { name: 'Clips in this cell' });
  await inCell
    .getByRole('button', { name: /^Play 7_/ })
    .first()
    .click({ force: true });
  await expect(inCell.getByRole('button', { name: /^Stop 7_/ })).toHaveCount(1);

  // Live: the microphone says zero.
  await studio.step('Preview');
  await studio.button('Start listening').click();
  await expect(page.getByRole('complementary', { name: 'Prediction' }).getByRole('status')).toContainText(
    /Hearing\s*0/,
    { timeout: 20_000 },
  );
  await expect(page.getByText('samples lost')).toHaveCount(0);
  await studio.button('Stop listening').click();

  // A file: its timeline has zero in it.
  await page.getByTestId('preview-file').setInputFiles(microphone);
  await expect(page.getByText(/analysed in/)).toBeVisible({ timeout: 20_000 });
  await page.getByText(/events? as a table/).click();
  await expect(page.getByRole('row', { name: /^0 / }).first()).toBeVisible();

  // Export, and run the exported page on a recording it never saw.
  await studio.step('Export');
  const [download] = await Promise.all([page.waitForEvent('download'), studio.button('Export model').click()]);
  expect(download.suggestedFilename()).toBe('zero-or-seven.zip');
  const bundle = join(folder, 'bundle');
  mkdirSync(bundle);
  const zip = join(folder, 'bundle.zip');
  await download.saveAs(zip);
  execFileSync('python3', ['-m', 'zipfile', '-e', zip, bundle]);
  // @ts-expect-error -- a plain script of tools/
  const { serve } = (await import('../../tools/serve.mjs')) as {
    serve: (root: string) => Promise<{ url: string; close(): Promise<void> }>;
  };
  const host = await serve(bundle);
  const exported = await context.newPage();
  await exported.goto(host.url);
  await expect(exported.getByRole('heading', { name: 'Zero or seven' })).toBeVisible();
  // At the rate of the model: what is compared is the model, not the resamplers of the app and the browser.
  const clip = readWav(
    join(SHARED, 'data/sound-digits/clips/7', readdirSync(join(SHARED, 'data/sound-digits/clips/7')).sort()[40]!),
  );
  const unseen = join(folder, 'unseen.wav');
  writeFileSync(unseen, wavBytes(resample(clip.pcm, clip.sampleRateHz, 16_000), 16_000));
  await exported.locator('#file').setInputFiles(unseen);
  await expect(exported.locator('#label')).toContainText(/^7,/, { timeout: 20_000 });
  const said = await exported
    .locator('progress')
    .evaluateAll((bars) => Math.max(...bars.map((bar) => (bar as HTMLProgressElement).value)));
  await exported.close();
  await host.close();
  // The app says the same of that recording as the exported page, within half a point (nothing here is rounded).
  await studio.step('Preview');
  await page.getByTestId('preview-file').setInputFiles(unseen);
  await expect(page.getByText(/analysed in/)).toBeVisible({ timeout: 20_000 });
  const bar = page.getByRole('complementary', { name: 'Prediction' }).locator('.cbar').first();
  const shown = await bar
    .locator('.bar > i')
    .evaluate((filled) => Number.parseFloat((filled as HTMLElement).style.width));
  expect(Math.abs(shown - 100 * said)).toBeLessThanOrEqual(0.5);

  // Everything is there after a reload, and without a network.
  await page.waitForFunction(async () => Boolean((await navigator.serviceWorker.ready).active));
  await page.reload();
  await context.setOffline(true);
  await page.goto(server.url);
  await expect(page.getByRole('status', { name: 'Works offline' })).toBeVisible();
  await page.getByRole('link', { name: 'Zero or seven' }).click();
  await expect(studio.button('7 30')).toBeVisible();
  await studio.step('Evaluate');
  await expect(page.locator('.heads .bignum')).toHaveText(/%/);
  await studio.step('Train');
  await studio.iterations(2);
  await studio.train();
  await studio.step('Preview');
  await page.getByTestId('preview-file').setInputFiles(unseen);
  await expect(page.getByText(/analysed in/)).toBeVisible({ timeout: 20_000 });
  await studio.step('Export');
  const [offline] = await Promise.all([page.waitForEvent('download'), studio.button('Export model').click()]);
  expect(offline.suggestedFilename()).toBe('zero-or-seven.zip');
  await context.setOffline(false);
});

test('every page is accessible, in both themes, on a phone and a tablet', async ({ studio, folder }) => {
  test.setTimeout(240_000);
  const { page } = studio;
  await studio.newProject('Access');
  const clips = copyDigits(join(folder, 'clips'), ['1', '2', '3'], 6);
  const [first] = readdirSync(join(clips, '3')).sort();
  renameSync(join(clips, '3', first!), join(clips, '3', 'a-recording-whose-name-is-longer-than-its-place.wav'));
  await studio.importFolder(clips);
  await studio.closeReport();
  await studio.step('Train');
  await studio.iterations(2);
  await studio.train();
  const look = async (where: string) => {
    const { violations } = await new AxeBuilder({ page })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'])
      .analyze();
    expect(
      violations.map(({ id, nodes }) => `${where}: ${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`),
    ).toEqual([]);
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow, `${where} scrolls sideways`).toBeLessThanOrEqual(0);
    const outside = await page
      .locator('.clip')
      .evaluateAll((tiles) =>
        tiles.flatMap((tile) =>
          [...tile.querySelectorAll('.face, .pic, .cap')]
            .filter((part) => part.getBoundingClientRect().right > tile.getBoundingClientRect().right)
            .map((part) => part.textContent),
        ),
      );
    expect(outside, `${where}: clips reach out of their tiles`).toEqual([]);
  };
  const everywhere = async (how: string) => {
    for (const step of ['Data', 'Train', 'Evaluate', 'Preview', 'Export'] as const) {
      await studio.step(step);
      await page.waitForTimeout(300);
      await look(`${step}, ${how}`);
    }
  };
  await everywhere('light');
  await studio.button('Use dark theme').click();
  await everywhere('dark');
  await page.setViewportSize({ width: 380, height: 800 });
  await everywhere('phone');
  await page.setViewportSize({ width: 820, height: 1180 });
  await everywhere('tablet');
  await page.setViewportSize({ width: 380, height: 800 });
  await studio.open();
  await look('home, phone');
  await studio.button('New Sound classification project').click();
  await look('new project, phone');
});

test('the keyboard alone labels, plays, deletes and undoes', async ({ studio, folder }) => {
  const { page } = studio;
  await studio.newProject('Keys');
  await studio.importFolder(copyDigits(join(folder, 'clips'), ['4', '5'], 5));
  await studio.closeReport();
  const first = page
    .getByRole('list', { name: 'Clips' })
    .getByRole('button', { name: /^4_.*, 4$/ })
    .first();
  await first.focus();
  await page.keyboard.press('Space');
  await expect(page.getByRole('button', { name: /^Stop 4_/ })).toHaveCount(1);
  await page.keyboard.press('2');
  await expect(studio.button('4 4')).toBeVisible();
  await expect(studio.button('5 6')).toBeVisible();
  await page.keyboard.press('Control+z');
  await expect(studio.button('4 5')).toBeVisible();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Delete');
  await expect(studio.button('4 0')).toBeVisible();
  await page.getByRole('status').getByRole('button', { name: 'Undo' }).click();
  await expect(studio.button('5 5')).toBeVisible();
  await page.keyboard.press('Shift+Control+z');
  await expect(studio.button('5 0')).toBeVisible();
  await page.reload();
  await expect(studio.button('5 0')).toBeVisible();
  await page.keyboard.press('Alt+2');
  await expect(page.getByRole('region', { name: 'Train', exact: true })).toBeVisible();
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('training pauses, survives a reload at the same iteration, and goes on', async ({ studio, folder }) => {
  test.setTimeout(240_000);
  const { page } = studio;
  await studio.newProject('Pause');
  await studio.importFolder(copyDigits(join(folder, 'clips'), ['1', '2'], 20));
  await studio.closeReport();
  await studio.step('Train');
  await studio.iterations(40);
  await studio.button('Train').click();
  await expect(page.getByText(/Iteration [4-9]/)).toBeVisible({ timeout: 60_000 });
  await studio.button('Snapshot').click();
  await studio.button('Pause').click();
  await expect(studio.button('Resume')).toBeVisible({ timeout: 20_000 });
  const at = await page.locator('.bignum').innerText();
  await page.reload();
  await expect(studio.button('Resume')).toBeVisible();
  expect(await page.locator('.bignum').innerText()).toBe(at);
  await studio.button('Resume').click();
  await expect(page.getByRole('progressbar', { name: 'Training' })).toBeVisible();
  // A closed tab loses at most what came after the last checkpoint.
  await expect
    .poll(async () => Number(/Iteration (\d+)/.exec(await page.locator('.bignum').first().innerText())?.[1] ?? 0), {
      timeout: 60_000,
    })
    .toBeGreaterThan(14);
  await page.reload();
  await expect(studio.button('Resume')).toBeVisible({ timeout: 20_000 });
  const kept = Number(/Iteration (\d+)/.exec(await page.locator('.bignum').innerText())![1]);
  expect(kept).toBeGreaterThan(Number(/Iteration (\d+)/.exec(at)![1]));
  await studio.button('Resume').click();
  await expect(studio.button('Pause')).toBeVisible({ timeout: 20_000 });
  await studio.button('Stop').click();
  await expect(page.getByText(/of validation clips right/)).toBeVisible({ timeout: 60_000 });
  // The snapshot is a model of its own.
  await page.getByRole('row').getByRole('link', { name: 'Preview' }).first().click();
  await expect(page.getByRole('combobox', { name: 'Model source' })).toContainText('iteration');
});
