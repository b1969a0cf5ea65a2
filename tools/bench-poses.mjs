/**
 * Frames per second of pose extraction, and its ratio to (a) the MediaPipe solution and (b) seeking a <video> element with the same network, all in one page of
 * one browser. Used by npm run bench; alone: node tools/bench-poses.mjs
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright';
import { createServer } from 'vite';
import { findChromium } from './chromium.mjs';
import { copyPackagedModels } from './models.mjs';

const VIDEO = join(resolve(process.env.SHARED_DIR ?? '../shared'), 'data/action-clips/wave.mp4');

/** @param note takes (what, value, remark). */
export async function benchPoses(note) {
  if (!existsSync(VIDEO)) return console.log(`Skipped: poses (no ${VIDEO})`);
  copyPackagedModels();
  const vite = await createServer({
    logLevel: 'error',
    server: { port: 0, fs: { strict: false } },
    plugins: [
      {
        name: 'video',
        configureServer(server) {
          server.middlewares.use('/bench-video', (_request, response) => {
            response.setHeader('content-type', 'video/mp4');
            response.end(readFileSync(VIDEO));
          });
        },
      },
    ],
  });
  await vite.listen();
  const browser = await chromium.launch({
    executablePath: await findChromium({ mayInstall: true }),
    args: ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
  });
  try {
    const page = await browser.newPage();
    const base = vite.resolvedUrls.local[0];
    await page.route('**/bench.html', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>bench</title>' }),
    );
    await page.goto(`${base}bench.html`);
    await page.addScriptTag({ url: `${base}node_modules/@mediapipe/pose/pose.js` });
    const result = await page.evaluate(async () => {
      const { BlazePose } = await import('/src/features/movement/pose-network.ts');
      const { posesOfVideo, POSE_PIXELS } = await import('/src/features/movement/extract-poses.ts');
      const { LiteNetwork } = await import('/src/features/networks/litert.ts');
      const load = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer());
      const detector = await load('/models/blazepose/pose_detection.tflite');
      const landmarks = await load('/models/blazepose/pose_landmark_lite.tflite');
      const blob = await (await fetch('/bench-video')).blob();
      const pose = await BlazePose.fromFiles(detector, landmarks);
      const signal = new AbortController().signal;
      const time = async (run) => {
        const started = performance.now();
        const frames = await run();
        return (performance.now() - started) / frames;
      };
      let frames = 0;
      await posesOfVideo(blob, pose, 2, signal, () => {});
      const network = await LiteNetwork.load(landmarks);
      const input = new Float32Array(256 * 256 * 3).fill(0.5);
      // In turns, so that both meet the same moods of the machine; the middle one of five counts.
      const wholes = [];
      const bares = [];
      for (let round = 0; round < 5; round++) {
        wholes.push(
          await time(async () => {
            await posesOfVideo(blob, pose, 10, signal, (_done, total) => (frames = total));
            return frames;
          }),
        );
        bares.push(
          await time(async () => {
            for (let i = 0; i < 60; i++) await network.runAll(input, [1, 256, 256, 3]);
            return 60;
          }),
        );
      }
      const median = (times) => times.sort((a, b) => a - b)[2];
      const [whole, bare] = [median(wholes), median(bares)];
      const video = document.createElement('video');
      video.muted = true;
      video.src = URL.createObjectURL(blob);
      await new Promise((done) => (video.onloadeddata = done));
      const canvas = document.createElement('canvas');
      const scale = Math.min(1, POSE_PIXELS / Math.max(video.videoWidth, video.videoHeight));
      canvas.width = Math.round(video.videoWidth * scale);
      canvas.height = Math.round(video.videoHeight * scale);
      const context = canvas.getContext('2d', { willReadFrequently: true });
      const seek = async (sec) => {
        video.currentTime = sec;
        await new Promise((done) => (video.onseeked = done));
        context.drawImage(video, 0, 0, canvas.width, canvas.height);
      };
      pose.reset();
      const seeking = await time(async () => {
        for (let i = 0; i < 60; i++) {
          await seek(i / 10);
          await pose.estimate(context.getImageData(0, 0, canvas.width, canvas.height), i / 10);
        }
        return 60;
      });
      const solution = new globalThis.Pose({ locateFile: (file) => `/node_modules/@mediapipe/pose/${file}` });
      solution.setOptions({ modelComplexity: 0, smoothLandmarks: true });
      solution.onResults(() => {});
      await solution.initialize();
      await seek(0);
      await solution.send({ image: canvas });
      const mediapipe = await time(async () => {
        for (let i = 1; i <= 12; i++) {
          await seek(i / 10);
          await solution.send({ image: canvas });
        }
        return 12;
      });
      return { whole, bare, seeking, mediapipe };
    });
    const rate = (ms) => `${(1000 / ms).toFixed(1)} frames/s`;
    note('poses of a video, decoding included', rate(result.whole), 'floor 10 frames/s');
    note(
      'decoding, sampling and bookkeeping over bare inference',
      `${((result.whole / result.bare - 1) * 100).toFixed(0)} %`,
      'ceiling 15 %',
    );
    note(
      'poses against the MediaPipe solution, software WebGL',
      `${(result.mediapipe / result.whole).toFixed(1)} x`,
      rate(result.mediapipe),
    );
    note(
      'poses against seeking a <video> with the same network',
      `${(result.seeking / result.whole).toFixed(1)} x`,
      rate(result.seeking),
    );
  } finally {
    await browser.close();
    await vite.close();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await benchPoses((what, value, about = '') => console.log(`${what.padEnd(58)} ${value.padStart(14)}  ${about}`));
  process.exit(0);
}
