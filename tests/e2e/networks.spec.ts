/** Pretrained networks in the app: without any, refused files, chosen files, offline, known sounds, proposed labels, an exported model. */
import AxeBuilder from '@axe-core/playwright';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SHARED as shared } from '../helpers/data.ts';
// @ts-expect-error -- a plain script of tools/
import { serve } from '../../tools/serve.mjs';
import { tone } from '../helpers/signals.ts';
import { wavBytes } from '../helpers/microphone-file.ts';
import type * as Library from '../../src/tasks/understudy.d.ts';
import { expectAccessible, openExported, openTracks } from './pages/exported.ts';
import { expect, StudioPage, test } from './pages/studio.ts';

const models = join(shared, 'models');
const esc = join(shared, 'data/sound-esc10/clips');
const digits = join(shared, 'data/sound-digits/clips');
const hasFiles = existsSync(models) && existsSync(esc) && existsSync(digits);

async function openNetworks(studio: StudioPage) {
  await studio.button('Pretrained networks').first().click();
  const dialog = studio.page.getByRole('dialog', { name: 'Pretrained networks' });
  await expect(dialog).toBeVisible();
  return dialog;
}

/** A few recordings per class, as files `class/name`. */
function copySet(folder: string, root: string, classes: string[], count: number): string {
  for (const name of classes) {
    mkdirSync(join(folder, name), { recursive: true });
    for (const file of readdirSync(join(root, name)).sort().slice(0, count))
      writeFileSync(join(folder, name, file), readFileSync(join(root, name, file)));
  }
  return folder;
}

test('without a network the dialog explains, wrong files are refused, and the full network trains', async ({
  studio,
}) => {
  test.setTimeout(240_000);
  const { page } = studio;
  await studio.newProject('No network');
  await studio.importFiles(
    [0, 1, 2, 3, 4, 5].flatMap((i) => [
      { name: `low.${i}.wav`, mimeType: 'audio/wav', buffer: wavBytes(tone(200 + 10 * i, 1), 16000) },
      { name: `high.${i}.wav`, mimeType: 'audio/wav', buffer: wavBytes(tone(3000 + 10 * i, 1), 16000) },
    ]),
  );
  await studio.closeReport();
  await studio.step('Train');
  await expect(
    page.getByText(/No pretrained network is on this device, so this is Full network for now/),
  ).toBeVisible();
  const dialog = await openNetworks(studio);
  await expect(dialog.getByRole('status', { name: 'YAMNet status' })).toHaveText('Not on this device');
  await expect(dialog).toContainText('4.1 MB · Apache-2.0 · Google (TensorFlow)');
  await expect(dialog).toContainText('Everything also works without');
  expect((await new AxeBuilder({ page }).include('dialog').analyze()).violations.map(({ id }) => id)).toEqual([]);
  const refuse = async (name: string, buffer: Buffer, text: RegExp) => {
    await page.getByTestId('network-file').setInputFiles({ name, mimeType: 'application/octet-stream', buffer });
    await expect(dialog.getByRole('alert')).toContainText(text);
  };
  await refuse(
    'letter.tflite',
    Buffer.from('Dear network'),
    /letter\.tflite cannot be used\. It is no network file.*Nothing was changed\./,
  );
  const fake = Buffer.alloc(4_126_810);
  fake.write('TFL3', 4);
  await refuse('yamnet.tflite', fake, /has the length of yamnet\.tflite but other content: its checksum differs/);
  await refuse('yamnet.tflite', fake.subarray(0, 1000), /a TensorFlow Lite file of .*yamnet\.tflite has .*cut off/);
  await dialog.getByRole('button', { name: 'Close' }).first().click();

  // Asking for it all the same says what is missing; the full network is still offered.
  await page.getByRole('radio', { name: /^Transfer learning/ }).check();
  await studio.button('Train').click();
  await expect(page.getByRole('alert')).toContainText(
    'The network YAMNet is not on this device. Your data and settings are kept.',
  );
  await page.getByRole('radio', { name: /^Full network/ }).check();
  await studio.iterations(3);
  await studio.train();
});

test.describe('with the files of ../shared', () => {
  test.skip(!hasFiles, 'needs ../shared/models and ../shared/data');

  test('a chosen file serves training, known sounds, proposals and export, also offline', async ({
    studio,
    context,
    folder,
  }) => {
    test.setTimeout(240_000);
    const { page } = studio;
    await studio.open();
    await expect(page.getByRole('status', { name: 'Works offline' })).toBeVisible({ timeout: 30_000 });
    const dialog = await openNetworks(studio);
    await page.getByTestId('network-file').setInputFiles(join(models, 'yamnet.tflite'));
    await expect(dialog.getByRole('status', { name: 'YAMNet status' })).toHaveText('On this device');
    await dialog.getByRole('button', { name: 'Close' }).first().click();
    await studio.newProject('Transfer');
    await studio.importFolder(copySet(join(folder, 'set'), esc, ['dog', 'rain', 'rooster'], 6));
    await studio.closeReport();
    await studio.divide();
    await studio.step('Train');
    await page.getByRole('radio', { name: /^Transfer learning/ }).check();
    await studio.train();
    await expect(page.getByText(/windows of \d+ clips/)).toBeVisible();
    const score = Number.parseFloat(await page.locator('.bignum').first().innerText());
    expect(score).toBeGreaterThanOrEqual(66);

    // Offline from here on: everything needed is on the device.
    await context.setOffline(true);
    await page.reload();
    await expect(page.getByText(/of test clips right/)).toBeVisible();
    const [, before] = /Best iteration \d+ of (\d+)/.exec(await page.getByText(/Best iteration/).innerText())!;
    await page.getByRole('spinbutton', { name: 'Additional iterations' }).fill('2');
    await studio.button('Train more').click();
    await expect(page.getByText(new RegExp(`Best iteration \\d+ of ${Number(before) + 2}`))).toBeVisible({
      timeout: 60_000,
    });
    await expect(page.getByText(/of test clips right/)).toBeVisible({ timeout: 60_000 });
    await studio.step('Preview');
    const file = readdirSync(join(esc, 'dog')).sort()[7]!;
    await page.getByTestId('preview-file').setInputFiles(join(esc, 'dog', file));
    await expect(page.getByText(/analysed in/)).toBeVisible({ timeout: 30_000 });
    await expect(page.getByRole('complementary', { name: 'Prediction' }).getByRole('status')).toContainText('dog');

    // Everything an export takes along is there without a network: the library and its page, and a file with the whole network in it.
    await studio.step('Export');
    const bundle = page.waitForEvent('download');
    await studio.button('Export model').click();
    expect((await bundle).suggestedFilename()).toMatch(/\.zip$/);
    await page.getByRole('radio', { name: /^TFLite/ }).check();
    const whole = page.waitForEvent('download');
    await studio.button('Export model').click();
    expect((await whole).suggestedFilename()).toMatch(/\.tflite$/);
    expect(studio.problems.splice(0)).toEqual([]);
    await studio.step('Preview');
    await page.getByTestId('preview-file').setInputFiles(join(esc, 'dog', file));

    // The 521 classes, untrained: a real recording's class is among the first three.
    await page.getByRole('combobox', { name: 'Model source' }).selectOption({ label: 'YAMNet, 521 known sounds' });
    await expect(page.getByText(/analysed in/)).toBeVisible({ timeout: 30_000 });
    const names = page.locator('aside[aria-label=Prediction] .bars .ell');
    await expect(names).toHaveCount(5);
    expect((await names.allInnerTexts()).slice(0, 3).join(', ')).toMatch(/Dog|Bark|Animal/);
    await page.getByRole('combobox', { name: 'Never these sounds' }).fill('dog, bark, animal, bow-wow, yip');
    await expect.poll(async () => (await names.allInnerTexts()).join(', ')).not.toMatch(/Dog|Bark|Animal/);
    await page.getByRole('spinbutton', { name: 'Most results' }).fill('2');
    await page.getByRole('spinbutton', { name: 'Most results' }).press('Tab');
    await expect(names).toHaveCount(2);

    // What nobody labelled is grouped by what YAMNet hears.
    await studio.step('Data');
    await studio.importFiles(
      ['dog', 'rain'].flatMap((name) =>
        readdirSync(join(esc, name))
          .sort()
          .slice(6, 8)
          .map((clip) => join(esc, name, clip)),
      ),
    );
    await studio.closeReport();
    await expect(studio.button('No class 4')).toBeVisible();
    await studio.button('Propose labels…').click();
    const proposals = page.getByRole('dialog', { name: 'Propose labels' });
    await expect(proposals.getByRole('row', { name: /Accept/ }).first()).toBeVisible({ timeout: 30_000 });
    const first = proposals.getByRole('button', { name: /^Accept / }).first();
    const heard = (await first.getAttribute('aria-label'))!.replace('Accept ', '');
    await proposals.getByRole('combobox', { name: `Class of ${heard}` }).fill('found');
    await first.click();
    await proposals.getByRole('button', { name: 'Close' }).first().click();
    await expect(page.getByRole('button', { name: /^found [1-4]$/ })).toBeVisible();
    await page.keyboard.press('Control+z');
    await expect(studio.button('No class 4')).toBeVisible();
  });

  test('spoken words are learnt, calibrated, and recommended for words', async ({ studio, folder }) => {
    test.setTimeout(240_000);
    const { page } = studio;
    await studio.open();
    const dialog = await openNetworks(studio);
    await page
      .getByTestId('network-file')
      .setInputFiles(
        ['yamnet.tflite', 'speech-embedding/melspectrogram.onnx', 'speech-embedding/embedding_model.onnx'].map((path) =>
          join(models, path),
        ),
      );
    await expect(dialog.getByRole('status', { name: 'Speech embedding status' })).toHaveText('On this device', {
      timeout: 20_000,
    });
    await dialog.getByRole('button', { name: 'Close' }).first().click();
    await studio.newProject('Words');
    // Two speakers to learn from, the third to be tested on.
    for (const digit of ['1', '4', '8']) {
      for (const part of ['train', 'test']) mkdirSync(join(folder, part, digit), { recursive: true });
      for (const speaker of ['george', 'jackson', 'theo'])
        for (let n = 0; n < 10; n++) {
          const name = `${digit}_${speaker}_${n}.wav`;
          writeFileSync(
            join(folder, speaker === 'theo' ? 'test' : 'train', digit, name),
            readFileSync(join(digits, digit, name)),
          );
        }
    }
    await studio.importFolder(folder);
    await studio.closeReport();
    await studio.step('Train');
    await expect(page.getByRole('radio', { name: /^Automatic/ })).toBeChecked();
    await studio.button('Compare on my clips').click();
    await expect(
      page.getByText(/Best for these clips: Spoken words: a quick check on 60 clips gave Transfer learning/),
    ).toBeVisible({ timeout: 60_000 });
    await studio.train();
    await expect(page.getByText(/Chose Spoken words/)).toBeVisible();
    expect(Number.parseFloat(await page.locator('.bignum').first().innerText())).toBeGreaterThanOrEqual(80);
    await studio.step('Evaluate');
    await expect(page.getByRole('img', { name: 'Reliability diagram' })).toBeVisible();
    // Calibration and thresholds: chosen on validation clips, and what the preview goes by.
    const calibrate = page.getByRole('switch', { name: 'Calibrate confidence' });
    await expect(calibrate).toBeChecked();
    await expect(page.getByText(/Temperature \d/)).toBeVisible();
    const goal = page.getByRole('combobox', { name: 'Wanted precision' });
    await goal.selectOption({ label: '90 % of the answers right' });
    await expect(page.getByText(/\d+ of these \d+ testing clips are still answered/)).toBeVisible();
    await studio.step('Preview');
    await expect(page.getByRole('slider', { name: 'Threshold' })).toBeDisabled();
    await studio.step('Evaluate');
    await goal.selectOption({ index: 0 });
    await calibrate.uncheck();
    await expect(page.getByText(/, without calibration/)).toBeHidden();
    await studio.step('Preview');
    await expect(page.getByRole('slider', { name: 'Threshold' })).toBeEnabled();
  });
});

test.describe('an exported model on a pretrained network', () => {
  test.skip(!hasFiles, 'needs ../shared/models and ../shared/data');
  for (const [algorithm, root, classes] of [
    ['transfer-learning', esc, ['dog', 'rain', 'rooster']],
    ['whole-sounds', esc, ['dog', 'rain', 'rooster']],
    ['spoken-words', digits, ['2', '5', '9']],
  ] as const) {
    test(`${algorithm}: runs in a page of its own and from the command line, with the same answers`, async ({
      context,
      folder,
    }) => {
      test.setTimeout(240_000);
      const data = copySet(join(folder, 'data'), root, [...classes], 6);
      const config = join(folder, 'config.json');
      writeFileSync(
        config,
        JSON.stringify({ algorithm, iterations: 12, copies: algorithm === 'spoken-words' ? 1 : 0 }),
      );
      const [model, out, again] = ['model', 'one.json', 'two.json'].map((name) => join(folder, name)) as [
        string,
        string,
        string,
      ];
      const studio = (...args: string[]) => {
        const { status, stderr } = spawnSync(process.execPath, ['tools/studio.mjs', ...args], {
          encoding: 'utf8',
          timeout: 170_000,
        });
        expect(status, stderr).toBe(0);
      };
      studio(
        'train',
        '--task',
        'sound',
        '--data',
        data,
        '--config',
        config,
        '--out',
        out,
        '--export',
        model,
        '--formats',
        'tfjs,html',
      );
      type Item = { path: string; predicted: string; confidence: number };
      const itemsOf = (path: string, part: string) =>
        (JSON.parse(readFileSync(path, 'utf8')) as { evaluation: Record<string, { items: Item[] }> }).evaluation[part]!
          .items;
      // Every clip is trained on; those of validation were judged by the models of the folds.
      const trained = itemsOf(out, 'training');
      expect(trained.length).toBe(18);
      expect(itemsOf(out, 'validation').length).toBe(18);
      studio('evaluate', '--model', model, '--data', data, '--out', again);
      const evaluated = new Map(itemsOf(again, 'testing').map((item) => [item.path, item]));
      expect(evaluated.size).toBe(18);
      for (const item of trained) {
        const other = evaluated.get(item.path)!;
        expect(other.predicted).toBe(item.predicted);
        expect(other.confidence).toBeCloseTo(item.confidence, 4);
      }

      const server = (await serve(model)) as { url: string; close(): Promise<void> };
      try {
        const page = await context.newPage();
        await page.goto(server.url);
        for (const name of classes) {
          const file = readdirSync(join(root, name)).sort()[1]!;
          const base64 = readFileSync(join(root, name, file)).toString('base64');
          const result = await page.evaluate(async (content) => {
            const library = (await import(new URL('understudy.js', location.href).href)) as typeof Library;
            const classifier = await library.load('./');
            if (classifier.kind !== 'sound') throw new Error(classifier.kind);
            const bytes = Uint8Array.from(atob(content), (char) => char.charCodeAt(0));
            const answer = await classifier.classifyFile(new Blob([bytes]));
            classifier.close();
            return answer;
          }, base64);
          const known = evaluated.get(`${name}/${file}`)!;
          const [best] = Object.entries(result.scores).sort(([, a], [, b]) => b - a)[0]!;
          expect(best).toBe(known.predicted);
          // Below the threshold of the app there is no answer.
          expect(result.label).toBe(result.confidence < 0.5 ? null : best);
          // The page decodes and resamples with the browser's own decoder.
          expect(Math.abs(result.confidence - known.confidence)).toBeLessThan(0.05);
        }
        await page.close();
        // The same as one file, from disk, without a network.
        await context.setOffline(true);
        const single = await openExported(context, join(model, 'model.html'));
        const own = join(root, classes[0], readdirSync(join(root, classes[0])).sort()[1]!);
        await single.locator('#file').setInputFiles(own);
        const known = evaluated.get(`${classes[0]}/${readdirSync(join(root, classes[0])).sort()[1]!}`)!;
        await expect(single.locator('#label')).toContainText(
          known.confidence < 0.5 ? 'Not sure' : `${known.predicted}, `,
          { timeout: 20_000 },
        );
        await expect(single.getByRole('list', { name: 'Found' }).getByRole('listitem').first()).toContainText(' to ');
        await single.getByRole('button', { name: 'Start listening' }).click();
        await expect(single.locator('#note')).toContainText(/Loudness -?\d+ dB/, { timeout: 20_000 });
        await single.getByRole('button', { name: 'Stop listening' }).click();
        expect(await openTracks(single)).toBe(0);
        await expectAccessible(single);
        await single.close();
        await context.setOffline(false);
      } finally {
        await server.close();
      }
    });
  }
});

test.describe('when the runtime of the networks fails', () => {
  test.skip(!hasFiles, 'needs ../shared/models and ../shared/data');
  test('the message says so, nothing is lost, and the full network is still offered', async ({
    studio,
    context,
    folder,
  }) => {
    test.setTimeout(240_000);
    const { page } = studio;
    // What the loader gets is no WebAssembly: as good as a broken or blocked download.
    await context.route('**/litert/*.wasm', (route) =>
      route.fulfill({ status: 200, contentType: 'application/wasm', body: 'no code' }),
    );
    await studio.open();
    const dialog = await openNetworks(studio);
    await page.getByTestId('network-file').setInputFiles(join(models, 'yamnet.tflite'));
    await expect(dialog.getByRole('status', { name: 'YAMNet status' })).toHaveText('On this device');
    await dialog.getByRole('button', { name: 'Close' }).first().click();
    await studio.newProject('Broken');
    await studio.importFolder(copySet(join(folder, 'set'), esc, ['dog', 'rain'], 4));
    await studio.closeReport();
    await studio.step('Train');
    await page.getByRole('radio', { name: /^Transfer learning/ }).check();
    await studio.button('Train').click();
    await expect(page.getByRole('alert')).toContainText(
      /The pretrained network stopped working on this device\. Your clips and the features computed so far are kept\..*Full network/,
      { timeout: 30_000 },
    );
    // The runtime works again: the same button does.
    await context.unroute('**/litert/*.wasm');
    await page.evaluate(async () => {
      for (const name of await caches.keys()) if (name.startsWith('litert')) await caches.delete(name);
    });
    await studio.button('Train').click();
    await expect(page.getByText(/of validation clips right/)).toBeVisible({ timeout: 60_000 });
  });
});

test('what lies beside the app is kept for work without a connection on one press', async ({ context }) => {
  test.skip(!existsSync(models), 'needs ../shared/models');
  const serveWith = serve as (
    root: string,
    port: number,
    options: object,
  ) => Promise<{ url: string; close(): Promise<void> }>;
  const server = await serveWith('dist', 0, { models });
  const studio = new StudioPage(context.pages()[0]!, server.url);
  const { page } = studio;
  await studio.open();
  await expect(page.getByRole('status', { name: 'Works offline' })).toBeVisible({ timeout: 30_000 });
  const dialog = await openNetworks(studio);
  await expect(dialog.getByText('Not kept for work without a connection yet')).toBeVisible();
  await expect(dialog.getByText(/Their runtime, YAMNet/)).toBeVisible();
  await dialog.getByRole('button', { name: 'Get ready to work offline' }).click();
  await expect(dialog.getByText('Not kept for work without a connection yet')).toBeHidden({ timeout: 30_000 });
  for (const name of ['YAMNet', 'Speech embedding'])
    await expect(dialog.getByRole('status', { name: `${name} status` })).toHaveText('On this device');
  await server.close();
  await page.reload();
  // Asked again without the server: all of it is here.
  const again = await openNetworks(studio);
  await expect(again.getByRole('status', { name: 'YAMNet status' })).toHaveText('On this device');
  await expect(again.getByText('Not kept for work without a connection yet')).toBeHidden();
  expect(studio.problems.filter((problem) => !/ERR_CONNECTION_REFUSED/.test(problem))).toEqual([]);
});
