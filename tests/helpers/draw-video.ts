/** Videos made of drawn pictures, for tests in the browser: any times, any content. */
import { BufferTarget, CanvasSource, Mp4OutputFormat, Output } from 'mediabunny';

/** An H.264 video of `width` × `height`: `draw` paints the picture that is shown from `atSec` of each time on, the last one for `lastSec`. */
export async function drawVideo(
  times: readonly number[],
  { width, height, lastSec }: { width: number; height: number; lastSec: number },
  draw: (context: OffscreenCanvasRenderingContext2D, index: number) => void,
): Promise<Blob> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d')!;
  const target = new BufferTarget();
  const output = new Output({ format: new Mp4OutputFormat(), target });
  const source = new CanvasSource(canvas, { codec: 'avc', bitrate: 2_000_000 });
  output.addVideoTrack(source);
  await output.start();
  for (const [i, atSec] of times.entries()) {
    draw(context, i);
    await source.add(atSec, i + 1 < times.length ? times[i + 1]! - atSec : lastSec);
  }
  await output.finalize();
  return new Blob([target.buffer!]);
}
