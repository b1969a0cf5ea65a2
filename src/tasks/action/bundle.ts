/** What an exported action model says of itself. Any thread; pure. */
import * as v from 'valibot';
import type { MovementPreprocessing } from '../../domain/model.ts';
import { classifierOutput, type BundleSlot } from '../../export/index.ts';

const schema = v.object({
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
});

/** The steps from landmarks to input tensor, in words. */
function describeInput(p: MovementPreprocessing): string {
  return `1. Landmarks of one body at ${p.frameRateHz} frames per second, x and y in units of the picture's height: ${p.joints.join(', ')}. A landmark with a visibility under 0.3 is not seen; gaps are filled by linear interpolation in time.
2. Windows of ${p.windowFrames} frames (${(p.windowFrames / p.frameRateHz).toFixed(2)} s), one every ${p.hopFrames}; a shorter clip is centred, its first and last pose held.
3. Size of the body: median over the window of the distance between the middle of the hips and of the shoulders. Everything below is divided by it.
4. Per frame and joint ${p.shape.at(-1)} values: x, y from the middle of the hips of the frame; x, y from the median of that middle over the window; 3 times the change of those two per 0.1 s (central differences, at most 4 either way); 1 when seen, else 0. After the joints one more: the middle of the hips itself.
5. (value − ${p.mean}) / ${p.deviation}. Input tensor: float32 [windows, ${p.shape.join(', ')}].`;
}

/** See the file header. */
export const ACTION_BUNDLE: BundleSlot = {
  format: 'understudy-action',
  what: 'An action classifier',
  schema,
  describeInput: (p) => describeInput(p as MovementPreprocessing),
  graphInput: (p) => {
    const { windowFrames, frameRateHz, shape } = p as MovementPreprocessing;
    return {
      input: { kind: 'values' },
      shape: [1, ...shape],
      isBytes: false,
      about: `${windowFrames} frames of body landmarks at ${frameRateHz} Hz, made as preprocessing.json says`,
    };
  },
  teachable: null,
  isDetector: false,
  fileNeedsFeatures: true,
  limit: () => 'It begins with landmarks: the network that finds bodies in pictures is not in it.',
  describeOutput: classifierOutput,
  networks: () => [],
  companions: ['blazepose'],
  needsLiteRt: () => true,
  live: { open: 'openCamera', method: 'watch', tell: "`${answer.label ?? 'Not sure'}, ${answer.repetitions} times`" },
  usage: `const camera = await openCamera();
for await (const { label, confidence, repetitions } of model.watch(camera)) console.log(label, confidence, repetitions);
// A video: play an element and give it to model.watch(element).`,
};
