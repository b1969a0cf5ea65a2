/** Finding objects in pictures. Any thread. */
import { findBoxFindings } from '../../dataset/index.ts';
import { boxesOf, isLabelled } from '../../domain/label.ts';
import type { DetectorPreprocessing } from '../../domain/model.ts';
import { foldCountOf } from '../../domain/project.ts';
import { mediaOf, modalityOf, problemOf, type TrainingSettings } from '../../domain/task.ts';
import { SAMPLE_OBJECTS } from '../../features/index.ts';
import { formatCount } from '../../kernel/format.ts';
import {
  automaticDetectorIterations,
  DEFAULT_DETECTION_SETTINGS,
  detectionRequest,
  detectionRequestOfModel,
  examplesPerPicture,
  planBoxes,
  resolveInput,
  withDetectorAlgorithm,
} from '../../training/index.ts';
import { span } from '../facts.ts';
import { DETECTION_WORDS } from '../problems.ts';
import type { Task } from '../task.ts';
import { DETECTION_BUNDLE } from './bundle.ts';

/** See the file header. */
export const DETECTION: Task = {
  kind: 'detection',
  example: ['picture', 'pictures'],
  shown: ['box', 'boxes'],
  hasClassFolders: false,
  lists: 'boxes',
  saves: ['create-ml-boxes', 'create-ml-apple', 'coco', 'yolo', 'voc', 'box-csv', 'label-studio'],
  accept: 'image/*,video/*,.json,.xml,.csv,.txt,.yaml,.yml,.names,.zip',
  opening: 'editor',
  words: {
    ...DETECTION_WORDS,
    project: 'Object detection',
    summary: 'Pictures in, boxes with names out',
    title: 'Objects',
    choice: 'Find things in pictures and put boxes around them.',
    icon: 'detect',
    newName: 'My objects',
    model: 'Object detector',
    all: 'All pictures',
    add: 'Add pictures',
    start: {
      icon: 'detect',
      title: 'Start with 30 pictures',
      text: 'Add pictures of what is to be found, in the places where it will be. Draw boxes around each thing, or drop a folder that has annotations: Create ML, COCO, YOLO, Pascal VOC or CSV. Videos give their frames.',
      hasClassFirst: false,
    },
    taken: 'seen as',
    group: 'Picture',
    groupHint: 'The same picture never sits on both sides of the split.',
    divideHint: 'Testing pictures are never trained on: their score is the honest one. Boxes are counted below.',
    factsTitle: 'Sizes and boxes',
    archive: 'Pictures, boxes',
    foreign: { one: 'A thing', rest: 'other things' },
    filling: '',
    goodStart: '30 pictures with boxes',
  },
  flags: () => [],
  findings: findBoxFindings,
  facts(items) {
    if (items.length === 0) return '';
    const media = items.map((item) => mediaOf(item, 'picture'));
    const [narrow, wide] = span(media.map(({ width }) => width));
    const [flat, tall] = span(media.map(({ height }) => height));
    const boxes = items.reduce((sum, item) => sum + boxesOf(item).length, 0);
    const [size, largest] = [`${narrow} × ${flat}`, `${wide} × ${tall}`];
    return `${size === largest ? size : `${size} to ${largest}`} pixels, ${(boxes / items.length).toFixed(1)} boxes a picture. All are brought to one size in training.`;
  },
  caption: (item) => (isLabelled(item) ? formatCount(boxesOf(item).length, 'box', 'boxes') : 'to do'),
  total: (items) =>
    formatCount(
      items.reduce((sum, item) => sum + boxesOf(item).length, 0),
      'box',
      'boxes',
    ),
  algorithms: [
    {
      id: 'transfer-learning',
      title: 'Transfer learning',
      pace: { unitSec: 0.24, exampleSec: 0.014 },
      text: 'Starts from a network that knows pictures. Minutes, from 30 pictures on.',
    },
    {
      id: 'fine-tune',
      title: 'Fine-tune',
      text: 'Changes such a network too, for the last points of accuracy. Needs a graphics processor.',
      needsGpu: true,
    },
    {
      id: 'full-network',
      title: 'Full network',
      text: 'Learns from your pictures alone. For hundreds of pictures unlike photographs; takes an hour rather than minutes without a graphics processor.',
    },
  ],
  defaults: () => DEFAULT_DETECTION_SETTINGS,
  withAlgorithm: withDetectorAlgorithm,
  hasHead: () => false,
  plan: planBoxes,
  // What was chosen for these boxes stays with the run, whatever is drawn later.
  resolve: ({ settings, data, items }) => {
    const used = new Set(data.training);
    const { pixels, tiles } = resolveInput(
      settings,
      items.filter((item) => used.has(item.id)),
    );
    return {
      ...settings,
      modality: { ...modalityOf(settings, 'picture'), pixels },
      problem: { ...problemOf(settings, 'detection'), tiles },
    } as TrainingSettings;
  },
  features: detectionRequest,
  featuresOfModel: (p, items) =>
    detectionRequestOfModel(
      p as DetectorPreprocessing,
      items.map((item) => item.hash),
    ),
  choose: null,
  exampleCount: (settings, items) => items.length * examplesPerPicture(settings, items),
  automaticIterations: (count, { algorithm }, data = {}) =>
    automaticDetectorIterations(count, algorithm, foldCountOf(data) === 1),
  iterated: null,
  inputs: ['ssd-mobilenet', 'pixels'],
  tellInput(p) {
    const { pixels, tiles } = p as DetectorPreprocessing;
    return `${pixels} × ${pixels} pixels${tiles > 1 ? `, ${tiles} × ${tiles} tiles` : ''}`;
  },
  landmarks: null,
  bundle: DETECTION_BUNDLE,
  sample: { title: 'Dice', about: '6 classes · 80 drawn pictures with boxes', classes: SAMPLE_OBJECTS, count: 80 },
};
