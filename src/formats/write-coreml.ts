/**
 * Writing graphs as Core ML models (neural network, specification 4: iOS 13, macOS 10.15). Any thread; pure.
 * @see apple/coremltools mlmodel/format/{Model,NeuralNetwork,FeatureTypes,NonMaximumSuppression}.proto (@e0e2f42b) for the field numbers
 */
import { channelsFirst } from './channels-first.ts';
import { samePadding, type Activation, type Graph, type Node, type Value } from './graph.ts';
import { ACTIVATION, LAYER, UNARY } from './coreml-schema.ts';
import { toFloat } from './lower.ts';
import { message, type Message } from './protobuf.ts';

const SPECIFICATION = 4;
const ARRAY = { float32: 65568, double: 65600 } as const;
const RGB = 20;
/** Positions i × in / out. */
const UPSAMPLE_MODE = 2;
/** Arrays keep their rank; pictures have a batch before them. */
const [EXACT_ARRAYS, PICTURES_OF_RANK_4] = [1, 1];

/** What is said of a model. `userDefined`: whatever a program wants to know. */
export type CoremlAbout = {
  description: string;
  version: string;
  author: string;
  licence: string;
  userDefined: Readonly<Record<string, string>>;
};

const weights = (values: ArrayLike<number>) => (m: Message) => m.floats(1, Float32Array.from(values));
const nothing = () => {};

/** Layers of a network. */
class Writer {
  readonly layers: Uint8Array[] = [];
  readonly #graph: Graph;
  readonly #constants = new Set<string>();

  constructor(graph: Graph) {
    this.#graph = graph;
    for (const node of graph.nodes) this.#add(node);
  }

  #layer(kind: number, inputs: readonly string[], output: string, fill: (message: Message) => void = nothing): void {
    this.layers.push(
      message((layer) => {
        layer.text(1, output);
        for (const input of inputs) layer.text(2, input);
        layer.text(3, output).message(kind, fill);
      }),
    );
  }

  /** Name of a value; a constant gets a layer of its own. */
  #name(index: number): string {
    const { name, values, shape } = this.#graph.values[index]!;
    if (values && !this.#constants.has(name)) {
      this.#constants.add(name);
      this.#layer(LAYER.constant, [], name, (m) => m.ints(1, shape).message(2, weights(values)));
    }
    return name;
  }

  #add({ operation, inputs, output }: Node): void {
    const { name, shape } = this.#graph.values[output]!;
    const source = this.#graph.values[inputs[0]!]!.shape;
    const x = () => this.#name(inputs[0]!);
    const all = () => inputs.map((index) => this.#name(index));
    const constant = (place: number) => this.#graph.values[inputs[place]!]!;
    const unary = (type: number, more: (m: Message) => void = nothing) =>
      this.#layer(LAYER.unary, [x()], name, (m) => {
        m.int(1, type);
        more(m);
        m.float(5, 1);
      });
    const clip = (from: string) => this.#layer(LAYER.clip, [from], name, (m) => m.float(1, 0).float(2, 6));
    const rectify = (from: string) =>
      this.#layer(LAYER.activation, [from], name, (m) => m.message(ACTIVATION.relu, nothing));
    const then = (activation: Activation, step: (to: string) => void) => {
      step(activation === 'none' ? name : `${name}/linear`);
      if (activation === 'relu') rectify(`${name}/linear`);
      if (activation === 'relu6') clip(`${name}/linear`);
    };
    const borders = (kernel: readonly number[], strides: readonly [number, number], padding: string) => (m: Message) =>
      m.message(1, (amounts) => {
        for (const i of [0, 1] as const) {
          const [start, end] = padding === 'same' ? samePadding(source[2 + i]!, kernel[i]!, strides[i]) : [0, 0];
          amounts.message(10, (edge) => edge.int(1, start).int(2, end));
        }
      });
    switch (operation.op) {
      case 'conv':
      case 'depthwise': {
        const { shape: kernel, values } = constant(1);
        const [out, inside, height, width] = kernel as [number, number, number, number];
        const { strides, padding } = operation;
        then(operation.activation, (to) =>
          this.#layer(LAYER.convolution, [x()], to, (m) =>
            m
              .int(1, out)
              .int(2, inside)
              .int(10, operation.op === 'conv' ? 1 : out)
              .ints(20, [height, width])
              .ints(30, strides)
              .ints(40, [1, 1])
              .message(50, borders([height, width], strides, padding))
              .bool(70, true)
              .message(90, weights(values!))
              .message(91, weights(constant(2).values!)),
          ),
        );
        return;
      }
      case 'dense': {
        const { shape: kernel, values } = constant(1);
        const [out, inside] = kernel as [number, number];
        const isFlat = source.length <= 2;
        then(operation.activation, (to) =>
          this.#layer(isFlat ? LAYER.innerProduct : LAYER.matrixProduct, [x()], to, (m) => {
            if (isFlat) m.int(1, inside).int(2, out).bool(10, true).message(20, weights(values!));
            // Stored by columns of [in, out], which is [out, in] by rows.
            else m.int(5, inside).int(6, out).bool(7, true).message(8, weights(values!));
            m.message(isFlat ? 21 : 9, weights(constant(2).values!));
          }),
        );
        return;
      }
      case 'add':
      case 'sub':
      case 'mul':
      case 'div':
      case 'max':
      case 'min':
        return this.#layer(LAYER[operation.op], all(), name);
      case 'relu':
        return rectify(x());
      case 'relu6':
        return clip(x());
      case 'sigmoid':
        return this.#layer(LAYER.activation, [x()], name, (m) => m.message(ACTIVATION.sigmoid, nothing));
      case 'exp':
        return unary(UNARY.exp);
      case 'log':
        return unary(UNARY.log, (m) => m.float(3, 1e-30));
      case 'sqrt':
        return unary(UNARY.sqrt);
      case 'square':
        return unary(UNARY.power, (m) => m.float(2, 2));
      case 'round':
        return this.#layer(LAYER.round, [x()], name);
      case 'softmax':
        return this.#layer(LAYER.softmax, [x()], name, (m) => m.int(1, -1));
      case 'gather':
        return this.#layer(LAYER.gather, all(), name, (m) => m.int(1, 0));
      case 'reduce': {
        const kind = { mean: LAYER.reduceMean, max: LAYER.reduceMax, sum: LAYER.reduceSum }[operation.how];
        return this.#layer(kind, [x()], name, (m) => m.ints(1, operation.axes).bool(2, operation.keepDims));
      }
      case 'pool': {
        const { size, strides, padding, how } = operation;
        return this.#layer(LAYER.pooling, [x()], name, (m) =>
          m
            .int(1, how === 'max' ? 0 : 1)
            .ints(10, size)
            .ints(20, strides)
            .message(30, borders(size, strides, padding))
            .bool(50, true),
        );
      }
      case 'concat':
        return this.#layer(LAYER.concat, all(), name, (m) => m.int(1, operation.axis));
      case 'reshape':
        return this.#layer(LAYER.reshape, [x()], name, (m) => m.ints(1, shape));
      case 'transpose':
        return this.#layer(LAYER.transpose, [x()], name, (m) => m.ints(1, operation.permutation));
      case 'pad': {
        const amounts = operation.before.flatMap((before, i) => [before, operation.after[i]!]);
        return this.#layer(LAYER.pad, [x()], name, (m) => m.float(1, 0).ints(2, amounts));
      }
      case 'slice': {
        const { begin, size } = operation;
        const no = begin.map(() => 0);
        const end = begin.map((from, i) => from + size[i]!);
        const ones = begin.map(() => 1);
        return this.#layer(LAYER.slice, [x()], name, (m) =>
          m.ints(1, begin).ints(2, no).ints(3, end).ints(4, no).ints(5, ones).ints(6, no),
        );
      }
      case 'resize':
        return this.#layer(LAYER.resizeBilinear, [x()], name, (m) =>
          m.ints(1, operation.size).message(2, (mode) => mode.int(1, UPSAMPLE_MODE)),
        );
      case 'magnitude':
      case 'quantise':
      case 'dequantise':
        throw new Error(`${operation.op} is lowered before`);
    }
  }
}

type Feature = (message: Message) => void;
const array =
  (shape: readonly number[], type: number = ARRAY.double): Feature =>
  (m) =>
    m.message(5, (a) => a.ints(1, shape).int(2, type));
const picture =
  (width: number, height: number): Feature =>
  (m) =>
    m.message(4, (p) => p.int(1, width).int(2, height).int(3, RGB));
const words: Feature = (m) => m.message(3, nothing);
const scores: Feature = (m) => m.message(6, (d) => d.message(2, nothing));
const optionalNumber: Feature = (m) => m.message(2, nothing).bool(1000, true);
/** Any number of rows. */
const rows =
  (width: number): Feature =>
  (m) =>
    m.message(5, (a) =>
      a.int(2, ARRAY.double).message(31, (range) => {
        range.message(1, (size) => size.int(1, 0).int(2, -1));
        range.message(1, (size) => size.int(1, width).int(2, width));
      }),
    );

const feature = (name: string, about: string, type: Feature) => (m: Message) =>
  m.text(1, name).text(2, about).message(3, type);

const tell = (about: CoremlAbout) => (m: Message) => {
  m.text(1, about.description).text(2, about.version).text(3, about.author).text(4, about.licence);
  for (const [key, value] of Object.entries(about.userDefined)) m.entry(100, key, value);
};

/** An input as its device gives it: maps of three channels are pictures. */
function inputOf(graph: Graph, about: string) {
  const { name, shape } = graph.values[graph.inputs[0]!]!;
  const isPicture = shape.length === 4 && shape[1] === 3;
  return feature(name, about, isPicture ? picture(shape[3]!, shape[2]!) : array(shape, ARRAY.float32));
}

const network = (graph: Graph) => (m: Message) => {
  for (const layer of new Writer(graph).layers) m.bytes(1, layer);
  m.int(5, EXACT_ARRAYS).int(6, PICTURES_OF_RANK_4);
};

const prepare = (graph: Graph): Graph => {
  const { inputs, values } = graph;
  const { shape } = values[inputs[0]!]!;
  return channelsFirst(toFloat(graph, true), shape.length === 4 && shape[3] === 3);
};

/** Version of the whole, and what follows. */
const model = (fill: (m: Message) => void) => message((m) => fill(m.int(1, SPECIFICATION)));

/**
 * A classifier: `classLabel`, and `classLabelProbs` by label. Its graph has one output, of scores.
 * @param isPipeline inside a pipeline of one, as sound classifiers are (turicreate, sound_classifier.py).
 */
export function writeCoremlClassifier(
  given: Graph,
  labels: readonly string[],
  about: CoremlAbout,
  inputAbout: string,
  isPipeline = false,
): Uint8Array<ArrayBuffer> {
  const graph = prepare(given);
  const score = graph.values[graph.outputs[0]!]!.name;
  const describe = (m: Message, withMore: boolean) =>
    m.message(2, (d) => {
      d.message(1, inputOf(graph, inputAbout));
      d.message(10, feature('classLabel', 'The most likely class', words));
      d.message(10, feature('classLabelProbs', 'The score of each class, 0 to 1', scores));
      d.text(11, 'classLabel').text(12, 'classLabelProbs');
      if (withMore) d.message(100, tell(about));
    });
  const classifier = (m: Message) =>
    m.message(403, (n) => {
      network(graph)(n);
      n.message(100, (list) => labels.forEach((label) => list.text(1, label)));
      n.text(200, score);
    });
  if (!isPipeline) return model((m) => classifier(describe(m, true)));
  const inner = model((m) => classifier(describe(m, false)));
  return model((m) =>
    describe(m, true).message(200, (p) => p.message(1, (list) => list.bytes(1, inner).text(2, 'classifier'))),
  );
}

/** Which boxes stay: see Core ML's non-maximum suppression. */
export type CoremlSuppression = { overlap: number; leastScore: number };

/**
 * A detector as Vision takes it: `confidence` [boxes, classes] and `coordinates` [boxes, 4] (middle x and y, width, height, in ratios), after suppression by class.
 * @param given its outputs are `raw_confidence` [cells, classes] and `raw_coordinates` [cells, 4].
 */
export function writeCoremlDetector(
  given: Graph,
  labels: readonly string[],
  about: CoremlAbout,
  inputAbout: string,
  { overlap, leastScore }: CoremlSuppression,
): Uint8Array<ArrayBuffer> {
  const graph = prepare(given);
  const raw = graph.outputs.map((at): Value => graph.values[at]!);
  const rawFeatures = raw.map(({ name, shape }) => feature(name, '', array(shape)));
  const found = [
    feature('confidence', 'Boxes × classes: the score of each class, 0 to 1', rows(labels.length)),
    feature('coordinates', 'Boxes × 4: middle x, middle y, width, height, in ratios of the picture', rows(4)),
  ];
  const limits = [
    feature('iouThreshold', `Boxes of a class that share more are one (default ${overlap})`, optionalNumber),
    feature('confidenceThreshold', `Least score of a box (default ${leastScore})`, optionalNumber),
  ];
  const detector = model((m) =>
    m
      .message(2, (d) => {
        d.message(1, inputOf(graph, inputAbout));
        for (const one of rawFeatures) d.message(10, one);
      })
      .message(500, network(graph)),
  );
  const suppression = model((m) =>
    m
      .message(2, (d) => {
        for (const one of [...rawFeatures, ...limits]) d.message(1, one);
        for (const one of found) d.message(10, one);
      })
      .message(610, (n) =>
        n
          .message(1, (pick) => pick.bool(1, true))
          .message(100, (list) => labels.forEach((label) => list.text(1, label)))
          .double(110, overlap)
          .double(111, leastScore)
          .text(200, raw[0]!.name)
          .text(201, raw[1]!.name)
          .text(202, 'iouThreshold')
          .text(203, 'confidenceThreshold')
          .text(210, 'confidence')
          .text(211, 'coordinates'),
      ),
  );
  return model((m) =>
    m
      .message(2, (d) => {
        for (const one of [inputOf(graph, inputAbout), ...limits]) d.message(1, one);
        for (const one of found) d.message(10, one);
        d.message(100, tell(about));
      })
      .message(202, (p) => p.bytes(1, detector).bytes(1, suppression).text(2, 'detector').text(2, 'suppression')),
  );
}
