/** JSON as programs and people really write it. Any thread; pure. */

/** Strings, comments, commas before an end, and words that JSON has not. */
const ODD =
  /"[^"\\]*(?:\\[^][^"\\]*)*"|\/\/[^\n]*|\/\*[^]*?\*\/|,(?=\s*(?:\/\/[^\n]*\s*|\/\*[^]*?\*\/\s*)*[\]}])|-?\b(?:NaN|Infinity)\b/g;

/**
 * Parses JSON also where Python has written NaN and Infinity as words (they become null), and with comments and commas before the end of a list.
 * @throws SyntaxError that says where it is cut off or broken, in words.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    // Strings stay as they are, however long.
    const plain = text.replace(ODD, (found) => (found.startsWith('"') ? found : /^-?[NI]/.test(found) ? 'null' : ''));
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
