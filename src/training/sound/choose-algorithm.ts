/**
 * Which algorithm suits a project's clips: a quick grouped cross-validation of a softmax layer on the features of each pretrained network
 * on board. Main thread; the features are computed by their worker and stay cached for the run.
 */
import { dividedOf, splitByGroup } from '../../dataset/index.ts';
import { classIdOf } from '../../domain/label.ts';
import { durationOf } from '../../domain/project.ts';
import { modalityOf, type TrainingSettings } from '../../domain/task.ts';
import { embeddingCut } from '../../features/index.ts';
import { createRandom } from '../../kernel/random.ts';
import { formatPercent } from '../../kernel/format.ts';
import type { AlgorithmChoice, ChooseTools } from '../choice.ts';
import { planSounds } from './plan.ts';
import { plainSoundRequest } from './sound-features.ts';
import { fitWindow, networkOfAlgorithm, resolveAutomatic, withSoundAlgorithm } from './sound-settings.ts';

/** Clips the probe looks at, and of each class where there are many; more would not change the answer. */
const MOST_CLIPS = 120;
const MOST_OF_CLASS = 4;
/** Clips that are mostly longer hold no single words: the network of words need not be tried. */
const LONGEST_WORD_SEC = 2;
const FOLDS = 4;
const TITLES = {
  'transfer-learning': 'Transfer learning',
  'whole-sounds': 'Whole sounds',
  'spoken-words': 'Spoken words',
} as const;
const CANDIDATES = Object.keys(TITLES) as (keyof typeof TITLES)[];

/**
 * @throws StudioError `training/no-examples`, `training/one-class`, what the features worker throws, an AbortError.
 */
export async function chooseAlgorithm(tools: ChooseTools, settings: TrainingSettings): Promise<AlgorithmChoice> {
  const { client, items, classes, onProgress, signal } = tools;
  const call = signal ? { signal } : {};
  const statuses = await client.call('networkStatus', null, call);
  const present = new Set(statuses.filter(({ state }) => state !== 'absent').map(({ id }) => id));
  const lengths = items.map(durationOf).sort((a, b) => a - b);
  const mayBeWords = (lengths[lengths.length >> 1] ?? 0) <= LONGEST_WORD_SEC;
  const able = CANDIDATES.filter((algorithm) => present.has(networkOfAlgorithm(algorithm)!));
  const likely = able.filter((algorithm) => algorithm !== 'spoken-words' || mayBeWords);
  const candidates = likely.length > 0 ? likely : able;
  const full = { ...settings, algorithm: 'full-network' as const };
  if (candidates.length === 0)
    return { settings: full, reason: 'Chose Full network: no pretrained network is on this device', scores: {} };

  const { data } = planSounds(items, classes, settings);
  const ids = createRandom(settings.seed, 'probe')
    .shuffle([...data.training, ...data.validation])
    .slice(0, Math.max(MOST_CLIPS, MOST_OF_CLASS * data.classIds.length));
  const byId = new Map(items.map((item) => [item.id, item]));
  const clips = ids.map((id) => byId.get(id)!);
  const folds = splitByGroup(dividedOf(clips), new Array<number>(FOLDS).fill(1 / FOLDS), settings.seed, settings);
  const examples = clips.map((clip) => ({
    hash: clip.hash,
    classIndex: data.classIds.indexOf(classIdOf(clip)!),
    fold: folds.get(clip.id)!,
  }));
  if (new Set(folds.values()).size < 2) {
    const only = candidates[0]!;
    return {
      settings: resolveAutomatic(settings, only),
      reason: `Chose ${TITLES[only]}: all clips belong together, so nothing can be held back to compare`,
      scores: {},
    };
  }
  const scores: Record<string, number> = {};
  for (const algorithm of candidates) {
    const own = fitWindow(withSoundAlgorithm(settings, algorithm), clips.map(durationOf));
    await client.call(
      'extract',
      {
        task: 'sound',
        request: plainSoundRequest(
          own,
          clips.map((clip) => clip.hash),
        ),
      },
      { ...call, onProgress: ({ done, total }) => onProgress?.(`Trying ${TITLES[algorithm]}: ${done} of ${total}`) },
    );
    const { windowSec, overlapRatio } = modalityOf(own, 'sound');
    const cut = embeddingCut(networkOfAlgorithm(algorithm)!, windowSec, overlapRatio);
    scores[algorithm] = await client.call('probe', { cut, examples, classCount: data.classIds.length }, call);
  }
  const best = candidates.reduce((a, b) => (scores[b]! > scores[a]! ? b : a));
  const words = candidates.map((name) => `${TITLES[name]} ${formatPercent(scores[name])}`).join(', ');
  return {
    settings: resolveAutomatic(settings, best),
    reason: `Chose ${TITLES[best]}: a quick check on ${clips.length} clips gave ${words} of new recordings right`,
    scores,
  };
}
