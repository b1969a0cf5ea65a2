/** Changing a project: undo belongs to its step, trained models are never lost, scores stay honest. Sounds are made here. */
import { tone } from '../helpers/signals.ts';
import { wavBytes } from '../helpers/microphone-file.ts';
import { expect, test, type StudioPage } from './pages/studio.ts';

const beep = (name: string, hz: number) => ({ name, mimeType: 'audio/wav', buffer: wavBytes(tone(hz, 1), 16000) });
const lows = Array.from({ length: 6 }, (_, i) => beep(`low.${i}.wav`, 200 + 10 * i));
const highs = Array.from({ length: 6 }, (_, i) => beep(`high.${i}.wav`, 3000 + 50 * i));

async function start(studio: StudioPage, name: string): Promise<void> {
  await studio.newProject(name);
  await studio.importFiles([...lows, ...highs]);
  await studio.closeReport();
}

test('projects are renamed and deleted on the home page', async ({ studio }) => {
  const { page } = studio;
  await start(studio, 'First');
  await studio.open();
  await page.getByRole('button', { name: 'More actions for First' }).click();
  await page.getByRole('button', { name: 'Rename', exact: true }).click();
  await page.getByRole('textbox', { name: 'Project name' }).fill('Second');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('link', { name: 'Second' })).toBeVisible();
  await page.getByRole('button', { name: 'More actions for Second' }).click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await studio.button('Delete project').click();
  await expect(page.getByRole('region', { name: 'No projects yet' })).toBeVisible();
  await expect
    .poll(() =>
      page.evaluate(async () => {
        const open = indexedDB.open('understudy');
        const db = await new Promise<IDBDatabase>((resolve) => (open.onsuccess = () => resolve(open.result)));
        const counts = await Promise.all(
          ['projects', 'items', 'blobs', 'pictures', 'history'].map(
            (name) =>
              new Promise<number>((resolve) => {
                const request = db.transaction(name).objectStore(name).count();
                request.onsuccess = () => resolve(request.result);
              }),
          ),
        );
        db.close();
        return counts;
      }),
    )
    .toEqual([0, 0, 0, 0, 0]);
});

test('undo and redo never lose what training wrote', async ({ studio }) => {
  const { page } = studio;
  await start(studio, 'Keep');
  await studio.step('Train');
  await studio.iterations(3);
  await studio.train();
  const score = await page.locator('.bignum').first().innerText();
  await studio.button('Undo').click();
  await expect(page.getByText(/^Undone: /)).toBeVisible();
  await page.keyboard.press('Shift+Control+z');
  await expect(page.getByText(/^Done again: /)).toBeVisible();
  await expect(page.locator('.bignum').first()).toHaveText(score);
  await page.reload();
  await expect(page.locator('.bignum').first()).toHaveText(score);
  await expect(page.getByRole('heading', { name: 'Run log' })).toBeVisible();
});

test('a class renamed after training keeps its clips in the score', async ({ studio }) => {
  const { page } = studio;
  await start(studio, 'Rename');
  await studio.step('Train');
  await studio.iterations(3);
  await studio.train();
  await studio.step('Data');
  await studio.button('low 6').dblclick();
  await page.getByRole('textbox', { name: 'Class name' }).fill('deep');
  await page.keyboard.press('Enter');
  await expect(studio.button('deep 6')).toBeVisible();
  await studio.step('Evaluate');
  await studio.button('Training').click();
  await expect(page.getByText(/of 10 clips, mean over/)).toBeVisible();
  await expect(page.getByRole('row', { name: /^deep/ })).toBeVisible();
});

test('clips a model was trained on never count as its testing clips', async ({ studio }) => {
  const { page } = studio;
  await start(studio, 'Honest');
  await studio.step('Train');
  await studio.iterations(2);
  await studio.train();
  await studio.step('Data');
  await studio.divide();
  await studio.step('Evaluate');
  await expect(studio.button('Testing 0')).toBeVisible();
  // A model trained after the division was never given them.
  await studio.step('Train');
  await studio.button('Train').click();
  await expect(page.getByText(/of test clips right/)).toBeVisible({ timeout: 60_000 });
  await studio.step('Evaluate');
  await expect(studio.button('Testing 2')).toBeVisible();
});

test('an Undo button takes back its own step and no newer one', async ({ studio }) => {
  const { page } = studio;
  await studio.newProject('Steps');
  await studio.importFiles([...lows, ...highs]);
  await studio.button('low 6').dblclick();
  await page.getByRole('textbox', { name: 'Class name' }).fill('deep');
  await page.keyboard.press('Enter');
  await expect(studio.button('deep 6')).toBeVisible();
  await page.getByRole('button', { name: 'Undo import' }).click();
  await expect(page.getByText(/Something newer was changed/)).toBeVisible();
  await expect(studio.button('deep 6')).toBeVisible();
  await page.keyboard.press('Control+z');
  await expect(studio.button('low 6')).toBeVisible();
  await page.getByRole('button', { name: 'Undo import' }).click();
  await expect(page.getByText('Start with two sounds')).toBeVisible();
});

test('bulk actions change only the clips that are shown', async ({ studio }) => {
  const { page } = studio;
  await start(studio, 'Bulk');
  await page
    .getByRole('list', { name: 'Clips' })
    .getByRole('button', { name: /^low\.0/ })
    .click();
  await page.keyboard.press('Control+a');
  await expect(page.getByText('12 clips selected')).toBeVisible();
  await studio.button('low 6').click();
  await expect(page.getByText('6 clips selected')).toBeVisible();
  await page.getByRole('combobox', { name: 'Move selected clips to split' }).selectOption('testing');
  await expect(page.getByText('Moved 6 clips to testing')).toBeVisible();
  await expect(page.getByRole('link', { name: /^Testing 6/ })).toBeVisible();
  await expect(page.getByRole('link', { name: /^Training 6/ })).toBeVisible();
});

test('on a phone classes are added and changes undone', async ({ studio }) => {
  const { page } = studio;
  await page.setViewportSize({ width: 390, height: 844 });
  await start(studio, 'Phone');
  await studio.button('Add class').click();
  await page.getByRole('textbox', { name: 'Class name' }).fill('hum');
  await page.keyboard.press('Enter');
  await expect(studio.button('hum 0')).toBeVisible();
  await studio.button('Undo').click();
  await expect(studio.button('hum 0')).toHaveCount(0);
});

test('a second tab looks on until it takes over', async ({ studio, context }) => {
  const { page } = studio;
  await start(studio, 'Two tabs');
  const second = await context.newPage();
  await second.goto(page.url());
  await expect(second.getByText('Two tabs is open in another tab')).toBeVisible();
  await expect(second.getByRole('button', { name: 'low 6', exact: true })).toBeVisible();
  // A change here is refused, with what to do.
  await second.getByRole('complementary', { name: 'Classes' }).getByRole('button', { name: 'Add class' }).click();
  await second.getByRole('textbox', { name: 'Class name' }).fill('mid');
  await second.keyboard.press('Enter');
  await expect(second.getByRole('alert')).toContainText(
    'This project is open for changes in another tab. Nothing was changed. Press Take over here',
  );
  await second.getByRole('alert').getByRole('button', { name: 'Close' }).click();
  // The first tab goes on; then the second takes over and sees its change.
  await studio.addClass('mid');
  await second.getByRole('button', { name: 'Take over here' }).click();
  await expect(second.getByRole('button', { name: 'mid 0', exact: true })).toBeVisible();
  await expect(second.getByText('is open in another tab')).toHaveCount(0);
  await expect(page.getByText('Two tabs is open in another tab')).toBeVisible();
  await second.getByRole('complementary', { name: 'Classes' }).getByRole('button', { name: 'Add class' }).click();
  await second.getByRole('textbox', { name: 'Class name' }).fill('top');
  await second.keyboard.press('Enter');
  await expect(second.getByRole('button', { name: 'top 0', exact: true })).toBeVisible();
  // Closing the tab that may write frees the project for the next one.
  await second.close();
  await page.reload();
  await expect(studio.button('top 0')).toBeVisible();
  await expect(page.getByText('is open in another tab')).toHaveCount(0);
});
