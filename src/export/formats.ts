/** The formats themselves: each says what it cannot hold, and writes its file from the graph. Worker thread. */
import type { Answering } from '../domain/answering.ts';
import type { Calibration } from '../domain/calibration.ts';
import type { ModelArtifact } from '../domain/model.ts';
import {
  GraphBuilder,
  insert,
  quantiseWeights,
  writeCoremlClassifier,
  writeCoremlDetector,
  writeMediapipe,
  writeOnnx,
  type CoremlAbout,
  type Graph,
} from '../formats/index.ts';
import { DESCRIPTION, NMS_OVERLAP } from '../model/jobs.ts';
import { describeModel, type ModelAbout } from './bundle.ts';
import type { FormatId } from './forms.ts';
import { HEAD, type Head } from './head.ts';
import { GOLDEN, withEightBits, type Golden } from './golden.ts';
import type { BundleSlot } from './slot.ts';

/** What is exported. `golden`: a pair to check a port with; `head`: what opens a file again, null where it cannot. */
export type Subject = {
  slot: BundleSlot;
  artifact: ModelArtifact;
  about: ModelAbout;
  calibration: Calibration | null;
  answering: Answering;
  generatedBy: string;
  golden: Golden;
  head: Head | null;
};

/** Temperature that a graph divides its logits by. */
export const temperatureOf = ({ calibration }: Pick<Subject, 'calibration'>): number =>
  calibration?.isOn ? calibration.temperature : 1;

/** What the file says of its own input, beside {@link describeModel}. */
function tell(subject: Subject, graph: Graph): string {
  const { slot, artifact, calibration, answering } = subject;
  const port = (at: number) => {
    const { name, shape, type } = graph.values[at]!;
    return { name, shape, type };
  };
  const { about } = slot.graphInput(artifact.preprocessing);
  const ports = {
    inputs: graph.inputs.map((at) => ({ ...port(at), about })),
    outputs: graph.outputs.map(port),
    temperature: temperatureOf(subject),
  };
  return JSON.stringify(describeModel(slot, artifact, calibration, answering, ports));
}

/** What every file carries inside, by name. */
const carried = (subject: Subject, graph: Graph) => ({
  [DESCRIPTION]: tell(subject, graph),
  [GOLDEN]: JSON.stringify(subject.golden),
  ...(subject.head ? { [HEAD]: JSON.stringify(subject.head) } : {}),
});

const labelsOf = ({ artifact }: Subject): string[] => artifact.classes.map((label) => label.name);
const descriptionOf = ({ about, slot }: Subject): string =>
  about.description || `${slot.what} trained with Understudy.`;

function toTflite(subject: Subject, graph: Graph): Promise<Uint8Array<ArrayBuffer>> {
  const { about, slot, artifact, generatedBy } = subject;
  const { input, about: inputAbout } = slot.graphInput(artifact.preprocessing);
  const { name, author, licence } = about;
  return writeMediapipe(
    graph,
    labelsOf(subject),
    { name, description: descriptionOf(subject), version: about.version || generatedBy, author, licence },
    input,
    inputAbout,
    carried(subject, graph),
  );
}

function toOnnx(subject: Subject, graph: Graph): Uint8Array<ArrayBuffer> {
  const { about, generatedBy } = subject;
  const [producer, version = ''] = generatedBy.split(' ') as [string, string?];
  return writeOnnx(graph, {
    producer,
    version,
    about: descriptionOf(subject),
    metadata: {
      name: about.name,
      author: about.author,
      licence: about.licence,
      version: about.version,
      labels: JSON.stringify(labelsOf(subject)),
      ...carried(subject, graph),
    },
  });
}

/** Boxes of one class that share more are one object, as in the app; whoever uses the file may ask for other limits. */
const SUPPRESSION = { overlap: NMS_OVERLAP, leastScore: 0.3 };

/** The outputs of a detector as Core ML's suppression takes them. */
function forVision(graph: Graph): Graph {
  const builder = new GraphBuilder();
  const input = graph.values[graph.inputs[0]!]!;
  const given = builder.input(input.name, input.shape, input.type, input.quantisation);
  const places = insert(builder, graph, [given]);
  const place = (name: string) => places.get(graph.outputs.find((at) => graph.values[at]!.name === name)!)!;
  const [location, score] = [place('location'), place('score')];
  // Middle y, middle x, height, width to middle x, middle y, width, height.
  const swap = Float32Array.of(0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0);
  const flat = (at: number) => builder.reshape(at, builder.value(at).shape.slice(1));
  const turned = builder.dense(
    flat(location),
    builder.constant(swap, [4, 4], 'swap'),
    builder.constant(new Float32Array(4), [4], 'none'),
  );
  return builder.graph(graph.name, { raw_confidence: flat(score), raw_coordinates: turned });
}

function toCoreml(subject: Subject, graph: Graph): Uint8Array<ArrayBuffer> {
  const { about, slot, artifact, generatedBy } = subject;
  const { input, about: inputAbout } = slot.graphInput(artifact.preprocessing);
  const said: CoremlAbout = {
    description: descriptionOf(subject),
    version: about.version || generatedBy,
    author: about.author,
    licence: about.licence,
    userDefined: {
      ...(input.kind === 'audio' ? { sampleRate: String(input.sampleRateHz) } : {}),
      ...carried(subject, graph),
    },
  };
  return graph.outputs.length > 1
    ? writeCoremlDetector(forVision(graph), labelsOf(subject), said, inputAbout, SUPPRESSION)
    : writeCoremlClassifier(graph, labelsOf(subject), said, inputAbout, input.kind === 'audio');
}

/** Writers of the formats that hold one graph. @throws FormatError. */
export const WRITERS: Record<
  Exclude<FormatId, 'tfjs' | 'html' | 'teachable'>,
  (subject: Subject, graph: Graph) => Promise<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer>
> = {
  tflite: toTflite,
  'tflite-int8': (subject, graph) =>
    toTflite({ ...subject, golden: withEightBits(subject.golden) }, quantiseWeights(graph)),
  onnx: toOnnx,
  coreml: toCoreml,
};
