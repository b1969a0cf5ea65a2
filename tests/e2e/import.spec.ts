/** What comes in when folders can be read in two ways: a person is asked before anything is stored. */
import AxeBuilder from '@axe-core/playwright';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dumpDatabase } from '../helpers/database.ts';
import { png } from '../helpers/png.ts';
import { wavBytes } from '../helpers/microphone-file.ts';
import { tone } from '../helpers/signals.ts';
import { expect, test } from './pages/studio.ts';

test('folders that can be read in two ways ask, show what each makes, and can be undone', async ({ studio }) => {
  const { page } = studio;
  const folder = mkdtempSync(join(tmpdir(), 'two-readings-'));
  let hz = 300;
  for (const part of ['training', 'test_set'])
    for (const word of ['yes', 'no'])
      for (const who of ['anna', 'ben', 'cleo']) {
        const inside = join(folder, part, word, who);
        mkdirSync(inside, { recursive: true });
        writeFileSync(join(inside, '0.wav'), wavBytes(tone((hz += 20), 1), 16000));
      }
  writeFileSync(join(folder, 'README.md'), 'Words of three people.');
  await studio.newProject('Words');
  const question = page.getByRole('region', { name: 'Import question' });
  const drop = async () => {
    await page.getByTestId('folder').setInputFiles(folder);
    await expect(question).toContainText('are the classes no, yes, or anna, ben, cleo?');
  };

  await drop();
  await expect(question.getByRole('radio').first()).toBeChecked();
  await expect(question.getByRole('row', { name: 'yes 3 3' })).toBeVisible();
  await expect(question).toContainText('3 groups that stay together');
  await question.getByText('1 remark about files').click();
  await expect(question).toContainText('README.md: A text about the data');
  expect((await new AxeBuilder({ page }).include('[aria-label="Import question"]').analyze()).violations).toEqual([]);
  await question.getByRole('radio', { name: /The folders anna/ }).check();
  await expect(question.getByRole('row', { name: 'cleo 2 2' })).toBeVisible();
  await question.getByRole('button', { name: 'Cancel import' }).click();
  await studio.closeReport();
  await expect(page.getByText('Start with two sounds')).toBeVisible();

  await drop();
  await question.getByRole('radio', { name: /The folders anna/ }).check();
  await question.getByRole('button', { name: 'Add 12 files' }).click();
  await expect(page.getByRole('heading', { name: /Added 12 of 13 files/ })).toBeVisible();
  await expect(studio.button('cleo 4')).toBeVisible();
  await page.getByRole('button', { name: 'Undo import' }).click();
  await expect(page.getByText('Start with two sounds')).toBeVisible();

  await page.setViewportSize({ width: 390, height: 844 });
  await drop();
  await question.getByRole('button', { name: 'Add 12 files' }).click();
  await expect(page.getByText('The classes are the folders no, yes.')).toBeVisible();
  await page.setViewportSize({ width: 1440, height: 900 });
  await expect(studio.button('yes 6')).toBeVisible();
  await expect(page.getByRole('link', { name: /^Testing 6/ })).toBeVisible();
});

type StoredItem = {
  name: string;
  hash: string;
  part: string;
  projectId: string;
  label: { boxes: { classId: string; x: number; y: number; width: number; height: number }[]; isDone: boolean };
};
type StoredProject = { id: string; name: string; classes: { id: string; name: string }[] };

test('pictures with boxes leave as COCO and come into a new project identical', async ({ studio }) => {
  const { page } = studio;
  const folder = mkdtempSync(join(tmpdir(), 'boxes-'));
  const put = (path: string, content: string | Buffer) => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  // YOLO with a YAML of its own dialect, the same boxes as Pascal VOC beside it, and one picture nobody has looked at.
  put('data.yaml', 'train: images/train # pictures\nval: images/val\nnames: {0: cat, 1: "dog & co"}\n');
  for (const [i, part] of (['train', 'train', 'val', 'test'] as const).entries()) {
    put(`images/${part}/${i}.png`, png(64, 48, 90 + 40 * i));
    put(`labels/${part}/${i}.txt`, `${i % 2} 0.375 0.375 0.25 0.25\n1 0.7 0.5 0.2 0.3\n`);
  }
  const box = '<bndbox><xmin>16</xmin><ymin>12</ymin><xmax>32</xmax><ymax>24</ymax></bndbox>';
  put('Annotations/0.xml', `<annotation><object><name>cat</name>${box}</object></annotation>`);
  put('images/train/todo.png', png(64, 48, 10));
  put('images/train/photo.HEIC', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'));

  const create = async (name: string) => {
    await studio.open();
    await studio.button('New Object detection project').click();
    await page.getByRole('textbox', { name: 'Project name' }).fill(name);
    await studio.button('Create project').click();
    await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  };
  await create('First');
  await studio.importFolder(folder);
  const report = page.getByRole('region', { name: 'Import report' });
  await expect(report).toContainText('The same boxes stand in 0.xml and 0.txt: they were counted once.');
  await expect(
    report.getByRole('row', { name: /photo\.HEIC Skipped The picture is HEIC.*Save it as JPEG/ }),
  ).toBeVisible();
  await expect(report).toContainText('6 files of lists and annotations were read.');
  await studio.closeReport();

  await studio.button('Save data').click();
  const dialog = page.getByRole('dialog', { name: 'Save data' });
  await dialog.getByRole('radio', { name: /^COCO/ }).check();
  await expect(dialog).toContainText('1 picture without a label goes along');
  expect((await new AxeBuilder({ page }).include('dialog').analyze()).violations).toEqual([]);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    dialog.getByRole('button', { name: 'Save 5 pictures' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('first-coco.zip');
  const zip = join(folder, 'first-coco.zip');
  await download.saveAs(zip);

  await create('Second');
  await studio.importFiles(zip);
  await expect(page.getByRole('heading', { name: /Added 5 of/ })).toBeVisible();
  const { projects, items } = (await dumpDatabase(page, ['projects', 'items'])) as unknown as {
    projects: Record<string, StoredProject>;
    items: Record<string, StoredItem>;
  };
  const told = (name: string) => {
    const project = Object.values(projects).find((one) => one.name === name)!;
    const nameOf = new Map(project.classes.map((label) => [label.id, label.name]));
    return Object.values(items)
      .filter(({ projectId }) => projectId === project.id)
      .map(({ hash, part, label, name: file }) => ({
        file,
        hash,
        part,
        isDone: label.isDone,
        boxes: label.boxes.map(({ classId, x, y, width, height }) => [
          nameOf.get(classId),
          ...[x, y, width, height].map((side) => side.toFixed(8)),
        ]),
      }))
      .sort((a, b) => a.file.localeCompare(b.file));
  };
  expect(told('First').map(({ part, isDone, boxes }) => [part, isDone, boxes.length])).toEqual([
    ['training', true, 2],
    ['training', true, 2],
    ['validation', true, 2],
    ['testing', true, 2],
    ['training', false, 0],
  ]);
  expect(told('Second')).toEqual(told('First'));
});

test('a recording is cut by the label track beside it', async ({ studio }) => {
  const { page } = studio;
  const folder = mkdtempSync(join(tmpdir(), 'track-'));
  const parts = [tone(440, 2), tone(1800, 2), tone(460, 2)];
  writeFileSync(join(folder, 'garden.wav'), wavBytes(Float32Array.from(parts.flatMap((part) => [...part])), 16000));
  writeFileSync(
    join(folder, 'garden.txt'),
    '0,000000\t2,000000\trobin\n2,000000\t4,000000\twren\n4,000000\t6,000000\trobin\n',
  );
  await studio.newProject('Garden');
  await studio.importFolder(folder);
  await expect(page.getByRole('heading', { name: /Added 3 of/ })).toBeVisible();
  await expect(studio.button('robin 2')).toBeVisible();
  await expect(studio.button('wren 1')).toBeVisible();
});
