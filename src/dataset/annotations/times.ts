/** Times as people write them. Any thread; pure. */

/**
 * A time in any of the five notations: seconds, seconds with a fraction, `mm:ss`, `mm:ss.fraction`, `hh:mm:ss` (with a fraction too); spaces and
 * unpadded fields are fine. @returns seconds; NaN when it is no time, null when it is empty.
 */
export function parseTime(value: unknown): number | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number') return value;
  const text = String(value).trim();
  if (text === '') return null;
  const fields = text.split(':').map((field) => field.trim().replace(',', '.'));
  if (fields.length > 3 || fields.some((field) => !/^\d+(\.\d*)?$|^\.\d+$/.test(field))) return NaN;
  return fields.reduce((sum, field) => sum * 60 + Number(field), 0);
}
