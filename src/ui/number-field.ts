/** Number of a field, kept within bounds; the old one when it holds none. Main thread. */
export function numberOf(event: Event, low: number, high: number, old: number): number {
  const value = (event.currentTarget as HTMLInputElement).valueAsNumber;
  return Number.isFinite(value) ? Math.max(low, Math.min(high, value)) : old;
}
