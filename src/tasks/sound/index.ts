/** Classifying sounds. Any thread. */
import { findClassFindings, findFlagged, flagsOfClip } from '../../dataset/index.ts';
import { durationOf, type MediaItem } from '../../domain/project.ts';
import { mediaOf, modalityOf } from '../../domain/task.ts';
import type { EmbeddingPreprocessing, LogMelPreprocessing } from '../../domain/model.ts';
import { FRAMES_PER_SEC, windowCut, windowFrames } from '../../features/index.ts';
import { formatDuration } from '../../kernel/format.ts';
import { SAMPLE_SOUNDS } from '../../media/index.ts';
import {
  automaticIterations,
  chooseAlgorithm,
  DEFAULT_SOUND_SETTINGS,
  listWindows,
  fitWindow,
  networkOfAlgorithm,
  soundBudget,
  planSounds,
  soundRequest,
  soundRequestOfModel,
  withSoundAlgorithm,
} from '../../training/index.ts';
import { span, totalDuration } from '../facts.ts';
import { classificationWords } from '../problems.ts';
import type { Task } from '../task.ts';
import { SOUND_BUNDLE } from './bundle.ts';

const CLIP = ['clip', 'clips'] as const;
/** Shorter clips hold too little for any window. */
const LEAST_SEC = 0.1;
const flags = (item: MediaItem) => flagsOfClip(item, LEAST_SEC);

/** Seconds of sound under one input of a model. */
const inputSeconds = (p: LogMelPreprocessing | EmbeddingPreprocessing) => windowCut(p).windowSamples / p.sampleRateHz;

/** See the file header. */
export const SOUND: Task = {
  kind: 'sound',
  example: CLIP,
  shown: CLIP,
  hasClassFolders: true,
  lists: 'classes',
  saves: ['folders', 'create-ml-folders', 'class-csv', 'audacity'],
  accept: 'audio/*,video/mp4,video/webm,video/quicktime,.zip,.tm,.flac,.ogg,.opus,.m4a,.aac,.csv,.tsv,.jsonl',
  opening: 'player',
  words: {
    ...classificationWords(CLIP, 'window'),
    project: 'Sound classification',
    summary: 'Clips in, class names out',
    title: 'Sounds',
    choice: 'Classify what is heard, from files or the microphone.',
    icon: 'sound',
    newName: 'My sounds',
    model: 'Sound classifier',
    all: 'All clips',
    add: 'Add files',
    start: {
      icon: 'mic',
      title: 'Start with two sounds',
      text: 'Make a class for each sound, plus one for the background. About 20 clips of each gives a first result. Drop audio, folders or a zip anywhere.',
      hasClassFirst: true,
    },
    taken: 'heard as',
    group: 'Recording',
    groupHint: 'Windows of one recording never sit on both sides of the split.',
    divideHint:
      'Testing clips are never trained on: their score is the honest one. Whole recordings move together, never windows.',
    factsTitle: 'Lengths, sample rates and channels',
    archive: 'Clips, labels',
    foreign: { one: 'A sound', rest: 'background and other sounds' },
    filling: 'silence',
    goodStart: '20 sounds',
  },
  flags,
  findings: (items, classes) => [
    ...findClassFindings(items, classes, { example: CLIP, start: 20, get: 'Record' }),
    ...findFlagged(items, flags),
  ],
  facts(items) {
    if (items.length === 0) return '';
    const media = items.map((item) => mediaOf(item, 'sound'));
    const rates = [...new Set(media.map(({ sampleRateHz }) => sampleRateHz / 1000))].sort((a, b) => a - b);
    const isStereo = media.some(({ channelCount }) => channelCount > 1);
    const [low, high] = span(items.map(durationOf));
    return `${formatDuration(low)} to ${formatDuration(high)}, ${rates.join(', ')} kHz, ${isStereo ? 'mono and stereo' : 'mono'}. All converted to one channel at the rate the network hears, nothing to do.`;
  },
  caption: (item) => formatDuration(durationOf(item)),
  total: totalDuration,
  algorithms: [
    {
      id: 'automatic',
      title: 'Automatic',
      text: 'Tries the pretrained networks on this device on your clips and takes the best; without one, Full network.',
    },
    {
      id: 'transfer-learning',
      title: 'Transfer learning',
      pace: { unitSec: 0.035, exampleSec: 0.00105 },
      text: 'For sounds. Few clips are enough, seconds to train.',
    },
    {
      id: 'whole-sounds',
      title: 'Whole sounds',
      pace: { unitSec: 0.021, exampleSec: 0.0032 },
      text: 'Hears up to 5 s at once, at full bandwidth: most exact, answers follow later.',
    },
    { id: 'spoken-words', title: 'Spoken words', text: 'For words and commands, whoever speaks.' },
    { id: 'full-network', title: 'Full network', text: 'Learns from your clips alone. Nothing to download.' },
  ],
  defaults: () => DEFAULT_SOUND_SETTINGS,
  withAlgorithm: withSoundAlgorithm,
  hasHead: ({ algorithm }) => networkOfAlgorithm(algorithm) !== null,
  plan: planSounds,
  resolve({ settings, data, items }) {
    const used = new Set([...data.training, ...data.validation]);
    return fitWindow(settings, items.filter(({ id }) => used.has(id)).map(durationOf));
  },
  features: soundRequest,
  featuresOfModel: (p, items) =>
    soundRequestOfModel(
      p as LogMelPreprocessing | EmbeddingPreprocessing,
      items.map((item) => item.hash),
    ),
  choose: chooseAlgorithm,
  exampleCount(settings, items) {
    const { windowSec, overlapRatio } = modalityOf(settings, 'sound');
    const clips = items.map((item) => ({
      itemId: item.id,
      hash: '',
      classIndex: 0,
      frames: Math.max(1, Math.floor(durationOf(item) * FRAMES_PER_SEC) - 2),
    }));
    return listWindows(clips, windowFrames(windowSec, overlapRatio)).length;
  },
  automaticIterations: (count, settings) => automaticIterations(count, soundBudget(settings)),
  iterated: 'window',
  inputs: ['log-mel', 'yamnet', 'mn04', 'speech-embedding'],
  tellInput: (p) =>
    `${(p as LogMelPreprocessing).sampleRateHz / 1000} kHz mono, ${inputSeconds(p as LogMelPreprocessing).toFixed(3)} s`,
  landmarks: null,
  bundle: SOUND_BUNDLE,
  sample: {
    title: SAMPLE_SOUNDS.join(', ')
      .toLowerCase()
      .replace(/^./, (first) => first.toUpperCase()),
    about: '4 classes · 48 clips',
    classes: SAMPLE_SOUNDS,
    count: 48,
  },
};
