/**
 * Landmark sequences as files, read leniently and written in one form. Any thread; pure. The form is described in docs/landmarks.md:
 * `{ "format": "understudy-landmarks", "version": 1, "frameRate", "width", "height", "joints": [names], "frames": [[[x, y, visibility], …] or null, …] }`
 * with x and y in pixels of a `width` × `height` picture; `sequences: [{ "name", "label", … }]` holds several. CSV: one row per frame with the columns
 * `joint_x`, `joint_y` and optionally `joint_visibility`, or one row per joint with the columns `frame`, `joint`, `x`, `y`, `visibility`.
 */
import { parseJson } from '../../kernel/json.ts';
import {
  DEFAULT_RATE_HZ,
  isRecord,
  MOST_FRAMES,
  jointNames,
  numberOf,
  readPoint,
  refuse,
  toMotion,
  type LandmarkSequence,
  type Point,
} from './landmark-points.ts';
import { readLandmarkTable } from './landmark-table.ts';
import { frameCount, MOTION_VALUES } from './motion.ts';
import { BLAZEPOSE_JOINTS } from './skeleton.ts';

export type { LandmarkSequence } from './landmark-points.ts';
export { formatLandmarkTable } from './landmark-table.ts';

/** The points of the first person of a frame, whatever detectors put around them: a list of people, an object with the points. */
function pointsOf(row: unknown, depth = 0): unknown {
  if (depth > 4) return row;
  if (Array.isArray(row)) {
    const [first] = row as unknown[];
    const isPerson =
      isRecord(first) &&
      (isRecord(first.pose) ||
        ['keypoints', 'landmarks', 'pose_keypoints_2d'].some((key) => Array.isArray(first[key])));
    const isList = Array.isArray(first) && (Array.isArray(first[0]) || isRecord(first[0]));
    return isPerson || isList ? pointsOf(first, depth + 1) : row;
  }
  if (!isRecord(row)) return row;
  const inner =
    // ml5 puts a person into `pose`, beside its skeleton.
    (isRecord(row.pose) ? row.pose : undefined) ??
    row.landmarks ??
    row.keypoints ??
    row.poseLandmarks ??
    row.pose_landmarks ??
    row.joints ??
    row.points ??
    row.people ??
    row.poses ??
    row.pose_keypoints_2d;
  return inner === undefined ? row : pointsOf(inner, depth + 1);
}

/** Numbers of one joint in a flat list: MediaPipe's 33 joints have two to four, others three or two. */
function stepOf(count: number): number {
  const each = count / BLAZEPOSE_JOINTS.length;
  if (each === 2 || each === 3 || each === 4) return each;
  return count % 3 === 0 ? 3 : 2;
}

/** Lists of people by picture (AlphaPose) as frames: the best of each picture, in their order. */
function framesByPicture(list: readonly unknown[]): unknown[] {
  if (!isRecord(list[0]) || list[0].image_id === undefined || !Array.isArray(list[0].keypoints)) return [...list];
  const best = new Map<string, Record<string, unknown>>();
  for (const entry of list.filter(isRecord)) {
    const id = String(entry.image_id);
    const known = best.get(id);
    if (!known || numberOf(entry.score) > numberOf(known.score)) best.set(id, entry);
  }
  return [...best.values()];
}

function readJsonSequence(value: Record<string, unknown>, outer: Record<string, unknown>): LandmarkSequence {
  const of = (...keys: string[]) => keys.map((key) => value[key] ?? outer[key]).find((found) => found !== undefined);
  const rows =
    value.frames ??
    value.landmarks ??
    value.keypoints ??
    value.poses ??
    value.sequence ??
    value.results ??
    value.openpose;
  if (!Array.isArray(rows)) throw refuse('it has no list of frames');
  if (rows.length > MOST_FRAMES) throw refuse(`it has more than ${MOST_FRAMES} frames`);
  const given = of('joints', 'names', 'jointNames', 'landmarkNames', 'keypointNames');
  const named = Array.isArray(given) && given.length > 0 ? (given as unknown[]) : undefined;
  let names: unknown = named;
  const frames = rows.map((row: unknown): Point[] | null => {
    if (row === null) return null;
    const points = pointsOf(row);
    if (Array.isArray(points)) {
      // A flat list: x, y, visibility, x, y, visibility …
      if (points.length > 0 && typeof points[0] === 'number') {
        const flat = points as number[];
        const jointCount = Array.isArray(named) ? named.length : 0;
        const step = jointCount ? Math.max(1, Math.round(flat.length / jointCount)) : stepOf(flat.length);
        return Array.from({ length: Math.floor(flat.length / step) }, (_, j) =>
          readPoint(flat.slice(j * step, (j + 1) * step)),
        );
      }
      if (!names && isRecord(points[0]) && ('name' in points[0] || 'part' in points[0])) names = points;
      return points.map(readPoint);
    }
    if (isRecord(points)) {
      // { "left_wrist": [x, y], … }
      names ??= Object.keys(points).filter((key) => readPoint((points as Record<string, unknown>)[key]) !== null);
      const record = points;
      return (names as string[]).map((key) => readPoint(record[key]));
    }
    return null;
  });
  const count = Math.max(0, ...frames.slice(0, 1000).map((frame) => frame?.length ?? 0));
  const rate = numberOf(of('frameRate', 'frame_rate', 'fps', 'rate') ?? DEFAULT_RATE_HZ);
  const width = numberOf(of('width'));
  const height = numberOf(of('height'));
  const label = of('label', 'class', 'action');
  const name = value.name ?? value.id ?? value.video ?? null;
  return {
    name: name === null ? null : String(name),
    label: typeof label === 'string' && label.trim() ? label.trim() : null,
    ...toMotion(jointNames(names, count), frames, rate, width > 0 && height > 0 ? { width, height } : null),
  };
}

/** Keypoints of a COCO file: the pictures in their order are frames; a number at the end of their names divides them into sequences. */
function readCocoKeypoints(whole: Record<string, unknown>): LandmarkSequence[] | null {
  const lists = [whole.images, whole.annotations, whole.categories].map((list) =>
    Array.isArray(list) ? list.filter(isRecord) : null,
  );
  const [images, annotations, categories] = lists;
  if (!images || !annotations?.some((entry) => Array.isArray(entry.keypoints))) return null;
  const first = new Map<string, unknown[]>();
  for (const { image_id: id, keypoints } of annotations)
    if (Array.isArray(keypoints) && !first.has(String(id))) first.set(String(id), keypoints);
  const joints = categories?.map(({ keypoints }) => keypoints).find(Array.isArray);
  const groups = new Map<string, Record<string, unknown>[]>();
  for (const image of images) {
    const name = String(image.file_name ?? '')
      .replace(/\.[^.]*$/, '')
      .replace(/[ _-]*\d+$/, '');
    const known = groups.get(name);
    if (known) known.push(image);
    else groups.set(name, [image]);
  }
  return [...groups].map(([name, frames]) =>
    readJsonSequence(
      {
        name: name || null,
        frames: frames.map(({ id }) => first.get(String(id)) ?? null),
        joints,
        width: frames[0]!.width,
        height: frames[0]!.height,
      },
      {},
    ),
  );
}

function readJson(text: string): LandmarkSequence[] {
  let parsed: unknown;
  try {
    parsed = parseJson(text);
  } catch (error) {
    throw refuse(`it is no JSON (${(error as Error).message})`);
  }
  if (Array.isArray(parsed)) {
    // A list of sequences, or of frames.
    if (isRecord(parsed[0]) && ('frames' in parsed[0] || 'joints' in parsed[0]))
      return parsed.filter(isRecord).map((entry) => readJsonSequence(entry, {}));
    return [readJsonSequence({ frames: framesByPicture(parsed) }, {})];
  }
  if (!isRecord(parsed)) throw refuse('its JSON is neither a list nor an object');
  const coco = readCocoKeypoints(parsed);
  if (coco) return coco;
  const { sequences } = parsed;
  if (Array.isArray(sequences)) return sequences.filter(isRecord).map((entry) => readJsonSequence(entry, parsed));
  return [readJsonSequence(parsed, {})];
}

/**
 * Reads a landmark file. @param name decides between CSV and JSON when the content leaves a doubt.
 * @throws StudioError `media/not-landmarks` with the reason.
 */
export function readLandmarks(text: string, name: string): LandmarkSequence[] {
  const isJson = /^\s*[[{]/.test(text) || /\.json$/i.test(name);
  const found = isJson ? readJson(text) : readLandmarkTable(text);
  if (found.length === 0) throw refuse('it is empty');
  return found;
}

/** Writes a sequence in the product's own form. */
export function formatLandmarks({ motion, label, name, aspect }: LandmarkSequence): string {
  const { joints, values, frameRateHz } = motion;
  const round = (value: number) => Math.round(value * 1e4) / 1e4;
  const height = 1000;
  const frames = Array.from({ length: frameCount(motion) }, (_, f) =>
    joints.map((_, j) => {
      const at = (f * joints.length + j) * MOTION_VALUES;
      return [
        Math.round(values[at]! * height * 100) / 100,
        Math.round(values[at + 1]! * height * 100) / 100,
        round(values[at + 2]!),
      ];
    }),
  );
  return JSON.stringify({
    format: 'understudy-landmarks',
    version: 1,
    ...(name ? { name } : {}),
    ...(label ? { label } : {}),
    frameRate: Math.round(frameRateHz * 1e4) / 1e4,
    width: Math.round(aspect * height),
    height,
    joints,
    frames,
  });
}
