/** Bad input: each has a message (what happened, what was kept, what to do) and loses nothing. Needs no outside data: sounds are made here. */
import { deflateRawSync } from 'node:zlib';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { noise, tone } from '../helpers/signals.ts';
import { wavBytes } from '../helpers/microphone-file.ts';
import { expect, test } from './pages/studio.ts';

const file = (name: string, buffer: Buffer, mimeType = 'audio/wav') => ({ name, mimeType, buffer });
const beep = (hz: number, sec = 1) => wavBytes(tone(hz, sec), 16000);

/** A minimal zip with deflated entries, so that the test does not use the product's own packer. */
function zip(entries: { path: string; bytes: Buffer }[]): Buffer {
  const crcTable = Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    return c >>> 0;
  });
  const crc = (bytes: Buffer) =>
    (bytes.reduce((c, byte) => crcTable[(c ^ byte) & 255]! ^ (c >>> 8), 0xffffffff) ^ 0xffffffff) >>> 0;
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { path, bytes } of entries) {
    const packed = deflateRawSync(bytes);
    const name = Buffer.from(path);
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    head.writeUInt16LE(20, 4);
    head.writeUInt16LE(8, 8);
    head.writeUInt32LE(crc(bytes), 14);
    head.writeUInt32LE(packed.length, 18);
    head.writeUInt32LE(bytes.length, 22);
    head.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    head.copy(entry, 6, 4, 30);
    entry.writeUInt32LE(at, 42);
    parts.push(head, name, packed);
    directory.push(entry, name);
    at += 30 + name.length + packed.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, list, end]);
}

test('files that cannot be used are listed with the reason, the others are added', async ({ studio }) => {
  const { page } = studio;
  await studio.newProject('Odd files');
  const good = beep(440);
  await studio.importFiles([
    file('good.1.wav', good),
    file('other.1.wav', beep(880)),
    file('empty.wav', Buffer.alloc(0)),
    file('letter.wav', Buffer.from('Dear sound, I am a text.'.repeat(50))),
    file('nothing.wav', wavBytes(new Float32Array(0), 16000)),
    file('twin.1.wav', good),
    file('half.wav', beep(660, 2).subarray(0, 32000)),
    file('silent.1.wav', wavBytes(new Float32Array(16000), 16000)),
    file('.hidden.wav', good),
  ]);
  const report = page.getByRole('region', { name: 'Import report' });
  await expect(report.getByRole('heading', { name: 'Added 4 of 9 files' })).toBeVisible();
  const row = (name: string) => report.getByRole('row', { name: new RegExp(name.replace('.', '\\.')) });
  await expect(row('empty.wav')).toContainText('The file is empty');
  await expect(row('letter.wav')).toContainText('not a sound this browser can read');
  await expect(row('nothing.wav')).toContainText('no length');
  await expect(row('twin.1.wav')).toContainText('The same clip is in good (good.1.wav) and in twin');
  await expect(row('half.wav')).toContainText(/Added.*stops early: 1\.0 s of 2\.0 s could be read and were kept/);
  await expect(row('.hidden.wav')).toContainText('Hidden system file');
  // The silent clip is flagged, not refused; labels come from Label.anything.ext.
  await studio.closeReport();
  await expect(studio.button('good 1')).toBeVisible();
  await expect(page.getByRole('button', { name: /silent\.1\.wav.*silent, silent$/ })).toBeVisible();
  await page.getByRole('tab', { name: /Health/ }).click();
  await expect(page.getByRole('region', { name: 'Findings' })).toContainText('1 clip is nearly silent');
});

test('a truncated MP3 is kept as far as it goes, and says so', async ({ studio }) => {
  const { page } = studio;
  await studio.newProject('Cut');
  const whole = readFileSync('tests/fixtures/tone-4s.mp3');
  await studio.importFiles([
    file('whole.mp3', whole, 'audio/mpeg'),
    file('cut.mp3', whole.subarray(0, whole.length / 2), 'audio/mpeg'),
  ]);
  await expect(page.getByRole('heading', { name: 'Added 2 of 2 files' })).toBeVisible();
  await expect(page.getByRole('row', { name: /cut\.mp3/ })).toContainText(
    /Added.*The file stops early: \d\.\d s of 4\.\d s could be read and were kept/,
  );
  await expect(page.getByRole('row', { name: /whole\.mp3/ })).toHaveCount(0);
});

test.describe('a recording stopped before it began', () => {
  test('says that it has no length and keeps the other clips', async ({ studio }) => {
    const { page } = studio;
    await studio.newProject('Nothing');
    await studio.importFiles([file('a.1.wav', beep(300)), file('a.2.wav', beep(310))]);
    await studio.closeReport();
    await page.getByRole('combobox', { name: 'Countdown' }).selectOption('0');
    await studio.button('Turn on the microphone').click();
    await expect(
      page
        .getByRole('combobox', { name: 'Microphone' })
        .getByRole('option', { name: 'Default microphone', exact: true }),
    ).toHaveCount(0);
    await page.evaluate(() => {
      const find = (name: string) =>
        [...document.querySelectorAll('button')].find((button) => button.textContent?.trim() === name);
      find('Record')!.click();
      const stop = setInterval(() => {
        const button = find('Stop recording');
        if (!button) return;
        clearInterval(stop);
        button.click();
      }, 1);
    });
    await expect(page.getByRole('alert')).toContainText(
      'The recording has no length. Your other clips are unchanged. Record again',
    );
    await expect(studio.button('a 2')).toBeVisible();
  });
});

test('an import is undone in one step, and a second import of the same files is noticed', async ({ studio }) => {
  const { page } = studio;
  await studio.newProject('Twice');
  const files = [file('a.1.wav', beep(300)), file('a.2.wav', beep(310)), file('b.1.wav', beep(900))];
  await studio.importFiles(files);
  await page.getByRole('button', { name: 'Undo import' }).click();
  await expect(page.getByText('Start with two sounds')).toBeVisible();
  await studio.importFiles(files);
  await studio.closeReport();
  await studio.importFiles(files);
  await expect(page.getByRole('heading', { name: 'None of 3 files could be added' })).toBeVisible();
  await expect(page.getByText('Nothing was changed')).toBeVisible();
});

test('a zip is unpacked, a broken one is reported', async ({ studio }) => {
  const { page } = studio;
  await studio.newProject('Zips');
  const whole = zip([
    { path: 'set/dog/1.wav', bytes: beep(500) },
    { path: 'set/cat/1.wav', bytes: beep(1500) },
    { path: '__MACOSX/set/dog/._1.wav', bytes: Buffer.from('x') },
    // As Windows and other packers write them, and one that would leave its folder.
    { path: 'set\\dog\\2.wav', bytes: beep(510) },
    { path: './set/cat/2.wav', bytes: beep(1510) },
    { path: '../../set/cat/3.wav', bytes: beep(1520) },
    // A zip for each class inside, as Teachable Machine packs them.
    { path: 'set/bird.zip', bytes: zip([{ path: '1.wav', bytes: beep(2500) }]) },
  ]);
  await studio.importFiles([
    file('set.zip', whole, 'application/zip'),
    file('cut.zip', whole.subarray(0, 200), 'application/zip'),
    file('set.tar.gz', Buffer.from('x'), 'application/gzip'),
  ]);
  await expect(page.getByRole('row', { name: /cut\.zip/ })).toContainText('damaged or incomplete');
  await expect(page.getByRole('row', { name: /set\.tar\.gz/ })).toContainText('Unpack it first');
  await expect(page.getByRole('row', { name: /cat\/3\.wav/ })).toContainText('leads out of the folder');
  await studio.closeReport();
  await expect(studio.button('dog 2')).toBeVisible();
  await expect(studio.button('cat 2')).toBeVisible();
  await expect(studio.button('bird 1')).toBeVisible();
});

test('training says what is missing, and trains a class with one clip', async ({ studio }) => {
  const { page } = studio;
  await studio.newProject('Small');
  await studio.step('Train');
  await expect(page.getByText('There is nothing to train on yet.')).toBeVisible();
  await expect(studio.button('Train')).toBeDisabled();
  await studio.step('Data');
  await studio.importFiles([file('low.1.wav', beep(300)), file('low.2.wav', beep(320)), file('low.3.wav', beep(340))]);
  await studio.closeReport();
  await studio.step('Train');
  await expect(page.getByText(/only one class with clips, low\..*Add a second class/)).toBeVisible();
  await studio.step('Data');
  await studio.importFiles([file('high.1.wav', beep(3000)), file('low.4.wav', beep(360))]);
  await studio.closeReport();
  await studio.step('Train');
  await expect(page.getByText(/high has one clip.*Add at least one more/)).toBeVisible();
  const length = page.getByRole('slider', { name: 'Window length' });
  await length.fill('5');
  await expect(page.getByText(/The window is 5.*longest clip is 1/)).toBeVisible();
  await studio.button('Use 0.975 s').click();
  await expect(page.getByText(/longest clip is/)).toHaveCount(0);
  await studio.iterations(2);
  await studio.button('Train').click();
  await expect(page.getByText(/not scored yet|clips right/)).toBeVisible({ timeout: 60_000 });
});

test.describe('without a microphone', () => {
  test.use({ isDenied: true });
  test('recording explains what to do and loses nothing', async ({ studio }) => {
    const { page } = studio;
    await studio.newProject('Denied');
    await studio.importFiles([file('a.1.wav', beep(300)), file('a.2.wav', beep(310))]);
    await studio.closeReport();
    await studio.button('Record').click();
    await expect(page.getByRole('alert')).toContainText(
      'The browser is not letting this page use the microphone. Your clips are unchanged. Open the site settings',
    );
    await expect(page.getByRole('alert').getByRole('button', { name: 'Try again' })).toBeVisible();
    await expect(studio.button('a 2')).toBeVisible();
  });
});

test('a full disk stops an import, keeps what was stored and leaves the app usable', async ({ studio }) => {
  const { page } = studio;
  await studio.newProject('Full');
  await studio.importFiles([file('a.1.wav', beep(300)), file('a.2.wav', beep(310))]);
  await studio.closeReport();
  await page.evaluate(() => {
    const put = IDBObjectStore.prototype.put;
    let isArmed = true;
    IDBObjectStore.prototype.put = function (this: IDBObjectStore, ...args: Parameters<typeof put>) {
      if (isArmed && this.name === 'blobs') {
        isArmed = false;
        throw new DOMException('full', 'QuotaExceededError');
      }
      return put.apply(this, args);
    };
  });
  await page.getByTestId('files').setInputFiles([file('b.1.wav', beep(700)), file('b.2.wav', beep(710))]);
  await expect(page.getByRole('alert')).toContainText('The browser has no room left for this. Nothing was changed.');
  await page.getByRole('alert').getByRole('button', { name: 'Close' }).click();
  await expect(studio.button('a 2')).toBeVisible();
  await studio.importFiles([file('b.1.wav', beep(700)), file('b.2.wav', beep(710))]);
  await studio.closeReport();
  await expect(studio.button('b 2')).toBeVisible();
  await page.reload();
  await expect(studio.button('b 2')).toBeVisible();
});

test('a project that is not there, and an address that is none, lead home', async ({ studio }) => {
  const { page } = studio;
  await studio.open('#/project/nowhere/data');
  await expect(page.getByRole('alert')).toContainText('This project is not on this device');
  await page.getByRole('link', { name: 'All projects' }).click();
  await expect(page.getByRole('heading', { name: 'Teach it by showing it.' })).toBeVisible();
  await studio.open('#/moon');
  await expect(page.getByRole('heading', { name: 'This page does not exist' })).toBeVisible();
});

test('ten thousand clips scroll, of which only a screenful is on the page', async ({ studio, folder }) => {
  test.setTimeout(240_000);
  const { page } = studio;
  await studio.newProject('Many');
  mkdirSync(join(folder, 'n'));
  writeFileSync(join(folder, 'n', '1.wav'), wavBytes(noise(0.2, 1), 16000));
  await studio.importFolder(folder);
  await studio.closeReport();
  await page.evaluate(async () => {
    const open = indexedDB.open('understudy');
    const db = await new Promise<IDBDatabase>((resolve) => (open.onsuccess = () => resolve(open.result)));
    const store = db.transaction('items', 'readwrite').objectStore('items');
    const [item] = await new Promise<Record<string, unknown>[]>((resolve) => {
      const all = store.getAll();
      all.onsuccess = () => resolve(all.result as Record<string, unknown>[]);
    });
    for (let i = 0; i < 9999; i++)
      store.put({ ...item, id: `copy-${i}`, name: `copy-${i}.wav`, path: `n/copy-${i}.wav` });
    await new Promise((resolve) => (store.transaction.oncomplete = resolve));
    db.close();
  });
  await page.reload();
  await expect(studio.button('n 10000')).toBeVisible();
  const clips = page.getByRole('list', { name: 'Clips' }).getByRole('listitem');
  expect(await clips.count()).toBeLessThan(120);
  await page.locator('.clips').evaluate((pane) => (pane.scrollTop = pane.scrollHeight));
  await expect(page.getByRole('button', { name: /^copy-9998\.wav/ })).toBeVisible();
  expect(await clips.count()).toBeLessThan(120);
});
