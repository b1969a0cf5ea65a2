/**
 * The arithmetic of BlazePose around its two networks: anchors, decoding, regions of interest, projection, smoothing. Any thread; pure. A port of the
 * published pipeline (MediaPipe `pose_landmark_cpu.pbtxt`; `@tensorflow-models/pose-detection` 2.1.3, blazepose_tfjs), in pixels.
 */

/** A frame's pixels, RGBA. */
export type Frame = { width: number; height: number; data: Uint8ClampedArray };
/** A square region: centre and side in pixels, rotation in radians. */
export type Region = { x: number; y: number; size: number; rotation: number };
/** A person found by the detector; `points`: centre between the hips, and a point that gives size and direction. Pixels. */
export type Person = {
  score: number;
  box: { x: number; y: number; width: number; height: number };
  points: [number, number][];
};
/** A landmark in pixels, visibility 0..1. */
export type Landmark = { x: number; y: number; z: number; visibility: number };

/** Sides of the networks' square inputs, in pixels. */
export const DETECTOR_SIZE = 224;
/** See {@link DETECTOR_SIZE}. */
export const LANDMARK_SIZE = 256;
const LEAST_SCORE = 0.5;
const SUPPRESSION_IOU = 0.3;
/** Values per box: centre, size, four points. */
const BOX_VALUES = 12;
const JOINTS = 33;
const WITH_AUXILIARY = 35;

/** Centres of the detector's 2254 anchors, 0..1 (ssd_anchors_calculator, strides 8, 16, 32, 32, 32, two per cell and layer). */
export function detectorAnchors(): Float32Array {
  const centres: number[] = [];
  for (const { stride, perCell } of [
    { stride: 8, perCell: 2 },
    { stride: 16, perCell: 2 },
    { stride: 32, perCell: 6 },
  ]) {
    const cells = DETECTOR_SIZE / stride;
    for (let y = 0; y < cells; y++)
      for (let x = 0; x < cells; x++)
        for (let i = 0; i < perCell; i++) centres.push((x + 0.5) / cells, (y + 0.5) / cells);
  }
  return Float32Array.from(centres);
}

const RED_BLUE = 0xff00ff;
const HALF = 0x800080;
/** Keeps positions before the frame positive, so that cutting off fractions rounds them down. */
const FAR = 16_384;

/**
 * Samples a region of a frame, bilinear, black outside. @returns `out`: RGB, shape [size, size, 3], `low` for 0 and `high` for 255.
 */
export function sampleRegion(
  frame: Frame,
  region: Region,
  size: number,
  low: number,
  high: number,
  out = new Float32Array(size * size * 3),
): Float32Array {
  const { data, width, height } = frame;
  const step = region.size / size;
  const cos = Math.cos(region.rotation) * step;
  const sin = Math.sin(region.rotation) * step;
  const factor = (high - low) / 255;
  const half = size / 2;
  // Little endian, as every browser's machine is: red is the lowest byte.
  const pixels = new Int32Array(data.buffer, data.byteOffset, width * height);
  let to = 0;
  for (let v = 0; v < size; v++) {
    const dv = v + 0.5 - half;
    const startX = region.x - 0.5 + cos * (0.5 - half) - sin * dv + FAR;
    const startY = region.y - 0.5 + sin * (0.5 - half) + cos * dv + FAR;
    for (let u = 0; u < size; u++, to += 3) {
      // Positions and weights in 256ths, red and blue of a pixel in one product: twice as fast as fractions.
      const x = ((startX + cos * u) * 256) | 0;
      const y = ((startY + sin * u) * 256) | 0;
      const x0 = (x >> 8) - FAR;
      const y0 = (y >> 8) - FAR;
      if (x0 < -1 || y0 < -1 || x0 >= width || y0 >= height) {
        out[to] = out[to + 1] = out[to + 2] = low;
        continue;
      }
      const at = y0 * width + x0;
      let p00 = 0;
      let p10 = 0;
      let p01 = 0;
      let p11 = 0;
      // Nearly all pixels lie inside.
      if (x0 >= 0 && y0 >= 0 && x0 < width - 1 && y0 < height - 1) {
        p00 = pixels[at]!;
        p10 = pixels[at + 1]!;
        p01 = pixels[at + width]!;
        p11 = pixels[at + width + 1]!;
      } else {
        if (x0 >= 0 && y0 >= 0) p00 = pixels[at]!;
        if (x0 < width - 1 && y0 >= 0) p10 = pixels[at + 1]!;
        if (x0 >= 0 && y0 < height - 1) p01 = pixels[at + width]!;
        if (x0 < width - 1 && y0 < height - 1) p11 = pixels[at + width + 1]!;
      }
      const ix = x & 255;
      const iy = y & 255;
      const w11 = (ix * iy) >> 8;
      const w10 = ix - w11;
      const w01 = iy - w11;
      const w00 = 256 - ix - w01;
      const redBlue =
        (((Math.imul(p00 & RED_BLUE, w00) + Math.imul(p10 & RED_BLUE, w10)) | 0) +
          ((Math.imul(p01 & RED_BLUE, w01) + Math.imul(p11 & RED_BLUE, w11) + HALF) | 0)) >>>
        8;
      const green =
        (Math.imul((p00 >>> 8) & 255, w00) +
          Math.imul((p10 >>> 8) & 255, w10) +
          Math.imul((p01 >>> 8) & 255, w01) +
          Math.imul((p11 >>> 8) & 255, w11)) |
        0;
      out[to] = low + factor * (redBlue & 255);
      out[to + 1] = low + (factor / 256) * green;
      out[to + 2] = low + factor * ((redBlue >>> 16) & 255);
    }
  }
  return out;
}

/** The whole frame in a square, as the detector sees it. */
export const wholeFrame = ({ width, height }: Frame): Region => ({
  x: width / 2,
  y: height / 2,
  size: Math.max(width, height),
  rotation: 0,
});

const sigmoid = (value: number) => 1 / (1 + Math.exp(-Math.max(-100, Math.min(100, value))));

function iou(a: Person['box'], b: Person['box']): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  return (width * height) / (a.width * a.height + b.width * b.height - width * height);
}

/**
 * People in a frame, best first.
 * @param boxes shape [2254, 12], @param scores shape [2254], raw outputs of the detector on {@link wholeFrame}.
 */
export function decodePeople(
  boxes: Float32Array,
  scores: Float32Array,
  anchors: Float32Array,
  frame: { width: number; height: number },
): Person[] {
  const side = Math.max(frame.width, frame.height);
  const left = (frame.width - side) / 2;
  const top = (frame.height - side) / 2;
  const found: Person[] = [];
  for (let i = 0; i < scores.length; i++) {
    const score = sigmoid(scores[i]!);
    if (score < LEAST_SCORE) continue;
    const at = i * BOX_VALUES;
    const toX = (value: number) => left + (value / DETECTOR_SIZE + anchors[2 * i]!) * side;
    const toY = (value: number) => top + (value / DETECTOR_SIZE + anchors[2 * i + 1]!) * side;
    const width = (boxes[at + 2]! / DETECTOR_SIZE) * side;
    const height = (boxes[at + 3]! / DETECTOR_SIZE) * side;
    const points = [0, 1].map((k): [number, number] => [toX(boxes[at + 4 + 2 * k]!), toY(boxes[at + 5 + 2 * k]!)]);
    found.push({
      score,
      box: { x: toX(boxes[at]!) - width / 2, y: toY(boxes[at + 1]!) - height / 2, width, height },
      points,
    });
  }
  found.sort((a, b) => b.score - a.score);
  // Weighted suppression, as the reference does: a person is the mean of the boxes that overlap, by their scores.
  const kept: Person[] = [];
  for (let rest = found; rest.length > 0;) {
    const best = rest[0]!;
    const same = rest.filter((other) => other === best || iou(other.box, best.box) > SUPPRESSION_IOU);
    rest = rest.filter((other) => !same.includes(other));
    const total = same.reduce((sum, { score }) => sum + score, 0);
    const mean = (pick: (person: Person) => number) =>
      same.reduce((sum, person) => sum + person.score * pick(person), 0) / total;
    kept.push({
      score: best.score,
      box: {
        x: mean(({ box }) => box.x),
        y: mean(({ box }) => box.y),
        width: mean(({ box }) => box.width),
        height: mean(({ box }) => box.height),
      },
      points: best.points.map((_, k): [number, number] => [
        mean(({ points }) => points[k]![0]),
        mean(({ points }) => points[k]![1]),
      ]),
    });
  }
  return kept;
}

/** Region around a body from its centre and the point that gives size and direction (rotation to upright, 1.25 times as large). */
export function regionOf(centre: readonly [number, number], scale: readonly [number, number]): Region {
  const dx = scale[0] - centre[0];
  const dy = scale[1] - centre[1];
  const angle = Math.PI / 2 - Math.atan2(-dy, dx);
  return {
    x: centre[0],
    y: centre[1],
    size: 2 * Math.hypot(dx, dy) * 1.25,
    rotation: angle - 2 * Math.PI * Math.floor((angle + Math.PI) / (2 * Math.PI)),
  };
}

/**
 * Landmarks in pixels of the frame: 33 of the body, then the two that give the next region.
 * @param raw shape [39, 5]: x, y, z in pixels of the crop, visibility, presence. @param heatmap shape [64, 64, 39].
 */
export function decodeLandmarks(raw: Float32Array, heatmap: Float32Array | null, region: Region): Landmark[] {
  const cos = Math.cos(region.rotation);
  const sin = Math.sin(region.rotation);
  return Array.from({ length: WITH_AUXILIARY }, (_, i) => {
    const at = i * 5;
    let u = raw[at]! / LANDMARK_SIZE;
    let v = raw[at + 1]! / LANDMARK_SIZE;
    if (heatmap) [u, v] = refine(heatmap, i, u, v);
    const du = u - 0.5;
    const dv = v - 0.5;
    return {
      x: region.x + (cos * du - sin * dv) * region.size,
      y: region.y + (sin * du + cos * dv) * region.size,
      z: (raw[at + 2]! / LANDMARK_SIZE) * region.size,
      visibility: sigmoid(raw[at + 3]!),
    };
  });
}

/** Moves a landmark to the centre of its heat (refine_landmarks_from_heatmap, kernel 7, least confidence 0.5). */
function refine(heatmap: Float32Array, index: number, x: number, y: number): [number, number] {
  const side = 64;
  const channels = heatmap.length / (side * side);
  const column = Math.trunc(x * side);
  const row = Math.trunc(y * side);
  if (column < 0 || column >= side || row < 0 || row >= side) return [x, y];
  let sum = 0;
  let sumX = 0;
  let sumY = 0;
  let most = 0;
  for (let r = Math.max(0, row - 3); r < Math.min(side, row + 4); r++)
    for (let c = Math.max(0, column - 3); c < Math.min(side, column + 4); c++) {
      const confidence = sigmoid(heatmap[(r * side + c) * channels + index]!);
      sum += confidence;
      most = Math.max(most, confidence);
      sumX += c * confidence;
      sumY += r * confidence;
    }
  return most >= 0.5 && sum > 0 ? [sumX / side / sum, sumY / side / sum] : [x, y];
}

/** Low-pass filter whose cutoff follows the speed (Casiez et al. 2012, one euro filter). */
class OneEuro {
  #value = NaN;
  #raw = 0;
  #speed = NaN;
  next(value: number, frequency: number, valueScale: number, minCutoff: number, beta: number): number {
    const alpha = (cutoff: number) => 1 / (1 + frequency / (2 * Math.PI * cutoff));
    const change = Number.isNaN(this.#value) ? 0 : (value - this.#raw) * valueScale * frequency;
    const slow = alpha(1);
    this.#speed = Number.isNaN(this.#speed) ? change : slow * change + (1 - slow) * this.#speed;
    const fast = alpha(minCutoff + beta * Math.abs(this.#speed));
    this.#raw = value;
    this.#value = Number.isNaN(this.#value) ? value : fast * value + (1 - fast) * this.#value;
    return this.#value;
  }
}

/** Smooths landmarks over time as the reference does: the two that steer the region more than the rest. One per person and video. */
export class LandmarkSmoother {
  #filters: { x: OneEuro; y: OneEuro; z: OneEuro; visibility: number }[] = [];
  #lastSec = NaN;

  reset(): void {
    this.#filters = [];
    this.#lastSec = NaN;
  }

  /** @param landmarks of {@link decodeLandmarks}. @param atSec increasing. */
  push(landmarks: readonly Landmark[], atSec: number): Landmark[] {
    const frequency = Number.isNaN(this.#lastSec) || atSec <= this.#lastSec ? 30 : 1 / (atSec - this.#lastSec);
    this.#lastSec = atSec;
    const [centre, scale] = [landmarks[JOINTS]!, landmarks[JOINTS + 1]!];
    const objectSize = regionOf([centre.x, centre.y], [scale.x, scale.y]).size / 1.25;
    const valueScale = objectSize < 1e-6 ? 1 : 1 / objectSize;
    return landmarks.map((landmark, i) => {
      const isBody = i < JOINTS;
      const filter = (this.#filters[i] ??= {
        x: new OneEuro(),
        y: new OneEuro(),
        z: new OneEuro(),
        visibility: landmark.visibility,
      });
      filter.visibility = 0.1 * landmark.visibility + 0.9 * filter.visibility;
      const smooth = (one: OneEuro, value: number) =>
        one.next(value, frequency, valueScale, isBody ? 0.05 : 0.01, isBody ? 80 : 10);
      return {
        x: smooth(filter.x, landmark.x),
        y: smooth(filter.y, landmark.y),
        z: smooth(filter.z, landmark.z),
        visibility: filter.visibility,
      };
    });
  }
}
