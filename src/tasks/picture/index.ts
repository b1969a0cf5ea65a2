/** Classifying whole pictures. Any thread. */
import { findClassFindings, findFlagged, type ClipFlag } from '../../dataset/index.ts';
import type { PicturePreprocessing } from '../../domain/model.ts';
import { mediaOf, modalityOf } from '../../domain/task.ts';
import { automaticIterations } from '../../training/index.ts';
import { span } from '../facts.ts';
import { classificationWords } from '../problems.ts';
import type { Task } from '../task.ts';
import { PICTURE_BUNDLE } from './bundle.ts';
import {
  choosePictureAlgorithm,
  DEFAULT_PICTURE_SETTINGS,
  FULL_PIXELS,
  pictureRequest,
  pictureRequestOfModel,
  planPictures,
  timesShown,
  withPictureAlgorithm,
} from './settings.ts';
import { SAMPLE_PICTURES, SAMPLE_SIZE } from './shapes.ts';

const PICTURE_NOUN = ['picture', 'pictures'] as const;
const flags = (): ClipFlag[] => [];

/** See the file header. */
export const PICTURE: Task = {
  kind: 'picture',
  example: PICTURE_NOUN,
  shown: PICTURE_NOUN,
  hasClassFolders: true,
  lists: 'classes',
  saves: ['folders', 'create-ml-folders', 'class-csv', 'teachable-machine'],
  accept: 'image/*,video/*,.csv,.tsv,.zip,.tm',
  opening: 'viewer',
  words: {
    ...classificationWords(PICTURE_NOUN, null),
    project: 'Picture classification',
    summary: 'Pictures in, class names out',
    title: 'Pictures',
    choice: 'What a whole picture shows, from files or the camera.',
    icon: 'camera',
    newName: 'My pictures',
    model: 'Picture classifier',
    all: 'All pictures',
    add: 'Add pictures',
    start: {
      icon: 'camera',
      title: 'Start with two kinds of pictures',
      text: 'Make a class for each kind, plus one for none of them. About 20 pictures of each gives a first result. Drop pictures, folders, a zip, or a list of classes as CSV anywhere; videos give their frames.',
      hasClassFirst: true,
    },
    taken: 'seen as',
    group: 'Picture',
    groupHint: 'The same picture, frames of one video and pictures of one burst never sit on both sides of the split.',
    divideHint:
      'Testing pictures are never trained on: their score is the honest one. What was taken together moves together.',
    factsTitle: 'Sizes',
    archive: 'Pictures, labels',
    foreign: { one: 'A picture', rest: 'other pictures' },
    filling: '',
    goodStart: '20 whole pictures',
  },
  flags,
  findings: (items, classes) => [
    ...findClassFindings(items, classes, { example: PICTURE_NOUN, start: 20, get: 'Take' }),
    ...findFlagged(items, flags),
  ],
  facts(items) {
    if (items.length === 0) return '';
    const media = items.map((item) => mediaOf(item, 'picture'));
    const [narrow, wide] = span(media.map(({ width }) => width));
    const [flat, tall] = span(media.map(({ height }) => height));
    const [size, largest] = [`${narrow} × ${flat}`, `${wide} × ${tall}`];
    return `${size === largest ? size : `${size} to ${largest}`} pixels. All are brought to one size in training.`;
  },
  caption: () => '',
  total: () => '',
  algorithms: [
    {
      id: 'automatic',
      title: 'Automatic',
      text: 'Transfer learning when a network that knows pictures is on this device; else Full network.',
    },
    {
      id: 'transfer-learning',
      title: 'Transfer learning',
      text: 'Starts from a network that knows pictures. Few pictures are enough, seconds to train.',
    },
    {
      id: 'full-network',
      title: 'Full network',
      text: 'Learns from your pictures alone. Nothing to download; for many pictures unlike photographs.',
    },
  ],
  defaults: () => DEFAULT_PICTURE_SETTINGS,
  withAlgorithm: withPictureAlgorithm,
  hasHead: ({ algorithm }) => algorithm === 'transfer-learning',
  plan: planPictures,
  // What the network sees stays with the run.
  resolve: ({ settings }) => {
    const picture = modalityOf(settings, 'picture');
    return settings.algorithm === 'full-network'
      ? { ...settings, modality: { ...picture, pixels: picture.pixels ?? FULL_PIXELS } }
      : settings;
  },
  features: pictureRequest,
  featuresOfModel: (p, items) =>
    pictureRequestOfModel(
      p as PicturePreprocessing,
      items.map((item) => item.hash),
    ),
  choose: choosePictureAlgorithm,
  exampleCount: (settings, items) => items.length * timesShown(settings, items.length),
  automaticIterations: (count) => automaticIterations(count),
  iterated: null,
  inputs: ['picture-embedding', 'picture-pixels'],
  tellInput: (p) => `${(p as PicturePreprocessing).pixels} × ${(p as PicturePreprocessing).pixels} pixels`,
  landmarks: null,
  bundle: PICTURE_BUNDLE,
  sample: {
    title: 'Star, heart, leaf, cloud',
    about: '4 classes · 128 drawn pictures',
    classes: SAMPLE_PICTURES,
    count: SAMPLE_PICTURES.length * SAMPLE_SIZE.perClass,
  },
};
