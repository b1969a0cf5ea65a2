/** Short programs that run an exported model, one file each, beside it in `examples/`. Any thread; pure. Those whose runtime is here are run by tests. */
import type { ModelArtifact } from '../domain/model.ts';
import { codeOf, type BundleFile } from './bundle.ts';
import { snippetOf, type SnippetSubject } from './snippets.ts';
import type { BundleSlot } from './slot.ts';

/** What a component shows while the model runs: the same for React and Svelte. */
const loop = ({ live }: BundleSlot, show: (text: string) => string) => `const model = await load('/model/');
const stream = await ${live.open}();
try {
  for await (const answer of model.${live.method}(stream, { signal }))
    ${show(live.tell)};
} finally {
  stream.getTracks().forEach((track) => track.stop());
  model.close();
}`;
const indent = (text: string, by: number) => text.replace(/^(?=.)/gm, ' '.repeat(by));

const page = (slot: BundleSlot) => {
  const [imports, ...lines] = codeOf(slot, '..').split('\n');
  const hasPicture = slot.usage.includes("querySelector('img')");
  return `<!doctype html>
<!-- Serve the folder of the model and open /examples/page.html: answers are in the console. -->
<meta charset="utf-8" />
<title>Example</title>
${hasPicture ? '<!-- Your picture, beside this page. -->\n<img src="picture.jpg" alt="" />\n' : ''}<button type="button">Start</button>
<script type="module">
  ${imports}

  document.querySelector('button').onclick = async () => {
${indent(lines.join('\n').trim(), 4)}
  };
</script>
`;
};

const react = (
  slot: BundleSlot,
) => `// Copy understudy.js and understudy.d.ts beside this file, and the folder of the model to public/model.
import { useEffect, useState } from 'react';
import { load, ${slot.live.open} } from './understudy.js';

async function run(signal, show) {
${indent(
  loop(slot, (text) => `show(${text})`),
  2,
)}
}

export default function Live() {
  const [isOn, setOn] = useState(false);
  const [text, setText] = useState('');
  useEffect(() => {
    if (!isOn) return;
    const controller = new AbortController();
    run(controller.signal, setText).catch((error) => setText(error.message));
    return () => controller.abort();
  }, [isOn]);
  return (
    <p>
      <button onClick={() => setOn(!isOn)}>{isOn ? 'Stop' : 'Start'}</button> <output>{text}</output>
    </p>
  );
}
`;

const svelte = (
  slot: BundleSlot,
) => `<!-- Copy understudy.js and understudy.d.ts beside this file, and the folder of the model to public/model (static/model in SvelteKit). -->
<script>
  import { load, ${slot.live.open} } from './understudy.js';

  let isOn = $state(false);
  let text = $state('');

  async function run(signal) {
${indent(
  loop(slot, (told) => `text = ${told}`),
  4,
)}
  }
  $effect(() => {
    if (!isOn) return;
    const controller = new AbortController();
    run(controller.signal).catch((error) => (text = error.message));
    return () => controller.abort();
  });
</script>

<p>
  <button onclick={() => (isOn = !isOn)}>{isOn ? 'Stop' : 'Start'}</button> <output>{text}</output>
</p>
`;

/** In Node, of the ONNX export: the whole network is in the file. */
function node({ given, labels, isDetector }: SnippetSubject): string {
  const size = given.shape.join(' * ');
  const answer = isDetector
    ? `const { location, score } = outputs; // boxes (y, x, height, width) and scores of every class, for every cell
let best = 0;
for (let i = 1; i < score.data.length; i++) if (score.data[i] > score.data[best]) best = i;
const cell = Math.floor(best / labels.length);
console.log(labels[best % labels.length], score.data[best], location.data.slice(4 * cell, 4 * cell + 4));`
    : `labels.forEach((label, i) => console.log(label, outputs.scores.data[i]));`;
  return `// npm install onnxruntime-node, then: node node.mjs model.onnx (the model exported as ONNX)
import * as ort from 'onnxruntime-node';

const labels = ${JSON.stringify(labels)};
const model = await ort.InferenceSession.create(process.argv[2]);
// ${given.about}: put yours here.
const values = new Float32Array(${size});
const outputs = await model.run({ [model.inputNames[0]]: new ort.Tensor('float32', values, [${given.shape.join(', ')}]) });
${answer}
`;
}

/** On Android, of the TFLite export: MediaPipe's tasks where there is one, else the interpreter. */
function kotlin({ given, isDetector }: SnippetSubject): string {
  const { kind } = given.input;
  if (kind === 'audio')
    return `// build.gradle: implementation("com.google.mediapipe:tasks-audio:latest.release"); model.tflite in src/main/assets
import android.content.Context
import com.google.mediapipe.tasks.audio.audioclassifier.AudioClassifier
import com.google.mediapipe.tasks.components.containers.AudioData

fun classify(context: Context, samples: FloatArray, rate: Int) {
    val classifier = AudioClassifier.createFromFile(context, "model.tflite")
    val format = AudioData.AudioDataFormat.builder().setNumOfChannels(1).setSampleRate(rate.toFloat()).build()
    val sound = AudioData.create(format, samples.size)
    sound.load(samples)
    for (window in classifier.classify(sound).classificationResults())
        println(window.classifications().first().categories().first())
    classifier.close()
}
`;
  if (kind === 'image') {
    const task = isDetector ? 'ObjectDetector' : 'ImageClassifier';
    const folder = task.toLowerCase();
    return `// build.gradle: implementation("com.google.mediapipe:tasks-vision:latest.release"); model.tflite in src/main/assets
import android.content.Context
import android.graphics.Bitmap
import com.google.mediapipe.framework.image.BitmapImageBuilder
import com.google.mediapipe.tasks.vision.${folder}.${task}

fun look(context: Context, picture: Bitmap) {
    val model = ${task}.createFromFile(context, "model.tflite")
    val found = model.${isDetector ? 'detect' : 'classify'}(BitmapImageBuilder(picture).build())
    println(found)
    model.close()
}
`;
  }
  const size = given.shape.reduce((product, side) => product * side, 1);
  return `// build.gradle: implementation("com.google.ai.edge.litert:litert:1.4.0")
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import org.tensorflow.lite.Interpreter

/** values: ${given.about} (${size} numbers). */
fun classify(file: File, values: FloatArray, classes: Int): FloatArray {
    val input = ByteBuffer.allocateDirect(4 * ${size}).order(ByteOrder.nativeOrder())
    values.forEach { input.putFloat(it) }
    val scores = Array(1) { FloatArray(classes) }
    Interpreter(file).use { it.run(input.rewind(), scores) }
    return scores[0]
}
`;
}

/** All of them for one model. */
export function exampleFiles(slot: BundleSlot, { preprocessing, classes }: ModelArtifact): BundleFile[] {
  const subject: SnippetSubject = {
    given: slot.graphInput(preprocessing),
    labels: classes.map((label) => label.name),
    isDetector: slot.isDetector,
  };
  const texts: Record<string, string> = {
    'page.html': page(slot),
    'React.jsx': react(slot),
    'Live.svelte': svelte(slot),
    'node.mjs': node(subject),
    'litert.py': `${snippetOf('tflite', subject, 'model.tflite')}\n`,
    'onnx.py': `${snippetOf('onnx', subject, 'model.onnx')}\n`,
    'Android.kt': kotlin(subject),
    'Apple.swift': `${snippetOf('coreml', subject, 'model.mlmodel')}\n`,
  };
  return Object.entries(texts).map(([name, text]) => ({ path: `examples/${name}`, blob: new Blob([text]) }));
}
