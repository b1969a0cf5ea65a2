/** Draws a training example of a project and varies it, for the settings page. Worker thread. */
import type { Store } from '../../dataset/index.ts';
import { classIdOf } from '../../domain/label.ts';
import { durationOf, type MediaItem } from '../../domain/project.ts';
import type { AugmentSettings } from '../../domain/settings.ts';
import { modalityOf, type TrainingSettings } from '../../domain/task.ts';
import { LOG_MEL_SPEC, logMelFrameCount, quantiseLogMel, windowFrames } from '../../features/index.ts';
import { extractLogMel, readPcm } from '../../features/jobs.ts';
import { createRandom } from '../../kernel/random.ts';
import type { VariedExample } from '../contract.ts';
import { planSounds } from './plan.ts';
import { networkOfAlgorithm } from './sound-settings.ts';
import { drawVariations, listWindows, type TrainingClip } from './batches.ts';
import { varyExample, type Example } from './vary-sound.ts';

/** Clips an example is drawn from: one to vary, others to mix with. */
const POOL = 6;
/** Draws tried until a variation that is left to chance takes place. */
const MOST_TRIES = 30;
const OFF: AugmentSettings = {
  specAugment: false,
  timeShift: false,
  gain: false,
  mixup: false,
  backgroundClassId: null,
};

/**
 * @param args see the job `vary`.
 * @throws StudioError as `planSounds`; `features/clip-missing` and media errors when a clip cannot be read.
 */
export async function drawExample(
  store: Store,
  args: { projectId: string; settings: TrainingSettings; only: keyof AugmentSettings | null; draw: number },
  signal: AbortSignal,
): Promise<{ name: string; words: string[]; before: VariedExample; after: VariedExample }> {
  const { settings, only, draw } = args;
  const { project, items } = await store.loadProject(args.projectId);
  const { data } = planSounds(items, project.classes, settings);
  // Masks belong to spectrograms: a pretrained network never sees them.
  const sound = modalityOf(settings, 'sound');
  const on = networkOfAlgorithm(settings.algorithm) ? { ...sound.augment, specAugment: false } : sound.augment;
  const augment = only ? { ...OFF, [only]: on[only] || true } : on;
  const byId = new Map(items.map((item) => [item.id, item]));
  const asClip = (item: MediaItem): TrainingClip => ({
    itemId: item.id,
    hash: item.hash,
    classIndex: Math.max(0, data.classIds.indexOf(classIdOf(item) ?? '')),
    frames: Math.max(1, logMelFrameCount(Math.round(durationOf(item) * LOG_MEL_SPEC.sampleRateHz))),
  });
  const window = windowFrames(sound.windowSec, sound.overlapRatio);
  const pool = createRandom(settings.seed, 'vary', draw)
    .shuffle(Int32Array.from({ length: data.training.length }, (_, i) => i))
    .subarray(0, POOL);
  const clips = [...pool].map((i) => asClip(byId.get(data.training[i]!)!));
  const windows = clips.map((clip, i) => {
    const all = listWindows([clip], window);
    return all[(draw + i) % all.length]!;
  });
  const background = (
    data.background ?? data.training.filter((id) => classIdOf(byId.get(id)!) === augment.backgroundClassId)
  ).map((id) => asClip(byId.get(id)!));

  let varied = drawVariations(windows, {
    window,
    augment,
    background,
    random: createRandom(settings.seed, 'vary', draw, 0),
  });
  const isVaried = () => {
    const [first] = varied;
    return (
      first!.start !== first!.window.start ||
      first!.gain !== 0 ||
      first!.background ||
      first!.mix ||
      first!.masks.length
    );
  };
  for (let attempt = 1; attempt < MOST_TRIES && !isVaried(); attempt++)
    varied = drawVariations(windows, {
      window,
      augment,
      background,
      random: createRandom(settings.seed, 'vary', draw, attempt),
    });

  const first = varied[0]!;
  const others = first.mix ? [varied[first.mix.other]!] : [];
  const needed = [first, ...others].flatMap((variation) => [
    variation.window.clip,
    ...(variation.background ? [variation.background.clip] : []),
  ]);
  const pcm = new Map<string, Float32Array>();
  for (const { hash } of needed) if (!pcm.has(hash)) pcm.set(hash, await readPcm(store, hash, signal));
  const spectra = new Map([...pcm].map(([hash, samples]) => [hash, extractLogMel(samples)]));
  const spectrum = spectra.get(first.window.clip.hash)!;
  const mean = spectrum.reduce((sum, value) => sum + value, 0) / Math.max(1, spectrum.length);
  const { before, after, words } = await varyExample(varied, window, mean, {
    pcm: (clip) => pcm.get(clip.hash)!,
    spectrum: (clip) => spectra.get(clip.hash)!,
  });
  const show = (example: Example): VariedExample => ({
    columns: quantiseLogMel(example.logMel),
    pcm: example.pcm,
  });
  return { name: byId.get(first.window.clip.itemId)!.name, words, before: show(before), after: show(after) };
}
