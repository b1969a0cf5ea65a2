/**
 * Sets of whole pictures for `--task picture`, cut by class from the boxes of shared/data (dice by picture 80/20, cells by their own lists), and the pictures of Teachable Machine's
 * sample project (every fourth for testing), and the plain baseline on them:
 * the nearest class mean, of pixels and of the embeddings of both networks on board. Writes test-results/pictures/{dice,cells,webcam}/{train,test}/CLASS/*.jpg. Used by
 * npm run bench:quality; alone: node tools/whole-pictures.mjs
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configure, Uint8ArrayReader, Uint8ArrayWriter, ZipReader } from '@zip.js/zip.js';
import { chromium } from 'playwright';
import { createServer } from 'vite';
import { findChromium } from './chromium.mjs';
import { copyPackagedModels } from './models.mjs';

const SHARED = resolve(process.env.SHARED_DIR ?? '../shared');
export const PICTURES = 'test-results/pictures';
configure({ useWebWorkers: false });
/** Boxes of one class that are cut, of training and of test pictures: cells have ten times more of one than of the others. */
const MOST = { train: 300, test: 100 };
/** Around a box, as a share of its longer side. */
const MARGIN = 0.1;

/** Boxes by picture: { file, part, boxes: [{ label, x, y, width, height }] } in pixels from the top left. */
function listDice() {
  const root = join(SHARED, 'data/detection-dice/train');
  const records = JSON.parse(readFileSync(join(root, 'annotations.json'), 'utf8'));
  return records
    .map((record) => ({ name: record.image ?? record.imagefilename, list: record.annotations ?? record.annotation }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, list }, i) => ({
      file: join(root, name),
      // Every fifth picture is for testing.
      part: i % 5 === 4 ? 'test' : 'train',
      boxes: list.map(({ label, coordinates: { x, y, width, height } }) => ({
        label,
        x: x - width / 2,
        y: y - height / 2,
        width,
        height,
      })),
    }));
}

function listCells() {
  const root = join(SHARED, 'data/detection-cells');
  const all = readdirSync(root, { recursive: true }).map(String);
  const find = (name) =>
    join(
      root,
      all.find((path) => basename(path) === name),
    );
  return ['train', 'val', 'test'].flatMap((list) =>
    readFileSync(find(`${list}.txt`), 'utf8')
      .split(/\s+/)
      .filter(Boolean)
      .map((name) => ({
        file: find(`${name}.jpg`),
        part: list === 'test' ? 'test' : 'train',
        boxes: [...readFileSync(find(`${name}.xml`), 'utf8').matchAll(/<object>([\s\S]*?)<\/object>/g)].map(
          ([, xml]) => {
            const [x, y, right, bottom] = ['xmin', 'ymin', 'xmax', 'ymax'].map((key) =>
              Number(new RegExp(`<${key}>([^<]+)`).exec(xml)[1]),
            );
            return { label: /<name>([^<]+)/.exec(xml)[1], x, y, width: right - x, height: bottom - y };
          },
        ),
      })),
  );
}

/** Pictures of a webcam in folders: { label, part, bytes }. */
async function listWebcam() {
  const zip = readFileSync(join(SHARED, 'data/teachable-machine/image-model-data.zip'));
  const entries = await new ZipReader(new Uint8ArrayReader(new Uint8Array(zip))).getEntries();
  const wanted = entries
    .filter(({ filename }) => /^Class \d\/.+\.(jpe?g|png)$/i.test(filename))
    .sort((a, b) => (a.filename < b.filename ? -1 : 1));
  return Promise.all(
    wanted.map(async (entry, i) => ({
      name: entry.filename.split('/')[1],
      label: entry.filename.split('/')[0],
      part: i % 4 === 3 ? 'test' : 'train',
      bytes: await entry.getData(new Uint8ArrayWriter()),
    })),
  );
}

/** @returns the sets that were cut, with the baseline: { name, count, scores: { pixels, 'ssd-mobilenet', 'mobilenet-v2' } }. */
export async function cutWholePictures() {
  if (!existsSync(join(SHARED, 'data/detection-dice'))) return console.log(`Skipped: pictures (no ${SHARED}/data)`);
  copyPackagedModels();
  const vite = await createServer({ logLevel: 'error', server: { port: 0, fs: { strict: false } } });
  await vite.listen();
  const browser = await chromium.launch({
    executablePath: await findChromium({ mayInstall: true }),
    args: ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
  });
  const made = [];
  try {
    const page = await browser.newPage();
    const base = vite.resolvedUrls.local[0];
    await page.route('**/bench.html', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>bench</title>' }),
    );
    await page.route('**/bench-file/**', (route) =>
      route.fulfill({ body: readFileSync(decodeURIComponent(route.request().url().split('/bench-file/')[1])) }),
    );
    await page.goto(`${base}bench.html`);
    for (const [name, list] of [
      ['dice', listDice()],
      ['cells', listCells()],
      ['webcam', []],
    ]) {
      rmSync(join(PICTURES, name), { recursive: true, force: true });
      const counts = {};
      const pictures = [];
      for (const { file, part, boxes } of list) {
        const wanted = boxes.filter(({ label }) => {
          const key = `${part}/${label}`;
          counts[key] = (counts[key] ?? 0) + 1;
          return counts[key] <= MOST[part];
        });
        if (wanted.length === 0) continue;
        const cuts = await page.evaluate(
          async ({ address, boxes, margin }) => {
            const bitmap = await createImageBitmap(await (await fetch(address)).blob());
            const out = [];
            for (const { x, y, width, height } of boxes) {
              const around = margin * Math.max(width, height);
              const [left, top] = [Math.max(0, Math.floor(x - around)), Math.max(0, Math.floor(y - around))];
              const right = Math.min(bitmap.width, Math.ceil(x + width + around));
              const bottom = Math.min(bitmap.height, Math.ceil(y + height + around));
              if (right - left < 8 || bottom - top < 8) continue;
              const canvas = new OffscreenCanvas(right - left, bottom - top);
              canvas.getContext('2d').drawImage(bitmap, -left, -top);
              const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.92 });
              out.push([...new Uint8Array(await blob.arrayBuffer())]);
            }
            return out;
          },
          { address: `${base}bench-file/${encodeURIComponent(file)}`, boxes: wanted, margin: MARGIN },
        );
        cuts.forEach((bytes, i) => {
          const folder = join(PICTURES, name, part, wanted[i].label);
          mkdirSync(folder, { recursive: true });
          const path = join(
            folder,
            `${basename(file)
              .replace(/\.[^.]+$/, '')
              .slice(0, 40)}_${i}.jpg`,
          );
          writeFileSync(path, Buffer.from(bytes));
          pictures.push({ path: resolve(path), part, label: wanted[i].label });
        });
      }
      if (name === 'webcam')
        for (const { name: file, label, part, bytes } of await listWebcam()) {
          const path = join(PICTURES, name, part, label, file);
          mkdirSync(dirname(path), { recursive: true });
          writeFileSync(path, bytes);
          pictures.push({ path: resolve(path), part, label });
        }
      const scores = await page.evaluate(
        async ({ pictures, base }) => {
          await import('/workers/wasm-files.ts');
          const { createPictureEmbedder } = await import('/src/features/picture/embedder.ts');
          const { ViewPainter, plainView } = await import('/src/features/picture/views.ts');
          const { Store } = await import('/src/dataset/index.ts');
          const store = await Store.open('bench');
          const painter = new ViewPainter(224);
          const small = new ViewPainter(32);
          const scores = {};
          for (const kind of ['pixels', 'ssd-mobilenet', 'mobilenet-v2']) {
            const embedder = kind === 'pixels' ? null : await createPictureEmbedder(store, kind);
            const rows = [];
            for (const { path, part, label } of pictures) {
              const bitmap = await createImageBitmap(
                await (await fetch(`${base}bench-file/${encodeURIComponent(path)}`)).blob(),
              );
              const view = plainView({ x: 0, y: 0, width: 1, height: 1 });
              rows.push({
                part,
                label,
                values: embedder
                  ? await embedder.embed(painter.paint(bitmap, view))
                  : Float32Array.from(small.paint(bitmap, view)),
              });
              bitmap.close();
            }
            const means = {};
            for (const label of new Set(rows.map((row) => row.label))) {
              const own = rows.filter((row) => row.part === 'train' && row.label === label);
              means[label] = own[0].values.map(
                (_, i) => own.reduce((sum, { values }) => sum + values[i], 0) / own.length,
              );
            }
            const nearest = (values) =>
              Object.entries(means).reduce(
                (best, [label, mean]) => {
                  let distance = 0;
                  for (let i = 0; i < values.length; i++) distance += (values[i] - mean[i]) ** 2;
                  return distance < best.distance ? { label, distance } : best;
                },
                { label: '', distance: Infinity },
              ).label;
            const test = rows.filter((row) => row.part === 'test');
            scores[kind] = test.filter((row) => nearest(row.values) === row.label).length / test.length;
          }
          return scores;
        },
        { pictures, base },
      );
      made.push({ name, count: pictures.length, scores });
      console.log(name, pictures.length, JSON.stringify(scores), JSON.stringify(counts));
    }
  } finally {
    await browser.close();
    await vite.close();
  }
  return made;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await cutWholePictures();
