/** Model bundles: the files an export holds, and reading them back. Any thread; pure. */
import * as v from 'valibot';
import {
  fileName,
  type ModelArtifact,
  type MotionPreprocessing,
  type Preprocessing,
  type SoundPreprocessing,
} from '../dataset/index.ts';
import { networkOf, windowCut } from '../features/index.ts';
import type { Calibration } from '../domain/report.ts';
import { StudioError } from '../kernel/errors.ts';

/** What a person writes about a model. */
export type ModelAbout = { name: string; author: string; description: string; licence: string };

/** Scores that travel with the model, as text lines for its README. */
export type BundleFile = { path: string; blob: Blob };

const text = (path: string, content: string, type = 'text/plain'): BundleFile => ({
  path,
  blob: new Blob([content], { type }),
});

const Shared = {
  sampleRateHz: v.number(),
  windowSec: v.number(),
  overlapRatio: v.number(),
  mean: v.number(),
  deviation: v.number(),
  clipScore: v.literal('mean'),
};

/** The preprocessing of a bundle: every number, plus the labels in the order of the output. Field names are a contract. */
const PreprocessingSchema = v.object({
  format: v.picklist(['understudy-sound', 'understudy-action', 'understudy-detection']),
  version: v.literal(1),
  labels: v.array(v.string()),
  preprocessing: v.variant('kind', [
    v.object({
      kind: v.literal('log-mel'),
      ...Shared,
      windowSamples: v.number(),
      hopSamples: v.number(),
      fftSize: v.number(),
      bandCount: v.number(),
      lowHz: v.number(),
      highHz: v.number(),
      logOffset: v.number(),
      windowFrames: v.number(),
      hopFrames: v.number(),
    }),
    v.object({
      kind: v.picklist(['yamnet', 'speech-embedding']),
      ...Shared,
      networkFiles: v.array(v.string()),
      windowSamples: v.number(),
      hopSamples: v.number(),
      shape: v.array(v.number()),
    }),
    v.object({
      kind: v.literal('landmarks'),
      windowSec: v.number(),
      overlapRatio: v.number(),
      mean: v.number(),
      deviation: v.number(),
      clipScore: v.literal('mean'),
      frameRateHz: v.number(),
      windowFrames: v.number(),
      hopFrames: v.number(),
      joints: v.array(v.string()),
      shape: v.array(v.number()),
    }),
    v.object({
      kind: v.picklist(['ssd-mobilenet', 'pixels']),
      pixels: v.number(),
      tiles: v.number(),
      scale: v.number(),
      channelMean: v.array(v.number()),
      channelFactor: v.array(v.number()),
    }),
  ]),
});

/** Seconds of sound under one input. */
export function inputSeconds(p: SoundPreprocessing | MotionPreprocessing): number {
  return p.kind === 'landmarks' ? p.windowFrames / p.frameRateHz : windowCut(p).windowSamples / p.sampleRateHz;
}

/** Name of a bundle's format, where it is not that of a sound. */
const FORMATS: Partial<Record<Preprocessing['kind'], string>> = {
  landmarks: 'understudy-action',
  'ssd-mobilenet': 'understudy-detection',
  pixels: 'understudy-detection',
};

/** The steps from sound to input tensor, in words. */
function describeInput(p: Preprocessing): string {
  if ('pixels' in p) {
    const parts =
      p.tiles > 1
        ? ` of each of ${p.tiles} × ${p.tiles} parts of the picture that overlap by a quarter`
        : ' of the whole picture';
    const cell = p.pixels / 8;
    return `1. A square of ${p.pixels} × ${p.pixels} pixels${parts}, RGB, stretched to fit.
${
  p.kind === 'pixels'
    ? `2. (value − \`channelMean\`) × \`channelFactor\` per colour. Input tensor: float32 [1, ${p.pixels}, ${p.pixels}, 3].`
    : `2. \`ssd-mobilenet-v1-coco.tflite\`, made for that size and cut after its backbone: the last feature maps of 192, 384 and 768 channels (uint8, strides 8, 16 and 32).
3. (value − \`channelMean\`) × \`channelFactor\` per channel, the three maps one after the other. Input tensors: float32 [1, ${cell}, ${cell}, 192], [1, ${cell / 2}, ${cell / 2}, 384], [1, ${cell / 4}, ${cell / 4}, 768].`
}`;
  }
  if (p.kind === 'landmarks')
    return `1. Landmarks of one body at ${p.frameRateHz} frames per second, x and y in units of the picture's height: ${p.joints.join(', ')}. A landmark with a visibility under 0.3 is not seen; gaps are filled by linear interpolation in time.
2. Windows of ${p.windowFrames} frames (${inputSeconds(p).toFixed(2)} s), one every ${p.hopFrames}; a shorter clip is centred, its first and last pose held.
3. Size of the body: median over the window of the distance between the middle of the hips and of the shoulders. Everything below is divided by it.
4. Per frame and joint ${p.shape.at(-1)} values: x, y from the middle of the hips of the frame; x, y from the median of that middle over the window; 3 times the change of those two per 0.1 s (central differences, at most 4 either way); 1 when seen, else 0. After the joints one more: the middle of the hips itself.
5. (value − ${p.mean}) / ${p.deviation}. Input tensor: float32 [windows, ${p.shape.join(', ')}].`;
  if (p.kind !== 'log-mel') {
    const files = networkOf(p.kind)
      .files.map((file) => `\`${fileName(file.path)}\``)
      .join(' and ');
    const inside =
      p.kind === 'yamnet'
        ? 'the 1024 values before its classifier (the output of its last MEAN operator, dequantised)'
        : 'samples × 32767 → mel spectrogram, `mel / 10 + 2` → windows of 76 frames every 8 → 96 values each';
    return `1. Mono sound at ${p.sampleRateHz} Hz, samples in −1..1 (resample with a low-pass filter).
2. Windows of ${p.windowSamples} samples (${inputSeconds(p).toFixed(3)} s), one every ${p.hopSamples}; a shorter sound is centred in silence.
3. Embedding of each window by ${files}: ${inside}.
4. (value − ${p.mean}) / ${p.deviation}. Input tensor: float32 [windows, ${p.shape.join(', ')}].`;
  }
  return `1. Mono sound at ${p.sampleRateHz} Hz, samples in −1..1 (resample with a low-pass filter).
2. Frames of ${p.windowSamples} samples every ${p.hopSamples}, periodic Hann window, zero-padded to an FFT of ${p.fftSize}; magnitude (not power) of bins 1..${p.fftSize / 2 - 1}.
3. ${p.bandCount} triangular mel bands (HTK: mel = 1127 ln(1 + f/700)), equally spaced from ${p.lowHz} to ${p.highHz} Hz, weights linear in mel, no normalisation.
4. ln(band + ${p.logOffset}).
5. Windows of ${p.windowFrames} frames (${inputSeconds(p).toFixed(3)} s), one every ${p.hopFrames} frames; a shorter sound is centred in silence (value ln(${p.logOffset})).
6. (value − ${p.mean}) / ${p.deviation}. Input tensor: float32 [windows, ${p.windowFrames}, ${p.bandCount}, 1].`;
}

/**
 * Files of a TensorFlow.js bundle without the runtime: model.json and weights.bin (tf.loadLayersModel reads them), labels.txt,
 * preprocessing.json, README.md.
 * @param calibration travels with the model when it is on.
 * @param networkFiles of the pretrained network the model stands on.
 * @param scores lines for the README, e.g. "Testing: 92.5 % of 80 clips right".
 */
export function bundleFiles(
  artifact: ModelArtifact,
  about: ModelAbout,
  scores: readonly string[],
  generatedBy: string,
  networkFiles: readonly BundleFile[] = [],
  calibration: Calibration | null = null,
): BundleFile[] {
  const labels = artifact.classes.map((label) => label.name);
  const p = artifact.preprocessing;
  const model = {
    format: 'layers-model',
    generatedBy,
    convertedBy: null,
    modelTopology: JSON.parse(artifact.topology) as unknown,
    weightsManifest: [{ paths: ['weights.bin'], weights: artifact.weightSpecs }],
    userDefinedMetadata: { ...about, labels, preprocessing: p },
  };
  const description = {
    format: FORMATS[p.kind] ?? 'understudy-sound',
    version: 1,
    labels,
    preprocessing: p,
    ...(calibration?.isOn
      ? {
          calibration: {
            temperature: calibration.temperature,
            thresholds: calibration.thresholds
              ? artifact.classes.map((label) => calibration.thresholds![label.id] ?? null)
              : null,
          },
        }
      : {}),
  };
  const isDetector = 'pixels' in p;
  const kind = isDetector
    ? 'An object detector'
    : p.kind === 'landmarks'
      ? 'An action classifier'
      : 'A sound classifier';
  const readme = `# ${about.name}

${about.description || `${kind} trained with Understudy.`}

${about.author ? `Author: ${about.author}  \n` : ''}${about.licence ? `Licence: ${about.licence}  \n` : ''}Classes, in the order of the output: ${labels.join(', ')}

${scores.length ? `## Scores\n\n${scores.map((line) => `- ${line}`).join('\n')}\n` : ''}
${
  isDetector || p.kind === 'landmarks'
    ? '## Use it\n\nLoad `model.json` with `tf.loadLayersModel` and compute the input:'
    : `## Try it

Serve this folder with any static web server (for example \`npx serve\` or \`python3 -m http.server\`) and open the address it prints.
The page listens to the microphone or reads a sound file; nothing is sent anywhere.

## Use it in your own page

\`\`\`html
<script src="understudy-runtime.js"></script>
<script type="module">
  const classifier = await Understudy.loadSoundClassifier('./');
  const result = await classifier.classifyFile(file);        // { label, confidence, scores, windows }
  const stop = await classifier.listen((now) => console.log(now.label, now.confidence));
</script>
\`\`\`

Or load \`model.json\` with \`tf.loadLayersModel\` and compute the input yourself:`
}

## Input

${describeInput(p)}

## Output

${
  isDetector
    ? `float32 [1, ${p.pixels / 8}, ${p.pixels / 8}, ${labels.length + 4}]. Per cell: logits of the classes (apply a sigmoid), then four numbers d: the box reaches exp(d) × ${p.scale} cells of 8 pixels from the middle of the cell to the left, top, right and bottom. Of boxes of one class that overlap by more than 0.55 (intersection over union) the best stays.`
    : `float32 [windows, ${labels.length}], logits: apply softmax. Score of a clip: the mean over its windows.${calibration?.isOn ? ` Confidence: score ^ (1 / ${calibration.temperature.toFixed(4)}), divided by the sum over the classes.` : ''}`
}

All numbers are in \`preprocessing.json\`.
`;
  return [
    text('model.json', JSON.stringify(model), 'application/json'),
    { path: 'weights.bin', blob: new Blob([artifact.weights], { type: 'application/octet-stream' }) },
    text('labels.txt', labels.join('\n') + '\n'),
    text('preprocessing.json', JSON.stringify(description, null, 2) + '\n', 'application/json'),
    text('README.md', readme, 'text/markdown'),
    ...networkFiles.map(({ path, blob }) => ({ path: fileName(path), blob })),
  ];
}

/**
 * Reads a bundle back.
 * @param file gives the content of a file of the bundle, null when absent.
 * @throws StudioError `export/model-damaged` naming what is wrong.
 */
export async function readBundle(file: (path: string) => Promise<Blob | null>): Promise<ModelArtifact> {
  const damaged = (reason: string, cause?: unknown) =>
    new StudioError('export/model-damaged', { message: `The model files could not be read: ${reason}.`, cause });
  const read = async (path: string): Promise<Blob> => {
    const blob = await file(path);
    if (!blob) throw damaged(`${path} is missing`);
    return blob;
  };
  try {
    const model = JSON.parse(await (await read('model.json')).text()) as {
      modelTopology: unknown;
      weightsManifest: { weights: ModelArtifact['weightSpecs'] }[];
    };
    const parsed = v.safeParse(PreprocessingSchema, JSON.parse(await (await read('preprocessing.json')).text()));
    if (!parsed.success) throw damaged('preprocessing.json is not one this app has written');
    const weights = await (await read('weights.bin')).arrayBuffer();
    const weightSpecs = model.weightsManifest.flatMap((group) => group.weights);
    const expected = weightSpecs.reduce(
      (sum, spec) => sum + 4 * spec.shape.reduce((product, side) => product * side, 1),
      0,
    );
    if (expected !== weights.byteLength)
      throw damaged(`weights.bin has ${weights.byteLength} bytes instead of ${expected}`);
    return {
      topology: JSON.stringify(model.modelTopology),
      weightSpecs,
      weights,
      classes: parsed.output.labels.map((name, i) => ({ id: `class-${i}`, name, color: (i % 10) + 1 })),
      preprocessing: parsed.output.preprocessing,
    };
  } catch (error) {
    if (error instanceof StudioError) throw error;
    throw damaged(error instanceof Error ? error.message : String(error), error);
  }
}
