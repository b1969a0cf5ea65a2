/** Pictures in the inference worker: camera frames, and files a person chose. */
import { loadModel, type Store } from '../../dataset/index.ts';
import type { ModelRef } from '../../domain/model.ts';
import { throwIfAborted } from '../../kernel/errors.ts';
import { yieldToMessages } from '../../kernel/yield.ts';
import { openVideo } from '../../media/jobs.ts';
import type { Jobs } from '../../rpc/contract.ts';
import { PicturePredictor } from './predictor.ts';

/** What one picture is. `novelty` above 1: unlike what the model was trained on; null when it cannot tell. */
export type PictureSeen = { scores: Float32Array; novelty: number | null };

/** Jobs of the preview of pictures. */
export type PicturePreview = {
  /** Classifies one picture that is not stored. The bitmap is transferred. */
  classifyPicture: { args: { model: ModelRef; bitmap: ImageBitmap }; progress: never; result: PictureSeen };
  /** Classifies frames of a video, `rateHz` a second. */
  classifyVideo: {
    args: { model: ModelRef; blob: Blob; rateHz: number };
    progress: { done: number; total: number };
    result: { durationSec: number; frames: ({ atSec: number } & PictureSeen)[] };
  };
  /** Classifies camera frames that come through a port (`{ bitmap, atSec }`, one at a time) until aborted. */
  watchPictures: {
    args: { model: ModelRef; port: MessagePort };
    progress: { atSec: number } & PictureSeen;
    result: void;
  };
};

/** Longer side of video frames that are looked at. */
const VIDEO_PIXELS = 480;

/** @param store opens the database of this thread, once. */
export function createPicturePreview(store: () => Promise<Store>): Jobs<PicturePreview> {
  const load = async (model: ModelRef) => PicturePredictor.load(await loadModel(await store(), model), await store());
  return {
    async classifyPicture({ model, bitmap }) {
      try {
        using predictor = await load(model);
        return await predictor.predict(bitmap);
      } finally {
        bitmap.close();
      }
    },
    async classifyVideo({ model, blob, rateHz }, { signal, progress }) {
      const video = await openVideo(blob);
      try {
        using predictor = await load(model);
        const rate = Math.min(rateHz, video.frameRateHz);
        const times = Array.from({ length: Math.max(1, Math.floor(video.durationSec * rate)) }, (_, k) => k / rate);
        const frames: ({ atSec: number } & PictureSeen)[] = [];
        for await (const { width, height, data, atSec } of video.framesAt(times, VIDEO_PIXELS, signal)) {
          const canvas = new OffscreenCanvas(width, height);
          canvas.getContext('2d')!.putImageData(new ImageData(new Uint8ClampedArray(data), width, height), 0, 0);
          frames.push({ atSec, ...(await predictor.predict(canvas)) });
          progress({ done: frames.length, total: times.length });
          await yieldToMessages();
        }
        return { durationSec: video.durationSec, frames };
      } finally {
        video.close();
      }
    },
    async watchPictures({ model, port }, { signal, progress }) {
      using predictor = await load(model);
      throwIfAborted(signal);
      let last: Promise<void> = Promise.resolve();
      try {
        await new Promise<void>((resolve, reject) => {
          signal.addEventListener('abort', () => resolve(), { once: true });
          port.onmessage = ({ data }: MessageEvent<{ bitmap: ImageBitmap; atSec: number }>) => {
            last = last.then(async () => {
              const { bitmap, atSec } = data;
              try {
                if (signal.aborted) return;
                const seen = await predictor.predict(bitmap);
                if (!signal.aborted) progress({ atSec, ...seen });
              } finally {
                bitmap.close();
              }
            });
            last.catch(reject);
          };
        });
        await last.catch(() => {});
      } finally {
        port.close();
      }
    },
  };
}
