/** A long recording is divided: its sounds are found, drawn, nudged, held; labelled by keys; learnt from without a copy. */
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { wavBytes } from '../helpers/microphone-file.ts';
import { noise, tone } from '../helpers/signals.ts';
import { expect, test, type StudioPage } from './pages/studio.ts';

const RATE = 16000;
/** Every seven seconds from the third on a low or a high tone of 1.2 s, in quiet noise. */
function dayOf(count: number): Buffer {
  const pcm = noise(3 + 7 * count, 1).map((value) => value * 0.005);
  for (let k = 0; k < count; k++)
    tone(k % 2 ? 1900 : 300, 1.2).forEach((value, i) => (pcm[RATE * (3 + 7 * k) + i]! += value));
  return Buffer.from(wavBytes(pcm, RATE));
}

async function open(studio: StudioPage, count: number) {
  await studio.newProject('A day outside');
  await studio.importFiles([{ name: 'day.wav', mimeType: 'audio/wav', buffer: dayOf(count) }]);
  await studio.closeReport();
  await studio.addClass('hum');
  await studio.addClass('whistle');
  await studio.button('Segment editor').click();
  const editor = studio.page.getByRole('region', { name: 'Segment editor' });
  await expect(editor.getByRole('img', { name: /^Spectrogram/ })).toHaveAttribute('aria-busy', 'false');
  return editor;
}
const slider = (page: Page, name: RegExp) => page.getByRole('slider', { name });

test('a long recording is divided by its sounds, labelled by keys, and learnt from', async ({ studio }) => {
  test.setTimeout(240_000);
  const { page } = studio;
  const editor = await open(studio, 12);
  // The picture is drawn: more than one colour in it.
  const colours = await editor.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
  });
  expect(colours).toBeGreaterThan(20);
  expect((await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id)).toEqual([]);

  await studio.button('Find sounds').click();
  await expect(editor.getByText('12 segments')).toBeVisible();
  await expect(page.getByText('Added 12 segments')).toBeVisible();
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  for (let k = 0; k < 12; k++) {
    await page.keyboard.press(k % 2 ? '2' : '1');
    await page.keyboard.press(']');
  }
  await expect(studio.button('hum 6')).toBeVisible();
  await expect(studio.button('whistle 6')).toBeVisible();
  await expect(studio.button(/^No class/)).toBeHidden();
  await expect(slider(page, /^Segment hum, (2\.9|3\.0) to 4\.\d seconds$/)).toBeVisible();
  // Found a second time, nothing is added twice.
  await studio.button('Find sounds').click();
  await expect(page.getByText('Everything that is 12 dB louder than the quiet is a segment already.')).toBeVisible();

  // It is there after a reload, and trains: the clips are stretches of the one file that is stored.
  await page.reload();
  await expect(studio.button('hum 6')).toBeVisible();
  await expect(page.getByRole('button', { name: /^day at 3\.0 s\.wav|^day at 2\.9 s\.wav/ }).first()).toBeVisible();
  const stored = await page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const opening = indexedDB.open('understudy');
        opening.onsuccess = () => {
          const count = opening.result.transaction('blobs').objectStore('blobs').count();
          count.onsuccess = () => resolve(count.result);
        };
      }),
  );
  expect(stored).toBe(1);
  await studio.step('Train');
  await studio.iterations(12);
  await studio.train();
  await studio.step('Evaluate');
  await expect(page.getByText('Clips right', { exact: true })).toBeVisible();
});

test('segments are drawn, dragged, nudged, held while it plays, and zoomed to, by mouse, keys and fingers', async ({
  studio,
  context,
}) => {
  const { page } = studio;
  const editor = await open(studio, 3);
  const lane = editor.locator('.lane');
  const box = (await lane.boundingBox())!;
  const at = (sec: number) => box.x + (sec / 24) * box.width;
  const middle = box.y + box.height / 2;
  // Drawn loosely around the second tone, its edges go where the tone begins and ends.
  await page.mouse.move(at(9.95), middle);
  await page.mouse.down();
  await page.mouse.move(at(10.6), middle, { steps: 3 });
  await page.mouse.move(at(11.25), middle, { steps: 3 });
  await page.mouse.up();
  await expect(slider(page, /^Segment no class, 10\.0 to 11\.\d seconds$/)).toBeVisible();
  await page.keyboard.press('2');
  const whistle = slider(page, /^Segment whistle/);
  await expect(whistle).toBeVisible();
  // Its body is dragged, and one undo brings it back.
  const before = (await whistle.getAttribute('aria-valuetext'))!;
  await page.mouse.move(at(10.5), middle);
  await page.mouse.down();
  await page.mouse.move(at(14), middle, { steps: 4 });
  await page.mouse.up();
  await expect(whistle).toHaveAttribute('aria-valuetext', /^13\.\d+ to 14\.\d+ seconds$/);
  await page.keyboard.press('Control+z');
  await expect(whistle).toHaveAttribute('aria-valuetext', before);
  // Arrow keys move it by 20 ms, with Shift its end.
  await whistle.focus();
  const edges = async () =>
    /([\d.]+) to ([\d.]+)/
      .exec((await whistle.getAttribute('aria-valuetext'))!)!
      .slice(1)
      .map(Number);
  const [start, end] = await edges();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Shift+ArrowRight');
  await expect
    .poll(async () => (await edges()).map((sec) => sec.toFixed(2)))
    .toEqual([(start! + 0.02).toFixed(2), (end! + 0.04).toFixed(2)]);

  // Zoomed by a key, by the wheel, by two fingers: the ruler shows finer marks each time.
  const marks = () => editor.locator('.ruler span').allInnerTexts();
  const whole = await marks();
  await page.keyboard.press('z');
  await expect.poll(marks).not.toEqual(whole);
  const near = await marks();
  await page.mouse.move(box.x + box.width / 2, box.y - 60);
  await page.mouse.wheel(0, -400);
  await expect.poll(marks).not.toEqual(near);
  const nearer = await marks();
  const touch = await context.newCDPSession(page);
  const fingers = (spread: number) =>
    [-spread, spread].map((dx, id) => ({ x: box.x + box.width / 2 + dx, y: box.y - 60, id }));
  await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: fingers(40) });
  for (let spread = 60; spread <= 240; spread += 30)
    await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: fingers(spread) });
  await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await expect.poll(marks).not.toEqual(nearer);
  await page.keyboard.press('w');
  await expect.poll(marks).toEqual(whole);

  // Held while it plays: what was heard meanwhile is a segment of that class.
  await editor.getByRole('slider', { name: 'Position' }).fill('16.5');
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await page.keyboard.press('Space');
  await expect(editor.getByRole('button', { name: 'Pause' })).toBeVisible();
  await page.keyboard.down('1');
  await page.waitForTimeout(900);
  await page.keyboard.up('1');
  await page.keyboard.press('Space');
  await expect(slider(page, /^Segment hum, 1[67]\.\d to 1[78]\.\d seconds$/)).toBeVisible();
  await expect(studio.button('hum 1')).toBeVisible();

  // The clip is the stretch: it is drawn and plays. The last segment that goes leaves the recording as it came.
  await page.getByRole('button', { name: 'Play day at' }).first().click({ force: true });
  await expect(page.getByRole('button', { name: /^Stop day at/ })).toHaveCount(1);
  for (const rest of [1, 0]) {
    await slider(page, /^Segment /)
      .first()
      .focus();
    await page.keyboard.press('Delete');
    await expect(slider(page, /^Segment /)).toHaveCount(rest);
  }
  await expect(studio.button('No class 1')).toBeVisible();
});
