/** Words people give to the parts of a data set, in folders, lists and columns. Any thread; pure. */
import type { Part } from '../domain/project.ts';

/** What may stand behind the word of a part: `train_set`, `Training Data`, `val2017`, `test_images`. */
const TAIL =
  '(?:data|dataset|set|split|part|images?|imgs?|pictures?|photos?|audios?|sounds?|wavs?|clips?|videos?|files?|samples?|list|lst|paths?|names?|manifest|metadata)?\\d{0,4}';
const WORDS: readonly (readonly [Part, RegExp])[] = [
  ['training', new RegExp(`^(?:train|training|trn|trainval)${TAIL}$`)],
  ['validation', new RegExp(`^(?:val|valid|validation|validate|validating|dev|development)${TAIL}$`)],
  ['testing', new RegExp(`^(?:test|testing|tests|tst|eval|evaluation|holdout|heldout|heldback|unseen)${TAIL}$`)],
];

/** A name without the signs and case people vary: `Test_Set` and `test set` are one word. */
export const squash = (name: string): string =>
  name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '');

/** The part a word names, or null. */
export function partOfWord(word: string): Part | null {
  const plain = squash(word);
  return WORDS.find(([, pattern]) => pattern.test(plain))?.[0] ?? null;
}
