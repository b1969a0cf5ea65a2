/**
 * Video files to frames at chosen times, without playing them. Worker thread (WebCodecs through mediabunny). Rotation is applied; a frame is never drawn twice
 * at full size.
 */
import { BlobSource, Input, MATROSKA, MP4, QTFF, VideoSampleSink, WEBM, type VideoSample } from 'mediabunny';
import { StudioError, throwIfAborted } from '../kernel/errors.ts';

const FORMATS = [MP4, QTFF, MATROSKA, WEBM];
/** Packets looked at to learn the frame rate. */
const RATE_PACKETS = 120;

/** What is known of a video before its frames are decoded. Width and height as shown, after rotation. */
export type VideoFacts = {
  codec: string;
  width: number;
  height: number;
  rotationDeg: number;
  durationSec: number;
  /** Mean frames per second; the rate of a video whose rate varies is its mean. */
  frameRateHz: number;
};

/** A frame's pixels, RGBA, at its time. The pixels are overwritten by the next frame. */
export type VideoFrameAt = { atSec: number; width: number; height: number; data: Uint8ClampedArray };

/** An opened video. Close it. */
export type OpenVideo = VideoFacts & {
  /**
   * Frames shown at the given times (increasing), scaled so that the longer side is at most `mostPixels`.
   * @throws StudioError `media/damaged` where the data stop being readable.
   */
  framesAt(times: readonly number[], mostPixels: number, signal?: AbortSignal): AsyncGenerator<VideoFrameAt>;
  close(): void;
};

/** Writes the pixels of a frame as RGBA. @returns false when this browser or this frame needs drawing. */
async function copyPixels(sample: VideoSample, rgba: Uint8ClampedArray<ArrayBuffer>): Promise<boolean> {
  try {
    if (sample.flip || sample.allocationSize({ format: 'RGBA' }) !== rgba.length) return false;
    await sample.copyTo(rgba, { format: 'RGBA' });
    return true;
  } catch {
    return false;
  }
}

/**
 * Frames shown at `secs` (increasing), by decoding everything from the first one on. For files that cannot be entered in the middle: browsers record WebM whose
 * later clusters hold no key frame, without an index. @returns samples the caller owns; null before the first frame.
 */
async function* inPassing(sink: VideoSampleSink, secs: readonly number[]): AsyncGenerator<VideoSample | null> {
  const all = sink.samples(secs[0]);
  let next = await all.next();
  let shown: VideoSample | null = null;
  try {
    for (const sec of secs) {
      while (!next.done && next.value.timestamp <= sec + 1e-6) {
        shown?.close();
        shown = next.value;
        next = await all.next();
      }
      yield shown?.clone() ?? null;
    }
  } finally {
    shown?.close();
    if (!next.done) next.value.close();
    await all.return();
  }
}

/**
 * Opens a video.
 * @throws StudioError `media/empty-file`, `media/not-video`, `media/no-video-track`, `media/video-codec-unsupported`, `media/damaged`.
 */
export async function openVideo(blob: Blob): Promise<OpenVideo> {
  if (blob.size === 0) throw new StudioError('media/empty-file');
  const input = new Input({ source: new BlobSource(blob), formats: FORMATS });
  try {
    if (!(await input.canRead().catch(() => false))) throw new StudioError('media/not-video');
    const track = await input.getPrimaryVideoTrack().catch((cause: unknown) => {
      throw new StudioError('media/damaged', { cause });
    });
    if (!track) {
      // A file cut before its index says nothing of its tracks.
      const sound = await input.getPrimaryAudioTrack().catch(() => null);
      throw new StudioError(sound ? 'media/no-video-track' : 'media/damaged');
    }
    const codec = (await track.getCodec()) ?? 'unknown';
    if (!(await track.canDecode()))
      throw new StudioError('media/video-codec-unsupported', {
        message: `This browser cannot decode the video in the file (${codec}).`,
        details: { codec },
      });
    const rotationDeg = await track.getRotation();
    const isTurned = rotationDeg % 180 !== 0;
    const [w, h] = [await track.getSquarePixelWidth(), await track.getSquarePixelHeight()];
    const [width, height] = isTurned ? [h, w] : [w, h];
    const [stats, lastSec] = await Promise.all([track.computePacketStats(RATE_PACKETS), track.computeDuration()]).catch(
      (cause: unknown) => {
        throw new StudioError('media/damaged', { cause });
      },
    );
    const frameRateHz =
      stats.averagePacketRate > 0 && Number.isFinite(stats.averagePacketRate) ? stats.averagePacketRate : 1;
    const firstSec = await track.getFirstTimestamp().catch(() => 0);
    const durationSec = Math.max(0, lastSec - Math.max(0, firstSec));
    return {
      codec,
      width,
      height,
      rotationDeg,
      durationSec,
      frameRateHz,
      close: () => input.dispose(),
      async *framesAt(times, mostPixels, signal) {
        const scale = Math.min(1, mostPixels / Math.max(width, height));
        const canvas = new OffscreenCanvas(
          Math.max(1, Math.round(width * scale)),
          Math.max(1, Math.round(height * scale)),
        );
        const context = canvas.getContext('2d', { willReadFrequently: true })!;
        const isWhole = canvas.width === width && canvas.height === height && rotationDeg === 0;
        let rgba = isWhole ? new Uint8ClampedArray(4 * width * height) : null;
        const sink = new VideoSampleSink(track);
        const secs = times.map((sec) => sec + Math.max(0, firstSec));
        let samples: AsyncGenerator<VideoSample | null, void, unknown> = sink.samplesAtTimestamps(secs);
        let isPassing = false;
        const take = () =>
          samples.next().catch((cause: unknown) => {
            throw new StudioError('media/damaged', { cause });
          });
        try {
          for (const [i, atSec] of times.entries()) {
            throwIfAborted(signal);
            let step = await take();
            if (!step.done && !step.value && !isPassing) {
              await samples.return();
              isPassing = true;
              samples = inPassing(sink, secs.slice(i));
              step = await take();
            }
            if (step.done) return;
            if (!step.value) continue;
            using sample = step.value;
            // Frames that need no drawing are converted at once, in half the time.
            if (rgba && !(await copyPixels(sample, rgba))) rgba = null;
            if (rgba) {
              yield { atSec, width, height, data: rgba };
              continue;
            }
            sample.draw(context, 0, 0, canvas.width, canvas.height);
            const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
            yield { atSec, width: canvas.width, height: canvas.height, data };
          }
        } finally {
          await samples.return();
        }
      },
    };
  } catch (error) {
    input.dispose();
    throw error;
  }
}
