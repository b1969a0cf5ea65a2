/** An action classifier in somebody's page: it watches a camera or a video that plays. */
import { BLAZEPOSE_JOINTS, bonesOf, MOTION_VALUES } from '../../features/index.ts';
import { BlazePose } from '../../features/jobs.ts';
import { MovementPredictor } from '../../model/jobs.ts';
import { Answerer, framesOf, Watcher, type Answer } from '../../preview/outside.ts';
import type { Given, OutsideRow, WatchOptions } from '../outside-model.ts';
import { ACTION_BUNDLE } from './bundle.ts';

/** A point of the body: `x` and `y` in ratios of the picture, `visibility` 0..1. */
export type BodyPoint = { joint: string; x: number; y: number; visibility: number };
/** What is seen now. `landmarks`: null when nobody is in view. `repetitions`: since watching began. */
export type LiveAction = Answer & { atSec: number; landmarks: BodyPoint[] | null; repetitions: number };

/** Longer side of the frames that are looked at: the networks see 256 pixels of a person. */
const FRAME_PIXELS = 640;
/** Seconds without anybody after which there is no answer any more. */
const ALONE_SEC = 1;

/** See the file header. */
export class ActionModel {
  readonly kind = 'action';
  readonly name: string;
  readonly labels: readonly string[];
  /** Landmarks that are connected, by their places in a list of them. */
  readonly bones: readonly (readonly [number, number])[] = bonesOf(BLAZEPOSE_JOINTS);
  readonly #given: Given;
  readonly #predictor: MovementPredictor;
  readonly #pose: BlazePose;

  private constructor(given: Given, predictor: MovementPredictor, pose: BlazePose) {
    this.#given = given;
    this.#predictor = predictor;
    this.#pose = pose;
    this.name = given.name;
    this.labels = predictor.classNames;
  }

  static async load(given: Given): Promise<ActionModel> {
    return new ActionModel(given, await MovementPredictor.load(given.artifact), await BlazePose.load(given.networks));
  }

  /**
   * One answer per frame that was looked at, until the video ends, the reader stops or `signal` is aborted. One at a time: bodies are followed from frame to frame.
   * @param from a video element that plays, or a camera's stream; borrowed.
   */
  async *watch(
    from: HTMLVideoElement | MediaStream,
    { signal = new AbortController().signal }: WatchOptions = {},
  ): AsyncGenerator<LiveAction, void> {
    // Not disposed: it would end the model, which is for the next one too.
    const watcher = new Watcher(this.#pose, this.#predictor);
    const answerer = new Answerer(this.labels, this.#given.calibration, this.#given.answering);
    const nothing: Answer = {
      label: null,
      confidence: 0,
      scores: Object.fromEntries(this.labels.map((label) => [label, 0])),
      novelty: null,
    };
    let answer = nothing;
    let seenSec = -Infinity;
    for await (const { canvas, atSec } of framesOf(from, FRAME_PIXELS, signal)) {
      const frame = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      const { pose, aspect, window, repetitions } = await watcher.push(frame, atSec);
      if (pose) seenSec = atSec;
      if (window) answer = answerer.follow(window.scores, window.endSec, window.novelty);
      else if (atSec - seenSec > ALONE_SEC) answer = nothing;
      const landmarks = pose
        ? BLAZEPOSE_JOINTS.map((joint, j) => {
            const [x, y, visibility] = pose.subarray(j * MOTION_VALUES, (j + 1) * MOTION_VALUES);
            return { joint, x: x! / aspect, y: y!, visibility: visibility! };
          })
        : null;
      yield { ...answer, atSec, landmarks, repetitions };
    }
  }

  close(): void {
    this.#predictor[Symbol.dispose]();
    this.#pose[Symbol.dispose]();
  }
}

/** See the file header. */
export const ACTION_OUTSIDE: OutsideRow<ActionModel> = { bundle: ACTION_BUNDLE, load: ActionModel.load };
