/** What files that were dropped on the home page are for. Main thread. */
import { isJunkPath, type PathFile } from '../dataset/index.ts';
import type { TaskKind } from '../domain/task.ts';
import { guessTask } from '../tasks/index.ts';
import type { Clients } from './workers.ts';

/** Larger zips are not opened only to see what is in them. */
const MOST_BYTES = 500e6;
const ZIP = /\.(zip|tm)$/i;

/** Teachable Machine says in its manifest what a project is of; its samples have no endings. */
async function endingOfProject(files: readonly PathFile[]): Promise<string> {
  const manifest = files.find(({ path }) => path === 'manifest.json');
  const text = manifest ? await manifest.blob.text() : '';
  return /"type"\s*:\s*"audio/.test(text) ? '.wav' : '.jpg';
}

/** Names of files, and of those in zips, to a few levels. */
async function namesOf(file: PathFile, { archive }: Pick<Clients, 'archive'>, depth = 0): Promise<string[]> {
  if (!ZIP.test(file.path) || file.blob.size > MOST_BYTES || depth > 2) return [file.path];
  const inside: PathFile[] = [];
  try {
    const asked = { blob: file.blob, isListing: true };
    await archive.call('unzip', asked, { onProgress: ({ file: entry }) => inside.push(entry) });
  } catch {
    return [file.path];
  }
  const ending = inside.some(({ path }) => path.includes('-!-')) ? await endingOfProject(inside) : '';
  // Beside the list of its samples a recording of Teachable Machine is a sound, whatever its ending.
  const areSounds = inside.some(({ path }) => /(^|[/!-])samples\.json$/.test(path));
  const names: string[] = [];
  for (const entry of inside) {
    const named = entry.path.includes('-!-') && !/\.\w{2,5}$/.test(entry.path) ? entry.path + ending : entry.path;
    if (named === 'manifest.json' || (areSounds && named.endsWith('samples.json'))) continue;
    if (areSounds && named.endsWith('.webm')) names.push('sample.wav');
    else names.push(...(await namesOf({ ...entry, path: named }, { archive }, depth + 1)));
  }
  return names;
}

/** The task that takes most of the files. */
export async function kindOfFiles(files: readonly PathFile[], clients: Pick<Clients, 'archive'>): Promise<TaskKind> {
  const names: string[] = [];
  for (const file of files) names.push(...(await namesOf(file, clients)));
  // What systems leave behind says nothing.
  return guessTask(names.filter((path) => !isJunkPath(path)));
}
