/** Which varied copies a run asks for. Any thread; pure. */
import type { MediaItem, RunData, TrainingSettings } from '../domain/project.ts';
import type { CopySettings } from '../features/index.ts';

/**
 * Copies of the training clips of a run on a pretrained network; null when the settings ask for none.
 * @param items of the project, for the content of the background sounds.
 */
export function copySettings(
  settings: TrainingSettings,
  data: RunData,
  items: readonly MediaItem[],
): (CopySettings & { hashes: string[] }) | null {
  const { augment, copies: count, seed } = settings;
  const { timeShift: isShifted, gain: isGained, backgroundClassId } = augment;
  if (count === 0 || !(isShifted || isGained || backgroundClassId !== null)) return null;
  const byId = new Map(items.map((item) => [item.id, item]));
  const hashesOf = (ids: readonly string[]) => [...new Set(ids.flatMap((id) => byId.get(id)?.hash ?? []))];
  const background =
    data.background ?? data.training.filter((id) => byId.get(id)?.classId === backgroundClassId && backgroundClassId);
  return { count, seed, isShifted, isGained, background: hashesOf(background), hashes: hashesOf(data.training) };
}
