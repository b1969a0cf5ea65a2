/** One varied example as a picture and a sound, for the settings page: the very draws and the very spectrogram that training uses. Any thread. */
import { applyBandGains, copyWindow, LOG_MEL_SPEC, type WindowFrames } from '../../features/index.ts';
import { formatPercent } from '../../kernel/format.ts';
import { assembleBatch, type TrainingClip, type Variation } from './batches.ts';

const { bandCount, hopSamples, windowSamples } = LOG_MEL_SPEC;

/** What an example sounds and looks like: `pcm` mono at 16 kHz, `logMel` shape [frames, 64]. */
export type Example = { pcm: Float32Array; logMel: Float32Array };

/** Samples under a window of frames. */
const samplesOf = (frames: number) => (frames - 1) * hopSamples + windowSamples;

/** Part of a sound, silence where it has none. */
export function cutSamples(pcm: Float32Array, from: number, length: number): Float32Array {
  const out = new Float32Array(length);
  const first = Math.max(0, from);
  const last = Math.min(pcm.length, from + length);
  if (last > first) out.set(pcm.subarray(first, last), first - from);
  return out;
}

/** Cut, background and gain of one example, in samples. */
function render({ window, start, background, gain }: Variation, frames: number, pcmOf: PcmOf): Float32Array {
  const length = samplesOf(frames);
  const out = cutSamples(pcmOf(window.clip), start * hopSamples, length);
  if (background) {
    const noise = cutSamples(pcmOf(background.clip), background.start * hopSamples, length);
    for (let i = 0; i < length; i++) out[i] = out[i]! + background.level * noise[i]!;
  }
  const factor = Math.exp(gain);
  for (let i = 0; i < length; i++) out[i] = out[i]! * factor;
  return out;
}

/** A clip's samples at 16 kHz. */
export type PcmOf = (clip: TrainingClip) => Float32Array;

/**
 * The first example of a batch before and after its variation.
 * @param mean value masks are filled with. @returns owned by the caller; `words` says what was drawn.
 */
export async function varyExample(
  varied: readonly Variation[],
  window: WindowFrames,
  mean: number,
  sources: { pcm: PcmOf; spectrum: (clip: TrainingClip) => Float32Array },
): Promise<{ before: Example; after: Example; words: string[] }> {
  const { windowFrames } = window;
  const [first] = varied as [Variation];
  const partner = first.mix ? varied[first.mix.other]! : null;
  const chosen = partner
    ? [
        { ...first, mix: { other: 1, share: first.mix!.share } },
        { ...partner, mix: null, masks: [] },
      ]
    : [first];
  const { inputs } = await assembleBatch(chosen, {
    windowFrames,
    classCount: 1 + Math.max(...chosen.map((variation) => variation.window.clip.classIndex)),
    weights: [],
    mean,
    spectrum: async (clip) => sources.spectrum(clip),
  });
  const after = inputs.slice(0, windowFrames * bandCount);
  const before = new Float32Array(windowFrames * bandCount);
  copyWindow(sources.spectrum(first.window.clip), first.window.start, windowFrames, before, 0);

  let pcm = render(first, windowFrames, sources.pcm);
  if (partner) {
    const other = render(partner, windowFrames, sources.pcm);
    const { share } = first.mix!;
    pcm = pcm.map((value, i) => share * value + (1 - share) * other[i]!);
  }
  if (first.masks.length > 0) {
    // What the masks take away, as gains on the sound.
    const { inputs: plain } = await assembleBatch(
      chosen.map((variation) => ({ ...variation, masks: [] })),
      {
        windowFrames,
        classCount: 1 + Math.max(...chosen.map((variation) => variation.window.clip.classIndex)),
        weights: [],
        mean,
        spectrum: async (clip) => sources.spectrum(clip),
      },
    );
    pcm = applyBandGains(
      pcm,
      after.map((value, i) => value - plain[i]!),
    );
  }
  const toMs = (frames: number) => `${Math.abs(frames) * 10} ms`;
  const moved = first.start - first.window.start;
  const words = [
    ...(moved !== 0 ? [`Cut ${toMs(moved)} ${moved > 0 ? 'later' : 'earlier'}`] : []),
    ...(first.background ? [`background at ${formatPercent(first.background.level, 0)} of its level`] : []),
    ...(first.gain !== 0
      ? [`${((first.gain * 20) / Math.LN10).toFixed(1).replace('-', '−')} dB ${first.gain > 0 ? 'louder' : 'quieter'}`]
      : []),
    ...(partner ? [`mixed with ${formatPercent(1 - first.mix!.share, 0)} of another example`] : []),
    ...(first.masks.length > 0 ? ['bands and moments hidden'] : []),
  ];
  return {
    before: {
      pcm: cutSamples(sources.pcm(first.window.clip), first.window.start * hopSamples, samplesOf(windowFrames)),
      logMel: before,
    },
    after: { pcm, logMel: after },
    words,
  };
}
