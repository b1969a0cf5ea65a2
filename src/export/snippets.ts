/** A few lines of code that use an exported file, for people to copy. Any thread; pure. Those in Python are run by `npm run test:python`. */
import type { FormatId } from './forms.ts';
import type { GraphInput } from './slot.ts';

/** What a snippet is about: the file's input, its classes, whether it finds boxes. */
export type SnippetSubject = { given: GraphInput; labels: readonly string[]; isDetector: boolean };

const list = (labels: readonly string[]): string => JSON.stringify(labels);

/** An input to try it with, in Python. */
function blank({ given }: SnippetSubject, type: string): string {
  return `# ${given.about}\nvalues = np.zeros((${given.shape.join(', ')}${given.shape.length === 1 ? ',' : ''}), np.${type})`;
}

/** What is printed of the outputs, in Python. @param get gives an output by name. */
function answers({ isDetector }: SnippetSubject, get: (name: string) => string): string {
  if (!isDetector) return `scores = ${get('scores')}[0]\nprint(dict(zip(labels, scores)))`;
  return `boxes, scores = ${get('location')}[0], ${get('score')}[0]
best = scores.max(axis=1).argmax()  # boxes still cover each other: apply non-maximum suppression
print(labels[scores[best].argmax()], scores[best].max(), 'y, x, height, width:', boxes[best])`;
}

function inLiteRt(subject: SnippetSubject, file: string): string {
  return `import numpy as np
from ai_edge_litert.interpreter import Interpreter

labels = ${list(subject.labels)}
${blank(subject, subject.given.isBytes ? 'uint8' : 'float32')}
model = Interpreter('${file}')
model.allocate_tensors()
model.set_tensor(model.get_input_details()[0]['index'], values)
model.invoke()
outputs = {o['name']: model.get_tensor(o['index']) for o in model.get_output_details()}
${answers(subject, (name) => `outputs['${name}']`)}`;
}

function inOnnxRuntime(subject: SnippetSubject, file: string): string {
  return `import numpy as np
import onnxruntime

labels = ${list(subject.labels)}
${blank(subject, 'float32')}
model = onnxruntime.InferenceSession('${file}')
names = [o.name for o in model.get_outputs()]
outputs = dict(zip(names, model.run(names, {model.get_inputs()[0].name: values})))
${answers(subject, (name) => `outputs['${name}']`)}`;
}

function inSwift({ given }: SnippetSubject, file: string): string {
  const load = `let url = Bundle.main.url(forResource: "${file.replace(/\.mlmodel$/, '')}", withExtension: "mlmodelc")!
let model = try MLModel(contentsOf: url)`;
  if (given.input.kind === 'audio')
    return `import CoreML
import SoundAnalysis

// Drag ${file} into Xcode first.
${load}
let request = try SNClassifySoundRequest(mlModel: model)
// Give it to an SNAudioStreamAnalyzer or SNAudioFileAnalyzer with your SNResultsObserving.`;
  if (given.input.kind === 'image')
    return `import CoreML
import Vision

// Drag ${file} into Xcode first.
${load}
let request = VNCoreMLRequest(model: try VNCoreMLModel(for: model)) { request, _ in
  print(request.results ?? [])
}
request.imageCropAndScaleOption = .scaleFill
// try VNImageRequestHandler(cgImage: yourImage).perform([request])`;
  return `import CoreML

// Drag ${file} into Xcode first. Input: ${given.about}
${load}
let values = try MLMultiArray(shape: [${given.shape.join(', ')}], dataType: .float32)
let input = try MLDictionaryFeatureProvider(dictionary: ["landmarks": values])
print(try model.prediction(from: input).featureValue(for: "classLabel")?.stringValue ?? "")`;
}

/** The lines for a format whose file has the whole network in it. @param file its name. */
export function snippetOf(
  id: Exclude<FormatId, 'tfjs' | 'html' | 'teachable'>,
  subject: SnippetSubject,
  file: string,
): string {
  if (id === 'onnx') return inOnnxRuntime(subject, file);
  return id === 'coreml' ? inSwift(subject, file) : inLiteRt(subject, file);
}

/** What is done with the files of the other formats. @param base their name without its ending. */
export const handOverOf = (id: 'html' | 'teachable', base: string): string =>
  id === 'html'
    ? `Open ${base}.html: a double click is enough. To show it on a website, put the file there, or
<iframe src="${base}.html" allow="camera; microphone" width="720" height="900"></iframe>`
    : `import * as tmImage from '@teachablemachine/image';

const model = await tmImage.load('./${base}/model.json', './${base}/metadata.json');
for (const { className, probability } of await model.predict(document.querySelector('img')))
  console.log(className, probability.toFixed(2));`;
