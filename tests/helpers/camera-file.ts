/** Real videos that play the fake camera: Chromium takes a Motion JPEG file, which a page of the same browser makes from the video's frames. */
import { createServer } from 'node:http';
import { readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { chromium } from '@playwright/test';

/** Frames a second of the fake camera. */
const CAMERA_RATE_HZ = 30;

/** Writes the first `seconds` of a video as Motion JPEG at `rateHz` pictures a second. */
export async function writeCameraFile(video: string, target: string, seconds: number, rateHz = 10): Promise<void> {
  const bytes = readFileSync(video);
  const server = createServer((request, response) => {
    if (request.url === '/') response.setHeader('content-type', 'text/html').end('<canvas></canvas>');
    else response.setHeader('content-type', 'video/mp4').end(bytes);
  }).listen(0);
  const browser = await chromium.launch({
    ...(process.env.CHROME_PATH ? { executablePath: process.env.CHROME_PATH } : {}),
    args: ['--no-sandbox'],
  });
  try {
    const page = await browser.newPage();
    await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
    const frames = await page.evaluate(
      async ({ length, rate }) => {
        const element = document.createElement('video');
        element.muted = true;
        element.src = URL.createObjectURL(await (await fetch('/video')).blob());
        await new Promise((resolve) => (element.onloadeddata = resolve));
        const canvas = document.querySelector('canvas')!;
        canvas.width = element.videoWidth & ~1;
        canvas.height = element.videoHeight & ~1;
        const made: string[] = [];
        // Played, not sought: a seek decodes again from the key frame before.
        await new Promise<void>((resolve) => {
          const take: VideoFrameRequestCallback = (_now, { mediaTime }) => {
            while (made.length < length * rate && made.length / rate <= mediaTime) {
              canvas.getContext('2d')!.drawImage(element, 0, 0);
              made.push(canvas.toDataURL('image/jpeg', 0.9).split(',')[1]!);
            }
            if (made.length < length * rate) element.requestVideoFrameCallback(take);
            else resolve();
          };
          element.onended = () => resolve();
          element.requestVideoFrameCallback(take);
          void element.play();
        });
        return made;
      },
      { length: seconds, rate: rateHz },
    );
    const repeat = Math.round(CAMERA_RATE_HZ / rateHz);
    writeFileSync(
      target,
      Buffer.concat(frames.flatMap((frame) => new Array<Buffer>(repeat).fill(Buffer.from(frame, 'base64')))),
    );
  } finally {
    await browser.close();
    server.close();
  }
}
