/** Classifying actions: how a body moves over time. Any thread. */
import { findClassFindings, findFlagged, flagsOfClip, joinFrames } from '../../dataset/index.ts';
import type { MovementPreprocessing } from '../../domain/model.ts';
import { durationOf, type MediaItem } from '../../domain/project.ts';
import { mediaOf, modalityOf } from '../../domain/task.ts';
import { motionStarts, motionWindow, SAMPLE_ACTIONS } from '../../features/index.ts';
import { formatDuration } from '../../kernel/format.ts';
import {
  automaticIterations,
  automaticWindowSec,
  DEFAULT_MOVEMENT_SETTINGS,
  landmarkRequest,
  MOVEMENT_BUDGET,
  movementRequest,
  movementRequestOfModel,
  planMovements,
  resolveFrameRate,
} from '../../training/index.ts';
import { span, totalDuration } from '../facts.ts';
import { classificationWords } from '../problems.ts';
import type { Task } from '../task.ts';
import { ACTION_BUNDLE } from './bundle.ts';

const CLIP = ['clip', 'clips'] as const;
/** Shorter clips hold too little for any window. */
const LEAST_SEC = 0.4;
const flags = (item: MediaItem) => flagsOfClip(item, LEAST_SEC);

/** See the file header. */
export const ACTION: Task = {
  kind: 'action',
  example: CLIP,
  shown: CLIP,
  hasClassFolders: true,
  lists: 'segments',
  saves: ['create-ml-actions', 'create-ml-actions-csv', 'folders', 'class-csv', 'landmarks', 'landmarks-csv'],
  join: joinFrames,
  accept: 'video/*,.mkv,.mov,.json,.csv,.txt,.zip',
  opening: 'viewer',
  words: {
    ...classificationWords(CLIP, 'window'),
    project: 'Action classification',
    summary: 'Body movement in, what it is out',
    title: 'Actions',
    choice: 'How a body moves over time, from videos or the camera.',
    icon: 'action',
    newName: 'My movements',
    model: 'Action classifier',
    all: 'All clips',
    add: 'Add videos',
    start: {
      icon: 'action',
      title: 'Start with two movements',
      text: 'Make a class for each movement, one for standing still and one for other moves. About 50 clips of each, of more than one person, are a good start. Drop videos, folders, a zip, landmark files, or videos with an annotation file anywhere.',
      hasClassFirst: true,
    },
    taken: 'seen as',
    group: 'Recording',
    groupHint: 'Windows of one recording never sit on both sides of the split.',
    divideHint:
      'Testing clips are never trained on: their score is the honest one. Whole recordings move together, never windows.',
    factsTitle: 'Lengths and frame rates',
    archive: 'Clips, labels',
    foreign: { one: 'A movement', rest: 'standing still and other movements' },
    filling: 'stillness',
    goodStart: '50 movements',
  },
  flags,
  findings: (items, classes) => [
    ...findClassFindings(items, classes, { example: CLIP, start: 20, get: 'Record' }),
    ...findFlagged(items, flags),
  ],
  facts(items) {
    if (items.length === 0) return '';
    const [slow, fast] = span(items.map((item) => mediaOf(item, 'movement').frameRateHz));
    const [short, long] = span(items.map(durationOf));
    const from = slow.toFixed(0) === fast.toFixed(0) ? '' : `${slow.toFixed(0)} to `;
    return `${formatDuration(short)} to ${formatDuration(long)}, ${from}${fast.toFixed(0)} frames a second.`;
  },
  caption: (item) => formatDuration(durationOf(item)),
  total: totalDuration,
  algorithms: [
    { id: 'graph-network', title: 'Graph network', text: 'Learns how joints move together.' },
    { id: 'temporal-network', title: 'Temporal network', text: 'Smaller and faster, good on phones.' },
  ],
  defaults: (items) => ({
    ...DEFAULT_MOVEMENT_SETTINGS,
    modality: { ...modalityOf(DEFAULT_MOVEMENT_SETTINGS, 'movement'), windowSec: automaticWindowSec(items) },
  }),
  withAlgorithm: (settings, algorithm) => ({ ...settings, algorithm }),
  hasHead: () => false,
  plan: planMovements,
  // The rate that suits these clips stays with the run, whatever clips come later.
  resolve: ({ settings, data, items }) => {
    const given = new Set([...data.training, ...data.validation]);
    const frameRateHz = resolveFrameRate(
      settings,
      items.filter((item) => given.has(item.id)),
    );
    return { ...settings, modality: { ...modalityOf(settings, 'movement'), frameRateHz } };
  },
  features: movementRequest,
  featuresOfModel: (p, items) => movementRequestOfModel(p as MovementPreprocessing, items),
  choose: null,
  exampleCount(settings, items) {
    const { windowSec, overlapRatio } = modalityOf(settings, 'movement');
    const window = motionWindow(resolveFrameRate(settings, items), windowSec, overlapRatio);
    return items.reduce((sum, item) => sum + motionStarts(durationOf(item), window).length, 0);
  },
  automaticIterations: (count) => automaticIterations(count, MOVEMENT_BUDGET),
  iterated: 'window',
  inputs: ['landmarks'],
  tellInput(p) {
    const { joints, windowFrames, frameRateHz } = p as MovementPreprocessing;
    return `${joints.length} landmarks, ${(windowFrames / frameRateHz).toFixed(1)} s at ${frameRateHz} frames/s`;
  },
  landmarks: landmarkRequest,
  bundle: ACTION_BUNDLE,
  sample: {
    title: SAMPLE_ACTIONS.join(', ')
      .toLowerCase()
      .replace(/^./, (first) => first.toUpperCase()),
    about: '5 classes · 60 clips of a figure that moves',
    classes: SAMPLE_ACTIONS,
    count: 60,
  },
};
