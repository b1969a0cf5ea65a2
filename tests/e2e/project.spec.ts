/** Whole projects: archives, copies, drops, keys, reports, clips cut from files, variations seen and heard. Sounds are made by the app itself. */
import AxeBuilder from '@axe-core/playwright';
import { readFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dumpDatabase } from '../helpers/database.ts';
import { noise, tone } from '../helpers/signals.ts';
import { png } from '../helpers/png.ts';
import { wavBytes } from '../helpers/microphone-file.ts';
import { expect, test, type StudioPage } from './pages/studio.ts';

const RECORDS = ['projects', 'items', 'sources', 'blobs', 'pictures', 'weights', 'reports'];
const SAMPLE = 'Bell, siren, rain, clock';

async function openSample(studio: StudioPage): Promise<void> {
  await studio.open();
  await studio.button(`Open sample: ${SAMPLE}`).click();
  await expect(studio.button('Bell 12')).toBeVisible({ timeout: 60_000 });
}

/** A trained sample project with a snapshot. */
async function trainedSample(studio: StudioPage, iterations: number): Promise<void> {
  await openSample(studio);
  await studio.step('Train');
  await studio.iterations(iterations);
  await studio.train();
}

async function download(studio: StudioPage, act: () => Promise<void>): Promise<{ name: string; bytes: Buffer }> {
  const [file] = await Promise.all([studio.page.waitForEvent('download'), act()]);
  return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) };
}

const archiveFile = (bytes: Buffer, name = 'saved.understudy.zip') => ({
  name,
  mimeType: 'application/zip',
  buffer: bytes,
});

test('an archive brings a project to another machine, record by record', async ({ studio }) => {
  test.setTimeout(180_000);
  const { page } = studio;
  await openSample(studio);
  await studio.step('Train');
  await studio.iterations(200);
  await studio.button('Train').click();
  await expect(studio.button('Snapshot')).toBeEnabled({ timeout: 60_000 });
  await studio.button('Snapshot').click();
  await expect(page.getByRole('row').getByRole('link', { name: 'Preview' })).toBeVisible({ timeout: 20_000 });
  await studio.button('Stop').click();
  await expect(page.getByText(/of test clips right/)).toBeVisible({ timeout: 60_000 });
  await studio.step('Data');
  // Labels and parts a person changed travel too.
  await studio.button('Bell 12').dblclick();
  await page.getByRole('textbox', { name: 'Class name' }).fill('Gong / "big"');
  await page.keyboard.press('Enter');
  await expect(studio.button('Gong / "big" 12')).toBeVisible();
  await studio.step('Export');
  const { name, bytes } = await download(studio, () => studio.button('Save project archive').click());
  expect(name).toBe('bell-siren-rain-clock.understudy.zip');
  const before = await dumpDatabase(page, RECORDS);
  expect(Object.keys(before.weights!).length).toBeGreaterThanOrEqual(3);
  expect(Object.keys(before.blobs!)).toHaveLength(48);

  // Another machine: everything is gone.
  await studio.open();
  await page.getByRole('button', { name: `More actions for ${SAMPLE}` }).click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await studio.button('Delete project').click();
  await expect(page.getByRole('region', { name: 'No projects yet' })).toBeVisible();
  await expect.poll(async () => Object.keys((await dumpDatabase(page, ['blobs'])).blobs!).length).toBe(0);

  await expect(studio.button('Import project')).toBeVisible();
  await page.getByTestId('archive').setInputFiles(archiveFile(bytes));
  await expect(studio.button('Gong / "big" 12')).toBeVisible({ timeout: 30_000 });
  const after = await dumpDatabase(page, RECORDS);
  for (const project of [before.projects!, after.projects!])
    for (const record of Object.values(project)) delete (record as { openedAtMs?: number }).openedAtMs;
  expect(after).toEqual(before);

  // It is a living project: the run is there, and goes on.
  await studio.step('Train');
  const reached = Number(/of (\d+)/.exec(await page.getByText(/Best iteration/).innerText())![1]);
  await page.getByRole('spinbutton', { name: 'Additional iterations' }).fill('2');
  await studio.button('Train more').click();
  await expect(page.getByText(`of ${reached + 2},`)).toBeVisible({ timeout: 60_000 });

  // The same archive again becomes a copy; the first stays.
  await studio.open();
  await page.getByTestId('archive').setInputFiles(archiveFile(bytes));
  await expect(page.getByText(/already has the project/)).toBeVisible({ timeout: 30_000 });
  await expect(page.getByRole('heading', { level: 1, name: `${SAMPLE} (copy)` })).toBeVisible();
  const both = await dumpDatabase(page, ['items', 'blobs']);
  expect(Object.keys(both.items!)).toHaveLength(96);
  expect(Object.keys(both.blobs!)).toHaveLength(48);
  await studio.step('Evaluate');
  await expect(page.getByText(/of 12 clips, mean over/)).toBeVisible();
});

test('a damaged, a cut, a newer archive and one that is none are refused, and nothing changes', async ({ studio }) => {
  const { page } = studio;
  await openSample(studio);
  await studio.step('Export');
  const { bytes } = await download(studio, () => studio.button('Save project archive').click());
  const before = await dumpDatabase(page, RECORDS);
  await studio.open();
  const refused = async (file: Buffer, text: RegExp, name?: string) => {
    await page.getByTestId('archive').setInputFiles(archiveFile(file, name));
    await expect(page.getByRole('alert')).toContainText(text);
    await page.getByRole('alert').getByRole('button', { name: 'Close' }).click();
  };
  await refused(
    bytes.subarray(0, bytes.length / 2),
    /damaged or incomplete.*Your projects are unchanged.*Save the project archive again/,
  );
  const flipped = Buffer.from(bytes);
  const media = bytes.indexOf('media/Bell/');
  for (let i = 0; i < 64; i++) flipped[media + 2000 + i]! ^= 0xff;
  await refused(flipped, /media\/Bell\/.*cannot be read.*Your projects are unchanged/);
  // The version is stored deflated: an archive of the future is made by packing anew.
  const newer = await page.evaluate(
    async (content) => {
      const { default: make } = { default: (text: string) => new TextEncoder().encode(text) };
      const name = make('understudy.json');
      const data = make(content);
      let crc = ~0;
      for (const byte of data) {
        crc ^= byte;
        for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
      }
      const sum = ~crc >>> 0;
      const head = new DataView(new ArrayBuffer(30));
      head.setUint32(0, 0x04034b50, true);
      head.setUint16(4, 20, true);
      head.setUint32(14, sum, true);
      head.setUint32(18, data.length, true);
      head.setUint32(22, data.length, true);
      head.setUint16(26, name.length, true);
      const entry = new DataView(new ArrayBuffer(46));
      entry.setUint32(0, 0x02014b50, true);
      entry.setUint16(6, 20, true);
      entry.setUint32(16, sum, true);
      entry.setUint32(20, data.length, true);
      entry.setUint32(24, data.length, true);
      entry.setUint16(28, name.length, true);
      const end = new DataView(new ArrayBuffer(22));
      end.setUint32(0, 0x06054b50, true);
      end.setUint16(8, 1, true);
      end.setUint16(10, 1, true);
      end.setUint32(12, 46 + name.length, true);
      end.setUint32(16, 30 + name.length + data.length, true);
      const whole = new Blob([head.buffer, name, data, entry.buffer, name, end.buffer]);
      return [...new Uint8Array(await whole.arrayBuffer())];
    },
    JSON.stringify({ format: 'understudy-project', version: 99 }),
  );
  await refused(Buffer.from(newer), /saved by a newer version.*Your projects are unchanged.*Reload this page/);
  await refused(Buffer.from('PK but not a zip at all'), /damaged or incomplete/);
  await refused(wavBytes(tone(440, 1), 16000), /not an Understudy project.*ends in \.understudy\.zip/, 'bell.wav');
  await expect(page.getByRole('link', { name: SAMPLE })).toBeVisible();
  expect((await dumpDatabase(page, RECORDS)).items).toEqual(before.items);
});

test('a project is duplicated, and the two go their own ways', async ({ studio }) => {
  test.setTimeout(240_000);
  const { page } = studio;
  await trainedSample(studio, 3);
  await studio.open();
  await page.getByRole('button', { name: `More actions for ${SAMPLE}` }).click();
  await page.getByRole('button', { name: 'Duplicate', exact: true }).click();
  await page.getByRole('link', { name: `${SAMPLE} copy` }).click();
  await page
    .getByRole('list', { name: 'Clips' })
    .getByRole('button', { name: /^Bell 01/ })
    .click();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Delete');
  await expect(studio.button('Bell 0')).toBeVisible();
  await studio.open();
  await page.getByRole('link', { name: SAMPLE, exact: true }).click();
  await expect(studio.button('Bell 12')).toBeVisible();
  await page
    .getByRole('list', { name: 'Clips' })
    .getByRole('button', { name: /^Play Bell 01/ })
    .click();
  await expect(page.getByRole('button', { name: /^Stop Bell 01/ })).toHaveCount(1);
  // The copy has the run too, with its scores.
  await studio.open();
  await page.getByRole('button', { name: `More actions for ${SAMPLE}`, exact: true }).click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await studio.button('Delete project').click();
  await page.getByRole('link', { name: `${SAMPLE} copy` }).click();
  await studio.step('Preview');
  await expect(page.getByRole('combobox', { name: 'Model source' })).toContainText('Model 1');
});

test('files dropped on any page find their place', async ({ studio }) => {
  const { page } = studio;
  const drop = (name: string, bytes: Buffer) =>
    page.evaluate(
      ({ title, content }) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([Uint8Array.from(content)], title));
        for (const type of ['dragover', 'drop'])
          window.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
      },
      { title: name, content: [...bytes] },
    );
  const home = page.getByRole('heading', { name: 'Teach it by showing it.' });
  // The kind of a new project follows from the files.
  await studio.open();
  await expect(home).toBeVisible();
  await drop('cat.1.png', png(40, 30, 90));
  await expect(page.getByRole('heading', { name: 'Added 1 of 1 file' })).toBeVisible({ timeout: 20_000 });
  await expect(studio.button('Add pictures')).toBeVisible();
  await page.getByRole('link', { name: 'Understudy, all projects' }).click();
  await expect(page.getByRole('region', { name: 'New project' })).toBeVisible();
  await drop('low.1.wav', wavBytes(tone(300, 1), 16000));
  await expect(page.getByRole('heading', { level: 1, name: 'New project' })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Added 1 of 1 file' })).toBeVisible({ timeout: 20_000 });
  await studio.closeReport();
  await studio.step('Evaluate');
  await drop('high.1.wav', wavBytes(tone(3000, 1), 16000));
  await expect(page.getByRole('heading', { name: 'Added 1 of 1 file' })).toBeVisible({ timeout: 20_000 });
  await expect(page.getByText('2 clips ·')).toBeVisible();
});

test('keys are changed, refused when taken, kept, and set back', async ({ studio }) => {
  const { page } = studio;
  await openSample(studio);
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await dialog.getByRole('button', { name: 'Change keys for Go to Train' }).click();
  await page.keyboard.press('Control+z');
  await expect(dialog.getByText('These keys are taken: Undo.')).toBeVisible();
  await page.keyboard.press('t');
  await expect(dialog.getByText('These keys are taken')).toHaveCount(0);
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await page.keyboard.press('t');
  await expect(page.getByRole('region', { name: 'Train', exact: true })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('region', { name: 'Train', exact: true })).toBeVisible();
  await page.keyboard.press('Alt+1');
  await expect(page.getByRole('region', { name: 'Data', exact: true })).toBeVisible();
  await page.keyboard.press('Alt+2');
  await expect(page.getByRole('region', { name: 'Data', exact: true })).toBeVisible();
  // While typing it is a letter.
  await page.getByRole('searchbox', { name: 'Search clips' }).fill('');
  await page.getByRole('searchbox', { name: 'Search clips' }).press('t');
  await expect(page.getByRole('searchbox', { name: 'Search clips' })).toHaveValue('t');
  await page.getByRole('searchbox', { name: 'Search clips' }).blur();
  await page.keyboard.press('?');
  await dialog.getByRole('button', { name: 'Use the usual keys' }).click();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Alt+2');
  await expect(page.getByRole('region', { name: 'Train', exact: true })).toBeVisible();
});

test('everything can be found by its name, and done by it', async ({ studio }) => {
  const { page } = studio;
  await openSample(studio);
  const palette = page.getByRole('dialog', { name: 'Commands' });
  const search = palette.getByRole('combobox', { name: 'Search commands' });
  const find = async (words: string) => {
    await page.keyboard.press('Control+k');
    await expect(search).toBeFocused();
    await page.keyboard.type(words);
  };
  await find('evalu');
  await expect(palette.getByRole('option', { name: /^Go to Evaluate/ })).toHaveAttribute('aria-selected', 'true');
  expect((await new AxeBuilder({ page }).include('dialog').analyze()).violations.map(({ id }) => id)).toEqual([]);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('region', { name: 'Evaluate', exact: true })).toBeVisible();
  // Arrows choose among what is found; what cannot be done now is not there.
  await find('train');
  await expect(palette.getByRole('option', { name: /^Pause/ })).toHaveCount(0);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('region', { name: 'Train', exact: true })).toBeVisible();
  await find('rename project');
  await page.keyboard.press('Enter');
  await page.getByRole('textbox', { name: 'Project name' }).fill('Found');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Found' })).toBeVisible();
  await page.keyboard.press('Alt+1');
  await find('add class');
  await page.keyboard.press('Enter');
  await page.getByRole('textbox', { name: 'Class name' }).fill('Whistle');
  await page.keyboard.press('Enter');
  await expect(studio.button('Whistle 0')).toBeVisible();
  // Undo and redo say what they are about, there and on their buttons.
  await find('undo');
  await expect(palette.getByRole('option')).toContainText([/^Undo: .*Whistle/]);
  await page.keyboard.press('Enter');
  await expect(studio.button('Whistle 0')).toHaveCount(0);
  await studio.button('Do again').click();
  await expect(studio.button('Whistle 0')).toBeVisible();
  await find('nothing has this name');
  await expect(palette.getByText('Nothing here has that name.')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(palette).toHaveCount(0);
  await find('all projects');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Teach it by showing it.' })).toBeVisible();
  await studio.button('All commands').click();
  await expect(search).toBeFocused();
  await page.keyboard.type('open found');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Found' })).toBeVisible();
});

test('a variation is seen and heard before training, and a folder gives the background', async ({ studio, folder }) => {
  test.setTimeout(240_000);
  const { page } = studio;
  await openSample(studio);
  await studio.step('Train');
  await page.getByText('See and hear an example').click();
  const picture = page.getByRole('img', { name: 'Spectrogram of the example after' });
  await expect(picture).toBeVisible({ timeout: 20_000 });
  const pixels = () => picture.evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
  const before = () =>
    page
      .getByRole('img', { name: 'Spectrogram of the example before' })
      .evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
  await page.getByRole('combobox', { name: 'Variation shown' }).selectOption('Change loudness');
  await expect(page.getByText(/dB (louder|quieter)\./)).toBeVisible();
  expect(await pixels()).not.toBe(await before());
  await page.getByRole('combobox', { name: 'Variation shown' }).selectOption('Mix two examples');
  await expect(page.getByText(/Mixed with \d+\s%/)).toBeVisible();
  await page.getByRole('combobox', { name: 'Variation shown' }).selectOption('Hide bands and moments');
  await expect(page.getByText(/^Bands and moments hidden/)).toBeVisible();
  const one = await pixels();
  await studio.button('Another').click();
  await expect.poll(pixels).not.toBe(one);
  await studio.button('Play the example after').click();
  await expect(studio.button('Stop the example after')).toBeVisible();

  mkdirSync(join(folder, 'street'));
  for (let i = 0; i < 3; i++) writeFileSync(join(folder, 'street', `${i}.wav`), wavBytes(noise(2, i), 16000));
  await page.getByTestId('background-folder').setInputFiles(folder);
  await expect(page.getByText('Added 3 background sounds')).toBeVisible();
  await expect(page.getByRole('combobox', { name: 'Mix in the background of' })).toHaveValue('background-clips');
  await page.getByRole('combobox', { name: 'Variation shown' }).selectOption('Background');
  await expect(page.getByText(/Background at \d+\s% of its level/)).toBeVisible();
  await studio.iterations(2);
  await studio.train();
  const stored = await dumpDatabase(page, ['sources', 'items']);
  const [source] = Object.values(stored.sources!) as { data: { background: string[]; classNames: string[] } }[];
  expect(source!.data.background).toHaveLength(3);
  expect(source!.data.classNames).toHaveLength(4);
  await page.getByRole('link', { name: /^Background sounds 3/ }).click();
  await expect(page.getByText('3 clips ·')).toBeVisible();
});

test('a report is saved as JSON, as a table and as a page to print; its model source is renamed, copied, deleted and comes back', async ({
  studio,
  context,
}) => {
  test.setTimeout(240_000);
  const { page } = studio;
  await trainedSample(studio, 3);
  await studio.step('Evaluate');
  await expect(page.getByText(/of 12 clips, mean over/)).toBeVisible();
  const save = async (format: string) => {
    await page.getByRole('combobox', { name: 'Report format' }).selectOption(format);
    return download(studio, () => studio.button('Save report').click());
  };
  const json = await save('JSON');
  const report = JSON.parse(json.bytes.toString()) as { clipAccuracy: number; items: { path: string }[] };
  expect(report.items).toHaveLength(12);
  const csv = await save('CSV');
  const rows = csv.bytes.toString().trim().split('\n');
  expect(rows[0]).toBe('path,label,predicted,right,confidence,score Bell,score Siren,score Rain,score Clock');
  expect(rows).toHaveLength(13);
  const right = rows.slice(1).filter((row) => row.split(',')[3] === '1').length;
  expect(right / 12).toBeCloseTo(report.clipAccuracy, 5);
  const html = await save('Printable page');
  expect(html.name).toMatch(/\.html$/);
  const sheet = await context.newPage();
  await sheet.setContent(html.bytes.toString());
  await expect(sheet.getByRole('heading', { level: 1, name: SAMPLE })).toBeVisible();
  await expect(
    sheet.getByRole('row', { name: `Clips right ${(report.clipAccuracy * 100).toFixed(1)} % of 12` }),
  ).toBeVisible();
  await sheet.close();

  // The model source behind it gets a name, a copy of its settings, goes, and comes back with its model and score.
  const sources = page.getByRole('region', { name: 'Model sources' });
  const act = async (of: string, action: string) => {
    await sources.getByRole('button', { name: `More actions for ${of}`, exact: true }).click();
    await sources.getByRole('button', { name: action, exact: true }).click();
  };
  await act('Model 1', 'Rename');
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Yard');
  await page.keyboard.press('Enter');
  await expect(sources.getByRole('link', { name: /^Yard/ })).toContainText('Full network');
  await act('Yard', 'Duplicate settings');
  await expect(sources.getByRole('link', { name: /^Yard copy/ })).toContainText('Not trained yet');
  await act('Yard', 'Delete');
  await expect(sources.getByRole('link')).toHaveCount(1);
  await page.getByRole('status').getByRole('button', { name: 'Undo' }).click();
  await sources.getByRole('link', { name: /^Yard(?! copy)/ }).click();
  await studio.step('Preview');
  await page
    .getByTestId('preview-file')
    .setInputFiles({ name: 'again.wav', mimeType: 'audio/wav', buffer: wavBytes(tone(2200, 2), 16000) });
  await expect(page.getByText(/analysed in/)).toBeVisible({ timeout: 20_000 });
});

test('stretches of a long file become training clips of the class a person says', async ({ studio }) => {
  test.setTimeout(240_000);
  const { page } = studio;
  await trainedSample(studio, 10);
  await studio.step('Preview');
  await page.getByRole('tab', { name: 'File' }).click();
  const noisy = noise(6, 3);
  const sounds = tone(2200, 6);
  const long = new Float32Array([...noisy.map((value) => 0.3 * value), ...sounds.map((value) => 0.5 * value)]);
  await page
    .getByTestId('preview-file')
    .setInputFiles({ name: 'yard.wav', mimeType: 'audio/wav', buffer: wavBytes(long, 16000) });
  await studio.button('Turn into training clips').click();
  const dialog = page.getByRole('dialog', { name: 'Turn into training clips' });
  const choices = dialog.getByRole('combobox', { name: /^Class of/ });
  const count = await choices.count();
  expect(count).toBeGreaterThanOrEqual(1);
  await choices.first().selectOption('Clock');
  for (let i = 1; i < count; i++) await choices.nth(i).selectOption('Leave out');
  await dialog.getByRole('button', { name: 'Add 1 clip' }).click();
  await expect(page.getByText('Added 1 training clip from yard')).toBeVisible();
  const items = Object.values((await dumpDatabase(page, ['items'])).items!) as {
    name: string;
    part: string;
    recording: string;
    media: { durationSec: number; sampleRateHz: number };
  }[];
  const cut = items.find((item) => item.name.startsWith('yard'))!;
  expect(cut).toMatchObject({
    part: 'training',
    recording: 'file:yard.wav',
    media: { kind: 'sound', sampleRateHz: 16000 },
  });
  expect(cut.media.durationSec).toBeGreaterThan(0.2);
  await studio.step('Data');
  await expect(studio.button('Clock 13')).toBeVisible();
  await page.keyboard.press('Control+z');
  await expect(studio.button('Clock 12')).toBeVisible();
});
