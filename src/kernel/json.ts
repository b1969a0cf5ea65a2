/** JSON as programs really write it. Any thread; pure. */

/** Parses JSON also where Python has written NaN and Infinity as words; they become null. @throws SyntaxError. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    // Strings stay as they are, however long.
    const plain = text.replace(/"[^"\\]*(?:\\[^][^"\\]*)*"|-?\b(?:NaN|Infinity)\b/g, (found) =>
      found.startsWith('"') ? found : 'null',
    );
    if (plain === text) throw error;
    return JSON.parse(plain) as unknown;
  }
}
