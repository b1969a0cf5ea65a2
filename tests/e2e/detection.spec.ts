/** Detection projects in the built app: drawing boxes, annotation files of every kind, the sample, proposals, a real video as camera. */
import AxeBuilder from '@axe-core/playwright';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeCameraFile } from '../helpers/camera-file.ts';
import { SHARED as shared } from '../helpers/data.ts';
import { png } from '../helpers/png.ts';
import { expect, test, type StudioPage } from './pages/studio.ts';

const network = join(shared, 'models/ssd-mobilenet-v1-coco.tflite');
const videos = join(shared, 'data/action-clips');

async function newDetection(studio: StudioPage, name: string) {
  await studio.open();
  await studio.button('New Object detection project').click();
  await studio.page.getByRole('textbox', { name: 'Project name' }).fill(name);
  await studio.button('Create project').click();
  await expect(studio.page.getByRole('heading', { level: 1, name })).toBeVisible();
}

const picture = (name: string, shade: number, width = 64, height = 48) => ({
  name,
  mimeType: 'image/png',
  buffer: png(width, height, shade),
});
const text = (name: string, content: string) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(content) });
const boxesHere = (studio: StudioPage) => studio.page.getByRole('region', { name: 'Boxes', exact: true });

test('boxes are drawn, moved, resized and named by mouse and by keyboard, and every step is undone', async ({
  studio,
}) => {
  const { page } = studio;
  await newDetection(studio, 'Drawing');
  await studio.importFiles([picture('a.png', 200, 400, 300), picture('b.png', 190, 400, 300), picture('c.png', 180)]);
  await studio.closeReport();
  await expect(studio.button('Picture 1, no boxes yet')).toBeVisible();
  const canvas = page.getByTestId('box-canvas');
  const image = canvas.locator('.img');
  const at = async (x: number, y: number) => {
    const box = (await image.boundingBox())!;
    return [box.x + x * box.width, box.y + y * box.height] as const;
  };
  const drag = async (from: readonly [number, number], to: readonly [number, number]) => {
    await page.mouse.move(...(await at(...from)));
    await page.mouse.down();
    await page.mouse.move(...(await at((from[0] + to[0]) / 2, (from[1] + to[1]) / 2)));
    await page.mouse.move(...(await at(...to)));
    await page.mouse.up();
  };
  // The first box asks for the name of its class.
  await drag([0.25, 0.25], [0.5, 0.5]);
  // Nothing is lost when the question is left: the box waits, and is seen.
  await page.getByRole('textbox', { name: 'Class name' }).press('Escape');
  await expect(page.getByText('1 box without a class.')).toBeVisible();
  await expect(canvas.locator('.drawn')).toHaveCount(1);
  await studio.button('Name it').click();
  await page.getByRole('textbox', { name: 'Class name' }).fill('Square');
  await page.keyboard.press('Enter');
  await expect(boxesHere(studio)).toContainText('1 box here');
  await expect(boxesHere(studio)).toContainText('100 × 75');
  await expect(studio.button('Picture 1, 1 box')).toBeVisible();
  // A second class by its key; the selected box takes it, and gives it back.
  await studio.button('Add class').click();
  await page.getByRole('textbox', { name: 'Class name' }).fill('Other');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: /^Square box, 100 × 75/ }).focus();
  await page.keyboard.press('2');
  await expect(page.getByRole('button', { name: /^Other box, 100 × 75 pixels at 100, 75/ })).toBeVisible();
  await page.keyboard.press('1');
  // Arrows move it one pixel, with Shift ten, with Ctrl its size.
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Control+ArrowRight');
  await expect(page.getByRole('button', { name: /^Square box, 101 × 75 pixels at 101, 85/ })).toBeVisible();
  // Its corner is dragged, then all of it.
  await drag([201.5 / 400, 160 / 300], [300 / 400, 225 / 300]);
  await expect(boxesHere(studio)).toContainText(/199 × 140|198 × 140|199 × 139|198 × 139/);
  await page.keyboard.press('Control+z');
  await expect(page.getByRole('button', { name: /^Square box, 101 × 75 pixels at 101, 85/ })).toBeVisible();
  await drag([0.38, 0.4], [0.48, 0.5]);
  await expect(page.getByRole('button', { name: /^Square box, 101 × 75 pixels at 141, 115/ })).toBeVisible();
  // Copied to the next picture, repeated on the one after, added in the middle, deleted.
  await page.keyboard.press('Control+c');
  await page.keyboard.press('n');
  await expect(page.getByText('2 of 3', { exact: true })).toBeVisible();
  await page.keyboard.press('Control+v');
  await expect(boxesHere(studio)).toContainText('1 box here');
  await page.keyboard.press('n');
  await page.keyboard.press('r');
  await expect(boxesHere(studio)).toContainText('1 box here');
  await page.keyboard.press('a');
  await expect(boxesHere(studio)).toContainText('2 boxes here');
  await page.keyboard.press('Delete');
  await expect(boxesHere(studio)).toContainText('1 box here');
  await studio.button('Delete Square box').click();
  await expect(boxesHere(studio)).toContainText('0 boxes here');
  await expect(studio.button('Picture 3, no objects')).toBeVisible();
  await expect(page.getByText('3 of 3 done')).toBeVisible();
  // A box inside a box: with Shift, with the tool, and by four presses on the edges of a thing.
  await page.keyboard.press('b');
  await expect(page.getByText('2 of 3', { exact: true })).toBeVisible();
  const [left, top] = [141 / 400, 115 / 300];
  await page.keyboard.down('Shift');
  await drag([left + 0.02, top + 0.02], [left + 0.1, top + 0.1]);
  await page.keyboard.up('Shift');
  await expect(boxesHere(studio)).toContainText('2 boxes here');
  await page.keyboard.press('d');
  await expect(studio.button('Draw over')).toHaveAttribute('aria-pressed', 'true');
  await drag([left + 0.12, top + 0.02], [left + 0.2, top + 0.1]);
  await expect(boxesHere(studio)).toContainText('3 boxes here');
  await page.keyboard.press('e');
  for (const [x, y] of [
    [0.6, 0.7],
    [0.7, 0.6],
    [0.8, 0.7],
  ] as const)
    await page.mouse.click(...(await at(x, y)));
  await expect(canvas.locator('.edge')).toHaveCount(3);
  await page.keyboard.press('Escape');
  await expect(canvas.locator('.edge')).toHaveCount(0);
  for (const [x, y] of [
    [0.6, 0.7],
    [0.7, 0.6],
    [0.8, 0.7],
    [0.7, 0.8],
  ] as const)
    await page.mouse.click(...(await at(x, y)));
  await expect(boxesHere(studio)).toContainText(/8[01] × 60/);
  await page.keyboard.press('e');
  for (let i = 0; i < 3; i++) await page.keyboard.press('Control+z');
  await expect(boxesHere(studio)).toContainText('1 box here');
  // Only pictures with a class; a picture is deleted by its key, and comes back.
  const show = page.getByRole('combobox', { name: 'Show pictures' });
  await show.selectOption('No objects');
  await expect(page.getByText('3 of 3', { exact: true })).toBeVisible();
  await show.selectOption('Square');
  await expect(studio.button('Picture 3, no objects')).toHaveCount(0);
  await show.selectOption('All');
  await studio.button('Picture 3, no objects').click();
  await page.keyboard.press('Delete');
  await expect(page.getByText('Deleted c.png')).toBeVisible();
  await page.keyboard.press('Control+z');
  await expect(studio.button('Picture 3, no objects')).toBeVisible();
  await studio.button('Picture 3, no objects').click();
  // Zoomed to the pixel and back, boxes hidden and shown.
  await page.keyboard.press('b');
  await page.keyboard.press('h');
  await expect(page.getByRole('button', { name: /^Square box/ })).toHaveCount(0);
  await page.keyboard.press('h');
  const width = (await image.boundingBox())!.width;
  for (let i = 0; i < 12; i++) await page.keyboard.press('+');
  expect((await image.boundingBox())!.width).toBeGreaterThan(10 * width);
  await page.keyboard.press('0');
  expect((await image.boundingBox())!.width).toBeCloseTo(width, 0);
  expect((await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id)).toEqual([]);
  // It is all there after a reload.
  await page.reload();
  await expect(studio.button('Picture 1, 1 box')).toBeVisible();
  await page.setViewportSize({ width: 390, height: 844 });
  await expect(canvas).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});

test('annotations of every format come in with their pictures, and what is wrong is said', async ({ studio }) => {
  test.setTimeout(120_000);
  const { page } = studio;
  await newDetection(studio, 'Formats');
  const count = async (name: string) => {
    await studio.closeReport();
    await expect(page.getByRole('complementary', { name: 'Classes' }).getByRole('button', { name })).toBeVisible();
  };
  const createMl = (key: string, list: string, image: string) =>
    JSON.stringify([
      { [key]: image, [list]: [{ label: 'cat', coordinates: { x: 24, y: 18, width: 16, height: 12 }, other: 1 }] },
    ]);
  await studio.importFiles([
    picture('a.png', 100),
    text('annotations.json', createMl('image', 'annotations', 'a.png')),
  ]);
  await count('cat 1');
  // The centre of the box, not its corner.
  await expect(page.getByRole('button', { name: 'cat box, 16 × 12 pixels at 16, 12' })).toBeVisible();
  await studio.importFiles([
    picture('b.png', 101),
    text('b.json', createMl('imagefilename', 'annotation', 'b.png')),
    picture('c.png', 102),
    text(
      'coco.json',
      JSON.stringify({
        images: [{ id: 1, file_name: 'c.png', width: 64, height: 48 }],
        categories: [{ id: 5, name: 'Cat' }],
        annotations: [{ id: 1, image_id: 1, category_id: 5, bbox: [4, 4, 10, 10] }],
      }),
    ),
    picture('d.png', 103),
    text('d.txt', '0 0.5 0.5 0.25 0.25\n'),
    text('data.yaml', 'names: [cat]\n'),
    picture('e.png', 104),
    text(
      'e.xml',
      '<annotation><object><name>cat</name><bndbox><xmin>4</xmin><ymin>4</ymin><xmax>20</xmax><ymax>20</ymax></bndbox></object></annotation>',
    ),
    picture('f.png', 105),
    text('boxes.csv', 'filename,width,height,class,xmin,ymin,xmax,ymax\nf.png,64,48,cat,4,4,20,20\n'),
  ]);
  await count('cat 6');
  // What is wrong: every case is said, the rest comes in.
  const many = Array.from({ length: 500 }, (_, i) => ({
    label: 'dot',
    coordinates: { x: 2 + (i % 25) * 2.5, y: 2 + Math.floor(i / 25) * 2, width: 2, height: 2 },
  }));
  const box = (x: unknown, y: number, width: number, height: number) => ({
    label: 'cat',
    coordinates: { x, y, width, height },
  });
  const huge = png(8, 8, 9);
  huge.writeUInt32BE(20_000, 16);
  await studio.importFiles([
    picture('g.png', 106),
    picture('many.png', 107),
    picture('unnamed.png', 108),
    { name: 'broken.png', mimeType: 'image/png', buffer: png(64, 48, 109).subarray(0, 60) },
    { name: 'empty.jpg', mimeType: 'image/jpeg', buffer: Buffer.alloc(0) },
    { name: 'huge.png', mimeType: 'image/png', buffer: huge },
    text(
      'annotations.json',
      JSON.stringify([
        {
          image: 'g.png',
          annotations: [box(24, 18, 16, 12), box(24, 18, 0, 12), box('NaN', 1, 2, 2), box(60, 20, 20, 10)],
        },
        { image: 'many.png', annotations: many },
        { image: 'lost.png', annotations: [] },
      ]),
    ),
  ]);
  const report = page.getByRole('region', { name: 'Import report' });
  await expect(report).toContainText('3 added');
  for (const said of [
    'There is no picture lost.png among the files.',
    'A box of cat has no area.',
    'A box of cat has no readable coordinates.',
    'A box of cat reached outside the picture and was cut at its edge.',
    'The annotations do not name it: it is not annotated yet.',
    'The picture has 20000 × 8 pixels.',
  ])
    await expect(report).toContainText(said);
  await expect(report.getByRole('row', { name: /broken\.png Skipped/ })).toBeVisible();
  await expect(report.getByRole('row', { name: /empty\.jpg Skipped/ })).toBeVisible();
  await count('dot 500');
  await expect(studio.button('Picture 8, 500 boxes')).toBeVisible();
  await studio.button('Picture 8, 500 boxes').click();
  await expect(boxesHere(studio)).toContainText('500 boxes here');
  await page.getByRole('tab', { name: /^Health/ }).click();
  await expect(page.getByRole('region', { name: 'Findings' })).toContainText('1 picture not annotated yet');
});

test('a detector learns from nothing, without any network', async ({ studio }) => {
  test.setTimeout(240_000);
  const { page } = studio;
  await studio.open();
  await studio.button('Open sample: Dice').click();
  await expect(page.getByText('80 of 80 pictures done')).toBeVisible({ timeout: 60_000 });
  await studio.step('Train');
  await expect(page.getByText(/SSD MobileNet is not on this device/)).toBeVisible();
  expect((await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id)).toEqual([]);
  // Fine-tuning wants a real graphics processor; an emulated one is none.
  const fineTune = page.getByRole('radio', { name: /^Fine-tune/ });
  await expect(page.getByText(/offers no graphics processor|only an emulated graphics processor/)).toBeVisible();
  await expect(fineTune).toBeDisabled();
  await page.getByRole('radio', { name: /^Full network/ }).check();
  // The plain processor would take days: that is said before it begins, and nothing is lost.
  await page.getByText('More', { exact: true }).click();
  const engine = page.getByRole('combobox', { name: 'Engine' });
  await engine.selectOption('cpu');
  await studio.button('Train').click();
  await expect(page.getByRole('alert')).toContainText('too slow', { timeout: 60_000, ignoreCase: true });
  await engine.selectOption('');
  await studio.iterations(1);
  await studio.button('Train').click();
  await expect(page.getByText('average precision on test pictures')).toBeVisible({ timeout: 200_000 });
  await expect(page.getByRole('img', { name: 'Loss' })).toBeVisible();
  await studio.step('Evaluate');
  await expect(page.getByRole('heading', { name: 'Precision and recall' })).toBeVisible();
});

/** Opens the app and gives it the pretrained network, as a person does. */
async function openWithNetwork(studio: StudioPage): Promise<void> {
  const { page } = studio;
  await studio.open();
  await studio.button('Pretrained networks').first().click();
  await page.getByTestId('network-file').setInputFiles(network);
  await expect(page.getByRole('status', { name: 'SSD MobileNet status' })).toHaveText(/On this device|Stored/);
  await page.keyboard.press('Escape');
}

test.describe('with the network of ../shared', () => {
  test.skip(!existsSync(network) || !existsSync(videos), 'needs ../shared/models and ../shared/data/action-clips');
  const camera = join(mkdtempSync(join(tmpdir(), 'understudy-camera-')), 'wave.mjpeg');
  test.use({ launchArgs: [`--use-file-for-fake-video-capture=${camera}`] });
  test.beforeAll(async () => {
    if (existsSync(videos)) await writeCameraFile(join(videos, 'wave.mp4'), camera, 4);
  });
  test.afterAll(() => rmSync(camera, { force: true }));

  test('a class the network knows becomes a class of the project', async ({ studio }) => {
    const { page } = studio;
    await openWithNetwork(studio);
    await newDetection(studio, 'Mapped');
    await studio.addClass('Human');
    await studio.importFiles(join(videos, 'person.jpg'));
    await studio.closeReport();
    await page.locator('body').press('p');
    const proposals = page.getByRole('region', { name: 'Proposals' });
    await expect(proposals.getByText(/proposals? from 90 everyday things/)).toBeVisible({ timeout: 60_000 });
    await proposals.getByRole('combobox', { name: 'Class of person' }).selectOption({ label: 'Human' });
    await proposals.getByRole('button', { name: /^Accept/ }).click();
    await expect(page.getByRole('button', { name: /^Human [1-9]/ })).toBeVisible();
    await expect(page.getByRole('button', { name: /^person \d/ })).toHaveCount(0);
  });

  test('frames of a video, proposed boxes accepted, trained, evaluated, seen live', async ({ studio }) => {
    test.setTimeout(300_000);
    const { page } = studio;
    await openWithNetwork(studio);
    await newDetection(studio, 'People');
    await studio.importFiles(join(videos, 'wave.mp4'));
    await expect(page.getByRole('region', { name: 'Import report' })).toContainText(/frames of the video were added/);
    await studio.closeReport();
    // The network proposes what it knows; one person in the first picture.
    await page.getByRole('button', { name: /^Propose for \d+ open pictures/ }).click();
    const proposals = page.getByRole('region', { name: 'Proposals' });
    await expect(proposals.getByText(/proposals? from 90 everyday things/)).toBeVisible({ timeout: 60_000 });
    await expect(page.getByRole('progressbar', { name: 'Proposing boxes' })).toHaveCount(0, { timeout: 60_000 });
    const open = page.getByText(/(\d+) of (\d+) done/).last();
    for (let guard = 0; guard < 60; guard++) {
      const [, done, all] = /(\d+) of (\d+) done/.exec(await open.innerText())!;
      if (done === all || (await proposals.getByRole('button', { name: /^(Accept|Go to the next)/ }).count()) === 0)
        break;
      await proposals.getByRole('button', { name: /^(Accept|Go to the next)/ }).click();
      await expect(open).not.toHaveText(`${done} of ${all} done`);
    }
    // Only people are wanted: what else it saw goes with its class.
    const others = page.getByRole('button', { name: /^More actions for (?!person)/ });
    for (let count = await others.count(); count > 0; count--) {
      await others.first().click();
      await page.getByRole('button', { name: 'Delete class and its boxes' }).click();
      await expect(others).toHaveCount(count - 1);
    }
    const people = page.getByRole('button', { name: /^person \d+$/ });
    expect(Number((await people.getAttribute('aria-label'))!.slice(7))).toBeGreaterThanOrEqual(5);

    await studio.step('Train');
    await page.getByRole('group', { name: 'Picture size' }).getByRole('button', { name: '320', exact: true }).click();
    await page.getByRole('spinbutton', { name: 'Varied copies of each picture' }).fill('0');
    await studio.iterations(12);
    // All frames are of one video: none may be set aside.
    await expect(page.getByText(/too few pictures to set some aside/)).toBeVisible();
    await studio.button('Train').click();
    await expect(page.getByText('Model 1 · trained')).toBeVisible({ timeout: 200_000 });

    await studio.step('Evaluate');
    await expect(page.getByRole('heading', { name: 'Errors' })).toBeVisible({ timeout: 60_000 });
    expect(Number.parseFloat(await page.locator('.bignum').first().innerText())).toBeGreaterThanOrEqual(0.8);
    expect((await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id)).toEqual([]);

    await studio.step('Preview');
    await studio.button('Start camera').click();
    const now = page.locator('.now');
    await expect(now).toContainText(/\d person/, { timeout: 30_000 });
    await expect(page.locator('.stage .bx').first()).toContainText('person');
    expect((await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id)).toEqual([]);
    // Correct it now: the frame is kept with its boxes as proposals.
    await studio.button('Correct it now').click();
    await expect(proposals).toContainText(/proposals? from Model 1/);
    await page.keyboard.press('Escape');
    await studio.step('Preview');
    await page.getByTestId('preview-file').setInputFiles(join(videos, 'person.jpg'));
    await expect(page.getByRole('heading', { name: 'person.jpg' })).toBeVisible({ timeout: 30_000 });
    const saved = page.waitForEvent('download');
    await studio.button('Save as JSON').click();
    const rows = JSON.parse(readFileSync(await (await saved).path(), 'utf8')) as { label: string }[];
    expect(rows[0]!.label).toBe('person');
  });
});
