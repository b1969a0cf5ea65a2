/** What an exported classifier of pictures says of itself. Any thread; pure. */
import * as v from 'valibot';
import type { PicturePreprocessing } from '../../domain/model.ts';
import { fileName } from '../../dataset/index.ts';
import { classifierOutput, type BundleSlot } from '../../export/index.ts';
import { networkOf, type PictureNetworkId } from '../../features/index.ts';

const schema = v.object({
  kind: v.picklist(['picture-embedding', 'picture-pixels']),
  network: v.nullable(v.string()),
  networkFiles: v.array(v.string()),
  pixels: v.number(),
  mean: v.number(),
  deviation: v.number(),
  shape: v.array(v.number()),
});

const INSIDE: Record<PictureNetworkId, string> = {
  'mobilenet-v2':
    'values / 127.5 − 1, through the layers of `model.json` in that zip up to `out_relu`; the mean of its 1280 channels over the picture',
  'ssd-mobilenet':
    'made for that size and cut after its backbone; the mean over the picture of the 192, 384 and 768 channels (uint8) of its last feature maps, one after the other',
};

/** The steps from picture to input tensor, in words. */
function describeInput({ kind, network, pixels, mean, deviation, shape }: PicturePreprocessing): string {
  const id = network as PictureNetworkId;
  const step = kind === 'picture-pixels' ? '' : `2. \`${fileName(networkOf(id).files[0]!.path)}\`: ${INSIDE[id]}.\n`;
  return `1. The whole picture, upright, stretched to ${pixels} × ${pixels} pixels, RGB, 0 to 255.
${step}${step ? 3 : 2}. (value − ${mean}) / ${deviation}. Input tensor: float32 [pictures, ${shape.join(', ')}].`;
}

/** See the file header. */
export const PICTURE_BUNDLE: BundleSlot = {
  format: 'understudy-picture',
  what: 'A picture classifier',
  schema,
  describeInput: (p) => describeInput(p as PicturePreprocessing),
  graphInput: (p) => {
    const { pixels } = p as PicturePreprocessing;
    const about = `A picture stretched to ${pixels} x ${pixels} pixels, RGB, 0 to 255`;
    return { input: { kind: 'image' }, about, shape: [1, pixels, pixels, 3], isBytes: false };
  },
  teachable: '@teachablemachine/image',
  isDetector: false,
  fileNeedsFeatures: false,
  limit: () => null,
  describeOutput: (p, classCount, calibration) =>
    classifierOutput(p, classCount, calibration)
      .replace('[windows, ', '[pictures, ')
      .replace(' Score of a clip: the mean over its windows.', ''),
  networks: (p) => ('network' in p && p.network ? [p.network as PictureNetworkId] : []),
  companions: [],
  needsLiteRt: (p) => 'network' in p && p.network === 'ssd-mobilenet',
  live: { open: 'openCamera', method: 'watch', tell: "answer.label ?? 'Not sure'" },
  usage: `const picture = document.querySelector('img');
const { label, confidence } = await model.classify(picture);
console.log(label, confidence);
// Live: for await (const { label } of model.watch(await openCamera())) ...`,
};
