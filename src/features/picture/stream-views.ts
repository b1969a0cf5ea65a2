/** Features of camera frames, one after the other. Worker thread. */
import { PICTURE_SIZES, tileRegions, type VisionInput } from './spec.ts';
import type { VisionNetwork } from './vision-network.ts';
import { plainView, ViewPainter } from './views.ts';

/** What comes in: a frame, owned by the receiver, and its time. */
export type CameraFrame = { bitmap: ImageBitmap; atSec: number };
/** What goes out: the features of its tiles at `pixels`, each as `VisionNetwork.extract` or `ViewPainter.paint` returns them. */
export type FrameViews = { atSec: number; pixels: number; views: Uint8Array[] };

/** Milliseconds a frame may take for ten a second to get through. */
const MOST_MS = 92;
/** Frames the time is measured on, after as many to warm up. */
const MEASURED = 8;
/** A picture seen this much smaller is still like those of training, which varies the size by 1.4. At two thirds blood cells fell from 0.85 to 0.70. */
const LEAST_RATIO = 0.7;

/** The next smaller size a frame may be looked at; null when it would be too small for what was learnt. */
export const smallerSize = (pixels: number, own: number): number | null =>
  PICTURE_SIZES.findLast((size) => size < pixels && size >= LEAST_RATIO * own) ?? null;

/**
 * Reads {@link CameraFrame}s from `port` and posts {@link FrameViews} to `out`, in order, until aborted. Closes both.
 * @param network loads the pretrained network for a size, borrowed; null for detectors that see pixels.
 * @param isAdaptive looks at smaller pictures when extraction is too slow for ten a second on this device. @throws StudioError `network/…`.
 */
export async function streamViews(
  network: ((pixels: number) => Promise<VisionNetwork>) | null,
  input: VisionInput,
  isAdaptive: boolean,
  port: MessagePort,
  out: MessagePort,
  signal: AbortSignal,
): Promise<void> {
  let { pixels } = input;
  let painter = new ViewPainter(pixels);
  const times: number[] = [];
  const regions = tileRegions(input.tiles);
  const look = async ({ bitmap, atSec }: CameraFrame) => {
    const views: Uint8Array<ArrayBuffer>[] = [];
    const seen = pixels;
    try {
      const extractor = await network?.(pixels);
      const started = performance.now();
      for (const region of regions) {
        if (signal.aborted) return;
        const rgb = painter.paint(bitmap, plainView(region));
        views.push(extractor ? await extractor.extract(rgb) : rgb);
      }
      times.push(performance.now() - started);
    } finally {
      bitmap.close();
    }
    if (isAdaptive && times.length === 2 * MEASURED) {
      const recent = times.splice(0).slice(MEASURED);
      const smaller = smallerSize(pixels, input.pixels);
      if (smaller && recent.reduce((sum, ms) => sum + ms, 0) / MEASURED > MOST_MS) {
        pixels = smaller;
        painter = new ViewPainter(pixels);
      }
    }
    out.postMessage(
      { atSec, pixels: seen, views } satisfies FrameViews,
      views.map(({ buffer }) => buffer),
    );
  };
  let last: Promise<void> = Promise.resolve();
  try {
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
      if (signal.aborted) resolve();
      port.onmessage = ({ data }: MessageEvent<CameraFrame>) => {
        last = last.then(() => look(data));
        last.catch(reject);
      };
    });
    await last.catch(() => {});
  } finally {
    port.close();
    out.close();
  }
}
