/** A picture classifier in somebody's page: pictures, and what a camera or a video shows. */
import { Answerer, framesOf, type Answer } from '../../preview/outside.ts';
import type { Given, OutsideRow, WatchOptions } from '../outside-model.ts';
import { PICTURE_BUNDLE } from './bundle.ts';
import { PicturePredictor } from './predictor.ts';

/** What is seen now. */
export type LivePicture = Answer & { atSec: number };

/** Longer side of the frames that are looked at. */
const FRAME_PIXELS = 480;

/** See the file header. */
export class PictureModel {
  readonly kind = 'picture';
  readonly name: string;
  readonly labels: readonly string[];
  readonly #given: Given;
  readonly #predictor: PicturePredictor;

  private constructor(given: Given, predictor: PicturePredictor) {
    this.#given = given;
    this.#predictor = predictor;
    this.name = given.name;
    this.labels = predictor.classNames;
  }

  static async load(given: Given): Promise<PictureModel> {
    return new PictureModel(given, await PicturePredictor.load(given.artifact, given.networks));
  }

  #answerer(): Answerer {
    return new Answerer(this.labels, this.#given.calibration, this.#given.answering);
  }

  /** @param image borrowed. */
  async classify(image: ImageBitmapSource): Promise<Answer> {
    const bitmap = await createImageBitmap(image);
    try {
      const { scores, novelty } = await this.#predictor.predict(bitmap);
      return this.#answerer().answer(scores, novelty);
    } finally {
      bitmap.close();
    }
  }

  /** One answer per frame that was looked at, until the video ends, the reader stops or `signal` is aborted. @param from borrowed. */
  async *watch(
    from: HTMLVideoElement | MediaStream,
    { signal = new AbortController().signal }: WatchOptions = {},
  ): AsyncGenerator<LivePicture, void> {
    const answerer = this.#answerer();
    for await (const { canvas, atSec } of framesOf(from, FRAME_PIXELS, signal)) {
      const { scores, novelty } = await this.#predictor.predict(canvas);
      yield { ...answerer.follow(scores, atSec, novelty), atSec };
    }
  }

  close(): void {
    this.#predictor[Symbol.dispose]();
  }
}

/** See the file header. */
export const PICTURE_OUTSIDE: OutsideRow<PictureModel> = { bundle: PICTURE_BUNDLE, load: PictureModel.load };
