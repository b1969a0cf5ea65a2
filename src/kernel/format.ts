/** Numbers as people read them (DESIGN §9): one decimal for percent, thin unit gaps, true minus. Any thread. */

const NARROW = '\u202f';

/** "92.5 %" from a ratio 0..1; an em dash for a missing value. */
export function formatPercent(ratio: number | null | undefined, digits = 1): string {
  if (ratio === null || ratio === undefined || !Number.isFinite(ratio)) return '—';
  return `${(ratio * 100).toFixed(digits)}${NARROW}%`;
}

/** "12 s", "2.4 s", "3 min 41 s", "1 h 2 min". */
export function formatDuration(sec: number): string {
  if (!Number.isFinite(sec)) return '—';
  if (sec < 10) return `${sec.toFixed(1)}${NARROW}s`;
  if (sec < 60) return `${Math.round(sec)}${NARROW}s`;
  const whole = Math.round(sec);
  if (whole < 3600) return `${Math.floor(whole / 60)}${NARROW}min ${whole % 60}${NARROW}s`;
  return `${Math.floor(whole / 3600)}${NARROW}h ${Math.floor((whole % 3600) / 60)}${NARROW}min`;
}

/** Time left, rounded to 10 s over a minute (DESIGN §6). */
export function formatTimeLeft(sec: number): string {
  return formatDuration(sec > 60 ? Math.ceil(sec / 10) * 10 : Math.max(1, Math.ceil(sec))) + ' left';
}

/** "4.4 MB" in decimal units. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes}${NARROW}B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = -1;
  do {
    value /= 1000;
    unit++;
  } while (value >= 999.5 && unit < units.length - 1);
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)}${NARROW}${units[unit]}`;
}

/** "1 clip", "3 clips", "1,280 clips". */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

/** "0:07.4" for a position in a sound. */
export function formatPosition(sec: number): string {
  const tenths = Math.round(sec * 10);
  const minutes = Math.floor(tenths / 600);
  const rest = ((tenths % 600) / 10).toFixed(1).padStart(4, '0');
  return `${minutes}:${rest}`;
}

/** Rows as CSV (RFC 4180), cells quoted where they need it. */
export function formatCsv(rows: readonly (readonly string[])[]): string {
  const quote = (cell: string) => (/[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  return rows.map((row) => row.map((cell) => quote(plainCell(cell))).join(',')).join('\n') + '\n';
}

/** A cell that a spreadsheet would take for a formula, as text (OWASP, CSV injection). */
export const plainCell = (text: string): string =>
  /^'*[=+\-@\t\r]/.test(text) && !Number.isFinite(Number(text)) ? `'${text}` : text;

/** What {@link plainCell} was given. */
export const unplainCell = (text: string): string => (/^'+[=+\-@\t\r]/.test(text) ? text.slice(1) : text);

/** "4 min ago", "yesterday", "9 Nov". */
export function formatAgo(thenMs: number, nowMs: number): string {
  const sec = Math.max(0, (nowMs - thenMs) / 1000);
  if (sec < 60) return 'just now';
  if (sec < 3600) return `${Math.floor(sec / 60)} min ago`;
  if (sec < 86400) return `${Math.floor(sec / 3600)} h ago`;
  if (sec < 172800) return 'yesterday';
  return new Date(thenMs).toLocaleDateString('en', { day: 'numeric', month: 'short' });
}

/** The word as a title begins it. */
export const capitalise = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** What the spellings of one name have in common: neither Unicode form nor case nor spaces around it count. */
export const nameKey = (name: string): string => name.trim().normalize('NFC').toLowerCase();
