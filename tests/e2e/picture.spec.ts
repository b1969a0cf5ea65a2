/** Picture projects in the built app: folders, lists and bursts, the drawn sample, a network that knows pictures, real pictures live and as files. */
import AxeBuilder from '@axe-core/playwright';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeCameraFile } from '../helpers/camera-file.ts';
import { SHARED } from '../helpers/data.ts';
import { png } from '../helpers/png.ts';
import { expect, test, type StudioPage } from './pages/studio.ts';

const network = join(SHARED, 'models/mobilenet-v2-035.zip');
const pictures = join(SHARED, 'data/teachable-machine/image-model-data.zip');
const video = join(SHARED, 'data/action-clips/wave.mp4');
const picture = (name: string, shade: number) => ({ name, mimeType: 'image/png', buffer: png(64, 48, shade) });

async function newPictures(studio: StudioPage, name: string) {
  await studio.open();
  await studio.button('New Picture classification project').click();
  await studio.page.getByRole('textbox', { name: 'Project name' }).fill(name);
  await studio.button('Create project').click();
  await expect(studio.page.getByRole('heading', { level: 1, name })).toBeVisible();
}
const violations = async ({ page }: StudioPage) =>
  (await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id);

test('pictures come in with names and lists as their classes; a burst of the camera goes into one', async ({
  studio,
}) => {
  const { page } = studio;
  await newPictures(studio, 'Mine');
  await expect(page.getByRole('heading', { name: 'Start with two kinds of pictures' })).toBeVisible();
  expect(await violations(studio)).toEqual([]);
  await studio.importFiles([
    picture('Cat.1.png', 10),
    picture('Cat.2.png', 40),
    picture('x17.png', 70),
    {
      name: 'labels.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from('file,label,split\nx17.png,Dog,test\ngone.png,Dog,\n'),
    },
  ]);
  await expect(page.getByRole('region', { name: 'Import report' })).toContainText(
    'These are not among the files: gone.png.',
  );
  await studio.closeReport();
  await expect(studio.button('Cat 2')).toBeVisible();
  await expect(studio.button('Dog 1')).toBeVisible();
  await page.getByRole('combobox', { name: 'Show split' }).selectOption('testing');
  await expect(page.getByRole('button', { name: /^x17/ })).toHaveCount(1);
  await page.getByRole('combobox', { name: 'Show split' }).selectOption('');

  await studio.button('Camera').click();
  await studio.button('Start camera').click();
  await page.getByRole('combobox', { name: 'Class of the pictures' }).selectOption({ label: 'Dog' });
  await page.getByRole('spinbutton', { name: 'Pictures' }).fill('4');
  await page.getByRole('combobox', { name: 'Countdown' }).selectOption('0');
  await studio.button('Take many').click();
  await expect(studio.button('Dog 5')).toBeVisible({ timeout: 30_000 });
  expect(await violations(studio)).toEqual([]);
  await studio.button('Stop camera').click();

  // A picture is looked at, and its class changed by key; both can be taken back.
  await page.getByRole('button', { name: /^Cat\.1/ }).click();
  await studio.button('Look').click();
  await expect(page.getByRole('dialog').getByRole('img')).toBeVisible();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: /^Cat\.1/ }).focus();
  await page.keyboard.press('2');
  await expect(studio.button('Dog 6')).toBeVisible();
  await page.keyboard.press('Control+z');
  await expect(studio.button('Cat 2')).toBeVisible();
});

test('the sample is learnt without a network, its mistakes are seen, and it leaves as files', async ({ studio }) => {
  test.setTimeout(180_000);
  const { page } = studio;
  await studio.open();
  await studio.button('Open sample: Star, heart, leaf, cloud').click();
  await expect(studio.button('Star 32')).toBeVisible({ timeout: 30_000 });
  await studio.step('Train');
  await expect(page.getByText(/MobileNetV2 is not on this device, so this is Full network for now/)).toBeVisible();
  expect(await violations(studio)).toEqual([]);
  await studio.iterations(7);
  await studio.button('Train').click();
  await expect(page.getByText(/of test pictures right/)).toBeVisible({ timeout: 150_000 });
  await expect(page.getByText('Chose Full network: no pretrained network is on this device')).toBeVisible();
  await studio.step('Evaluate');
  // Chance is 25 %.
  expect(Number.parseFloat(await page.locator('.bignum').first().innerText())).toBeGreaterThanOrEqual(50);
  await page
    .getByRole('button', { name: /Star.*Star/ })
    .first()
    .click();
  const cell = page.getByRole('region', { name: 'Pictures in this cell' });
  await expect(cell.getByRole('img').or(cell.locator('img')).first()).toBeVisible();
  await cell.getByRole('button', { name: 'Show all' }).click();
  await expect(page.getByRole('dialog').getByRole('img')).toBeVisible();
  await page.keyboard.press('Escape');
  expect(await violations(studio)).toEqual([]);
  await studio.step('Export');
  await expect(page.getByText('64 × 64 pixels')).toBeVisible();
  const saved = page.waitForEvent('download');
  await studio.button('Export model').click();
  expect((await saved).suggestedFilename()).toMatch(/\.zip$/);

  // The other formats: their size, their score as they stand, one file each.
  const formats = page.getByRole('radiogroup', { name: 'Model format' });
  await formats.getByRole('radio', { name: /^TFLite/ }).check();
  await expect(formats.locator('label', { hasText: 'TFLite' })).toContainText(/\d+(\.\d+)?\s[kM]B/);
  await page
    .getByRole('radiogroup', { name: 'Weights' })
    .getByRole('radio', { name: /^8 bit/ })
    .check();
  await studio.button(/^Measure the files on \d+ pictures/).click();
  for (const name of ['TFLite', 'ONNX', 'Core ML'])
    await expect(formats.locator('label', { hasText: name })).toContainText(/% of .*right, \d+ ms each/, {
      timeout: 60_000,
    });
  expect(await violations(studio)).toEqual([]);
  await page.getByRole('combobox', { name: 'Licence' }).selectOption('MIT');
  const small = page.waitForEvent('download');
  await studio.button('Export model').click();
  expect((await small).suggestedFilename()).toMatch(/\.int8\.tflite$/);
  const bytes = readFileSync(await (await small).path());
  expect(bytes.subarray(4, 8).toString()).toBe('TFL3');
  expect(bytes.includes('"labels":[')).toBe(true);
  await formats.getByRole('radio', { name: /^Teachable Machine/ }).check();
  await expect(
    page.getByText(/Teachable Machine’s models stand on MobileNetV2: choose Transfer learning/),
  ).toBeVisible();
  await expect(studio.button('Export model')).toBeDisabled();
  const all = page.waitForEvent('download');
  await studio.button('Export all formats').click();
  expect((await all).suggestedFilename()).toMatch(/\.zip$/);
});

test.describe('with the network and pictures of ../shared', () => {
  test.skip(![network, pictures, video].every(existsSync), 'needs ../shared/models and ../shared/data');
  const camera = join(mkdtempSync(join(tmpdir(), 'understudy-camera-')), 'wave.mjpeg');
  test.use({ launchArgs: [`--use-file-for-fake-video-capture=${camera}`] });
  test.beforeAll(async () => {
    if (existsSync(video)) await writeCameraFile(video, camera, 4);
  });
  test.afterAll(() => rmSync(camera, { force: true }));

  test('a zip of folders and frames of a video are learnt in seconds, tried live and on files', async ({ studio }) => {
    test.setTimeout(240_000);
    const { page } = studio;
    await studio.open();
    await studio.button('Pretrained networks').first().click();
    await page.getByTestId('network-file').setInputFiles(network);
    await expect(page.getByRole('status', { name: 'MobileNetV2 status' })).toHaveText(/On this device|Stored/);
    await page.keyboard.press('Escape');
    await newPictures(studio, 'Real');
    await studio.importFiles([
      { name: 'set.zip', mimeType: 'application/zip', buffer: readFileSync(pictures) },
      { name: 'Waving.mp4', mimeType: 'video/mp4', buffer: readFileSync(video) },
    ]);
    await studio.closeReport();
    await expect(studio.button(/^Class 1 \d+/)).toBeVisible();
    // Frames of a video that says nothing of a class get one from the person.
    await studio.addClass('Person');
    await page.getByRole('button', { name: /^No class \d+/ }).click();
    await page.getByRole('list', { name: 'Pictures' }).getByRole('button').first().focus();
    await page.keyboard.press('Control+a');
    await page.getByRole('combobox', { name: 'Relabel selected clips' }).selectOption({ label: 'Person' });
    await expect(page.getByRole('button', { name: /^No class/ })).toHaveCount(0);
    await studio.step('Train');
    await studio.iterations(20);
    await studio.button('Train').click();
    await expect(page.getByText('Model 1 · trained')).toBeVisible({ timeout: 150_000 });
    await expect(
      page.getByText('Chose Transfer learning: a network that knows pictures is on this device'),
    ).toBeVisible();

    await studio.step('Preview');
    await studio.button('Start camera').click();
    await expect(page.locator('.now')).toContainText('Person', { timeout: 30_000 });
    expect(await violations(studio)).toEqual([]);
    await page.getByTestId('preview-file').setInputFiles([
      { name: 'wave.mp4', mimeType: 'video/mp4', buffer: readFileSync(video) },
      { name: 'broken.png', mimeType: 'image/png', buffer: Buffer.from('no picture') },
    ]);
    const files = page.getByRole('list', { name: 'Files' });
    await expect(files).toContainText(/Person \d+\s%/, { timeout: 60_000 });
    await expect(files).toContainText('Cannot be read');
    expect(await violations(studio)).toEqual([]);

    // As Teachable Machine has it, and back again.
    await studio.step('Export');
    await page.getByRole('radio', { name: /^Teachable Machine/ }).check();
    const saved = page.waitForEvent('download');
    await studio.button('Export model').click();
    const zip = readFileSync(await (await saved).path());
    await studio.step('Preview');
    await page
      .getByTestId('model-file-small')
      .first()
      .setInputFiles({ name: 'tm.zip', mimeType: 'application/zip', buffer: zip });
    await expect(page.getByText('Opened Real', { exact: true })).toBeVisible();
    await page
      .getByTestId('preview-file')
      .setInputFiles([{ name: 'wave.mp4', mimeType: 'video/mp4', buffer: readFileSync(video) }]);
    await expect(files).toContainText(/Person \d+\s%/, { timeout: 60_000 });
  });
});
