/** SSD-MobileNetV1 as it is: boxes of 90 everyday things (COCO), for proposals. Worker thread. */
import { clipRect, type Detection, nameOnce, suppressOverlaps } from '../../domain/boxes.ts';
import { StudioError } from '../../kernel/errors.ts';
import { LiteNetwork } from '../networks/litert.ts';
import { loadNetwork, type NetworkStore } from '../networks/network-files.ts';
import { readLabels, TfliteGraph } from '../networks/tflite.ts';
import { plainView, ViewPainter } from './views.ts';

const PIXELS = 300;
const ANCHORS = 1917;
/** Scores with the background first. */
const SCORES = 91;
/** Variances of the box coder (`faster_rcnn_box_coder` of the TensorFlow object detection models). */
const [CENTRE_SCALE, SIZE_SCALE] = [10, 5];

const wrong = (reason: string) =>
  new StudioError('network/wrong-file', { message: `This file is not SSD MobileNet: ${reason}.` });

/** See the file header. */
export class KnownObjects implements Disposable {
  /** Names of the classes; some numbers of COCO have none. */
  readonly labels: readonly string[];
  readonly #network: LiteNetwork;
  readonly #anchors: Float32Array;
  readonly #box: { scale: number; zero: number };
  readonly #painter = new ViewPainter(PIXELS);

  private constructor(
    network: LiteNetwork,
    labels: readonly string[],
    anchors: Float32Array,
    box: { scale: number; zero: number },
  ) {
    this.#network = network;
    this.labels = labels;
    this.#anchors = anchors;
    this.#box = box;
  }

  /** The last operator, which no runtime but its own knows, is cut off; what it does is done here. @throws StudioError `network/…`. */
  static async load(store: NetworkStore): Promise<KnownObjects> {
    const [file] = await loadNetwork(store, 'ssd-mobilenet');
    const graph = new TfliteGraph(file!);
    const operators = graph.operators();
    const [boxes, scores, anchors] = operators.at(-1)!.inputs.map((index) => graph.tensor(index));
    if (boxes?.shape.join() !== `1,${ANCHORS},4` || scores?.shape.join() !== `1,${ANCHORS},${SCORES}` || !anchors)
      throw wrong('it has other outputs');
    const labels = readLabels(file!, 'labelmap.txt');
    if (!labels) throw wrong('it has no list of classes');
    const scale = anchors.quantisation.scales[0]!;
    const zero = anchors.quantisation.zeroPoints[0]!;
    const values = Float32Array.from(graph.content(anchors), (value) => (value - zero) * scale);
    graph.keepOperators(operators.length - 1);
    graph.setOutputs([boxes.index, scores.index]);
    return new KnownObjects(
      await LiteNetwork.load(graph.bytes),
      Array.from({ length: SCORES - 1 }, (_, i) => labels[i]?.trim() || '???'),
      values,
      { scale: boxes.quantisation.scales[0]!, zero: boxes.quantisation.zeroPoints[0]! },
    );
  }

  /** @param picture borrowed. @returns best first, in ratios of the picture. */
  async detect(picture: ImageBitmap | OffscreenCanvas, leastScore = 0.4): Promise<Detection[]> {
    const rgb = this.#painter.paint(picture, plainView({ x: 0, y: 0, width: 1, height: 1 }));
    const outputs = await this.#network.runBytes(rgb, [1, PIXELS, PIXELS, 3]);
    const boxes = outputs.find(({ length }) => length === ANCHORS * 4)!;
    const scores = outputs.find(({ length }) => length === ANCHORS * SCORES)!;
    const found: Detection[] = [];
    for (let a = 0; a < ANCHORS; a++) {
      for (let c = 1; c < SCORES; c++) {
        const score = scores[a * SCORES + c]! / 256;
        if (score < leastScore || this.labels[c - 1] === '???') continue;
        const value = (i: number) => (boxes[a * 4 + i]! - this.#box.zero) * this.#box.scale;
        const anchor = (i: number) => this.#anchors[a * 4 + i]!;
        const [y, x] = [
          (value(0) / CENTRE_SCALE) * anchor(2) + anchor(0),
          (value(1) / CENTRE_SCALE) * anchor(3) + anchor(1),
        ];
        const [height, width] = [
          Math.exp(value(2) / SIZE_SCALE) * anchor(2),
          Math.exp(value(3) / SIZE_SCALE) * anchor(3),
        ];
        const rect = clipRect({ x: x - width / 2, y: y - height / 2, width, height });
        if (rect) found.push({ ...rect, classIndex: c - 1, score });
      }
    }
    return nameOnce(suppressOverlaps(found, 0.6, 100));
  }

  [Symbol.dispose](): void {
    this.#network[Symbol.dispose]();
  }
}
