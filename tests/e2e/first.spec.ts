/** A first model of a person who reads nothing: shown, trained and tried in one view. What is pressed is counted. */
import AxeBuilder from '@axe-core/playwright';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeCameraFile } from '../helpers/camera-file.ts';
import { SHARED as shared } from '../helpers/data.ts';
import { wavBytes } from '../helpers/microphone-file.ts';
import { noise, tone } from '../helpers/signals.ts';
import { expect, test, type StudioPage } from './pages/studio.ts';

const folder = mkdtempSync(join(tmpdir(), 'understudy-first-'));
const microphone = join(folder, 'on-and-off.wav');
const videos = join(shared, 'data/action-clips');
test.afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Presses as a person does, counted. */
class Hand {
  presses = 0;
  readonly studio: StudioPage;
  constructor(studio: StudioPage) {
    this.studio = studio;
  }
  async press(name: string | RegExp) {
    await this.studio.button(name).click();
    this.presses++;
  }
  /** Holds a button for `ms`. */
  async hold(name: string, ms: number) {
    await this.studio.button(name).hover();
    await this.studio.page.mouse.down();
    await this.studio.page.waitForTimeout(ms);
    await this.studio.page.mouse.up();
    this.presses++;
  }
}

test.describe('two sounds', () => {
  // Four seconds of a tone, four of next to nothing, over and over.
  writeFileSync(
    microphone,
    wavBytes(new Float32Array([...tone(900, 4).map((x) => 0.5 * x), ...noise(4, 1).map((x) => 0.003 * x)]), 16000),
  );
  test.use({ microphone });

  test('are shown, trained and heard in one view, in 12 presses', async ({ studio }) => {
    test.setTimeout(180_000);
    const { page } = studio;
    const hand = new Hand(studio);
    await studio.open();
    const started = Date.now();
    await hand.press('New Sound classification project');
    await hand.press('Create project');
    await hand.press('Make a first model');
    const examples = page.getByRole('region', { name: 'Examples' });
    await expect(examples.getByText('0 of 5 for a good start')).toHaveCount(2);
    expect((await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id)).toEqual([]);
    const level = async () =>
      Number(await page.getByRole('meter', { name: 'Input level' }).getAttribute('aria-valuenow'));
    const isLoud = (wanted: boolean) =>
      expect.poll(level, { intervals: [100] })[wanted ? 'toBeGreaterThan' : 'toBeLessThan'](50);
    // The first press turns the microphone on; what it records is taken back: it began anywhere.
    await hand.hold('Hold to record Class 1', 300);
    await expect(studio.button('Hold to record Class 1')).toBeEnabled({ timeout: 20_000 });
    await expect(page.getByRole('status', { name: 'Class 1, 1 clip' })).toBeVisible();
    await page.keyboard.press('Control+z');
    await expect(page.getByRole('status', { name: 'Class 1, 0 clips' })).toBeVisible();
    for (let i = 1; i <= 3; i++) {
      await isLoud(false);
      await isLoud(true);
      await hand.hold('Hold to record Class 1', 1500);
      await expect(page.getByRole('status', { name: `Class 1, ${i} clip${i > 1 ? 's' : ''}` })).toBeVisible();
      await isLoud(false);
      await hand.hold('Hold to record Class 2', 1500);
      await expect(page.getByRole('status', { name: `Class 2, ${i} clip${i > 1 ? 's' : ''}` })).toBeVisible();
    }
    await hand.press('Train');
    const answer = page.getByRole('status', { name: 'Answer' });
    await expect(answer).toHaveText('Class 1', { timeout: 90_000 });
    console.log(`${hand.presses} presses, ${((Date.now() - started) / 1000).toFixed(0)} s to a live model`);
    // One press more than a person needs: the take that was thrown away.
    expect(hand.presses).toBeLessThanOrEqual(12);
    await expect(answer).toHaveText('Class 2', { timeout: 20_000 });
    // Names come whenever the person likes; the answer follows.
    await page.getByRole('textbox', { name: 'Name of class 1' }).fill('Tone');
    await page.keyboard.press('Tab');
    await expect(answer).toHaveText('Tone', { timeout: 20_000 });
    // By keys, and by a press without an end, as a screen reader makes it.
    await studio.button('Hold to record Tone').focus();
    await page.keyboard.down('Space');
    await page.waitForTimeout(1200);
    await page.keyboard.up('Space');
    await expect(page.getByRole('status', { name: 'Tone, 4 clips' })).toBeVisible();
    await studio.button('Hold to record Tone').evaluate((button) => (button as HTMLButtonElement).click());
    await expect(page.getByRole('status', { name: 'Tone, 5 clips' })).toBeVisible();
    await studio.button('Another class').click();
    await expect(studio.button('Hold to record Class 3')).toBeVisible();
    await studio.button('Turn off the microphone').click();
    await expect(answer).toHaveText('The microphone is off.');
    expect((await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id)).toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    // It is a project as any other.
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.getByRole('tab', { name: 'Clips' }).click();
    await expect(studio.button('Tone 5')).toBeVisible();
  });
});

test.describe('what the camera sees', () => {
  test.skip(!existsSync(videos), 'needs ../shared/data/action-clips');
  const camera = join(folder, 'wave.mjpeg');
  test.use({ launchArgs: [`--use-file-for-fake-video-capture=${camera}`] });
  test.beforeAll(async () => {
    if (existsSync(videos)) await writeCameraFile(join(videos, 'wave.mp4'), camera, 6);
  });

  test('pictures: a hold is a burst, and the model answers by itself', async ({ studio }) => {
    test.setTimeout(180_000);
    const { page } = studio;
    const hand = new Hand(studio);
    await studio.open();
    await hand.press('New Picture classification project');
    await hand.press('Create project');
    await hand.press('Make a first model');
    for (const name of ['Class 1', 'Class 2', 'Class 1', 'Class 2']) {
      await hand.hold(`Hold to record ${name}`, 2500);
      // Both can be held again: the burst is stored.
      for (const each of ['Class 1', 'Class 2'])
        await expect(studio.button(`Hold to record ${each}`)).toBeEnabled({ timeout: 20_000 });
    }
    await expect(page.getByRole('status', { name: /^Class [12], \d+ pictures$/ })).toHaveCount(2);
    await hand.press('Train');
    // Long enough for some iterations; the same person in both: which of the two is not the question.
    const progress = page.getByRole('progressbar', { name: 'Training' });
    await expect
      .poll(async () => Number(await progress.getAttribute('aria-valuenow')), { timeout: 60_000 })
      .toBeGreaterThan(52);
    await hand.press('Stop');
    await expect(page.getByRole('status', { name: 'Answer' })).toHaveText(/^(Class [12]|Unsure)$/, {
      timeout: 120_000,
    });
    expect(hand.presses).toBeLessThanOrEqual(12);
  });

  test('movements: a press gives time to step back, and records a take', async ({ studio }) => {
    test.setTimeout(180_000);
    const { page } = studio;
    await studio.open();
    await studio.button('New Action classification project').click();
    await studio.button('Create project').click();
    await studio.button('Make a first model').click();
    for (const [name, said] of [
      ['Class 1', 'Class 1, 1 clip'],
      ['Class 2', 'Class 2, 1 clip'],
      ['Class 2', 'Class 2, 2 clips'],
    ] as const) {
      await studio.button(`Hold to record ${name}`).click();
      await expect(studio.button(`Hold to record ${name}`)).toHaveText(/In [123]|Recording/);
      await expect(page.getByRole('status', { name: said })).toBeVisible({ timeout: 40_000 });
    }
    await expect(page.getByLabel('Camera picture')).toBeVisible();
  });
});
