/** An object detector in somebody's page: pictures, and what a camera or a video shows. */
import type { Detection } from '../../domain/boxes.ts';
import { Detector } from '../../model/jobs.ts';
import { framesOf, Tracker } from '../../preview/outside.ts';
import type { Given, OutsideRow, WatchOptions } from '../outside-model.ts';
import { DETECTION_BUNDLE } from './bundle.ts';

/** An object that was found; its box in ratios of the picture, from the top left corner. */
export type FoundObject = { label: string; confidence: number; x: number; y: number; width: number; height: number };
/** What is seen now; `id` of an object stays while it is seen. */
export type LiveObjects = { atSec: number; objects: (FoundObject & { id: number })[] };

/** Longer side of the frames that are looked at. */
const FRAME_PIXELS = 960;

/** See the file header. */
export class ObjectModel {
  readonly kind = 'detection';
  readonly name: string;
  readonly labels: readonly string[];
  readonly #given: Given;
  readonly #detector: Detector;

  private constructor(given: Given, detector: Detector) {
    this.#given = given;
    this.#detector = detector;
    this.name = given.name;
    this.labels = detector.classNames;
  }

  static async load(given: Given): Promise<ObjectModel> {
    return new ObjectModel(given, await Detector.load(given.artifact, given.networks));
  }

  #find(picture: ImageBitmap | OffscreenCanvas): Promise<Detection[]> {
    const { threshold, overlap } = this.#given.answering;
    return this.#detector.detect(picture, threshold, overlap);
  }

  #name({ classIndex, score, x, y, width, height }: Detection): FoundObject {
    return { label: this.labels[classIndex]!, confidence: score, x, y, width, height };
  }

  /** Objects over the threshold, overlapping boxes of one class joined, best first. @param image borrowed. */
  async detect(image: ImageBitmapSource): Promise<FoundObject[]> {
    const bitmap = await createImageBitmap(image);
    try {
      return (await this.#find(bitmap)).map((box) => this.#name(box));
    } finally {
      bitmap.close();
    }
  }

  /** One answer per frame that was looked at, boxes calmed over time, until the video ends, the reader stops or `signal` is aborted. @param from borrowed. */
  async *watch(
    from: HTMLVideoElement | MediaStream,
    { signal = new AbortController().signal }: WatchOptions = {},
  ): AsyncGenerator<LiveObjects, void> {
    const tracker = new Tracker();
    for await (const { canvas, atSec } of framesOf(from, FRAME_PIXELS, signal)) {
      const tracks = tracker.push(await this.#find(canvas), atSec);
      yield { atSec, objects: tracks.map((track) => ({ id: track.id, ...this.#name(track) })) };
    }
  }

  close(): void {
    this.#detector[Symbol.dispose]();
  }
}

/** See the file header. */
export const DETECTION_OUTSIDE: OutsideRow<ObjectModel> = { bundle: DETECTION_BUNDLE, load: ObjectModel.load };
