/** One look at a file of an import of pictures: a picture, or a video that gives some. Worker thread. */
import { inspectFrames } from './frames.ts';
import { inspectPicture, type InspectedPicture } from './inspect-picture.ts';

/** @throws as {@link inspectPicture} and {@link inspectFrames}. */
export async function inspectPictures(blob: Blob, name: string, signal: AbortSignal): Promise<InspectedPicture[]> {
  const isVideo = blob.type.startsWith('video/') || /\.(mp4|mov|m4v|webm|mkv)$/i.test(name);
  return isVideo ? inspectFrames(blob, name, signal) : [await inspectPicture(blob)];
}
