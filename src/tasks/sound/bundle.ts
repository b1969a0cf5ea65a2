/** What an exported sound model says of itself. Any thread; pure. */
import * as v from 'valibot';
import type { EmbeddingPreprocessing, LogMelPreprocessing, SoundPreprocessing } from '../../domain/model.ts';
import { fileName } from '../../dataset/index.ts';
import { classifierOutput, type BundleSlot } from '../../export/index.ts';
import { networkOf, windowCut } from '../../features/index.ts';

const Shared = {
  sampleRateHz: v.number(),
  windowSec: v.number(),
  overlapRatio: v.number(),
  mean: v.number(),
  deviation: v.number(),
  clipScore: v.literal('mean'),
  quietDb: v.optional(v.number()),
};
const schema = v.variant('kind', [
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
    kind: v.picklist(['yamnet', 'mn04', 'speech-embedding']),
    ...Shared,
    networkFiles: v.array(v.string()),
    windowSamples: v.number(),
    hopSamples: v.number(),
    shape: v.array(v.number()),
  }),
]);

const inputSeconds = (p: LogMelPreprocessing | EmbeddingPreprocessing) => windowCut(p).windowSamples / p.sampleRateHz;

const INSIDE: Record<EmbeddingPreprocessing['kind'], string> = {
  yamnet: 'the 1024 values before its classifier (the output of its last MEAN operator, dequantised)',
  mn04: 'its own log-mel spectrogram (pre-emphasis 0.97, FFT 1024, Hann of 800, hop 320, 128 Kaldi mel bands to 15 kHz, (ln(x + 1e-5) + 4.5) / 5) → 384 means of the last map, 512 values before its classes, 1632 means before its squeeze-and-excitation gates',
  'speech-embedding':
    'samples × 32767 → mel spectrogram, `mel / 10 + 2` → windows of 76 frames every 8 → 96 values each',
};

/** Silence has no name. */
const tellQuiet = ({ quietDb }: SoundPreprocessing): string =>
  quietDb === undefined
    ? ''
    : `\n\nA window whose root mean square is below ${quietDb} dB (0 = full scale) is nothing the model knows: give no answer.`;

/** The steps from sound to input tensor, in words. */
function describeInput(p: LogMelPreprocessing | EmbeddingPreprocessing): string {
  if (p.kind !== 'log-mel') {
    const files = networkOf(p.kind)
      .files.map((file) => `\`${fileName(file.path)}\``)
      .join(' and ');
    const inside = INSIDE[p.kind];
    return `1. Mono sound at ${p.sampleRateHz} Hz, samples in −1..1 (resample with a low-pass filter).
2. Windows of ${p.windowSamples} samples (${inputSeconds(p).toFixed(3)} s), one every ${p.hopSamples}; a shorter sound is centred in silence.
3. Embedding of each window by ${files}: ${inside}.
4. (value − ${p.mean}) / ${p.deviation}. Input tensor: float32 [windows, ${p.shape.join(', ')}].${tellQuiet(p)}`;
  }
  return `1. Mono sound at ${p.sampleRateHz} Hz, samples in −1..1 (resample with a low-pass filter).
2. Frames of ${p.windowSamples} samples every ${p.hopSamples}, periodic Hann window, zero-padded to an FFT of ${p.fftSize}; magnitude (not power) of bins 1..${p.fftSize / 2 - 1}.
3. ${p.bandCount} triangular mel bands (HTK: mel = 1127 ln(1 + f/700)), equally spaced from ${p.lowHz} to ${p.highHz} Hz, weights linear in mel, no normalisation.
4. ln(band + ${p.logOffset}).
5. Windows of ${p.windowFrames} frames (${inputSeconds(p).toFixed(3)} s), one every ${p.hopFrames} frames; a shorter sound is centred in silence (value ln(${p.logOffset})).
6. (value − ${p.mean}) / ${p.deviation}. Input tensor: float32 [windows, ${p.windowFrames}, ${p.bandCount}, 1].${tellQuiet(p)}`;
}

/** See the file header. */
export const SOUND_BUNDLE: BundleSlot = {
  format: 'understudy-sound',
  what: 'A sound classifier',
  schema,
  describeInput: (p) => describeInput(p as LogMelPreprocessing | EmbeddingPreprocessing),
  graphInput: (p) => {
    const { sampleRateHz } = p as SoundPreprocessing;
    const { windowSamples } = windowCut(p as SoundPreprocessing);
    return {
      input: { kind: 'audio', sampleRateHz },
      shape: [windowSamples],
      isBytes: false,
      about: `${windowSamples} samples of one channel at ${sampleRateHz} Hz, -1 to 1`,
    };
  },
  teachable: null,
  isDetector: false,
  fileNeedsFeatures: false,
  limit: () => null,
  describeOutput: classifierOutput,
  networks: (p) => (p.kind === 'yamnet' || p.kind === 'mn04' || p.kind === 'speech-embedding' ? [p.kind] : []),
  companions: [],
  needsLiteRt: (p) => p.kind === 'yamnet' || p.kind === 'mn04',
  live: { open: 'openMicrophone', method: 'listen', tell: "answer.label ?? 'Not sure'" },
  usage: `const microphone = await openMicrophone();
for await (const { label, confidence } of model.listen(microphone)) console.log(label, confidence);
// A file: await model.classifyFile(file). Samples: await model.classify(samples, sampleRateHz).`,
};
