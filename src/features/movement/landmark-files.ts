/**
 * Landmark sequences as files, read leniently and written in one form. Any thread; pure. The form is described in docs/landmarks.md:
 * `{ "format": "understudy-landmarks", "version": 1, "frameRate", "width", "height", "joints": [names], "frames": [[[x, y, visibility], …] or null, …] }`
 * with x and y in pixels of a `width` × `height` picture; `sequences: [{ "name", "label", … }]` holds several. CSV: one row per frame with the columns
 * `joint_x`, `joint_y` and optionally `joint_visibility`, or one row per joint with the columns `frame`, `joint`, `x`, `y`, `visibility`.
 */
import Papa from 'papaparse';
import { StudioError } from '../../kernel/errors.ts';
import { plainCell, unplainCell } from '../../kernel/format.ts';
import { parseJson } from '../../kernel/json.ts';
import { frameCount, MOTION_VALUES, type Motion } from './motion.ts';
import { BLAZEPOSE_JOINTS, canonicalJoint } from './skeleton.ts';

/** One sequence of a file. `aspect`: width / height of the picture the landmarks lie in. */
export type LandmarkSequence = {
  name: string | null;
  label: string | null;
  aspect: number;
  motion: Motion;
  /** The video it is of, where the file says so. */
  recording?: string | null;
};

/** Longest sequence and most joints that are read. */
const MOST_FRAMES = 200_000;
const MOST_JOINTS = 200;
const DEFAULT_RATE_HZ = 30;

const refuse = (reason: string) =>
  new StudioError('media/not-landmarks', { message: `The file holds no landmark sequence: ${reason}.` });

type Point = [x: number, y: number, visibility: number] | null;
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const numberOf = (value: unknown): number =>
  typeof value === 'number'
    ? value
    : typeof value === 'string' && value.trim() !== ''
      ? Number(value.trim().replace(/^(-?\d*),(\d+)$/, '$1.$2'))
      : NaN;

/** A point as people write it: [x, y], [x, y, visibility], [x, y, z, visibility], { x, y, visibility | score | confidence }. */
function readPoint(value: unknown): Point {
  let x = NaN;
  let y = NaN;
  let seen: unknown;
  if (Array.isArray(value)) {
    x = numberOf(value[0]);
    y = numberOf(value[1]);
    seen = value.length >= 4 ? value[3] : value[2];
  } else if (isRecord(value)) {
    // PoseNet puts x and y into `position`.
    const place = isRecord(value.position) ? value.position : value;
    x = numberOf(place.x);
    y = numberOf(place.y);
    seen = value.visibility ?? value.score ?? value.confidence ?? value.v;
  }
  if (!Number.isFinite(x) || !Number.isFinite(y)) return null;
  const visibility = seen === undefined || seen === null || seen === '' ? null : numberOf(seen);
  // Detectors that do not say so write unseen points as 0, 0.
  if (visibility === null) return x === 0 && y === 0 ? null : [x, y, 1];
  return Number.isFinite(visibility) ? [x, y, Math.max(0, Math.min(1, visibility))] : [x, y, 1];
}

/** Brings coordinates to units of the picture's height. */
function toMotion(
  joints: readonly string[],
  frames: readonly (readonly Point[] | null)[],
  rateHz: number,
  size: { width: number; height: number } | null,
): { motion: Motion; aspect: number } {
  if (frames.length === 0) throw refuse('it has no frames');
  if (frames.length > MOST_FRAMES) throw refuse(`it has more than ${MOST_FRAMES} frames`);
  if (joints.length < 2 || joints.length > MOST_JOINTS) throw refuse(`it has ${joints.length} joints`);
  if (!Number.isFinite(rateHz) || rateHz <= 0 || rateHz > 1000) throw refuse(`its frame rate is ${rateHz}`);
  let most = 0;
  let highest = 0;
  let widest = 0;
  let count = 0;
  for (const frame of frames)
    for (const point of frame ?? [])
      if (point) {
        most = Math.max(most, Math.abs(point[0]), Math.abs(point[1]));
        widest = Math.max(widest, point[0]);
        highest = Math.max(highest, point[1]);
        count++;
      }
  if (count === 0) throw refuse('no joint is ever seen');
  // Fractions of the picture, as MediaPipe writes them, or pixels.
  const isFraction = most <= 4;
  const width = size?.width ?? (isFraction ? 1 : Math.max(1, widest));
  const height = size?.height ?? (isFraction ? 1 : Math.max(1, highest));
  const aspect = width / height;
  const scaleX = isFraction && size && size.width > 4 ? aspect : 1 / (isFraction ? 1 : height);
  const scaleY = isFraction ? 1 : 1 / height;
  const values = new Float32Array(frames.length * joints.length * MOTION_VALUES);
  frames.forEach((frame, f) => {
    frame?.forEach((point, j) => {
      if (!point || j >= joints.length) return;
      values.set([point[0] * scaleX, point[1] * scaleY, point[2]], (f * joints.length + j) * MOTION_VALUES);
    });
  });
  return { motion: { joints, frameRateHz: rateHz, values }, aspect };
}

const COCO_JOINTS = [
  'nose',
  ...['eye', 'ear', 'shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle'].flatMap((part) => [
    `left_${part}`,
    `right_${part}`,
  ]),
];

/** Joints of OpenPose's BODY_25 in its order (openpose/include/openpose/pose/poseParameters.hpp). */
const BODY_25 = [
  'nose',
  'neck',
  ...['right', 'left'].flatMap((side) => ['shoulder', 'elbow', 'wrist'].map((joint) => `${side}_${joint}`)),
  'mid_hip',
  ...['right', 'left'].flatMap((side) => ['hip', 'knee', 'ankle'].map((joint) => `${side}_${joint}`)),
  ...['eye', 'ear'].flatMap((joint) => [`right_${joint}`, `left_${joint}`]),
  ...['left', 'right'].flatMap((side) => ['big_toe', 'small_toe', 'heel'].map((joint) => `${side}_${joint}`)),
];

/** The points of the first person of a frame, whatever detectors put around them: a list of people, an object with the points. */
function pointsOf(row: unknown, depth = 0): unknown {
  if (depth > 4) return row;
  if (Array.isArray(row)) {
    const [first] = row as unknown[];
    const isPerson =
      isRecord(first) && ['keypoints', 'landmarks', 'pose_keypoints_2d'].some((key) => Array.isArray(first[key]));
    const isList = Array.isArray(first) && (Array.isArray(first[0]) || isRecord(first[0]));
    return isPerson || isList ? pointsOf(first, depth + 1) : row;
  }
  if (!isRecord(row)) return row;
  const inner =
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

function jointNames(given: unknown, count: number): string[] {
  if (Array.isArray(given) && given.length > 0) {
    if (given.length > MOST_JOINTS) throw refuse(`it has ${given.length} joints`);
    const names = given.map((name) => canonicalJoint(String(isRecord(name) ? (name.name ?? name.part ?? '') : name)));
    return names.map((name, i) => (names.indexOf(name) === i && name ? name : `${name || 'joint'}_${i}`));
  }
  if (count === BLAZEPOSE_JOINTS.length) return [...BLAZEPOSE_JOINTS];
  if (count === COCO_JOINTS.length) return COCO_JOINTS;
  if (count === BODY_25.length) return BODY_25;
  return Array.from({ length: count }, (_, i) => `joint_${i}`);
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

type Row = Record<string, string>;
/** Columns that name the sequence a row is of. */
const SEQUENCE_COLUMNS = [
  'sequence',
  'video',
  'clip',
  'file',
  'filename',
  'file_name',
  'video_name',
  'videoname',
  'video_id',
  'video_file',
  'clip_id',
  'clip_name',
  'sequence_id',
  'sequence_name',
];
const SUFFIX = /^(.*?)[ _.-]?(x|y|z|visibility|score|confidence|conf|v|c|p|presence)$/i;

/** Numbers without a header: name of a picture, class, x, y, z of 33 joints (MediaPipe's fitness classifier). */
const PLAIN_ROW = 2 + 3 * BLAZEPOSE_JOINTS.length;

/** A table as this reader takes it: numbered columns `x1, y1, …` get the names of their joints; without a header, one is made. */
function withHeader(text: string): string {
  const [line = ''] = text.split(/\r?\n/, 1);
  const cells = line.split(',').map((cell) => cell.trim());
  if (cells.length === PLAIN_ROW && cells.slice(2).every((cell) => cell !== '' && Number.isFinite(Number(cell))))
    return `picture,class,${BLAZEPOSE_JOINTS.flatMap((joint) => ['x', 'y', 'z'].map((axis) => `${joint}_${axis}`)).join(',')}\n${text}`;
  const numbers = cells.flatMap((cell) => /^["']?x_?(\d+)["']?$/i.exec(cell)?.[1] ?? []).map(Number);
  if (numbers.length < 2) return text;
  const from = Math.min(...numbers);
  const named = jointNames(null, numbers.length);
  const head = cells.map((cell) => {
    const found = /^["']?(x|y|z|v|c|visibility|score)_?(\d+)["']?$/i.exec(cell);
    const joint = found && named[Number(found[2]) - from];
    return joint ? `${joint}_${found[1]!.toLowerCase()}` : cell;
  });
  return head.join(',') + text.slice(line.length);
}

function readCsv(given: string): LandmarkSequence[] {
  const text = withHeader(given);
  const settings: Record<string, number> = {};
  for (const [, key, value] of text.matchAll(/^#\s*(\w+)\s*[=:]\s*([\d.]+)/gm))
    settings[key!.toLowerCase()] = Number(value);
  const { data, meta } = Papa.parse<Row>(text, { header: true, skipEmptyLines: 'greedy', comments: '#' });
  const fields = (meta.fields ?? []).map((field) => field.trim());
  const column = (...names: string[]) => fields.find((field) => names.includes(field.toLowerCase()));
  const groupColumn =
    column(...SEQUENCE_COLUMNS) ??
    // Words that may also count frames: only where they come again.
    fields.find((field) => {
      if (!/^(id|source|path|session|recording|subject|take)$/i.test(field)) return false;
      const values = data.slice(0, 5000).map((row) => (row[field] ?? '').trim());
      const kinds = new Set(values).size;
      return values.every(Boolean) && kinds > 1 && kinds <= values.length / 2;
    });
  const labelColumn = column('label', 'class', 'action');
  const timeColumn = column('time', 'timestamp', 'seconds', 'sec');
  const jointColumn = column('joint', 'landmark', 'keypoint', 'name');
  const frameColumn = column('frame', 'frame_index', 'index');
  const get = (row: Row, field: string | undefined) => (field ? (row[field] ?? '').trim() : '');
  const groups = new Map<string, { name: string; recording: string | null; rows: Row[] }>();
  // Without a name for each sequence, rows of one class in a row are one; with one, a new class begins a new sequence of it.
  const isByLabel = !groupColumn && labelColumn !== undefined;
  const runs = new Map<string, { count: number; label: string }>();
  for (const row of data) {
    const label = get(row, labelColumn);
    const name = get(row, groupColumn);
    const run = runs.get(name) ?? { count: 0, label: '' };
    if (run.count === 0 || (labelColumn && label !== run.label)) runs.set(name, { count: run.count + 1, label });
    const { count } = runs.get(name)!;
    const key = `${name}\t${count}`;
    const group = groups.get(key) ?? {
      name: isByLabel ? `${label} ${count}` : count > 1 ? `${name} ${count}` : name,
      recording: name || null,
      rows: [],
    };
    groups.set(key, group);
    group.rows.push(row);
  }
  const size = settings.width && settings.height ? { width: settings.width, height: settings.height } : null;
  return [...groups.values()].map(({ name, recording, rows }): LandmarkSequence => {
    let joints: string[] = [];
    let frames: Point[][] = [];
    const times: number[] = [];
    if (jointColumn && column('x') && column('y')) {
      joints = [...new Set(rows.map((row) => get(row, jointColumn)))];
      if (joints.length > MOST_JOINTS) throw refuse(`it has ${joints.length} joints`);
      const byFrame = new Map<string, Point[]>();
      for (const row of rows) {
        const frame = get(row, frameColumn ?? timeColumn);
        if (!byFrame.has(frame)) {
          byFrame.set(
            frame,
            joints.map(() => null),
          );
          if (timeColumn) times.push(numberOf(get(row, timeColumn)));
        }
        byFrame.get(frame)![joints.indexOf(get(row, jointColumn))] = readPoint({
          x: get(row, column('x')),
          y: get(row, column('y')),
          visibility: get(row, column('visibility', 'score', 'confidence', 'v')) || undefined,
        });
      }
      frames = [...byFrame.values()];
    } else {
      const columns = new Map<string, Record<string, string>>();
      for (const field of fields) {
        const found = SUFFIX.exec(field);
        if (!found || !found[1] || [groupColumn, labelColumn, timeColumn, frameColumn].includes(field)) continue;
        if (!columns.has(found[1])) columns.set(found[1], {});
        columns.get(found[1])![found[2]!.toLowerCase()] = field;
      }
      const used = [...columns].filter(([, axes]) => axes.x && axes.y);
      joints = used.map(([name]) => name);
      if (joints.length > MOST_JOINTS || rows.length > MOST_FRAMES)
        throw refuse(`it has ${joints.length} joints and ${rows.length} frames`);
      for (const row of rows) {
        if (timeColumn) times.push(numberOf(get(row, timeColumn)));
        frames.push(
          used.map(([, axes]) =>
            readPoint({
              x: get(row, axes.x),
              y: get(row, axes.y),
              visibility:
                get(row, axes.visibility ?? axes.score ?? axes.confidence ?? axes.conf ?? axes.v ?? axes.c ?? axes.p) ||
                undefined,
            }),
          ),
        );
      }
    }
    if (joints.length === 0) throw refuse('it has no columns such as left_wrist_x and left_wrist_y');
    const spanSec = times.length > 1 ? times.at(-1)! - times[0]! : NaN;
    // Times in milliseconds are the only ones that step by more than 2.
    const unit = spanSec / (times.length - 1) > 2 ? 1000 : 1;
    const rate =
      settings.framerate ?? settings.fps ?? (spanSec > 0 ? ((times.length - 1) / spanSec) * unit : DEFAULT_RATE_HZ);
    const label = unplainCell(get(rows[0]!, labelColumn));
    return {
      name: (isByLabel && groups.size === 1 ? '' : name) || null,
      recording,
      label: label || null,
      ...toMotion(jointNames(joints, joints.length), frames, rate, size),
    };
  });
}

/**
 * Reads a landmark file. @param name decides between CSV and JSON when the content leaves a doubt.
 * @throws StudioError `media/not-landmarks` with the reason.
 */
export function readLandmarks(text: string, name: string): LandmarkSequence[] {
  const isJson = /^\s*[[{]/.test(text) || /\.json$/i.test(name);
  const found = isJson ? readJson(text) : readCsv(text);
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

/** Writes a sequence as a table: a row for each frame, pixels of a picture 1000 high, as {@link readLandmarks} reads it. */
export function formatLandmarkTable({ motion, label, aspect }: LandmarkSequence): string {
  const { joints, values, frameRateHz } = motion;
  const height = 1000;
  const round = (value: number) => Math.round(value * 1e4) / 1e4;
  const fields = [
    'label',
    'time',
    ...joints.flatMap((joint) => ['x', 'y', 'visibility'].map((part) => `${joint}_${part}`)),
  ];
  const data = Array.from({ length: frameCount(motion) }, (_, f) => [
    plainCell(label ?? ''),
    round(f / frameRateHz),
    ...joints.flatMap((_, j) => {
      const at = (f * joints.length + j) * MOTION_VALUES;
      return [values[at]! * height, values[at + 1]! * height, values[at + 2]!].map(round);
    }),
  ]);
  const about = `# frameRate=${round(frameRateHz)}\n# width=${Math.round(aspect * height)}\n# height=${height}\n`;
  return `${about}${Papa.unparse({ fields, data }, { newline: '\n' })}\n`;
}
