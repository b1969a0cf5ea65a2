/** Data of Teachable Machine: project files (`.tm`, a zip of `class-!-number` and a manifest), and sounds with the stretches that are samples. Any thread; pure. */
import { isObject, numberOf, textOf } from './notes.ts';
import type { Stretch } from './label-tracks.ts';

const SAMPLE = /^(.+)-!-([^/]+)$/;

/** Paths of a project file as folders of classes; its manifest is no example. Others as they are. */
export function unfoldProject<F extends { path: string }>(files: readonly F[]): F[] {
  if (!files.some(({ path }) => SAMPLE.test(path))) return [...files];
  return files
    .filter(({ path }) => path !== 'manifest.json')
    .map((file) => ({ ...file, path: file.path.replace(SAMPLE, '$1/$2') }));
}

/**
 * `samples.json` beside the recordings of a class: where in them its samples are.
 * @returns stretches by the name of their recording; the class is that of the folder. null when it is none.
 */
export function readSamples(whole: unknown): Map<string, Stretch[]> | null {
  if (!Array.isArray(whole)) return null;
  const found = new Map<string, Stretch[]>();
  for (const sample of whole) {
    if (!isObject(sample)) continue;
    const name = textOf(sample.blobFilePath);
    const [startSec, endSec] = [numberOf(sample.startTime), numberOf(sample.endTime)];
    if (!name || !(startSec >= 0 && endSec > startSec)) continue;
    const known = found.get(name) ?? [];
    found.set(name, known);
    known.push({ startSec, endSec, label: null });
  }
  for (const stretches of found.values()) stretches.sort((a, b) => a.startSec - b.startSec);
  return found.size > 0 ? found : null;
}
