/** Pictures out of a video: one every half second, those that look like the one before left out. Worker thread. */
import { throwIfAborted } from '../../kernel/errors.ts';
import { formatCount } from '../../kernel/format.ts';
import { openVideo } from '../../media/jobs.ts';
import { inspectPicture, type InspectedPicture } from './inspect-picture.ts';
import { isNearDuplicate, thumbprint } from './near-duplicates.ts';

/** Seconds between frames; more in long videos. */
const EVERY_SEC = 0.5;
const MOST_FRAMES = 200;
/** Longer side of the pictures. */
const FRAME_PIXELS = 1280;

/** @throws StudioError `media/not-video`, `media/no-video-track`, `media/video-codec-unsupported`. */
export async function inspectFrames(blob: Blob, name: string, signal: AbortSignal): Promise<InspectedPicture[]> {
  const video = await openVideo(blob);
  const pictures: InspectedPicture[] = [];
  let seen = 0;
  try {
    const stepSec = Math.max(EVERY_SEC, video.durationSec / MOST_FRAMES);
    const times = Array.from({ length: Math.max(1, Math.floor(video.durationSec / stepSec)) }, (_, k) => k * stepSec);
    let last: Float32Array | null = null;
    const stem = name.slice(name.lastIndexOf('/') + 1).replace(/\.[^.]*$/, '');
    for await (const frame of video.framesAt(times, FRAME_PIXELS, signal)) {
      throwIfAborted(signal);
      seen++;
      const print = thumbprint(frame.data, frame.width, frame.height);
      if (last && isNearDuplicate(last, print)) continue;
      last = print;
      const canvas = new OffscreenCanvas(frame.width, frame.height);
      canvas
        .getContext('2d')!
        .putImageData(new ImageData(new Uint8ClampedArray(frame.data), frame.width, frame.height), 0, 0);
      const picture = await inspectPicture(await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.92 }));
      pictures.push({ ...picture, name: `${stem} ${frame.atSec.toFixed(1).padStart(5, '0')} s.jpg` });
    }
  } finally {
    video.close();
  }
  const skipped = seen - pictures.length;
  if (pictures[0])
    pictures[0].notice = `${formatCount(pictures.length, 'frame')} of the video ${pictures.length === 1 ? 'was' : 'were'} added${skipped ? `; ${skipped} looked like the one before` : ''}.`;
  return pictures;
}
