/** BlazePose on LiteRT.js: a frame in, the landmarks of the most prominent person out. Worker thread. */
import { LiteNetwork } from '../networks/litert.ts';
import { loadNetwork, type NetworkStore } from '../networks/network-files.ts';
import {
  decodeLandmarks,
  decodePeople,
  DETECTOR_SIZE,
  detectorAnchors,
  LANDMARK_SIZE,
  LandmarkSmoother,
  regionOf,
  sampleRegion,
  wholeFrame,
  type Frame,
  type Landmark,
  type Region,
} from './blazepose.ts';
import { BLAZEPOSE_JOINTS } from './skeleton.ts';

/** Probability of a body in the region below which tracking is given up. */
const LEAST_PRESENCE = 0.5;

/** What a frame shows. `landmarks`: 33 in pixels, null without a person; `personCount` is known when the detector ran. */
export type PoseResult = { landmarks: Landmark[] | null; personCount: number | null };

/** What pose estimation is asked of: MoveNet and others fit behind it too. */
export interface PoseEstimator extends Disposable {
  readonly joints: readonly string[];
  /** @param frame borrowed. @param atSec time in its video, increasing until {@link reset}. */
  estimate(frame: Frame, atSec: number): Promise<PoseResult>;
  /** Forgets the person that is tracked: a new video, a jump in time. */
  reset(): void;
}

/** See the file header. One person is tracked at a time; another is looked for when it is lost. */
export class BlazePose implements PoseEstimator {
  readonly joints = BLAZEPOSE_JOINTS;
  readonly #detector: LiteNetwork;
  readonly #landmarks: LiteNetwork;
  readonly #anchors = detectorAnchors();
  readonly #smoother = new LandmarkSmoother();
  readonly #crop = new Float32Array(LANDMARK_SIZE * LANDMARK_SIZE * 3);
  readonly #isSmoothed: boolean;
  #region: Region | null = null;

  constructor(detector: LiteNetwork, landmarks: LiteNetwork, isSmoothed = true) {
    this.#detector = detector;
    this.#landmarks = landmarks;
    this.#isSmoothed = isSmoothed;
  }

  /** @throws StudioError `network/absent`, `network/wrong-file`, `network/failed`. */
  static async load(store: NetworkStore, isSmoothed = true): Promise<BlazePose> {
    const [detector, landmarks] = await loadNetwork(store, 'blazepose');
    return BlazePose.fromFiles(new Uint8Array(detector!), new Uint8Array(landmarks!), isSmoothed);
  }

  static async fromFiles(detector: Uint8Array, landmarks: Uint8Array, isSmoothed = true): Promise<BlazePose> {
    const shape = [1, LANDMARK_SIZE, LANDMARK_SIZE, 3];
    return new BlazePose(await LiteNetwork.load(detector), await LiteNetwork.loadFaster(landmarks, shape), isSmoothed);
  }

  reset(): void {
    this.#region = null;
    this.#smoother.reset();
  }

  async #detect(frame: Frame): Promise<{ region: Region | null; personCount: number }> {
    const input = sampleRegion(frame, wholeFrame(frame), DETECTOR_SIZE, -1, 1);
    const outputs = await this.#detector.runAll(input, [1, DETECTOR_SIZE, DETECTOR_SIZE, 3]);
    const boxes = outputs.find((output) => output.length === 2254 * 12)!;
    const scores = outputs.find((output) => output.length === 2254)!;
    const people = decodePeople(boxes, scores, this.#anchors, frame);
    // The most prominent one: large, and not a faint guess.
    const area = ({ box }: (typeof people)[number]) => box.width * box.height;
    const best = people.reduce<(typeof people)[number] | null>(
      (most, person) => (!most || area(person) * person.score > area(most) * most.score ? person : most),
      null,
    );
    return {
      region: best ? regionOf(best.points[0]!, best.points[1]!) : null,
      personCount: people.length,
    };
  }

  async estimate(frame: Frame, atSec: number): Promise<PoseResult> {
    let personCount: number | null = null;
    for (let attempt = 0; attempt < 2; attempt++) {
      const isTracked = this.#region !== null;
      if (!this.#region) {
        const found = await this.#detect(frame);
        personCount = found.personCount;
        this.#region = found.region;
        if (!this.#region) {
          this.#smoother.reset();
          return { landmarks: null, personCount };
        }
      }
      const region: Region = this.#region;
      const input = sampleRegion(frame, region, LANDMARK_SIZE, 0, 1, this.#crop);
      const outputs = await this.#landmarks.runAll(input, [1, LANDMARK_SIZE, LANDMARK_SIZE, 3]);
      const raw = outputs.find((output) => output.length === 195)!;
      const presence = outputs.find((output) => output.length === 1)![0]!;
      const heatmap = outputs.find((output) => output.length === 64 * 64 * 39) ?? null;
      if (presence < LEAST_PRESENCE) {
        this.#region = null;
        this.#smoother.reset();
        // Lost while tracking: look for a person in this very frame.
        if (isTracked) continue;
        return { landmarks: null, personCount };
      }
      const found = decodeLandmarks(raw, heatmap, region);
      const all = this.#isSmoothed ? this.#smoother.push(found, atSec) : found;
      const [centre, scale] = [all[33]!, all[34]!];
      this.#region = regionOf([centre.x, centre.y], [scale.x, scale.y]);
      return { landmarks: all.slice(0, 33), personCount };
    }
    return { landmarks: null, personCount };
  }

  [Symbol.dispose](): void {
    this.#detector[Symbol.dispose]();
    this.#landmarks[Symbol.dispose]();
  }
}
