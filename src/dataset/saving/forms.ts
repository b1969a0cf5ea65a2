/** The forms a data set can leave in, in words; what they write is in formats.ts. A task names those its examples can take (`DatasetSlot.saves`). Any thread; data. */
import type { SaveKey } from '../archive-contract.ts';

/** One form. `id` is its name on the command line; forms of different tasks may share it. */
export type Form = {
  id: string;
  title: string;
  /** One sentence: what it holds, and who reads it. */
  text: string;
  /** Parts stand in lists or columns of its own, whatever a person chooses. */
  hasOwnParts?: boolean;
};

/** See the file header. */
export const FORMS: Readonly<Record<SaveKey, Form>> = {
  folders: {
    id: 'folders',
    title: 'Folders of classes',
    text: 'A folder for each class, and labels.csv. Opens everywhere: Create ML, Keras, fastai, this app.',
  },
  'create-ml-folders': {
    id: 'create-ml',
    title: 'Create ML',
    text: 'Folders of classes without other files, as Create ML takes them.',
  },
  'create-ml-actions': {
    id: 'create-ml',
    title: 'Create ML, JSON',
    text: 'Videos and annotations.json with labels and times, as Create ML’s action classifier takes them.',
  },
  'create-ml-actions-csv': {
    id: 'create-ml-csv',
    title: 'Create ML, CSV',
    text: 'Videos and annotations.csv with labels and times, as Create ML’s action classifier takes them.',
  },
  landmarks: {
    id: 'landmarks',
    title: 'Landmarks, JSON',
    text: 'A file for each clip with the joints of every frame, and no picture of anybody. They are computed first.',
  },
  'landmarks-csv': {
    id: 'landmarks-csv',
    title: 'Landmarks, CSV',
    text: 'The same as tables: a row for each frame, x, y and visibility of each joint.',
  },
  'class-csv': {
    id: 'csv',
    title: 'CSV',
    text: 'All files in one folder, and a table of file, class and part.',
    hasOwnParts: true,
  },
  'teachable-machine': {
    id: 'teachable-machine',
    title: 'Teachable Machine',
    text: 'A folder for each class with numbered files, to be dropped there class by class.',
  },
  audacity: { id: 'audacity', title: 'Audacity labels', text: 'Sounds, each with a label track of the same name.' },
  'create-ml-boxes': {
    id: 'create-ml',
    title: 'Create ML',
    text: 'annotations.json beside the pictures, as Create ML and most tools for it write it.',
  },
  'create-ml-apple': {
    id: 'create-ml-apple',
    title: 'Create ML, Apple’s keys',
    text: 'The same with the keys of Apple’s documentation: imagefilename and annotation.',
  },
  coco: {
    id: 'coco',
    title: 'COCO',
    text: 'One JSON for each part: Detectron2, MMDetection, MediaPipe Model Maker, Roboflow, CVAT.',
  },
  yolo: {
    id: 'yolo',
    title: 'YOLO',
    text: 'A text for each picture, and data.yaml: Ultralytics, Darknet, Roboflow, CVAT.',
  },
  voc: {
    id: 'voc',
    title: 'Pascal VOC',
    text: 'An XML file for each picture, and lists of the parts: TensorFlow, LabelImg, CVAT.',
    hasOwnParts: true,
  },
  'box-csv': {
    id: 'csv',
    title: 'CSV',
    text: 'A table with a row for each box: corners in pixels, class and part.',
    hasOwnParts: true,
  },
  'label-studio': {
    id: 'label-studio',
    title: 'Label Studio',
    text: 'Tasks with annotations, to go on labelling in Label Studio.',
  },
};
