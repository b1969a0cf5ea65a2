/** Exported models outside the app: one file, opened from disk without a network, that watches, finds and sees. Sounds are in networks.spec.ts. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeCameraFile } from '../helpers/camera-file.ts';
import { SHARED } from '../helpers/data.ts';
import {
  dice,
  expectAccessible,
  exportActions,
  exportObjects,
  exportPage,
  openExported,
  openTracks,
  videos,
} from './pages/exported.ts';
import { expect, test } from './pages/studio.ts';

const pictures = join(SHARED, 'data/teachable-machine/image-model-data.zip');
const models = join(SHARED, 'models');

test.describe('actions', () => {
  test.skip(!existsSync(videos), 'needs ../shared/data/action-clips');
  const camera = join(mkdtempSync(join(tmpdir(), 'understudy-camera-')), 'squats.mjpeg');
  test.use({ launchArgs: [`--use-file-for-fake-video-capture=${camera}`] });
  test.beforeAll(async () => {
    if (existsSync(videos)) await writeCameraFile(join(videos, 'squats.mp4'), camera, 6);
  });
  test.afterAll(() => rmSync(camera, { force: true }));

  test('a page of one file names and counts what a video and the camera show', async ({ context, folder }) => {
    test.setTimeout(240_000);
    const path = exportActions(folder);
    await context.setOffline(true);
    const page = await openExported(context, path);
    await page.locator('#file').setInputFiles(join(videos, 'squats.mp4'));
    await expect(page.locator('#label')).toContainText('squats', { timeout: 40_000 });
    await expect(page.locator('#note')).toContainText(/Repetitions: [1-9]/, { timeout: 40_000 });
    await page.getByRole('button', { name: 'Start camera' }).click();
    // Somebody is in view: their skeleton is drawn over the picture.
    await expect(page.locator('#note')).toHaveText(/^Repetitions: \d+$/, { timeout: 20_000 });
    const painted = () =>
      page.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
        const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
        return data.filter((value, i) => i % 4 === 3 && value > 0).length;
      });
    await expect.poll(painted).toBeGreaterThan(500);
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Stop camera' }).click();
    expect(await openTracks(page)).toBe(0);
  });
});

test('objects: a page of one file finds what is in a picture, and looks through the camera', async ({
  context,
  folder,
}) => {
  test.skip(!existsSync(dice) || !existsSync(models), 'needs ../shared/data/detection-dice and models');
  test.setTimeout(240_000);
  const { path, names } = exportObjects(folder);
  await context.setOffline(true);
  const page = await openExported(context, path);
  await page.locator('#file').setInputFiles(join(dice, names[0]!));
  const found = page.getByRole('list', { name: 'Found' }).getByRole('listitem');
  await expect(found.first()).toContainText(/^(one|two|three|four|five|six), \d+ %$/, { timeout: 30_000 });
  await expectAccessible(page);
  // An error takes the old answer away.
  await page
    .locator('#file')
    .setInputFiles({ name: 'no.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no picture') });
  await expect(page.getByRole('alert')).not.toBeEmpty();
  await expect(found).toHaveCount(0);
  await expect(page.locator('#label')).toBeEmpty();
  await page.getByRole('button', { name: 'Start camera' }).click();
  await expect(page.locator('#label')).not.toBeEmpty({ timeout: 30_000 });
  await page.getByRole('button', { name: 'Stop camera' }).click();
  expect(await openTracks(page)).toBe(0);
});

test('pictures: a page of one file says what the app says; it and a model of Teachable Machine come in, are tried, judged and exported', async ({
  studio,
  context,
  folder,
}) => {
  const foreign = join(SHARED, 'data/teachable-machine/image-model.zip');
  test.skip(!existsSync(foreign) || !existsSync(models), 'needs ../shared/data/teachable-machine and models');
  test.setTimeout(240_000);
  mkdirSync(join(folder, 'data'));
  copyFileSync(pictures, join(folder, 'data/set.zip'));
  const path = exportPage(folder, 'picture', { algorithm: 'transfer-learning', iterations: 20 }, [
    ...['onnx', 'tflite', 'coreml'],
  ]);
  spawnSync('python3', ['-m', 'zipfile', '-e', pictures, join(folder, 'set')]);
  type Item = { path: string; predicted: string; confidence: number };
  const report = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as {
    evaluation: Record<string, { items: Item[] }>;
  };
  await context.setOffline(true);
  const single = await openExported(context, path);
  for (const { path: name, predicted, confidence } of report.evaluation.training!.items.slice(0, 3)) {
    await single.locator('#file').setInputFiles(join(folder, 'set', name.replace(/^set\.zip\//, '')));
    await expect(single.locator('#label')).toContainText(`${predicted}, `, { timeout: 30_000 });
    const said = Number.parseInt((await single.locator('#label').innerText()).split(', ')[1]!);
    expect(Math.abs(said - 100 * confidence)).toBeLessThan(1.5);
  }
  await single.getByRole('button', { name: 'Start camera' }).click();
  await expect(single.getByRole('progressbar').first()).toBeVisible({ timeout: 30_000 });
  await expectAccessible(single);
  await single.getByRole('button', { name: 'Stop camera' }).click();
  expect(await openTracks(single)).toBe(0);
  await single.close();
  await context.setOffline(false);

  const { page } = studio;
  await studio.open();
  await studio.button('New Picture classification project').click();
  await page.getByRole('textbox', { name: 'Project name' }).fill('Guests');
  await studio.button('Create project').click();
  await studio.step('Preview');
  // What is none of ours is refused in words, and nothing changes.
  await page
    .getByTestId('model-file')
    .setInputFiles({ name: 'other.onnx', mimeType: 'application/octet-stream', buffer: Buffer.from('x') });
  await expect(page.getByRole('alert')).toContainText('other.onnx cannot be used');
  await page.getByTestId('model-file').setInputFiles(path);
  await expect(page.getByText('Opened Picture classifier')).toBeVisible({ timeout: 30_000 });
  const own = join(folder, 'set/Class 1');
  const picture = join(
    own,
    readdirSync(own).find((name) => name.endsWith('.png'))!,
  );
  const prediction = page.getByRole('complementary', { name: 'Prediction' }).getByRole('status');
  await page.getByTestId('preview-file').setInputFiles(picture);
  await expect(prediction).toContainText('Class 1', { timeout: 30_000 });

  // The same model out of its other files.
  const sources = page.getByRole('region', { name: 'Model sources' }).getByRole('listitem');
  const source = page.getByRole('combobox', { name: 'Model source' });
  for (const [i, file] of ['model.onnx', 'model.tflite', 'model.mlmodel'].entries()) {
    await page.getByTestId('model-file-small').setInputFiles(join(folder, 'model', file));
    await expect(sources).toHaveCount(i + 2, { timeout: 30_000 });
    await source.selectOption({ index: i + 1 });
    await page.getByTestId('preview-file').setInputFiles(picture);
    await expect(prediction).toContainText('Class 1', { timeout: 30_000 });
  }

  await page.getByTestId('model-file-small').setInputFiles(foreign);
  await expect(page.getByText('Opened untitled')).toBeVisible({ timeout: 30_000 });
  await page.getByRole('combobox', { name: 'Model source' }).selectOption({ label: 'untitled' });
  await page.getByTestId('preview-file').setInputFiles(picture);
  await expect(prediction).toContainText('Class 1', { timeout: 30_000 });

  // Judged on labelled pictures of the same names; the model of Teachable Machine knows what it was made of.
  await studio.step('Data');
  await studio.importFolder(join(folder, 'set'));
  await studio.closeReport();
  await studio.step('Train');
  await expect(page.getByText('Opened from image-model.zip')).toBeVisible();
  await expect(studio.button('Train more')).toHaveCount(0);
  await studio.step('Evaluate');
  await expect(page.getByText(/pictures right/).first()).toBeVisible({ timeout: 60_000 });
  expect(Number.parseFloat(await page.locator('.bignum').first().innerText())).toBeGreaterThan(90);

  await studio.step('Export');
  await page.getByRole('radio', { name: /^Web page/ }).check();
  const [download] = await Promise.all([page.waitForEvent('download'), studio.button('Export model').click()]);
  expect(download.suggestedFilename()).toBe('guests.html');
});
