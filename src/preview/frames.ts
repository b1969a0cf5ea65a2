/** The pictures of something that plays, as fast as somebody looks at them. Main thread. */

/** `canvas` is drawn over with the next frame. `atSec` increases: where a video jumped back, it goes on 2 s later. */
export type PlayedFrame = { canvas: OffscreenCanvas; atSec: number };

const JUMP_SEC = 2;

/** Resolves with the next frame that is shown; false when there is none. */
function nextFrame(video: HTMLVideoElement, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const over = new AbortController();
    const settle = (hasFrame: boolean) => {
      over.abort();
      resolve(hasFrame);
    };
    if (signal.aborted || video.ended) return settle(false);
    video.requestVideoFrameCallback(() => settle(true));
    video.addEventListener('ended', () => settle(false), { signal: over.signal });
    video.addEventListener('emptied', () => settle(false), { signal: over.signal });
    signal.addEventListener('abort', () => settle(false), { signal: over.signal });
  });
}

/**
 * Frames of a video or a camera, the newest one whenever the reader is ready: none are queued.
 * @param from an element that plays, or a stream, which is played out of sight and goes on when reading ends. @param mostPixels longer side of the frames.
 */
export async function* framesOf(
  from: HTMLVideoElement | MediaStream,
  mostPixels: number,
  signal: AbortSignal,
): AsyncGenerator<PlayedFrame, void> {
  const isStream = from instanceof MediaStream;
  const video = isStream ? document.createElement('video') : from;
  if (isStream) {
    Object.assign(video, { muted: true, playsInline: true, srcObject: from });
    await video.play();
  }
  const startedAt = performance.now();
  let canvas = new OffscreenCanvas(1, 1);
  let lastSec = -1;
  let offsetSec = 0;
  try {
    while (await nextFrame(video, signal)) {
      const { videoWidth, videoHeight } = video;
      if (videoWidth === 0) continue;
      const scale = Math.min(1, mostPixels / Math.max(videoWidth, videoHeight));
      const [width, height] = [Math.round(videoWidth * scale), Math.round(videoHeight * scale)];
      if (canvas.width !== width || canvas.height !== height) canvas = new OffscreenCanvas(width, height);
      canvas.getContext('2d', { willReadFrequently: true })!.drawImage(video, 0, 0, width, height);
      const now = isStream || video.srcObject ? (performance.now() - startedAt) / 1000 : video.currentTime;
      if (now + offsetSec < lastSec) offsetSec = lastSec + JUMP_SEC - now;
      if (now + offsetSec === lastSec) continue;
      lastSec = now + offsetSec;
      yield { canvas, atSec: lastSec };
    }
  } finally {
    if (isStream) video.srcObject = null;
  }
}
