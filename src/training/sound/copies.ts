/** Which varied copies a run asks for. Any thread; pure. */
import { classIdOf } from '../../domain/label.ts';
import type { MediaItem, RunData } from '../../domain/project.ts';
import { modalityOf, type TrainingSettings } from '../../domain/task.ts';
import type { CopySettings } from '../../features/index.ts';

/**
 * Copies of the training clips of a run on a pretrained network; null when the settings ask for none.
 * @param items of the project, for the content of the background sounds.
 */
export function copySettings(
  settings: TrainingSettings,
  data: RunData,
  items: readonly MediaItem[],
): (CopySettings & { hashes: string[] }) | null {
  const { copies: count, seed } = settings;
  const { augment } = modalityOf(settings, 'sound');
  const { timeShift: isShifted, gain: isGained, backgroundClassId } = augment;
  if (count === 0 || !(isShifted || isGained || backgroundClassId !== null)) return null;
  const byId = new Map(items.map((item) => [item.id, item]));
  const hashesOf = (ids: readonly string[]) => [...new Set(ids.flatMap((id) => byId.get(id)?.hash ?? []))];
  const background =
    data.background ??
    data.training.filter((id) => {
      const item = byId.get(id);
      return backgroundClassId && item && classIdOf(item) === backgroundClassId;
    });
  return { count, seed, isShifted, isGained, background: hashesOf(background), hashes: hashesOf(data.training) };
}
