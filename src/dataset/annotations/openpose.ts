/** OpenPose writes a file for each frame; together they are one sequence. Any thread; nothing is read here. */
import type { PathFile } from '../path-file.ts';

const FRAME = /^(.*?)_(\d{4,12})_keypoints\.json$/i;

/** Files of frames as one file a sequence, in the order of their numbers; all others as they are. */
export function joinFrames(files: readonly PathFile[]): PathFile[] {
  const sequences = new Map<string, { at: number; blob: Blob }[]>();
  const rest: PathFile[] = [];
  for (const file of files) {
    const found = file.fault ? null : FRAME.exec(file.path);
    if (!found) {
      rest.push(file);
      continue;
    }
    const frames = sequences.get(found[1]!) ?? [];
    sequences.set(found[1]!, frames);
    frames.push({ at: Number(found[2]), blob: file.blob });
  }
  const joined = [...sequences].map(([path, frames]): PathFile => {
    const parts = frames.sort((a, b) => a.at - b.at).flatMap(({ blob }, i) => (i === 0 ? [blob] : [',', blob]));
    return { path: `${path}.json`, blob: new Blob(['{"openpose":[', ...parts, ']}'], { type: 'application/json' }) };
  });
  return [...rest, ...joined];
}
