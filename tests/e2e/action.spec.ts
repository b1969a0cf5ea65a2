/** Action projects in the built app: a real video plays the camera, annotation files, landmark files, the sample. */
import AxeBuilder from '@axe-core/playwright';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeCameraFile } from '../helpers/camera-file.ts';
import { SHARED as shared } from '../helpers/data.ts';
import { animateFigure } from '../../src/features/movement/figure.ts';
import { formatLandmarks } from '../../src/features/movement/landmark-files.ts';
import { expect, test, type StudioPage } from './pages/studio.ts';

const videos = join(shared, 'data/action-clips');
const hasVideos = existsSync(videos);

async function newAction(studio: StudioPage, name: string) {
  await studio.open();
  await studio.button('New Action classification project').click();
  await studio.page.getByRole('textbox', { name: 'Project name' }).fill(name);
  await studio.button('Create project').click();
  await expect(studio.page.getByRole('heading', { level: 1, name })).toBeVisible();
}

test('the sample trains, its mistakes and clips are watched, and landmark files are analysed', async ({ studio }) => {
  test.setTimeout(240_000);
  const { page } = studio;
  await studio.open();
  await studio.button(/^Open sample: Wave/).click();
  await expect(page.getByText('60 clips')).toBeVisible({ timeout: 30_000 });
  await expect(page.getByRole('list', { name: 'Clips' })).toBeVisible();
  expect((await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id)).toEqual([]);

  await page.getByRole('list', { name: 'Clips' }).getByRole('button').first().click();
  await studio.button('Watch').click();
  await expect(page.getByRole('dialog')).toContainText(/of \d/);
  await expect(page.getByRole('img', { name: /^Skeleton of Wave/ })).toBeVisible();
  await page.keyboard.press('Escape');

  await studio.step('Train');
  await expect(page.getByRole('radio', { name: /^Graph network/ })).toBeChecked();
  await expect(page.getByText(/frames for one prediction/)).toBeVisible();
  expect((await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id)).toEqual([]);
  await studio.iterations(12);
  await studio.train();
  expect(Number.parseFloat(await page.locator('.bignum').first().innerText())).toBeGreaterThanOrEqual(80);

  await studio.step('Evaluate');
  await page.getByRole('button', { name: /^3 Squat clips predicted as Squat/ }).click();
  await studio.button('Play all').click();
  await expect(page.getByRole('dialog')).toContainText('clip 1 of 3');
  await page.keyboard.press('Escape');

  // A clip of its own, as a file: five squats are counted and named.
  await studio.step('Preview');
  const text = formatLandmarks(animateFigure('Squat', 990));
  await page
    .getByTestId('preview-file')
    .setInputFiles({ name: 'squat.json', mimeType: 'application/json', buffer: Buffer.from(text) });
  await expect(page.getByText(/analysed in/)).toBeVisible({ timeout: 20_000 });
  await expect(page.getByRole('complementary', { name: 'Prediction' }).getByRole('status')).toContainText('Squat');
});

test.describe('real videos', () => {
  test.skip(!hasVideos, 'needs ../shared/data/action-clips');
  const camera = join(mkdtempSync(join(tmpdir(), 'understudy-camera-')), 'wave.mjpeg');
  test.use({ launchArgs: [`--use-file-for-fake-video-capture=${camera}`] });
  test.beforeAll(async () => {
    if (hasVideos) await writeCameraFile(join(videos, 'wave.mp4'), camera, 6);
  });
  test.afterAll(() => rmSync(camera, { force: true }));

  test('the camera records a movement, with pixels or landmarks only; a model names it live', async ({ studio }) => {
    test.setTimeout(300_000);
    const { page } = studio;
    await newAction(studio, 'Camera');
    await studio.addClass('Wave');
    await studio.addClass('Stand');
    await page.getByRole('combobox', { name: 'Record into class' }).selectOption({ label: 'Wave' });
    await page.getByRole('combobox', { name: 'Countdown' }).selectOption({ label: 'no wait' });
    await page.getByRole('spinbutton', { name: 'Number of clips' }).fill('2');
    await page.getByRole('spinbutton', { name: 'Clip length in seconds' }).fill('3');
    await studio.button('Turn on the camera').click();
    await expect(page.getByRole('img', { name: 'Skeleton' })).toBeVisible({ timeout: 30_000 });
    await expect(page.getByText(/Feet out of frame|Whole body in the picture/)).toBeVisible({ timeout: 30_000 });
    await studio.button('Record').click();
    await expect(studio.button('Wave 2')).toBeVisible({ timeout: 60_000 });
    // Landmarks only: a clip without a picture, in IndexedDB too.
    await page.getByRole('switch', { name: /^Landmarks only/ }).check();
    await page.getByRole('spinbutton', { name: 'Number of clips' }).fill('1');
    await studio.button('Record').click();
    await expect(studio.button('Wave 3')).toBeVisible({ timeout: 60_000 });
    const types = await page.evaluate(async () => {
      const db = await new Promise<IDBDatabase>((resolve) => {
        const open = indexedDB.open('understudy');
        open.onsuccess = () => resolve(open.result);
      });
      const stored = await new Promise<{ blob: Blob }[]>((resolve) => {
        const request = db.transaction('blobs').objectStore('blobs').getAll() as IDBRequest<{ blob: Blob }[]>;
        request.onsuccess = () => resolve(request.result);
      });
      db.close();
      return stored.map(({ blob }) => blob.type).sort();
    });
    expect(types).toEqual(['application/json', 'video/webm', 'video/webm']);

    // The class added last is the one shown: files go there.
    await studio.importFiles([join(videos, 'stand.mp4')]);
    await studio.closeReport();
    await expect(studio.button('Stand 1')).toBeVisible();
    await studio.step('Train');
    await studio.iterations(8);
    await studio.button('Train').click();
    await expect(page.getByText(/Completed|Converged/).first()).toBeVisible({ timeout: 150_000 });
    await studio.step('Preview');
    await studio.button('Start camera').click();
    await expect(page.getByRole('complementary', { name: 'Prediction' }).getByRole('status')).toContainText('Wave', {
      timeout: 60_000,
    });
    await expect(page.getByText(/\d+ frames\/s/)).toBeVisible();
    await page.getByRole('switch', { name: 'Hide picture' }).check();
    await studio.button('Reset counter').click();
    await studio.button('Stop camera').click();
    await expect(studio.button('Start camera')).toBeVisible();
  });

  test('a browser that records no video keeps the landmarks of a take, and says so', async ({ studio }) => {
    test.setTimeout(120_000);
    const { page } = studio;
    // As WebKitGTK does: a recorder that starts, stops, and holds nothing.
    await page.addInitScript(() => {
      const describe = Object.getOwnPropertyDescriptor(MediaRecorder.prototype, 'ondataavailable')!;
      Object.defineProperty(MediaRecorder.prototype, 'ondataavailable', { ...describe, set: () => {} });
    });
    await newAction(studio, 'No encoder');
    await studio.addClass('Wave');
    await page.getByRole('combobox', { name: 'Countdown' }).selectOption({ label: 'no wait' });
    await page.getByRole('spinbutton', { name: 'Number of clips' }).fill('2');
    await studio.button('Turn on the camera').click();
    await expect(page.getByText(/Feet out of frame|Whole body in the picture/)).toBeVisible({ timeout: 30_000 });
    await studio.button('Record').click();
    await expect(studio.button('Wave 2')).toBeVisible({ timeout: 60_000 });
    await expect(page.getByText('This browser does not record video: takes are kept as landmarks.')).toBeVisible();
    await expect(page.getByRole('switch', { name: /^Landmarks only/ })).toBeChecked();
    await page.getByRole('list', { name: 'Clips' }).getByRole('button').first().click();
    await studio.button('Watch').click();
    await expect(page.getByRole('img', { name: /^Skeleton of Wave.*json/ })).toBeVisible();
  });

  test('a camera pulled out while recording ends the take, and every take is kept', async ({ studio }) => {
    test.setTimeout(120_000);
    const { page } = studio;
    await page.addInitScript(() => {
      const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async (wanted) => {
        const stream = await open(wanted);
        const [track] = stream.getVideoTracks();
        // What the browser does when a device goes: the track ends by itself.
        (globalThis as unknown as { unplug: () => void }).unplug = () => {
          track!.stop();
          track!.dispatchEvent(new Event('ended'));
        };
        return stream;
      };
    });
    await newAction(studio, 'Unplugged');
    await studio.addClass('Wave');
    await page.getByRole('combobox', { name: 'Countdown' }).selectOption({ label: 'no wait' });
    await page.getByRole('spinbutton', { name: 'Number of clips' }).fill('50');
    await page.getByRole('spinbutton', { name: 'Clip length in seconds' }).fill('2');
    await studio.button('Turn on the camera').click();
    await expect(page.getByText(/Feet out of frame|Whole body in the picture/)).toBeVisible({ timeout: 30_000 });
    await studio.button('Record').click();
    await expect(page.getByText('Clip 3 of 50')).toBeVisible({ timeout: 60_000 });
    await page.waitForTimeout(900);
    await page.evaluate(() => (globalThis as unknown as { unplug: () => void }).unplug());
    await expect(page.getByRole('alert')).toContainText('camera');
    await expect(studio.button('Wave 3')).toBeVisible({ timeout: 30_000 });
    await page.getByRole('alert').getByRole('button', { name: 'Try again' }).click();
    await expect(page.getByText(/Feet out of frame|Whole body in the picture/)).toBeVisible({ timeout: 30_000 });
    await expect(studio.button('Record')).toBeEnabled();
  });

  test('a Create ML annotation file cuts videos into clips, and the segment editor changes them', async ({
    studio,
    folder,
  }) => {
    test.setTimeout(240_000);
    const { page } = studio;
    const data = join(folder, 'montage');
    mkdirSync(data);
    for (const name of ['wave.mp4', 'stand.mp4']) copyFileSync(join(videos, name), join(data, name));
    writeFileSync(
      join(data, 'annotations.csv'),
      [
        'video, label, start, end',
        'wave.mp4, Waving, 0, 4',
        'wave.mp4,Waving,0:04,0:08.5',
        'stand.mp4,Standing, 0:0:0, 0:5',
        'stand.mp4,Standing,5,99',
        'stand.mp4,Swaying,4,6',
        'missing.mp4,Waving,0,1',
        'wave.mp4,Waving,9,7',
        '',
      ].join('\n'),
    );
    await newAction(studio, 'Montage');
    await studio.importFolder(data);
    const report = page.getByRole('region', { name: 'Import report' });
    await expect(report).toContainText('There is no video missing.mp4 among the files.');
    await expect(report).toContainText('It ends (7 s) before it begins (9 s).');
    await expect(report).toContainText('cut at the end of the video');
    await expect(report).toContainText('it overlaps with another label. Both were added.');
    await studio.closeReport();
    await expect(studio.button('Waving 2')).toBeVisible();
    await expect(studio.button('Standing 2')).toBeVisible();
    await expect(studio.button('Swaying 1')).toBeVisible();

    await studio.button('Segment editor').click();
    const editor = page.getByRole('region', { name: 'Segment editor' });
    const first = editor.getByRole('slider', { name: /^Segment / }).first();
    await expect(first).toBeVisible();
    await expect(page.getByLabel(/^Video of/)).toBeVisible();
    // The video at a glance, before anything is known of the bodies in it: its frames, and where something moves.
    const film = editor.getByRole('img', { name: 'Frames of what is shown' }).locator('canvas');
    const colours = () =>
      film.evaluate((canvas: HTMLCanvasElement) => {
        const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
        return new Set(new Uint32Array(data.buffer)).size;
      });
    await expect.poll(colours, { timeout: 30_000 }).toBeGreaterThan(500);
    const line = editor.getByRole('img', { name: 'Amount of movement over time' }).locator('polyline');
    await expect.poll(async () => (await line.getAttribute('points'))!.split(' ').length).toBeGreaterThan(40);
    expect((await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id)).toEqual([]);
    const before = await first.getAttribute('aria-label');
    await first.focus();
    await page.keyboard.press('Shift+ArrowLeft');
    await expect
      .poll(() =>
        editor
          .getByRole('slider', { name: /^Segment / })
          .first()
          .getAttribute('aria-valuetext'),
      )
      .not.toBe(before);
    await page.keyboard.press('Control+z');
    await expect(editor.getByRole('slider', { name: before! })).toBeVisible();
    // A new segment by the keyboard: I, some frames on, O; then its class by number.
    await editor.getByRole('slider', { name: 'Position' }).fill('9');
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await page.keyboard.press('i');
    for (let i = 0; i < 6; i++) await page.keyboard.press('.');
    await page.keyboard.press('o');
    await expect(editor.getByRole('slider', { name: /^Segment no class/ })).toBeVisible();
    await page.keyboard.press('2');
    await expect(editor.getByRole('slider', { name: /^Segment no class/ })).toBeHidden();
  });
});

test('what cannot be used is said, and nothing is lost', async ({ studio }) => {
  const { page } = studio;
  await newAction(studio, 'Bad files');
  const file = (name: string, content: string | Buffer) => ({
    name,
    mimeType: 'application/octet-stream',
    buffer: Buffer.from(content),
  });
  const { tone } = await import('../helpers/signals.ts');
  const { wavBytes } = await import('../helpers/microphone-file.ts');
  await studio.importFiles([
    file('empty.mp4', ''),
    file('letter.mp4', 'Dear video'),
    file('sound.wav', wavBytes(tone(440, 1), 16000)),
    file('broken.json', '{ "frames": ['),
    file('nobody.csv', 'left_wrist_x,left_wrist_y,nose_x,nose_y\n0,0,0,0\n0,0,0,0\n'),
    file(
      'good.csv',
      'label,left_hip_x,left_hip_y,right_hip_x,right_hip_y\n' + 'Jump,10,20,30,20\nJump,10,25,30,25\n'.repeat(10),
    ),
  ]);
  const report = page.getByRole('region', { name: 'Import report' });
  await expect(report).toContainText('The file is empty.');
  await expect(report).toContainText('The file is not a video this browser can read.');
  await expect(report).toContainText('it is no JSON');
  await expect(report).toContainText('no joint is ever seen');
  await studio.closeReport();
  await expect(studio.button('Jump 1')).toBeVisible();
});

test.describe('without permission', () => {
  test.use({ isDenied: true });
  test('the camera says why it stays off', async ({ studio }) => {
    await newAction(studio, 'Denied');
    await studio.button('Turn on the camera').click();
    await expect(studio.page.getByRole('alert')).toContainText(
      'The browser is not letting this page use the camera. Your clips are unchanged.',
    );
    await expect(studio.button('Try again')).toBeVisible();
  });
});
