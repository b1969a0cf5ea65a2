/** JSON as programs and people really write it. Any thread; pure. */

/**
 * Parses JSON also where Python has written NaN and Infinity as words (they become null), and with comments and commas before the end of a list.
 * @throws SyntaxError that says where it is cut off or broken, in words.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const plain = plainJson(text);
    if (plain !== text) {
      try {
        return JSON.parse(plain) as unknown;
      } catch {
        // Something else is wrong beside it.
      }
    }
    throw new SyntaxError(tellFault(text, error as Error), { cause: error });
  }
}

/** Where a string ends that begins at `from`: behind its quote, or at the end of the text. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

/** Where a comment ends that begins at `from`; `from` when there is none. */
function endOfComment(text: string, from: number): number {
  const mark = text.slice(from, from + 2);
  if (mark !== '//' && mark !== '/*') return from;
  const end = mark === '//' ? text.indexOf('\n', from) : text.indexOf('*/', from + 2);
  return end < 0 ? text.length : mark === '//' ? end : end + 2;
}

const WORD = /-?(?:NaN|Infinity)\b/y;

/** The text without comments and without commas before an end; words of Python that JSON has not are null. One pass: it takes as long as the text. */
function plainJson(text: string): string {
  const pieces: string[] = [];
  let kept = 0;
  /** Piece with the comma that waits for what follows it. */
  let comma = -1;
  const keepUpTo = (at: number) => void (at > kept && pieces.push(text.slice(kept, at)));
  for (let at = 0; at < text.length;) {
    const sign = text[at]!;
    const comment = sign === '/' ? endOfComment(text, at) : at;
    if (comment > at) {
      keepUpTo(at);
      at = kept = comment;
      continue;
    }
    if (sign === ' ' || sign === '\n' || sign === '\r' || sign === '\t') {
      at++;
      continue;
    }
    if (comma >= 0 && (sign === ']' || sign === '}')) pieces[comma] = '';
    comma = -1;
    if (sign === '"') at = endOfString(text, at);
    else if (sign === ',') {
      keepUpTo(at);
      comma = pieces.push(',') - 1;
      kept = ++at;
    } else if (sign === '-' || sign === 'N' || sign === 'I') {
      WORD.lastIndex = at;
      const word = WORD.exec(text)?.[0];
      if (word) {
        keepUpTo(at);
        pieces.push('null');
        at = kept = at + word.length;
      } else at++;
    } else at++;
  }
  keepUpTo(text.length);
  return pieces.join('');
}

/** What is wrong with a text that is no JSON. */
function tellFault(text: string, { message }: Error): string {
  const at = Number(/position (\d+)/.exec(message)?.[1] ?? NaN);
  if (/Unexpected end|Unterminated/i.test(message) || at >= text.trimEnd().length)
    return 'it ends in the middle: it is cut off. Save it again where it comes from';
  const line = Number.isFinite(at) ? text.slice(0, at).split('\n').length : null;
  const where = line === null ? '' : ` in line ${line}`;
  if (/after JSON|non-whitespace/i.test(message))
    return `something follows its end${where}: a file holds one list or one object`;
  if (/'/.test(text.slice(Math.max(0, at - 1), at + 1))) return `it has single quotes${where}: JSON wants double ones`;
  return `it is broken${where} (${message})`;
}
