/** Cells of written tables. Any thread; pure. */

/** A cell that a spreadsheet would take for a formula is written as text (OWASP, CSV injection). */
export const plainCell = (text: string): string =>
  /^'*[=+\-@\t\r]/.test(text) && !Number.isFinite(Number(text)) ? `'${text}` : text;

/** What {@link plainCell} was given. */
export const unplainCell = (text: string): string => (/^'+[=+\-@\t\r]/.test(text) ? text.slice(1) : text);
