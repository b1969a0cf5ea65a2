/**
 * Writes tests/golden/blazepose-lite.json: landmarks of real frames (../shared/data/action-clips) by the `@mediapipe/pose` solution itself, run in a page.
 * Usage: node tools/golden-pose.mjs
 */
import { chromium } from 'playwright';
import { findChromium } from './chromium.mjs';
import http from 'node:http';
import fs from 'node:fs';
import path from 'node:path';
const pose = 'node_modules/@mediapipe/pose',
  data = '../shared/data/action-clips';
const server = http
  .createServer((q, r) => {
    const u = decodeURIComponent(q.url.split('?')[0]);
    if (u === '/') {
      r.setHeader('content-type', 'text/html');
      r.end('<script src="/pose/pose.js"></script><canvas id=c></canvas>');
      return;
    }
    const f = u.startsWith('/pose/') ? path.join(pose, u.slice(6)) : path.join(data, u.slice(6));
    if (!fs.existsSync(f)) {
      r.statusCode = 404;
      r.end();
      return;
    }
    r.setHeader(
      'content-type',
      f.endsWith('.js')
        ? 'text/javascript'
        : f.endsWith('.wasm')
          ? 'application/wasm'
          : f.endsWith('.mp4')
            ? 'video/mp4'
            : f.endsWith('.jpg')
              ? 'image/jpeg'
              : 'application/octet-stream',
    );
    r.setHeader('accept-ranges', 'bytes');
    const range = q.headers.range;
    const size = fs.statSync(f).size;
    if (range) {
      const m = /bytes=(\d+)-(\d*)/.exec(range);
      const a = +m[1],
        b = m[2] ? +m[2] : size - 1;
      r.statusCode = 206;
      r.setHeader('content-range', `bytes ${a}-${b}/${size}`);
      r.setHeader('content-length', b - a + 1);
      fs.createReadStream(f, { start: a, end: b }).pipe(r);
      return;
    }
    r.end(fs.readFileSync(f));
  })
  .listen(8765);
const b = await chromium.launch({
  executablePath: await findChromium({ mayInstall: false, log: console.log }),
  args: ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
});
const p = await b.newPage();
p.on('console', (m) => {
  if (m.type() === 'error') console.error(m.text().slice(0, 200));
});
p.on('pageerror', (e) => console.error('ERR', e.message));
await p.goto('http://localhost:8765/');
const out = await p.evaluate(async () => {
  const make = async (c) => {
    const s = new Pose({ locateFile: (f) => '/pose/' + f });
    s.setOptions({ modelComplexity: c, smoothLandmarks: false, staticImageMode: true, minDetectionConfidence: 0.5 });
    await s.initialize();
    return s;
  };
  const lite = await make(0);
  const run = (s, img) =>
    new Promise((res, rej) => {
      s.onResults((r) => res(r.poseLandmarks ?? null));
      s.reset();
      s.send({ image: img }).catch(rej);
    });
  const canvas = document.getElementById('c');
  const results = [];
  const still = async (name) => {
    const i = new Image();
    i.src = '/data/' + name;
    await i.decode();
    canvas.width = i.naturalWidth;
    canvas.height = i.naturalHeight;
    canvas.getContext('2d').drawImage(i, 0, 0);
    results.push({ name, at: null, width: canvas.width, height: canvas.height, lite: await run(lite, canvas) });
  };
  await still('person.jpg');
  for (const [name, times] of [
    ['wave.mp4', [0.55, 2.05, 4.05, 6.05, 9.05]],
    ['squats.mp4', [0.5, 1.3, 2.1, 3.3, 5.1, 8.1]],
    ['stand.mp4', [1.05, 5.05]],
  ]) {
    const v = document.createElement('video');
    v.muted = true;
    v.src = '/data/' + name;
    await new Promise((r, j) => {
      v.onloadeddata = r;
      v.onerror = () => j(new Error('video'));
    });
    for (const t of times) {
      v.currentTime = t;
      await new Promise((r) => (v.onseeked = r));
      // Seeked comes before the frame can be drawn.
      await new Promise((r) => setTimeout(r, 300));
      canvas.width = v.videoWidth;
      canvas.height = v.videoHeight;
      canvas.getContext('2d').drawImage(v, 0, 0);
      results.push({ name, at: t, width: canvas.width, height: canvas.height, lite: await run(lite, canvas) });
    }
  }
  return results;
});
const r4 = (x) => Math.round(x * 1e4) / 1e4;
const gold = out.map((o) => ({ ...o, lite: o.lite && o.lite.map((l) => [r4(l.x), r4(l.y), r4(l.visibility)]) }));
fs.writeFileSync('tests/golden/blazepose-lite.json', JSON.stringify(gold));
console.log(gold.map((g) => `${g.name} ${g.at} ${g.width}x${g.height} ${g.lite ? g.lite[0] : 'none'}`).join('\n'));
await b.close();
server.close();
