/** What an exported object detector says of itself. Any thread; pure. */
import * as v from 'valibot';
import type { DetectorPreprocessing } from '../../domain/model.ts';
import type { BundleSlot } from '../../export/index.ts';

const schema = v.object({
  kind: v.picklist(['ssd-mobilenet', 'pixels']),
  pixels: v.number(),
  tiles: v.number(),
  scale: v.number(),
  channelMean: v.array(v.number()),
  channelFactor: v.array(v.number()),
});

/** The steps from picture to input tensors, in words. */
function describeInput(p: DetectorPreprocessing): string {
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

/** See the file header. */
export const DETECTION_BUNDLE: BundleSlot = {
  format: 'understudy-detection',
  what: 'An object detector',
  schema,
  describeInput: (p) => describeInput(p as DetectorPreprocessing),
  graphInput: (p) => {
    const { pixels, kind } = p as DetectorPreprocessing;
    const about = `A picture stretched to ${pixels} x ${pixels} pixels, RGB, 0 to 255`;
    return { input: { kind: 'image' }, about, shape: [1, pixels, pixels, 3], isBytes: kind === 'ssd-mobilenet' };
  },
  teachable: null,
  isDetector: true,
  fileNeedsFeatures: false,
  limit: (p) => {
    const { tiles } = p as DetectorPreprocessing;
    return tiles > 1
      ? `It looks at one square. This model was trained for ${tiles} × ${tiles} overlapping parts of a picture: cut them and join what is found, or small objects are missed.`
      : null;
  },
  describeOutput(p, classCount) {
    const { pixels, scale } = p as DetectorPreprocessing;
    return `float32 [1, ${pixels / 8}, ${pixels / 8}, ${classCount + 4}]. Per cell: logits of the classes (apply a sigmoid), then four numbers d: the box reaches exp(d) × ${scale} cells of 8 pixels from the middle of the cell to the left, top, right and bottom. Of boxes of one class that overlap by more than 0.55 (intersection over union) the best stays.`;
  },
  networks: (p) => (p.kind === 'ssd-mobilenet' ? [p.kind] : []),
  companions: [],
  needsLiteRt: (p) => p.kind === 'ssd-mobilenet',
  live: {
    open: 'openCamera',
    method: 'watch',
    tell: "answer.objects.map(({ label }) => label).join(', ') || 'Nothing found'",
  },
  usage: `const picture = document.querySelector('img');
for (const { label, confidence, x, y, width, height } of await model.detect(picture))
  console.log(label, confidence, x, y, width, height); // in ratios of the picture
// Live: for await (const { objects } of model.watch(await openCamera())) ...`,
};
