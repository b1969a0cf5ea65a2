/** What comes in when folders can be read in two ways: a person is asked before anything is stored. */
import AxeBuilder from '@axe-core/playwright';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
  await expect(question).toContainText('3 people or sessions of them stay together');
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
