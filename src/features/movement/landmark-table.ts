/** Landmark sequences as tables: one row a frame, or one row a joint. Any thread; pure. */
import Papa from 'papaparse';
import { plainCell, unplainCell } from '../../kernel/format.ts';
import {
  DEFAULT_RATE_HZ,
  jointNames,
  MOST_FRAMES,
  MOST_JOINTS,
  numberOf,
  readPoint,
  refuse,
  toMotion,
  type LandmarkSequence,
  type Point,
} from './landmark-points.ts';
import { frameCount, MOTION_VALUES } from './motion.ts';
import { BLAZEPOSE_JOINTS } from './skeleton.ts';

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

/** Sequences of a table. @throws StudioError `media/not-landmarks`. */
export function readLandmarkTable(given: string): LandmarkSequence[] {
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
