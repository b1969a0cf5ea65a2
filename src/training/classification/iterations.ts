/** How many iterations a classifier trains when nobody chose. Any thread; pure. */

/** What an iteration budget depends on: windows trained on in all, and the most iterations. */
export type IterationBudget = readonly [windows: number, most: number];

/** Of sounds and pictures. */
export const COMMON_BUDGET: IterationBudget = [36_000, 120];
/** Of a head on whole sounds: its windows say more, and it knows them after few passes (docs/results.md). */
export const WHOLE_SOUNDS_BUDGET: IterationBudget = [12_000, 60];
/** Movements are learnt from nothing, and vary more. */
export const MOVEMENT_BUDGET: IterationBudget = [60_000, 160];

/** Enough steps for few windows, fewer passes over many. */
export function automaticIterations(windowCount: number, [budget, most]: IterationBudget = COMMON_BUDGET): number {
  return Math.max(30, Math.min(most, Math.round(budget / Math.max(1, windowCount))));
}
