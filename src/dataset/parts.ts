/** Words people give to the parts of a data set, in folders, lists and columns. Any thread; pure. */
import type { Part } from '../domain/project.ts';

/** What may stand behind the word of a part: `train_set`, `Training Data`, `val2017`, `test_images`. */
const TAIL =
  '(?:data|dataset|set|split|part|images?|imgs?|pictures?|photos?|audios?|sounds?|wavs?|clips?|videos?|files?|samples?|list|lst|paths?|names?|manifest|metadata)?\\d{0,4}';
const WORDS: readonly (readonly [Part, RegExp])[] = [
  [
    'training',
    new RegExp(
      `^(?:train|training|trn|trainval|trainings?daten|entra[iî]nement|entrenamiento|treino|addestramento)${TAIL}$`,
    ),
  ],
  [
    'validation',
    new RegExp(
      `^(?:val|valid|validation|validate|validating|dev|development|validierungs?(?:daten)?|validaci[oó]n|valida[cç][aã]o|validazione)${TAIL}$`,
    ),
  ],
  [
    'testing',
    new RegExp(
      `^(?:test|testing|tests|tst|eval|evaluation|holdout|heldout|heldback|unseen|testdaten|pruebas?|teste|testes)${TAIL}$`,
    ),
  ],
];

/** A name without the signs and case people vary: `Test_Set` and `test set` are one word. */
export const squash = (name: string): string =>
  name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '');

/** What may stand in front: `01_train`, `audio_test`, `my_val`. */
const FRONT = /^(?:\d{1,3}|my|the|data|dataset|audios?|sounds?|images?|imgs?|videos?)[\s_.-]+(?=.)/i;

/** The part a word names, or null. */
export function partOfWord(word: string): Part | null {
  const plain = squash(word.trim().replace(FRONT, ''));
  return WORDS.find(([, pattern]) => pattern.test(plain))?.[0] ?? null;
}

/** The part a list of many files is called after: `instances_val2017.json`, `train_labels.csv`; null when it says none, or two. */
export function partOfListName(path: string): Part | null {
  const stem = path.slice(path.lastIndexOf('/') + 1).replace(/\.[^.]*$/, '');
  const parts = new Set(stem.split(/[\s_.-]+/).flatMap((word) => partOfWord(word) ?? []));
  return parts.size === 1 ? [...parts][0]! : null;
}
