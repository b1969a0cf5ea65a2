/** Words of the two problems, for the rows of the table. Any thread; pure. */
import type { Noun } from '../dataset/index.ts';
import { formatPercent } from '../kernel/format.ts';
import type { ProblemWords } from './task.ts';

/** Of classifiers. @param example what is classified. @param window what it is cut into; null = it is not cut. */
export const classificationWords = ([one, many]: Noun, window: string | null): ProblemWords => ({
  formatScore: (score) => formatPercent(score),
  scoreAbout: (isTest) => `of ${isTest ? 'test' : 'validation'} ${many} right`,
  scoreTitle: `${many} right`,
  bestAbout: `of validation ${window ? `${window}s` : many}`,
  curve: {
    title: 'Accuracy',
    training: 'Training',
    trainingLegend: 'Training',
    validation: 'Validation',
    columns: ['Training accuracy', 'Validation accuracy', 'Validation loss'],
    hasParts: false,
  },
  open: 'No class',
  deleteClass: `Delete class and its ${many}`,
  reviewClass: one === 'clip' ? 'Record more' : 'Show',
});

/** Of object detectors. */
export const DETECTION_WORDS: ProblemWords = {
  formatScore: (score) => score?.toFixed(2) ?? '—',
  scoreAbout: (isTest) => `average precision on ${isTest ? 'test' : 'validation'} pictures`,
  scoreTitle: 'average precision at an overlap of 0.50',
  bestAbout: 'in validation',
  curve: {
    title: 'Average precision',
    training: 'Overlap',
    trainingLegend: 'Overlap of training boxes',
    validation: 'Validation, AP50',
    columns: ['Overlap', 'Validation AP50', 'Loss of classes, boxes'],
    hasParts: true,
  },
  open: 'To do',
  deleteClass: 'Delete class and its boxes',
  reviewClass: 'Show',
};
